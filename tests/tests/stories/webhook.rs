//! What reaches the webhook and is forged, oversized, malformed or unknown: it is refused and changes nothing.

use insta::assert_snapshot;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use simulators::fault::{Fault, When};
use stories::{Bot, Setup, story, story_with};

const SECRET: &str = "a-secret_of-Telegram";

fn with_secret() -> Setup {
    Setup::default().with("TELEGRAM_WEBHOOK_SECRET", SECRET)
}

fn to(bot: &Bot, method: Method, path: &str) -> RequestBuilder {
    Client::new().request(method, format!("{}{path}", bot.stack().url()))
}

/// Posts to the webhook; without a secret if there is none.
async fn post(bot: &Bot, secret: Option<&str>, body: impl Into<reqwest::Body>) -> StatusCode {
    let mut request = to(bot, Method::POST, "/telegram/webhook").body(body);
    if let Some(secret) = secret {
        request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
    }
    request.send().await.expect("the webhook answers").status()
}

/// A real message of a person in a private chat.
fn start(update_id: i64) -> String {
    let anna = json!({"id": 77, "is_bot": false, "first_name": "Анна"});
    let chat = json!({"id": 77, "type": "private", "first_name": "Анна"});
    json!({"update_id": update_id, "message":
        {"message_id": 1, "date": 1, "from": anna, "chat": chat, "text": "/start"}})
    .to_string()
}

async fn nothing_changed(bot: &Bot, calls_before: u64) {
    let stored = bot.everything_stored().await;
    for table in bot.tables_about_customers() {
        assert!(!stored.contains(table), "something is stored:\n{stored}");
    }
    let calls = bot.telegram().faults().calls_since(calls_before);
    assert!(calls.is_empty(), "Telegram was called: {calls:#?}");
    assert!(bot.stack().sqs().queues.view().waiting.is_empty());
}

#[tokio::test]
async fn a_forged_update_is_refused() {
    story_with(with_secret(), async |bot| {
        let mark = bot.telegram().faults().mark();
        for secret in [None, Some(""), Some("wrong"), Some("a-secret_of-Telegra"), Some("A-SECRET_OF-TELEGRAM")] {
            assert_eq!(post(bot, secret, start(1)).await, StatusCode::UNAUTHORIZED, "{secret:?}");
        }
        nothing_changed(bot, mark).await;
    })
    .await;
}

#[tokio::test]
async fn the_previous_secret_is_accepted_until_its_time_is_over() {
    let setup = with_secret();
    let until = setup.begins_at + 3600;
    story_with(setup.with("TELEGRAM_WEBHOOK_SECRET_PREVIOUS", format!("the-old-one@{until}")), async |bot| {
        for secret in [SECRET, "the-old-one"] {
            assert_eq!(post(bot, Some(secret), start(1)).await, StatusCode::OK, "{secret}");
        }
        assert_eq!(post(bot, Some("the-old-one@"), start(1)).await, StatusCode::UNAUTHORIZED);
        bot.wait(3600);
        assert_eq!(post(bot, Some("the-old-one"), start(2)).await, StatusCode::UNAUTHORIZED);
        assert_eq!(post(bot, Some(SECRET), start(2)).await, StatusCode::OK);
    })
    .await;
}

#[tokio::test]
async fn an_oversized_update_is_refused() {
    story_with(with_secret(), async |bot| {
        let mark = bot.telegram().faults().mark();
        let padded = |bytes: usize| format!("{}{}", start(1), " ".repeat(bytes - start(1).len()));
        for bytes in [webhook::MAX_BODY + 1, 10 * 1024 * 1024] {
            assert_eq!(post(bot, Some(SECRET), padded(bytes)).await, StatusCode::PAYLOAD_TOO_LARGE, "{bytes}");
            let forged = post(bot, None, padded(bytes)).await;
            assert!(forged.is_client_error(), "{bytes}: {forged}");
        }
        nothing_changed(bot, mark).await;
        assert_eq!(post(bot, Some(SECRET), padded(webhook::MAX_BODY)).await, StatusCode::OK, "just small enough");
    })
    .await;
}

