//! The deal talks back: customers hear of the stages that the dealer has a text for, and can ask.

use lead::DealOutcome;
use reqwest::StatusCode;
use serde_json::json;
use simulators::amocrm::{BOT_FIRST_STAGE, Closing, Deal, LOSS_REASONS, SALES_FIRST_STAGE, SALES_PIPELINE};
use simulators::fault::{Fault, When};
use storage::DealKey;
use stories::{
    Bot, Customer, Setup, System, finish, story, story_with, to_confirmation, to_confirmation_again,
    to_name_with_consent, to_sent,
};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Of the pipeline «Бот»: «Созвонились» and «Встреча назначена».
pub(crate) const CALLED: u64 = BOT_FIRST_STAGE + 1;
const MEETING: u64 = BOT_FIRST_STAGE + 2;
const WON: u64 = 142;

/// A dealer who has a text for every stage, also for the one in which deals begin.
pub(crate) async fn dealer(bot: &Bot) {
    let file = format!(
        "[stages]\n{BOT_FIRST_STAGE} = \"Заявка у нас.\"\n{CALLED} = \"Ваш автомобиль принят на диагностику.\"\n\
         {MEETING} = \"Автомобиль готов, приезжайте.\"\n{WON} = \"Спасибо, что выбрали нас!\"\n"
    );
    bot.put_dealer_file(&file).await;
}

/// Anna has sent a request, and the dealer has its deal. The number, and the deal.
pub(crate) async fn sent(bot: &Bot, anna: &Customer) -> (String, Deal) {
    dealer(bot).await;
    let number = to_sent(anna).await;
    let deal = bot.deliver_request(&number, anna).await;
    (number, deal)
}

async fn told(tell: impl AsyncFnOnce(&Bot, &Customer, &str, u64)) {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let (number, deal) = sent(bot, &anna).await;
        tell(bot, &anna, &number, deal.id).await;
    })
    .await;
}

/// A manager moves the deal, and amoCRM's hook says so.
pub(crate) async fn moves(bot: &Bot, deal: u64, stage: u64) {
    bot.crm().move_deal(deal, stage);
    bot.hear_of_moves(&[deal]).await;
    bot.deliver().await;
}

#[tokio::test]
async fn a_hook_brings_the_text_at_once_and_once() {
    told(async |bot, anna, number, deal| {
        moves(bot, deal, CALLED).await;
        assert_eq!(anna.screen(), format!("Ваш автомобиль принят на диагностику.\n\nЗаявка № {number}"));
        bot.hear_of_moves(&[deal, deal]).await;
        bot.hear_of_moves(&[deal]).await;
        bot.deliver().await;
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
        for stage in [BOT_FIRST_STAGE, CALLED] {
            moves(bot, deal, stage).await;
            anna.sees_nothing();
        }
        moves(bot, deal, MEETING).await;
        anna.sees("Автомобиль готов, приезжайте.");
    })
    .await;
}

#[tokio::test]
async fn a_move_is_told_that_was_made_before_the_first_request_was_delivered_and_a_second_one_joined() {
    story(async |bot| {
        bot.put_dealer_file(&format!("[repeat]\njoin_open_deal_days = 30\n[stages]\n{CALLED} = \"Созвонились.\"\n"))
            .await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        let failing = bot.fail(System::Amocrm, "POST /api/v4/leads/notes", When::Always, Fault::Html(503));
        bot.deliver().await;
        drop(failing);
        let deal = bot.crm().deals().pop().expect("the deal is there, without its note");
        bot.crm().move_deal(deal.id, CALLED);

        to_confirmation_again(&anna).await;
        anna.send_request().await;
        bot.deliver().await;
        let _ = (anna.reads(), bot.next_deal(), bot.admin().reads());
        bot.hear_of_moves(&[deal.id]).await;
        bot.deliver().await;
        anna.sees("Созвонились.");
    })
    .await;
}

#[tokio::test]
async fn a_quick_move_is_told_too_where_amocrm_chose_the_first_stage() {
    let setup = Setup::default().with("AMOCRM_PIPELINE_ID", SALES_PIPELINE).with("AMOCRM_STATUS_ID", 999_999);
    story_with(setup, async |bot| {
        let negotiated = SALES_FIRST_STAGE + 1;
        bot.put_dealer_file(&format!("[stages]\n{negotiated} = \"Готовим для вас предложение.\"\n")).await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(deal.stage_id, SALES_FIRST_STAGE);
        bot.admin().sees("amoCRM не принимает воронку или этап");
        moves(bot, deal.id, negotiated).await;
        anna.sees("Готовим для вас предложение.");
    })
    .await;
}

