//! What happens when amoCRM is down or refuses something; and what the admins are told.

use std::time::Duration;

use crm_push::CrmPush;
use insta::assert_snapshot;
use lead::Status;
use simulators::amocrm::Options;
use simulators::fault::{Fault, When};
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag, is_complete};

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_as_a_manager_sees_it() {
    let bot = Bot::at(account_without_lag()).await;
    let photos = bot.photos(1);
    let id = bot.store_with(1, ANNA, |request| request.photos = photos).await;
    bot.push(&[id]).await;
    let deal = &bot.crm().deals()[0];
    assert_eq!((deal.name.as_str(), deal.price), ("Продажа авто — Toyota Camry — Анна", 1_500_000));
    assert_eq!(deal.field("SOURCE"), Some("Telegram Bot"));
    assert_eq!(deal.field("CAR_YEAR"), Some("2019"));
    assert_eq!(
        deal.tasks[0].text,
        "Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M01".replace("K7QX-3M01", &id.request_number())
    );
    assert!((1795..=1805).contains(&(deal.tasks[0].due - bot.now())));
    assert_eq!(deal.files[0].name, format!("{}-1.jpg", id.request_number()));
    let contact = deal.contact.as_ref().unwrap();
    assert_eq!((contact.field("TELEGRAM_ID"), contact.field("TELEGRAM_USERNAME")), (Some("1000"), Some("@anna_k")));
    let lead = bot.lead(id).await;
    assert_eq!((lead.attempts, lead.error), (1, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_reported_and_leaves_its_neighbours_alone() {
    let bot = Bot::at(account_without_lag()).await;
    let bad = bot.store_with(1, ANNA, |request| request.price = Some(u64::MAX)).await;
    let good = bot.store(2, ANNA).await;
    let refusal = r#"{"validation-errors":[{"request_id":"x","errors":[{"code":"InvalidType","path":"price","detail":"Too big"}]}],"title":"Bad Request","status":400,"detail":"Request validation failed"}"#;
    bot.crm().faults().add("POST /api/v4/leads", When::Times(1), Fault::Status(400, refusal.to_owned()));
    assert_eq!(bot.push(&[bad, good]).await, [""; 0]);
    assert!(bot.is_sent(good).await);
    assert!(matches!(bot.lead(bad).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_snapshot!(told[0], @"❌ Заявка K7QX-3M01 не передана в amoCRM (попыток: 1): amoCRM отказывает (HTTP 400; price: InvalidType). Что именно не так: carquery leads show 01JD0000000000000AK7QX3M01. Когда причина устранена: carquery leads retry 01JD0000000000000AK7QX3M01");
    bot.push(&[bad]).await;
    assert_eq!(bot.admin().reads(), [""; 0], "told once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_fails_too_often_is_given_up_and_reported() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("LEAD_MAX_ATTEMPTS", "2")).await;
    let id = bot.store(1, ANNA).await;
    bot.crm().faults().add("*", When::Always, Fault::Html(502));
    bot.push(&[id]).await;
    bot.wait(700);
    bot.push(&[id]).await;
    assert!(matches!(bot.lead(id).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert!(
        told.iter()
            .any(|text| text.contains("не передана в amoCRM (попыток: 2)") && text.contains("carquery leads retry")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_that_comes_to_need_a_person_says_so_once() {
    let bot = Bot::at(account_without_lag()).await;
    let id = bot.store(1, ANNA).await;
    let faults = bot.crm().faults();
    let mut told = Vec::new();
    for fault in
        [Fault::Html(403), Fault::Html(403), Fault::Status(402, "{}".to_owned()), Fault::Html(403), Fault::Html(503)]
    {
        faults.add("*", When::Always, fault);
        bot.push(&[id]).await;
        told.extend(bot.admin().reads());
        faults.clear();
        bot.wait(3600);
    }
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with("⚠️ Проблема с amoCRM с ") && told[0].contains("напишите в поддержку amoCRM"),
        "{told:?}"
    );
    assert!(told[1].contains("оплатите аккаунт amoCRM"), "{told:?}");
    bot.push_until_sent(&[id]).await;
    let told = bot.admin().reads();
    assert!(told.len() == 1 && told[0].starts_with("✅"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_one_story_and_the_breaker_spares_amocrm() {
    let bot = Bot::at(account_without_lag()).await;
    let mut ids = Vec::new();
    bot.crm().faults().add("*", When::Always, Fault::Html(503));
    for n in 1..=4 {
        let id = bot.store(n, &format!("+7900000000{n}")).await;
        ids.push(id);
        let calls = bot.crm().calls().len();
        bot.push(&[id]).await;
        assert!(!bot.is_sent(id).await);
        assert_eq!(bot.crm().calls().len() > calls, n <= 3, "request {n}: the breaker opens after three");
    }
    assert_eq!(bot.lead(ids[3]).await.attempts, 0, "what was not tried does not count");
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("Ещё не отправлено: 1 заявка"), "{told:?}");

    // Still down: one request is tried, the others are spared.
    bot.wait(31);
    let calls = bot.crm().calls().len();
    let more = [bot.store(5, "+79000000005").await, bot.store(6, "+79000000006").await];
    bot.push(&more).await;
    assert_eq!(bot.crm().calls().len() - calls, 3, "three tries of one call");
    assert_eq!(bot.admin().reads(), [""; 0]);

    // It is over: the one that is tried goes through, and what was put back goes onto the queue at once.
    bot.crm().faults().clear();
    bot.wait(61);
    bot.push(&more[..1]).await;
    assert!(bot.is_sent(more[0]).await);
    assert!(!bot.stack().sqs().queues.view().waiting.is_empty(), "requests that were put back are queued");
    assert_eq!(bot.admin().reads(), [""; 0], "some still wait");

    bot.wait(1000);
    ids.push(more[1]);
    bot.push_until_sent(&ids).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("✅ amoCRM снова принимает заявки") && told[0].ends_with("Отправлено: 6 заявок."),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_admins_could_not_be_told_waits_for_the_schedule() {
    let bot = Bot::at(account_without_lag()).await;
    bot.telegram().faults().add("sendMessage", When::Always, Fault::Html(502));
    bot.crm().faults().add("*", When::Always, Fault::Html(503));
    let id = bot.store(1, ANNA).await;
    assert_eq!(bot.push(&[id]).await, [""; 0], "a silent Telegram does not fail a delivery");
    bot.telegram().faults().clear();
    let documents = bot.stack().aws().documents(bot.stack().tables());
    let telegram = telegram::Api::new(&bot.crm_push_settings().telegram);
    let admins = delivery::AdminChat::new(documents, telegram, Some(bot.admin().chat), bot.clock());
    assert_eq!(admins.send_waiting().await, 0, "somebody may still be at it");
    bot.wait(61);
    assert_eq!(admins.send_waiting().await, 1);
    assert_eq!(admins.send_waiting().await, 0);
    assert_eq!(bot.admin().reads().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_mock_mode_requests_count_as_delivered_without_a_call() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("AMOCRM_MOCK_MODE", "true")).await;
    let id = bot.store(1, ANNA).await;
    bot.stack().crm_push().handle(bot.batch(&[id]).await).await;
    assert!(bot.is_sent(id).await);
    assert_eq!(bot.lead(id).await.progress.deal_id(), Some(2));
    assert!(bot.stack().amocrm().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_together_stay_under_the_accounts_limit() {
    let bot = Bot::at(Options { rate_limit: Some(7), ..account_without_lag() }).await;
    let (settings, aws) = (bot.crm_push_settings(), bot.stack().aws());
    let documents = aws.documents(&settings.tables);
    let worker = || {
        let client = delivery::amocrm_client(&settings.amocrm, &documents, &bot.clock(), delivery::WORKERS);
        CrmPush::with(&settings, aws, client.unwrap(), bot.clock())
    };
    let (one, other) = (worker(), worker());
    let mut ids = Vec::new();
    for n in 1..=6 {
        ids.push(bot.store(n, &format!("+7900000000{n}")).await);
    }
    let (first, second) = (bot.batch(&ids[..3]).await, bot.batch(&ids[3..]).await);
    tokio::join!(one.handle(first), other.handle(second));
    for id in ids {
        assert!(bot.is_sent(id).await);
    }
    assert_eq!(bot.crm().limits().too_many, 0, "{:?}", bot.crm().limits());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_runs_short_leaves_no_request_half_way() {
    let bot = Bot::at(account_without_lag()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    // Looking for the contact takes so long that nothing can be created any more.
    let slow = bot.crm().faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        while bot.crm().faults().list().iter().all(|active| active.hits == 0) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        bot.wait(80);
    };
    futures::join!(bot.push(&ids), later);
    bot.crm().faults().remove(slow);
    let lead = bot.lead(ids[0]).await;
    assert!(matches!(lead.status, Status::Retry { .. }), "{lead:?}");
    assert_eq!(lead.error.as_deref(), Some("amoCRM answers too slowly"));
    assert!(bot.is_sent(ids[1]).await, "its lease began later");
    bot.wait(700);
    bot.push_until_sent(&ids).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_up_that_is_refused_gives_nobody_up() {
    let bot = Bot::at(account_without_lag()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    bot.crm().faults().add("POST /api/v4/leads/notes", When::Times(1), Fault::LoseAnswer);
    let gone = r#"{"title":"Not Found","status":404,"detail":"Lead not found"}"#;
    bot.crm().faults().add("GET /api/v4/leads/*/notes", When::Times(1), Fault::Status(404, gone.to_owned()));
    bot.push(&ids).await;
    for id in ids {
        assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }), "{:?}", bot.lead(id).await);
    }
    assert!(bot.is_sent(ids[0]).await != bot.is_sent(ids[1]).await, "the other one is sent");
    bot.wait(700);
    bot.push_until_sent(&ids).await;
    assert!(bot.crm().deals().iter().all(is_complete));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_finds_amocrm_still_down_is_not_given_up_for_it() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("LEAD_MAX_ATTEMPTS", "5")).await;
    let id = bot.store(1, ANNA).await;
    let down = bot.crm().faults().add("*", When::Always, Fault::Html(502));
    for _ in 0..20 {
        bot.push(&[id]).await;
        bot.wait(400);
    }
    assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }));
    bot.crm().faults().remove(down);
    bot.push_until_sent(&[id]).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 2, "one beginning, one end: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_workers_die_every_time_is_given_up_in_time_and_reported() {
    let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("LEAD_MAX_ATTEMPTS", "2")).await;
    let id = bot.store(1, ANNA).await;
    for _ in 0..2 {
        let mut lead = bot.leads().get(&id).await.unwrap().unwrap();
        lead.value.claim("a worker that dies", bot.now(), 120).unwrap();
        bot.leads().save(&mut lead).await.unwrap();
        bot.wait(121);
    }
    bot.push(&[id]).await;
    assert!(matches!(bot.lead(id).await.status, Status::Dead { .. }));
    let told = bot.admin().reads();
    assert!(told.len() == 1 && told[0].contains("обработчики останавливались на полпути"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_deleted_while_amocrm_is_slow_brings_nobody_into_the_crm() {
    let bot = Bot::at(account_without_lag()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    bot.crm().faults().add("GET /api/v4/contacts", When::Always, Fault::Hang(Duration::from_millis(300)));
    let later = async {
        tokio::time::sleep(Duration::from_millis(150)).await;
        bot.leads().delete(&ids[0]).await.unwrap();
        bot.wait(2);
    };
    futures::join!(bot.push(&ids), later);
    assert!(bot.is_sent(ids[1]).await);
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_answers_now_and_then_is_not_left_alone() {
    let bot = Bot::at(account_without_lag()).await;
    bot.crm().faults().add("POST /api/v4/leads/notes", When::Times(30), Fault::Html(502));
    for n in 1..=5 {
        let id = bot.store(n, &format!("+7900000000{n}")).await;
        bot.push(&[id]).await;
    }
    assert_eq!(bot.crm().deals().len(), 5, "each batch got as far as it could");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_the_account_is_never_the_end_of_a_request() {
    let ended = r#"{"title":"Bad Request","status":400,"detail":"Код ошибки 244"}"#.to_owned();
    for fault in [Fault::Status(400, ended), Fault::Status(402, "{}".to_owned()), Fault::Html(403)] {
        let bot = Bot::start(Setup::deployed().at(account_without_lag()).with("LEAD_MAX_ATTEMPTS", "5")).await;
        let id = bot.store(1, ANNA).await;
        let down = bot.crm().faults().add("*", When::Always, fault.clone());
        for _ in 0..20 {
            bot.push(&[id]).await;
            bot.wait(400);
        }
        assert!(!matches!(bot.lead(id).await.status, Status::Dead { .. }), "{fault:?}");
        bot.crm().faults().remove(down);
        bot.push_until_sent(&[id]).await;
        assert_eq!(bot.crm().deals().len(), 1, "{fault:?}");
    }
}
