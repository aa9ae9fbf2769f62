//! How fast requests arrive under the account's limit of 7 calls a second.

use std::time::{Duration, Instant};

use crm_push::CrmPush;
use simulators::amocrm::Options;
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag};

async fn limited_bot() -> Bot {
    Bot::start(Setup::deployed().at(Options { rate_limit: Some(7), max_part_size: 1024, ..account_without_lag() }))
        .await
}

/// The function as the local stack and a server have it: one process with the account's whole rate.
fn worker(bot: &Bot) -> CrmPush {
    let settings = bot.crm_push_settings();
    let documents = bot.stack().aws().documents(&settings.tables);
    let client = delivery::amocrm_client(&settings.amocrm, &documents, &bot.clock(), 1);
    CrmPush::with(&settings, bot.stack().aws(), client.unwrap(), bot.clock())
}

/// 60 requests at once take 75 s at 7 calls a second if each makes no more calls than this.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_of_a_new_customer_makes_seven_calls() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag())).await;
    let first = bot.store(1, ANNA).await;
    bot.push(&[first]).await;
    let before = bot.crm().calls().len();
    let second = bot.store(2, BORIS).await;
    bot.push(&[second]).await;
    let routes: Vec<String> = bot.crm().calls()[before..].iter().map(|call| call.route.clone()).collect();
    assert!(routes.len() <= 7, "{routes:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_alone_arrives_within_three_seconds() {
    let bot = limited_bot().await;
    let worker = worker(&bot);
    let id = bot.store(1, ANNA).await;
    let event = bot.batch(&[id]).await;
    let begun = Instant::now();
    worker.handle(event).await;
    assert!(bot.is_sent(id).await);
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
}

/// Ten files of a thousand parts each: as many as 20 MB and more at the host's real part size.
#[tokio::test(flavor = "multi_thread")]
async fn large_photos_do_not_delay_anothers_deal() {
    let bot = limited_bot().await;
    let photos = bot.large_photos(10, 1_000_000);
    let anna = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    let worker = std::sync::Arc::new(worker(&bot));
    worker.handle(bot.batch(&[anna]).await).await;
    assert_eq!(bot.crm().deals().len(), 1, "Anna's own deal does not wait for her photos");
    let uploading = tokio::spawn({
        let (worker, event) = (std::sync::Arc::clone(&worker), bot.photo_batch(&[anna]));
        async move { worker.handle(event).await }
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let boris = bot.store(2, BORIS).await;
    let event = bot.batch(&[boris]).await;
    let begun = Instant::now();
    worker.handle(event).await;
    let took = begun.elapsed();
    assert!(bot.is_sent(boris).await);
    assert!(took < Duration::from_secs(3), "{took:?}");
    let parts = bot.crm().calls().iter().filter(|call| call.route.contains("upload")).count();
    assert!(parts > 3 && !uploading.is_finished(), "the photos are on their way: {parts} parts");
    assert_eq!(bot.crm().limits().too_many, 0);
    assert_eq!(bot.admin().reads(), [""; 0], "nothing is wrong");
    uploading.abort();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes more than a minute: run it after changes to the pace"]
async fn sixty_requests_at_once_arrive_within_75_seconds() {
    let bot = limited_bot().await;
    let worker = worker(&bot);
    let mut ids = Vec::new();
    for n in 1..=60 {
        ids.push(bot.store(n, &format!("+790000000{n:02}")).await);
    }
    let begun = Instant::now();
    for batch in ids.chunks(10) {
        worker.handle(bot.batch(batch).await).await;
    }
    let took = begun.elapsed();
    for id in ids {
        assert!(bot.is_sent(id).await);
    }
    println!("60 requests took {took:?}");
    assert!(took < Duration::from_secs(75), "{took:?}");
    assert_eq!(bot.crm().limits().too_many, 0);
}
