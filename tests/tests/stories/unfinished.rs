//! Customers who leave a form half-way: they are reminded once, and the dealer hears of them.

use simulators::amocrm::BOT_FIRST_STAGE;
use simulators::fault::{Fault, When};
use simulators::telegram;
use stories::{Bot, Customer, PHONE, Setup, System, is_complete, story_with};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 3600;
/// Of the pipeline «Бот»: «Встреча назначена».
const UNFINISHED_STAGE: u64 = BOT_FIRST_STAGE + 2;

/// A dealer who reminds after 20 minutes, and hears of unfinished forms after two hours.
async fn told(tell: impl AsyncFnOnce(&Bot)) {
    let setup = Setup::default().with("PRIVACY_POLICY_URL", "https://dealer.example/privacy");
    story_with(setup, async |bot| {
        let file = format!(
            "[unfinished]\nremind_after_minutes = 20\nto_crm_after_minutes = 120\nstatus_id = {UNFINISHED_STAGE}\n"
        );
        bot.put_dealer_file(&file).await;
        tell(bot).await;
    })
    .await;
}

/// Begins to order a check of a car, and stops at its number.
async fn begins(customer: &Customer) {
    customer.say("/start").await;
    customer.tap("🔧 Проверка авто").await;
    customer.tap("Техническая диагностика").await;
    customer.say("Skoda Octavia").await;
    customer.finally_sees("Шаг 3 из 6");
}

/// Goes on until the comment, which is all that is left.
async fn gives_the_phone(customer: &Customer) {
    customer.tap("⏭ Пропустить").await;
    customer.tap("✅ Согласен").await;
    customer.say("Анна").await;
    customer.share_contact(PHONE).await;
    customer.finally_sees("Шаг 6 из 6");
}

async fn finishes(customer: &Customer) {
    customer.tap("⏭ Пропустить").await;
    customer.tap("✅ Отправить").await;
    customer.finally_sees("Заявка отправлена");
}

/// Lets the schedule come by for hours, as it does all the time.
async fn hours_pass(bot: &Bot, hours: i64) {
    for _ in 0..hours * 2 {
        bot.wait(30 * MINUTE);
        bot.schedule().await;
    }
}

