//! The dealer's file: a change is in use within its minute, and nothing wrong with it reaches a customer.

use dealer::MAX_FILE;
use simulators::fault::{Fault, When};
use stories::{Bot, Customer, Setup, System, story, story_with, to_sent};

/// 31 December 2026, 20:30 in Moscow. In Vladivostok the new year has come.
const NEW_YEARS_EVE: i64 = 1_798_738_200;
const VLADIVOSTOK: &str = "time_zone = \"Asia/Vladivostok\"\n";

fn on_new_years_eve() -> Setup {
    Setup { begins_at: NEW_YEARS_EVE, ..Setup::default() }
}

/// The newest year that a seller is offered: the year after the dealer's.
async fn newest_year(customer: &Customer) -> i32 {
    customer.say("/start").await;
    customer.tap("🚗 Продать авто").await;
    customer.say("Toyota Camry").await;
    let _ = customer.reads();
    let buttons = customer.messages().into_iter().flat_map(|message| message.buttons).flatten();
    buttons.filter_map(|button| button.text.parse().ok()).max().expect("years are offered")
}

/// How often the file was read.
fn reads(bot: &Bot, mark: u64) -> usize {
    bot.database().calls_since(mark).iter().filter(|call| call.route == "GetItem dealer").count()
}

#[tokio::test]
async fn a_change_is_in_use_within_its_minute() {
    story_with(on_new_years_eve(), async |bot| {
        assert_eq!(newest_year(&bot.customer("Анна")).await, 2027, "without a file it is Moscow's year");
        bot.put_dealer_file(VLADIVOSTOK).await;
        bot.wait(60);
        assert_eq!(newest_year(&bot.customer("Борис")).await, 2028);
        bot.put_dealer_file("").await;
        bot.wait(60);
        assert_eq!(newest_year(&bot.customer("Вера")).await, 2027, "an empty file switches everything off");
    })
    .await;
}

#[tokio::test]
async fn the_file_is_read_at_most_once_a_minute() {
    story_with(on_new_years_eve(), async |bot| {
        let mark = bot.database().mark();
        let anna = bot.customer("Анна");
        for _ in 0..10 {
            anna.say("/menu").await;
        }
        assert_eq!(reads(bot, mark), 1);
        bot.wait(60);
        anna.say("/menu").await;
        assert_eq!(reads(bot, mark), 2);
        let _ = anna.reads();
    })
    .await;
}

#[tokio::test]
async fn the_last_good_file_applies_while_the_stored_one_cannot_be_used() {
    story_with(on_new_years_eve(), async |bot| {
        bot.put_dealer_file(VLADIVOSTOK).await;
        assert_eq!(newest_year(&bot.customer("Анна")).await, 2028);
        // The command refuses such files, but anybody with the rights can write the item.
        for broken in ["time_zone = \"Asia/Nowhere\"\n", "[hours\n", &"# ".repeat(MAX_FILE)] {
            bot.put_dealer_file(broken).await;
            bot.wait(60);
            assert_eq!(newest_year(&bot.customer("Борис")).await, 2028);
        }
        let down = bot.fail(System::DynamoDb, "GetItem dealer", When::Always, Fault::DropBefore);
        bot.wait(60);
        assert_eq!(newest_year(&bot.customer("Вера")).await, 2028);
        assert!(down.has_struck());
        drop(down);

        bot.put_dealer_file("").await;
        bot.wait(60);
        assert_eq!(newest_year(&bot.customer("Галина")).await, 2027, "a good one applies again");
    })
    .await;
}

#[tokio::test]
async fn a_customer_is_answered_though_the_file_was_never_read() {
    story_with(on_new_years_eve(), async |bot| {
        bot.put_dealer_file(VLADIVOSTOK).await;
        let hangs = Fault::Hang(std::time::Duration::from_secs(30));
        let hanging = bot.fail(System::DynamoDb, "GetItem dealer", When::Always, hangs);
        assert_eq!(newest_year(&bot.customer("Анна")).await, 2027);
        assert!(hanging.has_struck());
    })
    .await;
}

/// Stories begin at noon in Moscow, when it is 19:00 in Vladivostok.
#[tokio::test]
async fn managers_and_admins_read_the_dealers_time() {
    story(async |bot| {
        bot.put_dealer_file(VLADIVOSTOK).await;
        let anna = bot.customer("Анна");
        let down = bot.crm().faults().add("*", When::Always, Fault::Html(502));
        to_sent(&anna).await;
        bot.deliver().await;
        bot.admin().sees("Проблема с amoCRM с 19:0");
        bot.crm().faults().remove(down);
        for _ in 0..3 {
            bot.wait(600);
            bot.schedule().await;
        }
        let note = bot.next_deal().notes.concat();
        assert!(note.contains("\n02.03.2026 19:0"), "{note}");
        bot.admin().sees("amoCRM снова принимает заявки");
    })
    .await;
}
