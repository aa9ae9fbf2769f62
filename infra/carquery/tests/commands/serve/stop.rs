//! The end of the process: asked to, or killed.

use simulators::fault::{Fault, When};

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_killed_while_it_delivers_loses_nothing_and_does_nothing_twice() {
    let world = World::start().await;
    let mut bot = world.serve().await;
    // Each call is done and never answered, and the process ends with it.
    let moments = [
        (world.telegram.faults(), "editMessageText"),
        (world.amocrm.faults(), "POST /api/v4/contacts"),
        (world.amocrm.faults(), "POST /api/v4/leads"),
        (world.amocrm.faults(), "POST /api/v4/leads/notes"),
    ];
    let mut customers = Vec::new();
    for n in 0..moments.len() {
        customers.push(fills_in(&world.telegram, "Анна", &format!("+7900000000{n}")).await);
    }
    for (anna, (faults, route)) in customers.iter().zip(&moments) {
        let rule = faults.add(route, When::Times(1), Fault::LateAnswer(PATIENCE * 2));
        anna.tap("✅ Отправить").expect("there is such a button");
        eventually(route, async || faults.list().iter().all(|active| active.id != rule)).await;
        bot.kill();
        bot = world.serve().await;
    }
    world.telegram.settle().await.expect("every update is accepted");
    world.has_deals(moments.len()).await;
    assert_eq!(world.amocrm.contacts().len(), moments.len());
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_that_is_asked_to_end_finishes_what_it_is_doing() {
    let world = World::start().await;
    let bot = world.serve().await;
    let anna = fills_in(&world.telegram, "Анна", "8 900 000-00-01").await;
    let faults = world.amocrm.faults();
    let rule = faults.add("POST /api/v4/leads", When::Times(1), Fault::LateAnswer(Duration::from_secs(2)));
    anna.tap("✅ Отправить").expect("there is such a button");
    eventually("the delivery is under way", async || faults.list().iter().all(|active| active.id != rule)).await;
    bot.stop().await;
    world.has_deals(1).await;
    assert!(!world.operator.data().join(settings::ENDPOINTS_FILE).exists(), "commands know that nothing runs");
    assert!(world.operator.fails(&["leads", "list"]).contains("nothing is running"));
}
