use settings::Env;

use super::*;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn bot(token: &str, api_url: String) -> settings::Telegram {
    let mut env = Env::from_pairs([("TELEGRAM_BOT_TOKEN", token), ("TELEGRAM_API_URL", &api_url)]);
    settings::Telegram::read(&mut env)
}

async fn api(server: &MockServer) -> Api {
    Api::new(&bot("1:T", server.uri()))
}

/// Answers the next call of this method.
async fn answer(server: &MockServer, called: &str, status: u16, body: Value) {
    Mock::given(method("POST"))
        .and(path(format!("/bot1:T/{called}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .up_to_n_times(1)
        .mount(server)
        .await;
}

async fn calls_made(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().len()
}

fn refusal(code: u16, description: &str) -> Value {
    json!({ "ok": false, "error_code": code, "description": description })
}

#[tokio::test]
async fn refusals_are_typed_by_what_to_do_about_them() {
    let cases = [
        (400, "Bad Request: message is not modified: specified new message content…", None),
        (400, "Bad Request: message to edit not found", Some(ApiError::CannotEdit)),
        (400, "Bad Request: message can't be edited", Some(ApiError::CannotEdit)),
        (403, "Forbidden: bot was blocked by the user", Some(ApiError::Blocked)),
        (401, "Unauthorized", Some(ApiError::Unauthorized)),
        (404, "Not Found", Some(ApiError::Unauthorized)),
    ];
    for (code, description, expected) in cases {
        let server = MockServer::start().await;
        answer(&server, "editMessageText", code, refusal(code, description)).await;
        let result = api(&server).await.edit(7, 9, &Screen::default()).await;
        assert_eq!(result.err(), expected, "{description}");
    }
}

#[tokio::test]
async fn a_short_pause_is_waited_for_and_garbage_is_tried_again() {
    let server = MockServer::start().await;
    let mut too_many = refusal(429, "Too Many Requests: retry after 1");
    too_many["parameters"] = json!({ "retry_after": 1 });
    answer(&server, "editMessageText", 429, too_many).await;
    answer(&server, "editMessageText", 502, json!("<html>")).await;
    answer(&server, "editMessageText", 200, json!({ "ok": true, "result": true })).await;
    api(&server).await.edit(7, 9, &Screen::default()).await.unwrap();
    assert_eq!(calls_made(&server).await, 3);
}

#[tokio::test]
async fn a_message_that_nobody_asked_for_is_not_sent_again_when_its_answer_is_lost() {
    let server = MockServer::start().await;
    let api = api(&server).await.without_repeats();
    answer(&server, "sendMessage", 502, json!("<html>")).await;
    answer(&server, "sendMessage", 200, json!({ "ok": true, "result": { "message_id": 9 } })).await;
    assert!(api.send_text(7, "Продолжим?").await.unwrap_err().is_temporary());
    assert_eq!(calls_made(&server).await, 1);
    let mut too_many = refusal(429, "Too Many Requests: retry after 1");
    too_many["parameters"] = json!({ "retry_after": 1 });
    let server = MockServer::start().await;
    let api = self::api(&server).await.without_repeats();
    answer(&server, "sendMessage", 429, too_many).await;
    answer(&server, "sendMessage", 200, json!({ "ok": true, "result": { "message_id": 9 } })).await;
    assert_eq!(api.send_text(7, "Продолжим?").await, Ok(9), "a refusal is not a lost answer");
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_says_where_it_is() {
    let server = MockServer::start().await;
    let mut moved = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat");
    moved["parameters"] = json!({ "migrate_to_chat_id": -1_001_234_567_890_i64 });
    answer(&server, "sendMessage", 400, moved).await;
    let error = api(&server).await.send_text(-77, "Сбой").await.unwrap_err();
    assert_eq!(error, ApiError::Migrated { to: -1_001_234_567_890 });
    assert!(!error.is_temporary());
}

async fn has_file(server: &MockServer) {
    has_file_of(4, server).await;
}

async fn has_file_of(size: u64, server: &MockServer) {
    let file = json!({ "file_path": "photos/1.jpg", "file_size": size });
    answer(server, "getFile", 200, json!({ "ok": true, "result": file })).await;
    Mock::given(method("GET"))
        .and(path("/file/bot1:T/photos/1.jpg"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes("jpeg"))
        .mount(server)
        .await;
}

/// The Bot API server's own words: `Client::on_update_file` of tdlib/telegram-bot-api.
const BROKEN_OFF: &str = "Bad Request: wrong file_id or the file is temporarily unavailable";

#[tokio::test]
async fn a_file_that_is_unavailable_for_a_moment_is_downloaded() {
    let server = MockServer::start().await;
    answer(&server, "getFile", 400, refusal(400, BROKEN_OFF)).await;
    answer(&server, "getFile", 500, refusal(500, "Internal Server Error")).await;
    has_file(&server).await;
    assert_eq!(api(&server).await.download("f").await.unwrap(), "jpeg");
}

#[tokio::test]
async fn a_file_that_stays_unavailable_can_be_downloaded_later() {
    let server = MockServer::start().await;
    for _ in 0..Retry::TELEGRAM_CALL.tries {
        answer(&server, "getFile", 400, refusal(400, BROKEN_OFF)).await;
    }
    assert!(api(&server).await.download("f").await.unwrap_err().is_temporary());
    answer(&server, "getFile", 200, json!({ "ok": true, "result": {} })).await;
    answer(&server, "getFile", 404, json!("<html>")).await;
    assert!(api(&server).await.download("f").await.unwrap_err().is_temporary());
    has_file(&server).await;
    assert_eq!(api(&server).await.download("f").await.unwrap(), "jpeg");
}

#[tokio::test]
async fn a_file_of_another_size_is_another_file() {
    for size in [3, 5] {
        let server = MockServer::start().await;
        has_file_of(size, &server).await;
        assert!(api(&server).await.download("f").await.unwrap_err().is_temporary());
    }
}

#[tokio::test]
async fn no_more_is_read_than_an_answer_may_have() {
    let server = MockServer::start().await;
    answer(&server, "getFile", 200, json!({ "ok": true, "result": { "file_path": "photos/1.jpg" } })).await;
    Mock::given(method("GET"))
        .and(path("/file/bot1:T/photos/1.jpg"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![0; MAX_FILE + 1]))
        .mount(&server)
        .await;
    assert!(!api(&server).await.download("f").await.unwrap_err().is_temporary());
    Mock::given(path("/bot1:T/getUpdates"))
        .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b' '; MAX_ANSWER + 1]))
        .mount(&server)
        .await;
    let error = api(&server).await.updates(0, Duration::ZERO).await.unwrap_err();
    assert!(error.to_string().contains("the answer is too long"), "{error}");
}

#[tokio::test]
async fn a_wrong_or_too_big_file_is_final() {
    for description in ["Bad Request: wrong file_id", "Bad Request: invalid file_id", "Bad Request: file is too big"] {
        let server = MockServer::start().await;
        answer(&server, "getFile", 400, refusal(400, description)).await;
        assert!(!api(&server).await.download("f").await.unwrap_err().is_temporary(), "{description}");
        assert_eq!(calls_made(&server).await, 1, "{description}");
    }
}

#[tokio::test]
async fn a_reply_goes_into_its_topic_or_into_the_chat_if_the_topic_is_gone() {
    let server = MockServer::start().await;
    answer(&server, "sendMessage", 400, refusal(400, "Bad Request: message thread not found")).await;
    answer(&server, "sendMessage", 200, json!({ "ok": true, "result": { "message_id": 9 } })).await;
    let to = Recipient { chat_id: 7, topic: Some(3) };
    assert_eq!(api(&server).await.send(to, &Screen::default()).await, Ok(9));
    let calls = server.received_requests().await.unwrap();
    let topics = calls.iter().map(|call| call.body_json::<Value>().unwrap()["message_thread_id"].clone());
    assert_eq!(topics.collect::<Vec<_>>(), [json!(3), Value::Null]);
}

#[tokio::test]
async fn updates_with_half_a_surrogate_pair_are_read() {
    let server = MockServer::start().await;
    let body = r#"{"ok":true,"result":[{"update_id":1,"message":{"text":"Kia \ud83d"}}]}"#;
    Mock::given(path("/bot1:T/getUpdates"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&server)
        .await;
    let updates = api(&server).await.updates(0, Duration::ZERO).await.unwrap();
    assert_eq!(updates[0]["message"]["text"], "Kia \u{fffd}");
}

#[tokio::test]
async fn no_error_shows_the_token() {
    let api = Api::new(&bot("1:SECRET", "http://127.0.0.1:1".to_owned()));
    let error = api.edit(7, 9, &Screen::default()).await.unwrap_err();
    assert!(error.is_temporary());
    assert!(!format!("{error} {error:?} {api:?}").contains("SECRET"));
}
