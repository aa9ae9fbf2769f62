//! The digest: once a week for the dealer, and whenever the admins ask for it.

use futures::future::join_all;
use simulators::fault::{Fault, When};
use stories::{BOSS, Bot, Customer, System, story, to_sent};

const HOUR: i64 = 3600;
const WEEK: i64 = 7 * 24 * HOUR;

fn digest_for_the_boss() -> String {
    format!("[digest]\nchat_id = {BOSS}\nat = \"Mon 09:00\"\n")
}

/// On Monday at noon Anna's request is sent and taken after four minutes, and Boris leaves a form. Then it is next
/// Monday, a minute before nine.
async fn a_week_passes(bot: &Bot) {
    let group = bot.has_sales_team_and(&["Ольга"], &digest_for_the_boss()).await;
    let began = bot.now();
    let anna = bot.customer("Анна");
    anna.say("/start s_avito").await;
    to_sent(&anna).await;
    bot.deliver().await;
    let _ = bot.next_deal();
    bot.wait(240);
    bot.team("Ольга").taps("🙋 Взять").await;
    bot.deliver().await;
    let _ = (group.reads(), bot.team("Ольга").app.take_alerts());
    leave_at_the_mileage(&bot.customer("Борис")).await;
    bot.wait(began + WEEK - 3 * HOUR - 60 - bot.now());
}

async fn leave_at_the_mileage(customer: &Customer) {
    customer.say("/start").await;
    customer.tap("🚗 Продать авто").await;
    customer.say("Toyota Camry").await;
    customer.tap("2019").await;
    customer.finally_sees("пробег");
}

const EXPECTED: &str = "📊 Неделя 02.03 – 08.03

Заявки: 1 (было 0)
Проверка авто: 1 (было 0)

Откуда
avito: 1 (было 0)

Анкеты
Начали 2, отправили 1 (50 %)
Ушли: Продажа авто, «Пробег» — 1

Отдел продаж
До «Взять» обычно 4 мин (было –)
Никто не взял: 0 (было 0)";

#[tokio::test]
async fn on_monday_at_nine_the_dealer_reads_what_customers_did() {
    story(async |bot| {
        a_week_passes(bot).await;
        bot.schedule().await;
        bot.boss().sees_nothing();
        bot.wait(60);
        tokio::join!(bot.schedule(), bot.schedule());
        assert_eq!(bot.boss().screen(), EXPECTED);
        assert_eq!(bot.boss().messages().last().map(|message| message.kind), Some("photo"), "with its picture");
        bot.wait(HOUR);
        bot.schedule().await;
        bot.boss().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_digest_whose_answer_is_lost_does_not_come_twice() {
    story(async |bot| {
        a_week_passes(bot).await;
        bot.wait(60);
        let lost = bot.fail(System::Telegram, "sendPhoto", When::Times(1), Fault::LoseAnswer);
        bot.schedule().await;
        assert!(lost.has_struck());
        bot.wait(300);
        bot.schedule().await;
        assert_eq!(bot.boss().screen(), EXPECTED);
    })
    .await;
}

#[tokio::test]
async fn a_digest_that_is_a_day_late_does_not_come() {
    story(async |bot| {
        a_week_passes(bot).await;
        bot.wait(25 * HOUR);
        bot.schedule().await;
        bot.boss().sees_nothing();
    })
    .await;
}

/// Stories begin on a Monday after nine.
#[tokio::test]
async fn a_bot_that_was_installed_just_now_sends_no_digest_of_nothing() {
    story(async |bot| {
        let _ = bot.has_sales_team_and(&["Ольга"], &digest_for_the_boss()).await;
        bot.schedule().await;
        bot.boss().sees_nothing();
        let began = bot.now();
        leave_at_the_mileage(&bot.customer("Борис")).await;
        bot.wait(began + WEEK - bot.now());
        bot.schedule().await;
        bot.boss().sees("Начали 1, отправили 0");
    })
    .await;
}

#[tokio::test]
async fn the_admins_get_a_digest_when_they_ask() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        bot.deliver_request(&number, &anna).await;
        let admin = bot.admin();
        admin.say("/digest").await;
        admin.sees("Собираю итоги");
        admin.say("/digest").await;
        admin.sees("Собираю итоги");
        bot.schedule().await;
        let digest = admin.screen();
        assert!(digest.contains("Проверка авто: 1 (было 0)"), "{digest}");
    })
    .await;
}

#[tokio::test]
async fn whatever_call_of_a_digest_fails_it_comes_once() {
    for (system, route) in [
        (System::Telegram, "sendPhoto"),
        (System::DynamoDb, "PutItem jobs"),
        (System::DynamoDb, "Scan leads"),
        (System::DynamoDb, "Scan sessions"),
        (System::DynamoDb, "Scan sales-chat"),
        (System::DynamoDb, "Scan ai-log"),
    ] {
        let faults = [Fault::DropBefore, Fault::LoseAnswer, Fault::Html(502), Fault::TooMany { retry_after: 1 }];
        join_all(faults.map(|fault| digest_while_this_fails(system, route, fault))).await;
    }
}

async fn digest_while_this_fails(system: System, route: &str, fault: Fault) {
    let told = &format!("{system:?} {route}: {fault:?}");
    story(async |bot| {
        a_week_passes(bot).await;
        bot.wait(60);
        let failing = bot.fail(system, route, When::Times(1), fault.clone());
        for _ in 0..3 {
            let _ = bot.stack().run_schedule().await;
            bot.wait(300);
        }
        assert!(failing.has_struck(), "{told}");
        let digests = bot.boss().reads();
        // Who does not know whether it was sent, or whether the job is theirs, does not send it again.
        let is_lost_with_its_answer = system == System::Telegram || route == "PutItem jobs";
        let may_be_missing = is_lost_with_its_answer && !matches!(fault, Fault::TooMany { .. });
        assert!(digests.iter().all(|digest| digest == EXPECTED), "{told}: {digests:#?}");
        assert!(digests.len() == 1 || (digests.is_empty() && may_be_missing), "{told}: {digests:#?}");
        bot.deliver().await;
        let _ = bot.admin().reads();
    })
    .await;
}

#[tokio::test]
async fn a_group_that_takes_no_photos_gets_the_text() {
    story(async |bot| {
        a_week_passes(bot).await;
        bot.wait(60);
        let refusal = r#"{"ok":false,"error_code":400,"description":"Bad Request: not enough rights to send photos to the chat"}"#;
        let _refused = bot.fail(System::Telegram, "sendPhoto", When::Times(1), Fault::Status(400, refusal.to_owned()));
        bot.schedule().await;
        assert_eq!(bot.boss().screen(), EXPECTED);
        assert_eq!(bot.boss().messages().last().map(|message| message.kind), Some("text"));
    })
    .await;
}