#[tokio::test]
async fn a_reminder_brings_the_customer_back_and_comes_once() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        bot.wait(19 * MINUTE);
        bot.schedule().await;
        anna.sees_nothing();
        bot.wait(MINUTE);
        bot.schedule().await;
        anna.sees("Вы начали заявку «Проверка авто» и остановились на шаге «VIN или госномер»");
        assert_eq!(anna.messages_with_buttons().len(), 1, "the question before it has lost its buttons");
        bot.wait(2 * DAY);
        bot.schedule().await;
        anna.sees_nothing();

        anna.tap("▶️ Продолжить").await;
        anna.sees("Шаг 3 из 6");
        gives_the_phone(&anna).await;
        finishes(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!((deal.name.as_str(), deal.tags.as_slice()), ("Проверка авто — Skoda Octavia — Анна", &[][..]));
        hours_pass(bot, 3).await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn who_does_not_want_to_be_reminded_is_reminded_no_more() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        bot.wait(20 * MINUTE);
        bot.schedule().await;
        anna.tap("Больше не напоминать").await;
        anna.finally_sees("больше напоминать не буду");
        bot.wait(DAY);
        anna.say("/start").await;
        anna.tap("Начать заново").await;
        begins(&anna).await;
        hours_pass(bot, 3).await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_form_with_phone_and_consent_is_a_deal_and_finishing_it_completes_that_deal() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        gives_the_phone(&anna).await;
        hours_pass(bot, 2).await;
        anna.sees("остановились на шаге «Комментарий»");
        let deal = bot.next_deal();
        assert_eq!(deal.name, "Не закончил: Проверка авто — Skoda Octavia — Анна");
        assert_eq!((deal.stage.as_str(), deal.tags.as_slice()), ("Встреча назначена", &["unfinished".to_owned()][..]));
        assert!(is_complete(&deal), "{deal:#?}");
        hours_pass(bot, 2).await;
        bot.no_more_deals();

        anna.tap("▶️ Продолжить").await;
        anna.sees("Шаг 6 из 6");
        finishes(&anna).await;
        bot.deliver().await;
        bot.no_more_deals();
        let deal = bot.crm().deals().remove(0);
        assert_eq!(deal.name, "Проверка авто — Skoda Octavia — Анна");
        assert_eq!((deal.stage.as_str(), deal.tags.as_slice()), ("Новая заявка", &[][..]));
        assert_eq!((deal.notes.len(), deal.tasks.len()), (2, 1), "{:?}", deal.notes);
        assert_eq!(bot.requests().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_customer_who_finished_the_form_hears_of_the_deal_however_quick_the_manager_is() {
    told(async |bot| {
        let called = BOT_FIRST_STAGE + 1;
        bot.put_dealer_file(&format!(
            "[unfinished]\nremind_after_minutes = 20\nto_crm_after_minutes = 120\n[stages]\n{called} = \"Мы вам звонили.\"\n"
        ))
        .await;
        let anna = bot.customer("Анна");
        begins(&anna).await;
        gives_the_phone(&anna).await;
        hours_pass(bot, 3).await;
        anna.finally_sees("Вы начали заявку");
        let deal = bot.next_deal();
        anna.tap("▶️ Продолжить").await;
        finishes(&anna).await;
        bot.deliver().await;
        bot.crm().move_deal(deal.id, called);
        bot.hear_of_moves(&[deal.id]).await;
        bot.deliver().await;
        anna.sees("Мы вам звонили.");
    })
    .await;
}

#[tokio::test]
async fn a_form_whose_lead_was_deleted_meanwhile_is_a_new_request() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        gives_the_phone(&anna).await;
        for minutes in [20, 100] {
            bot.wait(minutes * MINUTE);
            bot.stack().run_schedule().await.expect("scheduled runs");
        }
        anna.sees("остановились на шаге");
        bot.leads().delete(&bot.requests().await[0].lead_id).await.expect("the table answers");
        anna.tap("▶️ Продолжить").await;
        finishes(&anna).await;
        bot.deliver().await;
        assert_eq!(bot.next_deal().name, "Проверка авто — Skoda Octavia — Анна");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_runs_at_once_one_reminds() {
    told(async |bot| {
        let customers: Vec<Customer> = (0..5).map(|_| bot.customer("Анна")).collect();
        for customer in &customers {
            begins(customer).await;
        }
        bot.wait(20 * MINUTE);
        let (one, other) = tokio::join!(bot.stack().run_schedule(), bot.stack().run_schedule());
        one.and(other).expect("both runs end well");
        for customer in &customers {
            customer.sees("Вы начали заявку");
        }
    })
    .await;
}

#[tokio::test]
async fn who_has_blocked_the_bot_or_deleted_everything_is_left_alone() {
    told(async |bot| {
        let (blocks, deletes) = (bot.customer("Борис"), bot.customer("Дарья"));
        for customer in [&blocks, &deletes] {
            begins(customer).await;
            gives_the_phone(customer).await;
        }
        blocks.act(telegram::Person::block_bot).await;
        deletes.say("/delete").await;
        deletes.tap("Да, удалить").await;
        let _ = deletes.reads();
        hours_pass(bot, 3).await;
        blocks.sees_nothing();
        deletes.sees_nothing();
        let requests = bot.requests().await;
        let of: Vec<i64> = requests.iter().map(|lead| lead.chat_id).collect();
        assert_eq!(of, [blocks.chat], "the manager can still call who has only blocked the bot");
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn a_block_that_nobody_has_told_is_noticed_and_remembered() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        let blocked = refusal(403, "Forbidden: bot was blocked by the user");
        let failing = bot.fail(System::Telegram, "sendMessage", When::Times(1), blocked);
        bot.wait(20 * MINUTE);
        bot.schedule().await;
        assert!(failing.has_struck());
        let customers = bot.stack().aws().customers(bot.stack().tables());
        assert!(customers.get(anna.chat).await.expect("the table answers").is_some_and(|customer| customer.blocked));
        hours_pass(bot, 1).await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn who_has_taken_the_consent_back_is_left_alone() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        gives_the_phone(&anna).await;
        anna.say("/privacy").await;
        anna.tap("Отозвать согласие").await;
        let _ = anna.reads();
        hours_pass(bot, 3).await;
        anna.sees_nothing();
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn who_answers_at_the_last_second_is_not_reminded() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        bot.wait(20 * MINUTE - 2);
        anna.tap("⏭ Пропустить").await;
        let _ = anna.reads();
        bot.wait(2);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_reminder_whose_answer_is_lost_is_not_repeated_and_the_others_get_theirs() {
    told(async |bot| {
        let (anna, boris) = (bot.customer("Анна"), bot.customer("Борис"));
        begins(&anna).await;
        begins(&boris).await;
        bot.wait(20 * MINUTE);
        let failing = bot.fail(System::Telegram, "sendMessage", When::Times(1), Fault::LoseAnswer);
        bot.schedule().await;
        assert!(failing.has_struck());
        drop(failing);
        anna.sees("Вы начали заявку");
        boris.sees("Вы начали заявку");
        hours_pass(bot, 1).await;
        anna.sees_nothing();

        anna.tap("▶️ Продолжить").await;
        anna.sees("Шаг 3 из 6");
    })
    .await;
}

#[tokio::test]
async fn while_telegram_is_down_most_reminders_wait_for_the_next_run() {
    told(async |bot| {
        let customers: Vec<Customer> = (0..6).map(|_| bot.customer("Анна")).collect();
        for customer in &customers {
            begins(customer).await;
        }
        bot.wait(20 * MINUTE);
        let down = bot.fail(System::Telegram, "sendMessage", When::Always, Fault::DropBefore);
        bot.schedule().await;
        drop(down);
        bot.wait(5 * MINUTE);
        bot.schedule().await;
        let reminded: Vec<usize> = customers.iter().map(|customer| customer.reads().len()).collect();
        assert_eq!(reminded, [0, 0, 0, 1, 1, 1], "three were enough to see that it is down");
        customers[1].tap("⏭ Пропустить").await;
        customers[1].finally_sees("Шаг 3 из 6");
        bot.wait(5 * MINUTE);
        customers[0].say("Я вернулась").await;
        customers[0].tap("Продолжить").await;
        customers[0].finally_sees("Шаг 3 из 6");
    })
    .await;
}

#[tokio::test]
async fn a_reminder_that_has_waited_for_half_a_day_is_dropped() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        bot.wait(20 * MINUTE + 12 * 3600 + MINUTE);
        bot.schedule().await;
        anna.sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn who_returns_after_the_session_is_gone_is_offered_name_and_phone() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        gives_the_phone(&anna).await;
        hours_pass(bot, 2).await;
        anna.sees("остановились на шаге");
        let _ = bot.next_deal();
        bot.wait(8 * DAY);
        bot.end_session(anna.chat).await;
        begins(&anna).await;
        anna.tap("⏭ Пропустить").await;
        anna.sees("Анна, +7 900 123-45-67");
        bot.deliver().await;
    })
    .await;
}

fn refusal(code: u16, description: &str) -> Fault {
    Fault::Status(code, format!(r#"{{"ok":false,"error_code":{code},"description":"{description}"}}"#))
}

#[tokio::test]
async fn conversations_that_cannot_be_read_keep_nobody_from_the_reminder() {
    told(async |bot| {
        let anna = bot.customer("Анна");
        begins(&anna).await;
        let (table, due_at) = (bot.stack().tables().name("sessions"), bot.now() - DAY);
        for chat_id in 1..=101 {
            let item = serde_json::json!({
                "chat_id": chat_id, "version": 1, "due": "1", "due_at": due_at, "conversation": { "v": 99 }, "expires_at": bot.now() + 7 * DAY
            });
            let item = serde_dynamo::to_item(item).expect("it is an item");
            let put = bot.stack().aws().dynamodb.put_item().table_name(table).set_item(Some(item));
            put.send().await.expect("the table takes it");
        }
        bot.wait(20 * MINUTE);
        bot.schedule().await;
        anna.sees_nothing();
        bot.schedule().await;
        anna.sees("Вы начали заявку");
        let sessions = bot.stack().aws().sessions(bot.stack().tables());
        let later = sessions.due(bot.now() + DAY, 200).await.expect("it reads");
        assert_eq!(later.iter().filter(|chat_id| **chat_id <= 101).count(), 101, "another version may read them");
    })
    .await;
}