#[tokio::test]
async fn news_that_telegram_does_not_take_come_later_though_somebody_changes_the_deal_meanwhile() {
    told(async |bot, anna, _, deal| {
        let pause = bot.fail(System::Telegram, "sendMessage", When::Times(1), Fault::TooMany { retry_after: 30 });
        let conflict = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
            "message": "The conditional request failed",
        });
        // The deal is stored when it is seen, when its news are taken, and when they are put back.
        let changed =
            bot.fail(System::DynamoDb, "PutItem deals", When::After(2, 1), Fault::Status(400, conflict.to_string()));
        moves(bot, deal, CALLED).await;
        assert!(pause.has_struck() && changed.has_struck());
        anna.sees_nothing();
        bot.wait(30);
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
    })
    .await;
}

#[tokio::test]
async fn without_a_hook_the_schedule_finds_out_within_an_hour() {
    told(async |bot, anna, _, deal| {
        bot.crm().move_deal(deal, CALLED);
        bot.schedule().await;
        anna.sees_nothing();
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
    })
    .await;
}

#[tokio::test]
async fn the_deal_of_a_request_whose_hook_is_lost_on_the_queue_is_found_too() {
    told(async |bot, anna, _, deal| {
        bot.crm().move_deal(deal, CALLED);
        let down = bot.fail(System::Sqs, "SendMessage", When::Always, Fault::Status(500, "{}".to_owned()));
        bot.hear_of_moves(&[deal]).await;
        drop(down);
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
    })
    .await;
}

