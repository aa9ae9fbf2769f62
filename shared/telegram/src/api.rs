//! Calls to Telegram.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dialog::{Screen, Text};
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settings::{Retry, Unread, read_within};

use crate::error::{ApiError, Envelope};
use crate::{ALLOWED_UPDATES, Recipient, json, render};

/// Limit for one call. Telegram waits a minute for the webhook; a customer does not.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest answer to a call, in bytes: a hundred long messages in all scripts.
const LONGEST_ANSWER: usize = 16 << 20;
/// Largest file, in bytes. Telegram itself serves no larger ones, but a self-hosted Bot API server does:
/// <https://core.telegram.org/bots/api#getfile>.
const LARGEST_FILE: usize = 20 << 20;
/// Longest text that the bot sends as plain text; Telegram takes 4096 UTF-16 units.
const LONGEST_TEXT: usize = 2000;
/// Longest caption in UTF-16 units: <https://core.telegram.org/bots/api#sendphoto>.
pub const LONGEST_CAPTION: usize = 1024;

/// A client of the Bot API. Clones share one kept-alive connection pool.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Arc<str>,
    token: SecretString,
    repeats: bool,
}

/// A call that may be returned in the webhook's reply instead of being made:
/// <https://core.telegram.org/bots/api#making-requests-when-getting-updates>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BotCall {
    pub method: String,
    #[serde(flatten)]
    pub parameters: Value,
}

/// The parameters of a call.
enum Body<'a> {
    Json(&'a Value),
    /// With a file in it.
    Photo {
        chat_id: i64,
        png: &'a Bytes,
        caption: &'a Text,
    },
}

impl Body<'_> {
    fn of(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Json(parameters) => request.json(parameters),
            Self::Photo { chat_id, png, caption } => {
                let form = Form::new()
                    .text("chat_id", chat_id.to_string())
                    .text("caption", caption.text.clone())
                    .text("caption_entities", render::entities(caption).to_string())
                    .part("photo", Part::stream(Bytes::clone(png)).file_name("image.png"));
                request.multipart(form)
            }
        }
    }
}

impl Api {
    /// A client for the bot of these settings.
    #[must_use]
    pub fn new(settings: &settings::Telegram) -> Self {
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(CALL_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(50))
            .build()
            .expect("the TLS library is compiled in");
        Self { http, base: settings.api_url.as_str().into(), token: settings.token.clone(), repeats: true }
    }

    /// The bot's own id, with which its token begins; 0 if it is not a token.
    #[must_use]
    pub fn bot_id(&self) -> i64 {
        let id = self.token.expose_secret().split(':').next();
        id.and_then(|id| id.parse().ok()).unwrap_or_default()
    }

    /// The same client, but it does not repeat a call that got no answer: for messages that nobody has asked for. Two of
    /// them are worse than none.
    #[must_use]
    pub fn without_repeats(self) -> Self {
        Self { repeats: false, ..self }
    }

