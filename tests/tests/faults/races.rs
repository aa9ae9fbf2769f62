//! Everything at once, twice, late, and in the wrong order.

use std::sync::Arc;

use settings::Retry;
use simulators::fault::{Fault, When};
use stories::{Customer, System};

use crate::killable::KillableBot;
use crate::story::{EXPECTED, anna_sells_her_car, sells, to_confirmation, what_admins_read, what_came_of};

/// Ids of the updates posted so far.
fn updates(bot: &KillableBot) -> Vec<i64> {
    let calls = bot.faults(System::Telegram).calls_since(0).into_iter();
    let id = |query: &str| query.strip_prefix("update_id=")?.parse().ok();
    let mut ids: Vec<i64> = calls.filter(|call| call.route == "webhook").filter_map(|call| id(&call.query)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn assert_arrived_once(bot: &KillableBot, anna: &Customer) {
    assert_eq!(what_came_of(bot, anna), EXPECTED);
    assert!(bot.crm().twins().is_none(), "{:?}", bot.crm().twins());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_update_of_a_story_comes_three_more_times_late_and_backwards() {
    let bot = KillableBot::start().await;
    let anna = bot.customer("Анна");
    anna_sells_her_car(&bot, &anna).await;
    let mut ids = updates(&bot);
    assert!(ids.len() > 12, "{ids:?}");
    ids.reverse();
    for _ in 0..3 {
        for id in &ids {
            bot.telegram().redeliver(*id).expect("the update is remembered");
        }
        bot.settle().await;
    }
    bot.recover().await;
    assert_arrived_once(&bot, &anna);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_update_comes_in_parallel_with_copies_of_itself() {
    let bot = KillableBot::start().await;
    let anna = bot.customer("Анна");
    anna.say("/start").await;
    // Whatever was accepted is posted again as if the answer had been lost, while the next ones come in.
    let lost = bot.fail(System::Telegram, "webhook", When::Times(60), Fault::LoseAnswer);
    sells(&anna).await;
    drop(lost);
    bot.recover().await;
    assert_arrived_once(&bot, &anna);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_press_different_buttons_of_one_screen() {
    let bot = KillableBot::start().await;
    let anna = bot.customer("Анна");
    to_confirmation(&anna).await;
    let screen = anna.app.last_from_bot().expect("there is a confirmation");
    let data = |text: &str| {
        let buttons = screen.buttons.iter().flatten();
        let button = buttons.into_iter().find(|button| button.text == text).expect("there is such a button");
        serde_json::to_value(button).expect("buttons are data")["callback_data"].as_str().map(str::to_owned)
    };
    let (send, cancel) = (data("✅ Отправить").expect("it is a press"), data("❌ Отменить").expect("it is a press"));
    for data in [&send, &cancel, &send, &cancel] {
        anna.app.press(screen.id, data).expect("the press is sent");
    }
    bot.settle().await;
    bot.recover().await;
    // Whichever came first holds: the request is sent or cancelled, never both and never twice.
    let last = anna.app.last_from_bot().expect("the bot has said something").text;
    let deals = bot.crm().deals().len();
    match deals {
        1 => assert_arrived_once(&bot, &anna),
        _ => assert!(deals == 0 && last.contains("отменена"), "{deals} deals, and the customer reads: {last}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_races_the_queue_and_the_queue_itself() {
    let bot = Arc::new(KillableBot::start().await);
    let customers: Vec<Customer> = (0..3).map(|_| bot.customer("Анна")).collect();
    for anna in &customers {
        sells(anna).await;
    }
    // Deliveries are forgotten by the queue, and everything is overdue while it is being delivered.
    let lost = bot.fail(System::Sqs, "DeleteMessageBatch", When::Times(Retry::AWS_CALL.tries + 1), Fault::DropBefore);
    bot.wait(61);
    let racing = (0..4).flat_map(|n| {
        let (queue, clock) = (Arc::clone(&bot), Arc::clone(&bot));
        let delivery = tokio::spawn(async move { drop(queue.stack().deliver_once().await) });
        let schedule = tokio::spawn(async move {
            clock.wait(n);
            drop(clock.stack().run_schedule().await);
        });
        [delivery, schedule]
    });
    for running in racing.collect::<Vec<_>>() {
        running.await.expect("nothing crashes");
    }
    drop(lost);
    bot.recover().await;
    for anna in &customers {
        assert_arrived_once(&bot, anna);
    }
    assert_eq!(what_admins_read(&bot), Default::default(), "nothing was wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_functions_refresh_at_once_and_an_answer_is_lost() {
    let bot = KillableBot::start().await;
    let anna = bot.customer("Анна");
    sells(&anna).await;
    bot.crm().expire_access_token();
    bot.wait(13 * 3600);
    let lost = bot.fail(System::Amocrm, "POST /oauth2/access_token", When::Times(1), Fault::LoseAnswer);
    let (schedule, delivery) = tokio::join!(bot.stack().run_schedule(), bot.stack().deliver_once());
    assert!(lost.has_struck());
    schedule.expect("the schedule does its work");
    delivery.expect("the queue answers");
    drop(lost);
    bot.recover().await;
    assert_arrived_once(&bot, &anna);
    assert_eq!(what_admins_read(&bot), Default::default(), "nobody has to authorise anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_quick_presses_and_the_menu_at_the_same_time() {
    let bot = KillableBot::start().await;
    let anna = bot.customer("Анна");
    to_confirmation(&anna).await;
    let screen = anna.app.last_from_bot().expect("there is a confirmation");
    anna.app.tap("✅ Отправить").expect("there is such a button");
    anna.app.tap("✅ Отправить").expect("there is such a button");
    bot.settle().await;
    bot.recover().await;
    assert_arrived_once(&bot, &anna);
    // The next request of the same person is another one.
    anna.tap("🚗 Продать авто").await;
    assert_ne!(anna.app.last_from_bot().map(|message| message.text), Some(screen.text));
}
