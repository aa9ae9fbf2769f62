//! Calls to Telegram.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use dialog::Screen;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{ApiError, Envelope};
use crate::render;

/// How long one call may take. Telegram waits a minute for the webhook; a customer does not.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a photo may take.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a pause that Telegram asks for is sat out rather than left to a redelivery.
const PATIENCE: Duration = Duration::from_secs(3);
/// Tries of a call before it is given up.
const TRIES: u32 = 3;

/// A client of the Bot API. Clones share one kept-alive connection pool.
#[derive(Clone, Debug)]
pub struct Api {
    http: reqwest::Client,
    base: Arc<str>,
    token: SecretString,
    calls: Arc<AtomicU64>,
}

/// A call that may ride in the answer to the webhook instead of being made:
/// <https://core.telegram.org/bots/api#making-requests-when-getting-updates>.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BotCall {
    /// `answerCallbackQuery`, …
    pub method: String,
    /// Its parameters.
    #[serde(flatten)]
    pub parameters: Value,
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
        Self { http, base: settings.api_url.as_str().into(), token: settings.token.clone(), calls: Arc::default() }
    }

    /// Calls made so far, repeated ones included.
    #[must_use]
    pub fn calls_made(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Sends a screen; returns the message's id.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send(&self, chat_id: i64, screen: &Screen) -> Result<i64, ApiError> {
        let sent = self.call("sendMessage", &render::send(chat_id, screen)).await?;
        sent["message_id"]
            .as_i64()
            .ok_or(ApiError::Unavailable { method: "sendMessage", reason: "the answer has no message_id".into() })
    }

    /// Sends plain text; returns the message's id. Longer text than Telegram takes is cut.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn send_text(&self, chat_id: i64, text: &str) -> Result<i64, ApiError> {
        let text: String = text.chars().take(2000).collect();
        self.send(chat_id, &Screen { text: dialog::Text::plain(text), keyboard: dialog::Keyboard::None }).await
    }

    /// Puts a screen in place of a message.
    ///
    /// # Errors
    /// See [`ApiError`]. A message that looks so already is no error.
    pub async fn edit(&self, chat_id: i64, message_id: i64, screen: &Screen) -> Result<(), ApiError> {
        match self.call("editMessageText", &render::edit(chat_id, message_id, screen)).await {
            Ok(_) | Err(ApiError::NotModified) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes any call, and repeats it while Telegram is unavailable or asks for a short pause.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn call(&self, method: &'static str, parameters: &Value) -> Result<Value, ApiError> {
        let mut tried = 0;
        loop {
            tried += 1;
            let error = match self.call_once(method, parameters, CALL_TIMEOUT).await {
                Ok(result) => return Ok(result),
                Err(error) => error,
            };
            let pause = match &error {
                ApiError::TooManyRequests { retry_after } => Duration::from_secs(*retry_after),
                ApiError::Unavailable { .. } => Duration::from_millis(200 << tried),
                _ => return Err(error),
            };
            if tried >= TRIES || pause > PATIENCE {
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
            "offset": offset, "timeout": timeout.as_secs(), "allowed_updates": ["message", "callback_query"]
        });
        match self.call_once("getUpdates", &parameters, timeout + CALL_TIMEOUT).await? {
            Value::Array(updates) => Ok(updates),
            _ => Err(ApiError::Unavailable { method: "getUpdates", reason: "the answer is no list".into() }),
        }
    }

    /// Downloads a file: `getFile`, then the file itself.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn download(&self, file_id: &str) -> Result<Bytes, ApiError> {
        const METHOD: &str = "getFile";
        let file = self.call(METHOD, &json!({ "file_id": file_id })).await?;
        let path = file["file_path"].as_str().ok_or_else(|| ApiError::Refused {
            method: METHOD,
            code: 200,
            description: "the answer has no file_path".into(),
        })?;
        let unavailable = |reason: String| ApiError::Unavailable { method: "file download", reason };
        let answer = self
            .http
            .get(format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret()))
            .timeout(DOWNLOAD_TIMEOUT)
            .send()
            .await
            .map_err(|error| unavailable(describe(&error)))?;
        match answer.status().as_u16() {
            200 => answer.bytes().await.map_err(|error| unavailable(describe(&error))),
            code @ (400 | 404 | 410) => {
                Err(ApiError::Refused { method: "file download", code, description: "the file is gone".into() })
            }
            // Also 429, and what a proxy on the way refuses: the file is there, and can be had later.
            code => Err(unavailable(format!("HTTP {code}"))),
        }
    }

    async fn call_once(&self, method: &'static str, parameters: &Value, timeout: Duration) -> Result<Value, ApiError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let unavailable = |error: reqwest::Error| ApiError::Unavailable { method, reason: describe(&error) };
        let answer = self
            .http
            .post(format!("{}/bot{}/{method}", self.base, self.token.expose_secret()))
            .timeout(timeout)
            .json(parameters)
            .send()
            .await
            .map_err(unavailable)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(unavailable)?;
        match serde_json::from_slice::<Envelope>(&body) {
            Ok(envelope) if envelope.ok => Ok(envelope.result),
            Ok(envelope) => Err(envelope.into_error(method, status)),
            Err(_) => {
                Err(ApiError::Unavailable { method, reason: format!("HTTP {status} with a body that is no answer") })
            }
        }
    }
}

/// What went wrong on the way, without the address: it contains the token.
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
    use super::*;
    use wiremock::matchers::{method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    async fn api(server: &MockServer) -> Api {
        Api::new(&settings::Telegram { token: "1:T".into(), api_url: server.uri(), admin_chat_id: None })
    }

    async fn answer(server: &MockServer, status: u16, body: Value, times: u64) {
        Mock::given(method("POST"))
            .and(path("/bot1:T/editMessageText"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .up_to_n_times(times)
            .mount(server)
            .await;
    }

    fn refusal(code: u16, description: &str) -> Value {
        json!({ "ok": false, "error_code": code, "description": description })
    }

    #[tokio::test]
    async fn refusals_are_known_by_what_to_do_about_them() {
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
            answer(&server, code, refusal(code, description), 1).await;
            let result = api(&server).await.edit(7, 9, &Screen::default()).await;
            assert_eq!(result.err(), expected, "{description}");
        }
    }

    #[tokio::test]
    async fn a_short_pause_is_sat_out_and_garbage_is_tried_again() {
        let server = MockServer::start().await;
        let mut too_many = refusal(429, "Too Many Requests: retry after 1");
        too_many["parameters"] = json!({ "retry_after": 1 });
        answer(&server, 429, too_many, 1).await;
        answer(&server, 502, json!("<html>"), 1).await;
        answer(&server, 200, json!({ "ok": true, "result": true }), 1).await;
        let api = api(&server).await;
        api.edit(7, 9, &Screen::default()).await.unwrap();
        assert_eq!(api.calls_made(), 3);
    }

    #[tokio::test]
    async fn no_error_shows_the_token() {
        let api = Api::new(&settings::Telegram {
            token: "1:SECRET".into(),
            api_url: "http://127.0.0.1:1".into(),
            admin_chat_id: None,
        });
        let error = api.edit(7, 9, &Screen::default()).await.unwrap_err();
        assert!(error.is_temporary());
        assert!(!format!("{error} {error:?} {api:?}").contains("SECRET"));
    }
}
