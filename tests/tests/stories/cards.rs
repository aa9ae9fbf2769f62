//! What cards of the sales chat say, where they go, and who takes them, when something is unusual.

use insta::assert_snapshot;
use simulators::fault::{Fault, When};
use simulators::telegram::{BotRole, Group, How};
use stories::System::Telegram;
use stories::{
    Bot, PHONE, SALES_CHAT, Setup, finish, give_name_and_phone, sales_team, story, story_with, to_confirmation_again,
    to_name_with_consent, to_photos, to_sent,
};

const TAKE: &str = "🙋 Взять";

/// A basic group of the dealer's with Ольга in it, as the dealer's file names it.
async fn has_a_basic_group(bot: &Bot) -> Group {
    let group = bot.telegram().new_group("Продажи");
    let file = sales_team(&["Ольга"]).replace(&SALES_CHAT.to_string(), &group.chat.to_string());
    bot.put_dealer_file(&file).await;
    group.member(&bot.telegram().person_at(7_000_000_900, "Ольга", None));
    group.make_bot(BotRole::Member);
    bot.settle().await;
    group
}

fn read(group: &Group) -> Vec<String> {
    group.take_new().into_iter().map(|fresh| fresh.message.to_string()).collect()
}

#[tokio::test]
async fn a_card_has_what_a_manager_decides_by() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        anna.say("/start s_avito__c_spring").await;
        to_photos(&anna).await;
        anna.send_album(1..=2).await;
        anna.tap("✅ Готово").await;
        let number = finish(&anna).await;
        bot.deliver().await;
        let _ = bot.next_deal();
        let shown = group.topic("Анна").fresh();
        let [card] = &shown[..] else { panic!("one card was expected: {shown:#?}") };
        assert_snapshot!(card.message.to_string().replace(&number, "K7QX-3M9Q"), @"
        🚗 Продажа авто · № K7QX-3M9Q
        Toyota Camry, 2019, 85 000 км
        Сумма: 1 500 000 ₽
        Клиент: Анна
        Источник: avito / spring
        [🙋 Взять]
        [Открыть в amoCRM]
        ");
        let first = anna.messages().into_iter().find_map(|message| message.file);
        assert_eq!(card.message.file.as_ref().map(|file| &file.path), first.as_ref().map(|file| &file.path));
    })
    .await;
}

#[tokio::test]
async fn cards_that_wait_follow_the_group_that_becomes_a_supergroup() {
    story(async |bot| {
        let group = has_a_basic_group(bot).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let pause = bot.fail(Telegram, "sendMessage", When::Always, Fault::TooMany { retry_after: 120 });
        let _ = bot.deliver_request(&number, &anna).await;
        drop(pause);
        assert_eq!(read(&group), [""; 0]);

        let supergroup = group.upgrade();
        bot.settle().await;
        bot.wait(130);
        bot.schedule().await;
        let cards = read(&supergroup);
        assert!(matches!(&cards[..], [card] if card.contains(&number)), "{cards:#?}");
        bot.admin().sees(&supergroup.chat.to_string());

        to_confirmation_again(&anna).await;
        let second = anna.send_request().await;
        bot.deliver().await;
        let _ = bot.next_deal();
        let cards = read(&supergroup);
        assert!(matches!(&cards[..], [card] if card.contains(&second)), "{cards:#?}");
        bot.admin().sees_nothing();

        let olga = supergroup.member(&bot.telegram().customer(7_000_000_900));
        olga.tap(TAKE).expect("there is a card");
        bot.settle().await;
        let alerts = olga.take_alerts();
        assert!(alerts[0].text.starts_with("Заявка ваша"), "{alerts:?}");
        bot.deliver().await;
        assert!(read(&supergroup)[0].contains("✅ Взято: Ольга"));
    })
    .await;
}

#[tokio::test]
async fn what_customers_type_breaks_no_card_no_topic_and_no_note() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна <b>&\u{202e}");
        anna.say("/start").await;
        anna.tap("🔧 Проверка авто").await;
        anna.tap("Техническая диагностика").await;
        anna.say("<i>Skoda</i> & \u{202e}Octavia").await;
        anna.tap("⏭ Пропустить").await;
        anna.say("Анна <b>Кузнецова</b> &\u{202e} 89161234567").await;
        anna.share_contact(PHONE).await;
        anna.tap("⏭ Пропустить").await;
        let _ = anna.reads();
        anna.send_request().await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(group.topics(), ["Анна <b>Кузнецова</b> & · @anna_k"]);
        let card = group.screen();
        assert!(card.contains("<i>Skoda</i> & Octavia\nКлиент: Анна <b>Кузнецова</b> &\n"), "{card}");

        anna.say("/human").await;
        let _ = (anna.reads(), group.reads());
        let line = "1 < 2 && <script>\u{202e}\u{200f}*_`";
        anna.say(line).await;
        group.saw(line);
        bot.wait(600);
        bot.schedule().await;
        let deals = bot.crm().deals();
        let notes = deals.into_iter().find(|found| found.id == deal.id).map(|deal| deal.notes).unwrap_or_default();
        assert!(notes.iter().any(|note| note.contains("Клиент: 1 < 2 && <script>*_`")), "{notes:#?}");
        let _ = bot.boss().reads();
    })
    .await;
}