#[tokio::test]
async fn what_is_forged_or_strange_costs_nothing() {
    told(async |bot, anna, _, deal| {
        bot.crm().move_deal(deal, CALLED);
        let body = format!("leads[status][0][id]={deal}&leads[status][0][status_id]={MEETING}");
        for secret in ["", "wrong", "wrong-secret-of-amocrm", "%00", "a/b"] {
            assert_eq!(bot.post_hook(secret, body.clone()).await, StatusCode::UNAUTHORIZED, "{secret}");
        }
        bot.hear_of_moves(&[1, 2, deal + 1]).await;
        bot.hear_of_moves(&Vec::from_iter(1..=1000)).await;
        assert_eq!(bot.stack().sqs().queues.view().waiting, [], "nothing is queued for deals without customers");
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_huge_body_is_read_in_part_and_garbage_not_at_all() {
    const SECRET: &str = "secret-of-amocrms-hook";
    story_with(Setup::default().with("AMOCRM_WEBHOOK_SECRET", SECRET), async |bot| {
        let anna = bot.customer("Анна");
        let (_, deal) = sent(bot, &anna).await;
        bot.crm().move_deal(deal.id, CALLED);
        for garbage in ["", "%%%", "{\"leads\":[]}", "leads[status][0][id]=many", "\u{0}=\u{0}&&&="] {
            assert_eq!(bot.post_hook(SECRET, garbage).await, StatusCode::OK, "{garbage}");
        }
        assert_eq!(bot.stack().sqs().queues.view().waiting, []);
        let huge = format!("leads[status][0][id]={}&name={}", deal.id, "x".repeat(2 * 1024 * 1024));
        assert_eq!(bot.post_hook(SECRET, huge).await, StatusCode::OK);
        bot.deliver().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
    })
    .await;
}

#[tokio::test]
async fn what_happens_at_night_is_told_at_nine_and_only_the_newest() {
    told(async |bot, anna, _, deal| {
        bot.wait(11 * HOUR); // 23:00
        moves(bot, deal, CALLED).await;
        anna.sees_nothing();
        bot.wait(HOUR);
        moves(bot, deal, MEETING).await;
        bot.wait(8 * HOUR + 55 * MINUTE);
        bot.schedule().await;
        anna.sees_nothing();
        bot.wait(5 * MINUTE);
        bot.schedule().await;
        anna.sees("Автомобиль готов, приезжайте.");
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_move_back_before_nine_leaves_nothing_to_tell() {
    told(async |bot, anna, _, deal| {
        bot.wait(11 * HOUR);
        moves(bot, deal, CALLED).await;
        bot.crm().move_deal(deal, BOT_FIRST_STAGE); // its hook is lost
        bot.wait(12 * HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_closed_deal_is_told_and_not_looked_at_again() {
    told(async |bot, anna, _, deal| {
        moves(bot, deal, WON).await;
        anna.sees("Спасибо, что выбрали нас!");
        let mark = bot.mark();
        for _ in 0..5 {
            bot.wait(HOUR);
            bot.schedule().await;
        }
        let looks = bot.calls_since(&mark).get(&(System::Amocrm, "GET /api/v4/leads".to_owned())).copied();
        assert_eq!(looks, None, "nobody looks at it");
        moves(bot, deal, MEETING).await;
        anna.sees("Автомобиль готов, приезжайте."); // it was opened again
    })
    .await;
}

#[tokio::test]
async fn why_a_deal_was_lost_is_kept_with_it() {
    told(async |bot, anna, _, deal| {
        let (reason, words) = LOSS_REASONS[0];
        bot.crm().close_deal(deal, Closing::Lost(reason));
        bot.hear_of_moves(&[deal]).await;
        bot.deliver().await;
        anna.sees_nothing(); // the dealer has no text for it
        let deals = bot.stack().aws().deals(bot.stack().tables());
        let kept = deals.get(DealKey { deal_id: deal, chat_id: anna.chat }).await.expect("the table answers");
        let kept = kept.expect("it is kept").value;
        assert!(
            matches!(kept.outcome(), Some(DealOutcome::Lost { reason: Some(reason), .. }) if reason == words),
            "{kept:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn many_deals_are_looked_at_in_one_call() {
    story(async |bot| {
        dealer(bot).await;
        let mut customers = Vec::new();
        for name in ["Анна", "Борис", "Вера"] {
            let customer = bot.customer(name);
            to_confirmation(&customer).await;
            let number = customer.send_request().await;
            bot.deliver().await;
            let deal = bot.next_deal();
            assert_eq!(deal.field("REQUEST_ID"), Some(number.as_str()));
            customers.push((customer, deal));
        }
        for (_, deal) in &customers {
            bot.crm().move_deal(deal.id, CALLED);
        }
        bot.wait(HOUR);
        let mark = bot.mark();
        bot.schedule().await;
        assert_eq!(bot.calls_since(&mark)[&(System::Amocrm, "GET /api/v4/leads".to_owned())], 1);
        for (customer, _) in &customers {
            customer.sees("Ваш автомобиль принят на диагностику.");
        }
    })
    .await;
}

#[tokio::test]
async fn who_has_blocked_the_bot_hears_nothing() {
    told(async |bot, anna, _, deal| {
        anna.act(simulators::telegram::Person::block_bot).await;
        moves(bot, deal, CALLED).await;
        anna.act(simulators::telegram::Person::unblock_bot).await;
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn who_takes_consent_back_hears_nothing() {
    let setup = Setup::default().with("PRIVACY_POLICY_URL", "https://dealer.example/privacy");
    story_with(setup, async |bot| {
        dealer(bot).await;
        let anna = bot.customer("Анна");
        to_name_with_consent(&anna).await;
        let number = finish(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        moves(bot, deal.id, CALLED).await;
        anna.sees("Ваш автомобиль принят на диагностику.");

        anna.say("/privacy").await;
        anna.tap("Отозвать согласие").await;
        let _ = anna.reads();
        moves(bot, deal.id, MEETING).await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn who_had_everything_deleted_hears_nothing() {
    told(async |bot, anna, _, deal| {
        anna.say("/delete").await;
        anna.tap("Да, удалить").await;
        anna.finally_sees("ваши данные удалены");
        bot.admin().sees("Клиент удалил свои данные");
        let stored = bot.everything_stored().await;
        assert!(!stored.contains("-deals"), "the deal is forgotten: {stored}");
        moves(bot, deal, CALLED).await;
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn when_telegram_asks_for_a_pause_the_text_comes_after_it_and_once() {
    told(async |bot, anna, _, deal| {
        let busy = bot.fail(System::Telegram, "sendMessage", When::Times(9), Fault::TooMany { retry_after: 30 });
        moves(bot, deal, CALLED).await;
        drop(busy);
        anna.sees_nothing();
        bot.wait(30);
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_text_whose_answer_is_lost_does_not_come_twice() {
    told(async |bot, anna, _, deal| {
        let lost = bot.fail(System::Telegram, "sendMessage", When::Times(1), Fault::LoseAnswer);
        moves(bot, deal, CALLED).await;
        drop(lost);
        anna.sees("Ваш автомобиль принят на диагностику.");
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_deleted_deal_is_not_news() {
    story(async |bot| {
        dealer(bot).await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        bot.crm().delete_deal(bot.crm().deals()[0].id);
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
        anna.say("/status").await;
        assert!(anna.reads()[0].ends_with("Отправлена менеджеру."));
    })
    .await;
}

#[tokio::test]
async fn amocrm_down_costs_only_time() {
    told(async |bot, anna, _, deal| {
        bot.crm().move_deal(deal, CALLED);
        let down = bot.fail(System::Amocrm, "GET /api/v4/leads", When::Always, Fault::Status(500, "{}".to_owned()));
        bot.hear_of_moves(&[deal]).await;
        bot.deliver().await;
        bot.wait(HOUR);
        bot.schedule().await;
        anna.sees_nothing();
        drop(down);
        bot.wait(5 * MINUTE);
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
    })
    .await;
}
