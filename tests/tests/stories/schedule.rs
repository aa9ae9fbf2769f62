//! What `scheduled` repairs every five minutes: unsent requests, tokens, alarms, and what the admins could not be told.

use std::sync::Arc;

use amocrm::Client;
use delivery::{AdminChat, AttemptOutcomes, Incidents, Obstacle};
use lead::Status;
use serde_json::{Value, json};
use simulators::fault::{Fault, When};
use storage::CurrentDealer;
use stories::{ANNA, Bot, Setup, read};

async fn start() -> Bot {
    Bot::start(Setup::deployed()).await
}

/// What the function answers the schedule.
async fn run(bot: &Bot) -> Value {
    let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
    bot.stack().scheduled().handle(event).await.unwrap()
}

fn queued(bot: &Bot) -> usize {
    bot.stack().sqs().queues.view().waiting.len()
}

/// amoCRM as another process has it.
fn another_client(bot: &Bot) -> Client {
    let settings = read(bot.env(), settings::Amocrm::read);
    let documents = bot.stack().aws().documents(bot.stack().tables());
    delivery::amocrm_client(&settings, &documents, &bot.clock(), 1).unwrap().unwrap()
}

/// The trouble with amoCRM, as crm-push notes it.
fn incidents(bot: &Bot) -> Incidents {
    let documents = bot.stack().aws().documents(bot.stack().tables());
    let telegram = telegram::Api::new(&bot.crm_push_settings().telegram);
    let admins = AdminChat::new(documents.clone(), telegram, Some(bot.admin().chat), bot.clock());
    let dealer_file = bot.stack().aws().dealer_file(bot.stack().tables());
    let dealer = Arc::new(CurrentDealer::new(dealer_file, 60, bot.clock()));
    let (leads, clock, language) = (bot.leads(), bot.clock(), texts::Language::Russian);
    Incidents { documents, leads, admins, clock, dealer, language }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_message_was_lost_is_queued_once_in_a_while() {
    let bot = start().await;
    let id = bot.store(1, ANNA).await;
    assert_eq!(run(&bot).await["queued"], 0, "its message may still be on the way");
    bot.wait(61);
    let done = run(&bot).await;
    assert_eq!((&done["queued"], &done["unsent"]), (&json!(1), &json!(1)), "{done}");
    bot.wait(300);
    assert_eq!(run(&bot).await["queued"], 0, "it is on the queue");
    bot.wait(301);
    assert_eq!(run(&bot).await["queued"], 1);
    assert_eq!(queued(&bot), 2);
    bot.set_status(id, Status::Sent { at: bot.now() }).await;
    bot.wait(1000);
    assert_eq!(
        run(&bot).await,
        json!({
            "told": 0, "queued": 0, "token": "good", "unfinished": 0, "jobs": 0, "stages": 0, "talks": 0, "limits": 0,
            "expiring": 0, "unsent": 0, "model_is_out": false
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_was_creating_is_in_doubt_and_what_the_operator_must_see_stays() {
    let bot = start().await;
    let (dead_worker, dead) = (bot.store(1, ANNA).await, bot.store(2, ANNA).await);
    let lease_until = bot.now() + 100;
    bot.set_status(dead_worker, Status::Sending { lease_until, worker: "w".into(), in_doubt: false }).await;
    bot.set_status(dead, Status::Dead { at: bot.now() }).await;
    assert_eq!(run(&bot).await["queued"], 0, "the lease still lasts");
    bot.wait(101);
    assert_eq!(run(&bot).await["queued"], 1);
    let lead = bot.lead(dead_worker).await;
    assert!(matches!(lead.status, Status::Retry { in_doubt: true, .. }), "{:?}", lead.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_is_deleted_a_week_after_the_admins_were_told() {
    const DAY: i64 = 24 * 3600;
    let bot = start().await;
    let id = bot.store(1, ANNA).await;
    bot.set_status(id, Status::Dead { at: bot.now() }).await;
    bot.wait(22 * DAY);
    assert_eq!(run(&bot).await["expiring"], 0);
    bot.wait(DAY);
    assert_eq!(run(&bot).await["expiring"], 1);
    bot.admin()
        .sees(&format!("Заявка {} так и не передана в amoCRM, через 7 дней бот её удалит.", id.request_number()));
    assert_eq!(run(&bot).await["expiring"], 0, "told once");
    bot.admin().sees_nothing();
    let left = bot.lead(id).await.expires_at().expect("it expires") - bot.now();
    assert!((6 * DAY..=7 * DAY).contains(&left), "{left}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_is_respected_and_trouble_that_ended_unseen_is_reported() {
    let bot = start().await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    for _ in 0..3 {
        let waiting = ids.to_vec();
        let obstacle = Some(Obstacle::slow());
        incidents(&bot).record_outcomes(&AttemptOutcomes { waiting, obstacle, ..Default::default() }).await;
    }
    assert_eq!(bot.admin().reads().len(), 1);
    for id in ids {
        bot.set_status(id, Status::Retry { due_at: bot.now(), in_doubt: false, not_before: 0 }).await;
    }
    assert_eq!(run(&bot).await["queued"], 0, "amoCRM is left alone");
    bot.wait(31);
    assert_eq!(run(&bot).await["queued"], 1, "one is tried");

    // Both went out, but whoever delivered them died before saying so.
    for id in ids {
        bot.set_status(id, Status::Sent { at: bot.now() }).await;
    }
    run(&bot).await;
    run(&bot).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("Отправлено: 2 заявки."), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_refreshed_when_half_of_their_life_is_over() {
    let bot = start().await;
    assert_eq!(run(&bot).await["token"], "good");
    bot.wait(13 * 3600);
    assert_eq!(run(&bot).await["token"], "refreshed");
    assert_eq!(run(&bot).await["token"], "good");
    let refreshes = bot.crm().calls().iter().filter(|call| call.route == "POST /oauth2/access_token").count();
    assert_eq!(refreshes, 2, "the first pair and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_needed_is_reported_once_with_what_to_do() {
    let bot = start().await;
    bot.crm().revoke_refresh_token();
    bot.wait(13 * 3600);
    for _ in 0..3 {
        assert_eq!(run(&bot).await["token"], "consent needed");
        bot.wait(300);
    }
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("carquery amocrm authorize CODE"), "{told:?}");
    let asked = bot.crm().calls().iter().filter(|call| call.route == "POST /oauth2/access_token").count();
    assert_eq!(asked, 2, "amoCRM is not asked again for what it refuses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_stopped_a_request_already_is_not_reported_again() {
    let bot = start().await;
    let id = bot.store(1, ANNA).await;
    bot.crm().revoke_everything();
    bot.wait(61);
    let error = another_client(&bot).account().await.unwrap_err();
    incidents(&bot)
        .record_outcomes(&AttemptOutcomes { waiting: vec![id], obstacle: Obstacle::of(&error), ..Default::default() })
        .await;
    run(&bot).await;
    bot.wait(300);
    run(&bot).await;
    let told = bot.admin().reads();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("🔑") && told[0].contains("Ждут: 1 заявка"), "{told:?}");
    bot.set_status(id, Status::Sent { at: bot.now() }).await;
    run(&bot).await;
    let told = bot.admin().reads();
    assert!(told.len() == 1 && told[0].starts_with("✅"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_token_endpoint_does_not_keep_requests_off_the_queue() {
    let bot = start().await;
    bot.store(1, ANNA).await;
    bot.wait(13 * 3600);
    bot.crm().faults().add("POST /oauth2/access_token", When::Always, Fault::Html(502));
    let failed = bot.stack().scheduled().handle(json!({})).await.unwrap_err();
    assert!(format!("{failed:#}").contains("the tokens are not refreshed"), "{failed:#}");
    assert_eq!(queued(&bot), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_reaches_the_admins_once() {
    let bot = start().await;
    let alarm = json!({
        "detail-type": "CloudWatch Alarm State Change", "time": "2026-01-02T03:04:05Z",
        "detail": {
            "alarmName": "carquery-prod-unsent", "state": { "value": "ALARM" }, "previousState": { "value": "OK" },
            "configuration": { "description": "Requests wait. Run `carquery doctor`." }
        }
    });
    bot.stack().scheduled().handle(alarm.clone()).await.unwrap();
    bot.stack().scheduled().handle(alarm).await.unwrap();
    assert_eq!(bot.admin().reads(), ["🔴 carquery-prod-unsent: Requests wait. Run `carquery doctor`."]);
}
