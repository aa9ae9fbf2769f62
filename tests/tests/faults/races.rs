//! Everything at once, twice, late, and in the wrong order.

use std::sync::Arc;

use simulators::fault::{Fault, When};

use crate::story::{
    EXPECTED, Seller, anna_sells_her_car, says, sells, taps, to_confirmation, what_admins_read, what_came_of,
};
use crate::world::{System, World};

/// Ids of the updates posted so far.
fn updates(world: &World) -> Vec<i64> {
    let calls = world.faults(System::Telegram).calls_since(0).into_iter();
    let id = |query: &str| query.strip_prefix("update_id=")?.parse().ok();
    let mut ids: Vec<i64> = calls.filter(|call| call.route == "webhook").filter_map(|call| id(&call.query)).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn assert_arrived_once(world: &World, anna: &Seller) {
    assert_eq!(what_came_of(world, anna), EXPECTED);
    assert!(world.crm().twins().is_none(), "{:?}", world.crm().twins());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_update_of_a_story_comes_three_more_times_late_and_backwards() {
    let world = World::start().await;
    let anna = Seller::new(&world);
    anna_sells_her_car(&world, &anna).await;
    let mut ids = updates(&world);
    assert!(ids.len() > 12, "{ids:?}");
    ids.reverse();
    for _ in 0..3 {
        for id in &ids {
            world.telegram().redeliver(*id).expect("the update is remembered");
        }
        world.settle().await;
    }
    world.recover().await;
    assert_arrived_once(&world, &anna);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_update_comes_in_parallel_with_copies_of_itself() {
    let world = World::start().await;
    let anna = Seller::new(&world);
    says(&world, &anna, "/start").await;
    // Whatever was accepted is posted again as if the answer had been lost, while the next ones come in.
    let lost = world.fail(System::Telegram, "webhook", When::Times(60), Fault::LoseAnswer);
    sells(&world, &anna).await;
    drop(lost);
    world.recover().await;
    assert_arrived_once(&world, &anna);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_devices_press_different_buttons_of_one_screen() {
    let world = World::start().await;
    let anna = Seller::new(&world);
    to_confirmation(&world, &anna).await;
    let screen = world.telegram().last_from_bot(anna.chat).expect("there is a confirmation");
    let data = |text: &str| {
        let buttons = screen.buttons.iter().flatten();
        let button = buttons.into_iter().find(|button| button.text == text).expect("there is such a button");
        serde_json::to_value(button).expect("buttons are data")["callback_data"].as_str().map(str::to_owned)
    };
    let (send, cancel) = (data("✅ Отправить").expect("it is a press"), data("❌ Отменить").expect("it is a press"));
    for data in [&send, &cancel, &send, &cancel] {
        world.telegram().press(anna.chat, screen.id, data).expect("the press is sent");
    }
    world.settle().await;
    world.recover().await;
    // Whichever came first holds: the request is sent or cancelled, never both and never twice.
    let last = world.telegram().last_from_bot(anna.chat).expect("the bot has said something").text;
    let deals = world.crm().deals().len();
    match deals {
        1 => assert_arrived_once(&world, &anna),
        _ => assert!(deals == 0 && last.contains("отменена"), "{deals} deals, and the customer reads: {last}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_schedule_races_the_queue_and_the_queue_itself() {
    let world = Arc::new(World::start().await);
    let sellers: Vec<Seller> = (0..3).map(|_| Seller::new(&world)).collect();
    for anna in &sellers {
        sells(&world, anna).await;
    }
    // Deliveries are forgotten by the queue, and everything is overdue while it is being delivered.
    let lost = world.fail(System::Sqs, "DeleteMessageBatch", When::Times(4), Fault::DropBefore);
    world.wait(61);
    let racing = (0..4).flat_map(|n| {
        let (queue, clock) = (Arc::clone(&world), Arc::clone(&world));
        let delivery = tokio::spawn(async move { drop(queue.stack.deliver_once().await) });
        let schedule = tokio::spawn(async move {
            clock.wait(n);
            drop(clock.stack.run_schedule().await);
        });
        [delivery, schedule]
    });
    for running in racing.collect::<Vec<_>>() {
        running.await.expect("nothing crashes");
    }
    drop(lost);
    world.recover().await;
    for anna in &sellers {
        assert_arrived_once(&world, anna);
    }
    assert_eq!(what_admins_read(&world), Default::default(), "nothing was wrong");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_functions_refresh_at_once_and_an_answer_is_lost() {
    let world = World::start().await;
    let anna = Seller::new(&world);
    sells(&world, &anna).await;
    world.crm().expire_access_token();
    world.wait(13 * 3600);
    let lost = world.fail(System::Amocrm, "POST /oauth2/access_token", When::Times(1), Fault::LoseAnswer);
    let (schedule, delivery) = tokio::join!(world.stack.run_schedule(), world.stack.deliver_once());
    assert!(lost.has_struck());
    schedule.expect("the schedule does its work");
    delivery.expect("the queue answers");
    drop(lost);
    world.recover().await;
    assert_arrived_once(&world, &anna);
    assert_eq!(what_admins_read(&world), Default::default(), "nobody has to authorise anything");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_quick_presses_and_the_menu_at_the_same_time() {
    let world = World::start().await;
    let anna = Seller::new(&world);
    to_confirmation(&world, &anna).await;
    let screen = world.telegram().last_from_bot(anna.chat).expect("there is a confirmation");
    world.telegram().tap(anna.chat, "✅ Отправить").expect("there is such a button");
    world.telegram().tap(anna.chat, "✅ Отправить").expect("there is such a button");
    world.settle().await;
    world.recover().await;
    assert_arrived_once(&world, &anna);
    // The next request of the same person is another one.
    taps(&world, &anna, "🚗 Продать авто").await;
    assert_ne!(world.telegram().last_from_bot(anna.chat).map(|message| message.text), Some(screen.text));
}
