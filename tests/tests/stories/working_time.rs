//! By when somebody is to call: in working time, and as the customer is told.

use insta::assert_snapshot;
use stories::{ANNA, Customer, Setup, account_without_lag, story, story_with, to_confirmation};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Friday, 6 March 2026, 23:00 in Moscow.
const FRIDAY_NIGHT: i64 = 1_772_827_200;

/// Saturdays begin an hour later; Sunday and Monday are holidays.
const HOURS: &str =
    "holidays = [\"2026-03-08\", \"2026-03-09\"]\n[hours]\nMon-Fri = \"09:00-20:00\"\n\"Sat,Sun\" = \"10:00-18:00\"\n";

/// Sends a request; returns the thanks.
async fn thanks(customer: &Customer) -> String {
    to_confirmation(customer).await;
    customer.tap("✅ Отправить").await;
    customer.screen()
}

/// Hours pass in an instant here, and what amoCRM's search does not know yet would still be unknown after them.
fn on_friday_night() -> Setup {
    Setup { begins_at: FRIDAY_NIGHT, ..Setup::default() }.at(account_without_lag())
}

#[tokio::test]
async fn a_request_of_the_night_is_promised_a_call_in_the_morning_and_the_task_is_due_then() {
    story_with(on_friday_night(), async |bot| {
        bot.put_dealer_file(HOURS).await;
        let anna = bot.customer("Анна");
        let said = thanks(&anna).await;
        let promise = said.lines().find(|line| line.starts_with("Позвоним")).unwrap_or_default();
        assert_snapshot!(promise, @"Позвоним завтра с 10:00. А пока могу помочь чем-нибудь ещё.");
        bot.deliver().await;
        assert_eq!(bot.next_deal().tasks[0].due, FRIDAY_NIGHT + 11 * HOUR + 15 * 60);

        // Saturday, 18:30: closed until Tuesday.
        bot.wait(FRIDAY_NIGHT + 19 * HOUR + HOUR / 2 - bot.now());
        let boris = bot.customer("Борис");
        assert!(thanks(&boris).await.contains("Позвоним во вторник с 9:00. "));
        bot.deliver().await;
        assert_eq!(bot.next_deal().tasks[0].due, FRIDAY_NIGHT + 3 * DAY + 10 * HOUR + 15 * 60);
    })
    .await;
}

#[tokio::test]
async fn a_task_of_the_last_minutes_goes_on_in_the_morning_and_one_of_the_day_is_due_soon() {
    // Friday, 19:50, of a dealer who opens at 10:00 on Saturday; and the same moment of one who is always open.
    let setup = Setup { begins_at: FRIDAY_NIGHT - 3 * HOUR - 10 * 60, ..Setup::default() };
    for (file, due_in) in [(HOURS, 14 * HOUR + 30 * 60), ("", HOUR / 2)] {
        story_with(setup.clone(), async |bot| {
            bot.put_dealer_file(file).await;
            let before = bot.now();
            let id = bot.store(1, ANNA).await;
            bot.push_until_sent(&[id]).await;
            let due = bot.next_deal().tasks[0].due;
            assert!((0..60).contains(&(due - before - due_in)), "{} s late", due - before - due_in);
        })
        .await;
    }
}

#[tokio::test]
async fn the_task_of_an_unfinished_form_is_due_in_working_time_and_stays_so_when_the_form_is_finished() {
    story_with(on_friday_night(), async |bot| {
        bot.put_dealer_file(HOURS).await;
        let id = bot.store_unfinished(1, ANNA, Vec::new()).await;
        bot.push_until_sent(&[id]).await;
        let due = bot.next_deal().tasks[0].due;
        assert_eq!(due, FRIDAY_NIGHT + 11 * HOUR + 15 * 60);
        bot.finish_request(id, Vec::new()).await;
        bot.push_until_sent(&[id]).await;
        let deals = bot.crm().deals();
        assert_eq!(deals[0].tasks.iter().map(|task| task.due).collect::<Vec<_>>(), [due]);
    })
    .await;
}

#[tokio::test]
async fn a_task_outside_the_hours_of_a_dealer_in_the_west_keeps_the_hour_when_clocks_change() {
    // Saturday, 28 March 2026, 22:00 in Berlin, whose clocks go forward in the night.
    let setup = Setup { begins_at: 1_774_731_600, ..Setup::default() };
    story_with(setup, async |bot| {
        bot.put_dealer_file("time_zone = \"Europe/Berlin\"\n[hours]\n\"Mon-Sun\" = \"09:00-20:00\"\n").await;
        let anna = bot.customer("Анна");
        assert!(thanks(&anna).await.contains("Позвоним завтра с 9:00. "));
        bot.deliver().await;
        assert_eq!(bot.next_deal().tasks[0].due, 1_774_731_600 + 10 * HOUR + 15 * 60, "11 hours by the clock are 10");
    })
    .await;
}

#[tokio::test]
async fn a_customer_who_comes_by_day_reads_that_somebody_calls_soon() {
    story(async |bot| {
        bot.put_dealer_file(HOURS).await;
        let anna = bot.customer("Анна");
        assert!(thanks(&anna).await.contains("Менеджер скоро с вами свяжется. "));
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}
