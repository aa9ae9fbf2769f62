//! The example events beside the functions, with which `cargo lambda invoke` calls them (docs/development.md), are what
//! AWS sends.

use std::fs;
use std::path::Path;

use aws_lambda_events::sqs::SqsEvent;
use serde_json::Value;
use stories::{Setup, failed, story, story_with};

/// A file in the folder `events` of a function.
fn example(function: &str, name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../functions").join(function).join("events").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The request in an event of API Gateway.
fn request(event: &str) -> lambda_http::http::Request<bytes::Bytes> {
    let (parts, body) = lambda_http::request::from_str(event).expect("it is API Gateway's").into_parts();
    lambda_http::http::Request::from_parts(parts, bytes::Bytes::copy_from_slice(&body))
}

#[tokio::test]
async fn telegram_posts_start_and_somebody_looks_at_the_health() {
    story_with(Setup::default().with("TELEGRAM_WEBHOOK_SECRET", "demo"), async |bot| {
        let anna = bot.customer("Анна");
        anna.app.mark_started();
        let start = example("webhook", "start.json").replace("7000000004", &anna.chat.to_string());
        assert_eq!(bot.stack().webhook().handle(request(&start)).await.status(), 200);
        anna.sees("Выберите, что нужно");
        let health = bot.stack().webhook().handle(request(&example("webhook", "health.json"))).await;
        assert_eq!(health.status(), 200);
    })
    .await;
}

#[tokio::test]
async fn the_queue_brings_a_request_that_is_not_there_any_more() {
    story(async |bot| {
        let event: SqsEvent = serde_json::from_str(&example("crm-push", "request.json")).expect("it is the queue's");
        assert!(failed(&bot.stack().crm_push().handle(event).await).is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_schedule_comes_by_and_an_alarm_rings() {
    story(async |bot| {
        let event = |name| serde_json::from_str::<Value>(&example("scheduled", name)).expect("it is JSON");
        let done = bot.stack().scheduled().handle(event("schedule.json")).await.expect("nothing is to be repaired");
        assert_eq!(done["unsent"], 0, "{done}");
        bot.stack().scheduled().handle(event("alarm.json")).await.expect("the admins can be reached");
        bot.admin().sees("carquery-dev-dead-letters");
    })
    .await;
}
