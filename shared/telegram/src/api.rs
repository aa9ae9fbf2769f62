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
const MAX_ANSWER: usize = 16 << 20;
/// Largest file, in bytes. Telegram itself serves no larger ones, but a self-hosted Bot API server does:
/// <https://core.telegram.org/bots/api#getfile>.
const MAX_FILE: usize = 20 << 20;
/// Longest text that the bot sends as plain text; Telegram takes 4096 UTF-16 units.
const MAX_TEXT: usize = 2000;
/// Longest caption in UTF-16 units: <https://core.telegram.org/bots/api#sendphoto>.
pub const MAX_CAPTION: usize = 1024;

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
        let http = settings::http_client()
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
        let text: String = text.chars().take(MAX_TEXT).collect();
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

    /// Sends a PNG image with a caption of at most [`MAX_CAPTION`]; returns the message's id.
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
        let size = file["file_size"].as_u64();
        let unavailable = |reason: String| ApiError::Unavailable { method: "file download", reason };
        let answer = self
            .http
            .get(format!("{}/file/bot{}/{path}", self.base, self.token.expose_secret()))
            .timeout(DOWNLOAD_TIMEOUT)
            .send()
            .await
            .map_err(|error| unavailable(describe(&error)))?;
        match answer.status().as_u16() {
            200 => match read_within(answer, MAX_FILE).await {
                Ok(content) if size.is_none_or(|size| size == content.len() as u64) => Ok(content),
                Ok(content) => Err(unavailable(format!("another file, of {} bytes", content.len()))),
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
        let body = read_within(answer, MAX_ANSWER).await.map_err(|unread| match unread {
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
mod tests;
