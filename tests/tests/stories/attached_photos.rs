//! Photos on their way to the deal: they hold up nothing else, and nobody loses sight of them.

use lead::Status;
use simulators::amocrm::Options;
use simulators::fault::{Fault, When};
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag, has_its_tasks, is_complete};

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_the_account_does_not_take_are_reported_to_the_manager() {
    let bot = Bot::at(Options { drive_scope: false, ..account_without_lag() }).await;
    let photos = bot.photos(2);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.push(&[id]).await;
    assert!(bot.is_sent(id).await);
    let deal = &bot.crm().deals()[0];
    assert_eq!((deal.files.len(), deal.notes.len(), has_its_tasks(deal)), (0, 2, true));
    assert!(deal.notes[1].contains("Приложить не удалось 2 из 2"), "{:?}", deal.notes);
    assert!(!deal.notes.concat().contains(bot.telegram().token()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_not_a_picture_stays_in_the_chat() {
    let bot = Bot::at(account_without_lag()).await;
    let mut photos = bot.photos(1);
    photos.push(bot.sent_file(b"MZ, a program that calls itself image/png".to_vec()));
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    // Telegram may have sent a page in its place: it is fetched again before that is believed.
    for _ in 0..2 {
        bot.push(&[id]).await;
        assert!(bot.lead(id).await.has_photos_left());
        bot.wait(900);
    }
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert_eq!(deal.files.len(), 1);
    assert!(deal.notes[1].contains("Приложить не удалось 1 из 2"), "{:?}", deal.notes);
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_telegram_cannot_give_now_do_not_hold_up_the_rest() {
    let bot = Bot::at(account_without_lag()).await;
    let photos = bot.photos(2);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.telegram().faults().add("file", When::Always, Fault::Html(502));
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert!(is_complete(deal), "the manager can call back: {deal:#?}");
    assert!(bot.lead(id).await.has_photos_left());
    bot.telegram().faults().clear();
    bot.wait(700);
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert!(is_complete(deal) && deal.files.len() == 2, "{deal:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_host_that_is_down_holds_back_photos_and_nothing_else() {
    let bot = Bot::at(account_without_lag()).await;
    bot.crm().faults().add("POST /drive/*", When::Always, Fault::Html(503));
    let mut ids = Vec::new();
    for n in 1..=4 {
        let photos = bot.photos(1);
        let id = bot.store_with(n, ANNA, |request| request.photos = photos).await;
        bot.push(&[id]).await;
        ids.push(id);
    }
    // Nothing but their photos is left to do.
    bot.wait(400);
    for id in &ids {
        bot.push(&[*id]).await;
    }
    let plain = bot.store(5, BORIS).await;
    bot.push(&[plain]).await;
    assert!(bot.is_sent(plain).await, "the breaker is closed");
    let deals = bot.crm().deals();
    assert!(deals.len() == 5 && deals.iter().all(is_complete), "{deals:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_a_scope_for_files_is_reported_to_the_admins_once() {
    let bot = Bot::at(Options { drive_scope: false, ..account_without_lag() }).await;
    for n in 1..=2 {
        let photos = bot.photos(1);
        let id = bot.store_with(n, ANNA, |request| request.photos = photos).await;
        bot.push(&[id]).await;
    }
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("⚠️ amoCRM не принимает файлы") && told[0].contains("carquery doctor"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_that_fail_too_often_are_reported_and_the_request_stays_sent() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("LEAD_MAX_ATTEMPTS", "2")).await;
    let photos = bot.photos(1);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.crm().faults().add("POST /drive/*", When::Always, Fault::Html(503));
    for _ in 0..2 {
        bot.push(&[id]).await;
        bot.wait(700);
    }
    let lead = bot.lead(id).await;
    assert!(matches!(lead.status, Status::Sent { .. }) && !lead.has_photos_left(), "{lead:?}");
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("⚠️ Фото к заявке K7QX-3M01 не приложены"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn photos_in_a_batch_with_requests_are_left_to_a_batch_of_their_own() {
    let bot = Bot::at(account_without_lag()).await;
    let photos = bot.photos(1);
    let first = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    let worker = bot.worker(&bot.crm_push_settings());
    worker.handle(bot.batch(&[first]).await).await;
    let second = bot.store(2, BORIS).await;
    let mut together = bot.batch(&[second]).await;
    together.records.extend(bot.photo_batch(&[first]).records);
    worker.handle(together).await;
    assert!(bot.is_sent(second).await);
    assert!(bot.lead(first).await.has_photos_left());
    let queued = bot.stack().sqs().queues.view().waiting.iter().filter(|item| item.body.contains("photos")).count();
    assert_eq!(queued, 2, "once after the request, once more put off");
}