#[tokio::test]
async fn a_name_in_telegram_is_a_harmless_topic_too() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна <b>&\u{202e} 8 916 123-45-67");
        anna.say("/human").await;
        anna.sees("Зову менеджера.");
        assert_eq!(group.topics(), ["Анна <b>& · @anna_k"]);
        group.saw("👤 Клиент зовёт человека.");
    })
    .await;
}

#[tokio::test]
async fn without_an_account_a_request_is_a_card_that_is_taken() {
    story_with(Setup::default().with("AMOCRM_MOCK_MODE", true), async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        bot.deliver().await;
        let card = group.screen();
        assert!(card.contains(&number) && card.ends_with("[🙋 Взять]"), "no link to a deal: {card}");
        bot.team("Ольга").taps(TAKE).await;
        let _ = bot.team("Ольга").alert();
        group.saw("✅ Взято: Ольга");
        bot.deliver().await;
        bot.team("Ольга").in_topic("Анна").writes("Здравствуйте!").await;
        anna.finally_sees("Ольга: Здравствуйте!");
        bot.wait(1200);
        bot.schedule().await;
        group.saw_nothing();
        bot.boss().sees_nothing();
        bot.admin().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn the_card_of_a_form_left_half_way_becomes_that_of_the_request() {
    let with_consent = Setup::default().with("PRIVACY_POLICY_URL", "https://dealer.example/privacy");
    story_with(with_consent, async |bot| {
        let unfinished = "[unfinished]\nremind_after_minutes = 0\nto_crm_after_minutes = 120\n";
        let group = bot.has_sales_team_and(&["Ольга"], unfinished).await;
        let anna = bot.customer("Анна");
        to_name_with_consent(&anna).await;
        give_name_and_phone(&anna).await;
        let _ = anna.reads();
        for _ in 0..5 {
            bot.wait(30 * 60);
            bot.schedule().await;
        }
        let _ = bot.next_deal();
        let card = group.screen();
        assert!(card.contains("Не закончил") && card.contains("Остановился на вопросе"), "{card}");

        anna.tap("⏭ Пропустить").await;
        let _ = anna.reads();
        anna.tap("Продолжить").await;
        anna.tap("⏭ Пропустить").await;
        let _ = anna.reads();
        let number = anna.send_request().await;
        bot.deliver().await;
        let shown = group.fresh();
        assert!(matches!(&shown[..], [edit] if edit.how == How::Edited), "{shown:#?}");
        let card = shown[0].message.to_string();
        assert!(card.contains(&number) && !card.contains("Не закончил") && !card.contains("Остановился"), "{card}");
        let _ = bot.boss().reads();
    })
    .await;
}

#[tokio::test]
async fn of_two_who_press_at_the_same_moment_one_has_it() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга", "Пётр"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        let _ = group.reads();
        let (olga, petr) = (bot.team("Ольга"), bot.team("Пётр"));
        olga.app.tap(TAKE).expect("there is a card");
        petr.app.tap(TAKE).expect("there is a card");
        bot.settle().await;
        let mut heard = [olga.alert(), petr.alert()];
        let winner = if heard[0].starts_with("Заявка ваша") { "Ольга" } else { "Пётр" };
        heard.sort();
        assert!(heard[0].starts_with("Заявка ваша"), "{heard:?}");
        assert_eq!(heard[1], format!("Уже взято: {winner}."));
        bot.deliver().await;
        let shown = group.reads();
        assert!(shown.iter().all(|card| card.contains(&format!("✅ Взято: {winner}"))), "{shown:#?}");
        let deals = bot.crm().deals();
        let deal = deals.iter().find(|found| found.id == deal.id).expect("the deal is there");
        let user = if winner == "Ольга" { "Ольга" } else { "Игорь" };
        assert!(deal.responsible.starts_with(user), "{}", deal.responsible);
    })
    .await;
}

/// Two requests come while the bot is not in the group.
#[tokio::test]
async fn the_admins_hear_once_that_the_group_takes_no_cards_and_once_that_it_does_again() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        group.app.make_bot(BotRole::Kicked);
        bot.settle().await;
        let mut numbers = Vec::new();
        for name in ["Анна", "Борис"] {
            let customer = bot.customer(name);
            let number = to_sent(&customer).await;
            bot.deliver().await;
            let deal = bot.next_deal();
            assert_eq!(deal.field("REQUEST_ID"), Some(number.as_str()), "the deal does not wait for the card");
            numbers.push(number);
        }
        for _ in 0..2 {
            bot.wait(70);
            bot.schedule().await;
        }
        bot.admin().sees("карточки заявок не попадают в чат продаж");
        group.app.make_bot(BotRole::Admin { can_manage_topics: true });
        bot.settle().await;
        for _ in 0..2 {
            bot.wait(70);
            bot.schedule().await;
        }
        let cards = group.reads();
        assert_eq!(cards.len(), 2, "{cards:#?}");
        assert!(numbers.iter().all(|number| cards.iter().any(|card| card.contains(number))), "{cards:#?}");
        bot.admin().sees("снова попадают в чат продаж");
    })
    .await;
}