#[tokio::test]
async fn a_body_that_is_not_an_update_is_refused() {
    story_with(with_secret(), async |bot| {
        let mark = bot.telegram().faults().mark();
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for body in ["", "null", "[]", "{}", "{\"update_id\":\"1\"}", "{\"update_id\":1", "привет", "\u{0}", &deep]
        {
            let status = post(bot, Some(SECRET), body.to_owned()).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{}", &body[..body.len().min(30)]);
        }
        assert_eq!(post(bot, Some(SECRET), vec![0xff, 0xfe, 0x00]).await, StatusCode::BAD_REQUEST);
        nothing_changed(bot, mark).await;
    })
    .await;
}

#[tokio::test]
async fn an_update_of_an_unknown_kind_is_accepted_and_ignored() {
    story_with(with_secret(), async |bot| {
        let mark = bot.telegram().faults().mark();
        for kind in ["poll", "my_chat_member", "inline_query", "business_message", "kind_yet_to_come"] {
            let update = json!({"update_id": 9, kind: {"id": "1", "from": {"id": 77, "first_name": "Анна"}}});
            assert_eq!(post(bot, Some(SECRET), update.to_string()).await, StatusCode::OK, "{kind}");
        }
        assert_eq!(post(bot, Some(SECRET), r#"{"update_id":10}"#).await, StatusCode::OK);
        nothing_changed(bot, mark).await;
    })
    .await;
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    story_with(with_secret(), async |bot| {
        let status = async |method: Method, path: &str| {
            to(bot, method, path).header("X-Telegram-Bot-Api-Secret-Token", SECRET).send().await.unwrap().status()
        };
        assert_eq!(status(Method::GET, "/telegram/webhook").await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::PUT, "/telegram/webhook").await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::POST, "/health").await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::POST, "/telegram/webhook/").await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::GET, "/.env").await, StatusCode::NOT_FOUND);
    })
    .await;
}

async fn health(bot: &Bot) -> (StatusCode, Value) {
    let answer = to(bot, Method::GET, "/health").send().await.expect("the webhook answers");
    (answer.status(), answer.json().await.expect("JSON"))
}

#[tokio::test]
async fn health_tells_the_state_of_each_part() {
    story(async |bot| {
        let (status, state) = health(bot).await;
        assert_eq!(status, StatusCode::OK);
        assert_snapshot!(state, @r#"{"parts":{"ai":"model","leads":"ok","queue":"ok","sessions":"ok"},"status":"ok"}"#);

        let mark = bot.database().mark();
        assert_eq!(health(bot).await.0, StatusCode::OK);
        assert!(bot.database().calls_since(mark).is_empty(), "a check is believed for a while: anybody may ask");

        bot.wait(10);
        bot.stack().sqs().faults().add("*", When::Always, Fault::Status(503, "{}".to_owned()));
        let (status, state) = health(bot).await;
        assert_eq!(status, StatusCode::OK, "requests can be taken without the queue");
        assert_snapshot!(state, @r#"{"parts":{"ai":"model","leads":"ok","queue":"down","sessions":"ok"},"status":"degraded"}"#);
        bot.stack().sqs().faults().clear();
    })
    .await;
}

#[tokio::test]
async fn health_is_503_when_requests_cannot_be_taken() {
    story(async |bot| {
        let missing =
            || Fault::Status(400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}"#.to_owned());
        bot.database().add("GetItem sessions", When::Always, missing());
        let (status, state) = health(bot).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_snapshot!(state, @r#"{"parts":{"ai":"model","leads":"ok","queue":"ok","sessions":"down"},"status":"down"}"#);
        bot.database().clear();

        bot.wait(10);
        bot.database().add("GetItem leads", When::Always, missing());
        let (status, state) = health(bot).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert_snapshot!(state, @r#"{"parts":{"ai":"model","leads":"down","queue":"ok","sessions":"ok"},"status":"down"}"#);
        bot.database().clear();
        bot.wait(10);
        assert_eq!(health(bot).await.0, StatusCode::OK);
    })
    .await;
}