    /// Sends a screen; returns the message's id. If the topic is gone, the screen goes to the chat.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send(&self, to: impl Into<Recipient>, screen: &Screen) -> Result<i64, ApiError> {
        let to = to.into();
        let sent = match self.call("sendMessage", &render::send(to, screen)).await {
            Err(error) if to.topic.is_some() && error.is_topic_gone() => {
                self.call("sendMessage", &render::send(to.without_topic(), screen)).await?
            }
            sent => sent?,
        };
        message_id(&sent, "sendMessage")
    }

    /// Sends plain text, cut to 2000 characters; returns the message's id.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send_text(&self, chat_id: i64, text: &str) -> Result<i64, ApiError> {
        let text: String = text.chars().take(LONGEST_TEXT).collect();
        self.send(chat_id, &Screen { text: dialog::Text::plain(text), keyboard: dialog::Keyboard::None }).await
    }

    /// Replaces a message with a screen. A message that already looks like it is not an error.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn edit(&self, chat_id: i64, message_id: i64, screen: &Screen) -> Result<(), ApiError> {
        match self.call("editMessageText", &render::edit(chat_id, message_id, screen)).await {
            Ok(_) | Err(ApiError::NotModified) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Sends a PNG image with a caption of at most [`LONGEST_CAPTION`]; returns the message's id.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send_png(&self, chat_id: i64, png: &Bytes, caption: &Text) -> Result<i64, ApiError> {
        const METHOD: &str = "sendPhoto";
        let sent = self.repeat(METHOD, &Body::Photo { chat_id, png, caption }).await?;
        message_id(&sent, METHOD)
    }

    /// Makes any call, again if Telegram is unavailable or asks for a short pause.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn call(&self, method: &'static str, parameters: &Value) -> Result<Value, ApiError> {
        self.repeat(method, &Body::Json(parameters)).await
    }

    async fn repeat(&self, method: &'static str, body: &Body<'_>) -> Result<Value, ApiError> {
        let retry = Retry::TELEGRAM_CALL;
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match self.call_once(method, body, CALL_TIMEOUT).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let pause = match &error {
                ApiError::TooManyRequests { retry_after } => Duration::from_secs(*retry_after),
                ApiError::Unreachable { .. } => retry.pause(tried),
                ApiError::Unavailable { .. } if self.repeats => retry.pause(tried),
                _ => return Err(error),
            };
            if !retry.allows_another(tried) || pause > retry.longest {
                return Err(error);
            }
            tracing::debug!(method, tried, "repeating a Bot API call: {error}");
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits for updates after `offset`, at most `timeout` (`getUpdates`).
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn updates(&self, offset: i64, timeout: Duration) -> Result<Vec<Value>, ApiError> {
        let parameters = json!({
            "offset": offset, "timeout": timeout.as_secs(), "allowed_updates": ALLOWED_UPDATES
        });
        match self.call_once("getUpdates", &Body::Json(&parameters), timeout + CALL_TIMEOUT).await? {
            Value::Array(updates) => Ok(updates),
            _ => Err(ApiError::Unavailable { method: "getUpdates", reason: "the answer is not a list".into() }),
        }
    }

    /// Downloads a file: `getFile`, then the file itself.
    ///
    /// # Errors
    /// See [`ApiError`]. [`ApiError::Refused`] is final: there is no such file, or it is too big for a bot.
    pub async fn download(&self, file_id: &str) -> Result<Bytes, ApiError> {
        const METHOD: &str = "getFile";
        let file = self.call(METHOD, &json!({ "file_id": file_id })).await?;
        let path = file["file_path"]
            .as_str()
            .ok_or(ApiError::Unavailable { method: METHOD, reason: "no file_path in the answer".into() })?;
        let unavailable = |reason: String| ApiError::Unavailable { method: "file download", reason };
        let answer = self
            .http
            .get(format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret()))
            .timeout(DOWNLOAD_TIMEOUT)
            .send()
            .await
            .map_err(|error| unavailable(describe(&error)))?;
        match answer.status().as_u16() {
            200 => match read_within(answer, LARGEST_FILE).await {
                Ok(file) => Ok(file),
                Err(Unread::Broken(error)) => Err(unavailable(describe(&error))),
                Err(Unread::TooLong) => Err(ApiError::Refused {
                    method: "file download",
                    code: 200,
                    description: "the file is too large".into(),
                }),
            },
            code @ (400 | 404 | 410) => {
                Err(ApiError::Refused { method: "file download", code, description: "the file is gone".into() })
            }
            // Also 429, and refusals of a proxy on the way: the file is there and can be downloaded later.
            code => Err(unavailable(format!("HTTP {code}"))),
        }
    }

    async fn call_once(&self, method: &'static str, body: &Body<'_>, timeout: Duration) -> Result<Value, ApiError> {
        let unavailable = |error: reqwest::Error| {
            if error.is_connect() {
                return ApiError::Unreachable { method };
            }
            ApiError::Unavailable { method, reason: describe(&error) }
        };
        let url = format!("{}/bot{}/{method}", self.base, self.token.expose_secret());
        let answer = body.of(self.http.post(url).timeout(timeout)).send().await.map_err(unavailable)?;
        let status = answer.status().as_u16();
        let body = read_within(answer, LONGEST_ANSWER).await.map_err(|unread| match unread {
            Unread::Broken(error) => unavailable(error),
            Unread::TooLong => ApiError::Unavailable { method, reason: "the answer is too long".into() },
        })?;
        match json::from_slice::<Envelope>(&body) {
            Ok(envelope) if envelope.ok => Ok(envelope.result),
            Ok(envelope) => Err(envelope.into_error(method, status)),
            Err(_) => Err(ApiError::Unavailable { method, reason: format!("HTTP {status} with an unreadable body") }),
        }
    }
}

/// The id of a message that was sent.
pub(crate) fn message_id(sent: &Value, method: &'static str) -> Result<i64, ApiError> {
    sent["message_id"].as_i64().ok_or(ApiError::Unavailable { method, reason: "no message_id in the answer".into() })
}

/// Describes a network error without its address, which contains the token.
fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    };
    kind.to_owned()
}

#[cfg(test)]
mod tests {
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
        answer(server, "getFile", 200, json!({ "ok": true, "result": { "file_path": "photos/1.jpg" } })).await;
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
    async fn no_more_is_read_than_an_answer_may_have() {
        let server = MockServer::start().await;
        answer(&server, "getFile", 200, json!({ "ok": true, "result": { "file_path": "photos/1.jpg" } })).await;
        Mock::given(method("GET"))
            .and(path("/file/bot1:T/photos/1.jpg"))
            .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![0; LARGEST_FILE + 1]))
            .mount(&server)
            .await;
        assert!(!api(&server).await.download("f").await.unwrap_err().is_temporary());
        Mock::given(path("/bot1:T/getUpdates"))
            .respond_with(ResponseTemplate::new(200).set_body_bytes(vec![b' '; LONGEST_ANSWER + 1]))
            .mount(&server)
            .await;
        let error = api(&server).await.updates(0, Duration::ZERO).await.unwrap_err();
        assert!(error.to_string().contains("the answer is too long"), "{error}");
    }

    #[tokio::test]
    async fn a_wrong_or_too_big_file_is_final() {
        for description in
            ["Bad Request: wrong file_id", "Bad Request: invalid file_id", "Bad Request: file is too big"]
        {
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
}
