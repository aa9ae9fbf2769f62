//! Why a call to Telegram failed.

use serde::Deserialize;

/// Seconds until a call for which there was no connection may be made again.
const PAUSE_WITHOUT_CONNECTION: u64 = 60;

/// Why a call failed, by what to do about it. Never contains the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The customer blocked the bot or deleted the account; a group is gone or has removed the bot. Expected, not a
    /// fault.
    #[error("there is no such chat, or it has blocked or removed the bot")]
    Blocked,
    /// The message already looks like this: nothing to do.
    #[error("the message already looks like this")]
    NotModified,
    /// The message is gone or too old to change: send a new one.
    #[error("the message can't be edited")]
    CannotEdit,
    /// The group became a supergroup, which has a new chat id: send there from now on.
    #[error("the group became a supergroup with chat id {to}")]
    Migrated { to: i64 },
    /// Too many messages: wait this many seconds.
    #[error("Telegram asks for a pause of {retry_after} s")]
    TooManyRequests { retry_after: u64 },
    /// The token is wrong or was revoked.
    #[error("Telegram does not know the bot's token: check TELEGRAM_BOT_TOKEN")]
    Unauthorized,
    /// The call itself is wrong; repeating it does not help. `description` is Telegram's: it names fields, never a
    /// customer's text.
    #[error("Telegram refused {method}: {code} {description}")]
    Refused { method: &'static str, code: u16, description: String },
    /// There was no connection: the call has not taken effect.
    #[error("Telegram cannot be reached for {method}")]
    Unreachable { method: &'static str },
    /// There was no answer, or not a readable one: the call may or may not have taken effect.
    #[error("Telegram did not answer {method}: {reason}")]
    Unavailable { method: &'static str, reason: String },
}

impl ApiError {
    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::TooManyRequests { .. } | Self::Unreachable { .. } | Self::Unavailable { .. })
    }

    /// Seconds until the same call may be made again, if it certainly has not taken effect and may succeed then.
    #[must_use]
    pub fn pause(&self) -> Option<u64> {
        match self {
            Self::TooManyRequests { retry_after } => Some((*retry_after).max(1)),
            Self::Unreachable { .. } => Some(PAUSE_WITHOUT_CONNECTION),
            _ => None,
        }
    }

    /// Whether the forum topic that the call names was deleted.
    #[must_use]
    pub fn is_topic_gone(&self) -> bool {
        matches!(self, Self::Refused { description, .. } if description.to_lowercase().contains("thread not found"))
    }

    /// Whether the call may have taken effect although it failed.
    #[must_use]
    pub const fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The envelope of every response: <https://core.telegram.org/bots/api#making-requests>.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    pub(crate) ok: bool,
    #[serde(default)]
    pub(crate) result: serde_json::Value,
    error_code: Option<u16>,
    #[serde(default)]
    description: String,
    parameters: Option<Parameters>,
}

#[derive(Debug, Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
    migrate_to_chat_id: Option<i64>,
}

impl Envelope {
    pub(crate) fn into_error(self, method: &'static str, status: u16) -> ApiError {
        let code = self.error_code.unwrap_or(status);
        let description = self.description.to_lowercase();
        let is_about = |words: &str| description.contains(words);
        let parameters = self.parameters.unwrap_or_default();
        if let Some(to) = parameters.migrate_to_chat_id {
            return ApiError::Migrated { to };
        }
        match code {
            401 => ApiError::Unauthorized,
            // Telegram answers 404 to a token that it does not know.
            404 if description == "not found" => ApiError::Unauthorized,
            403 => ApiError::Blocked,
            429 => ApiError::TooManyRequests { retry_after: parameters.retry_after.unwrap_or(1) },
            400 if is_about("message is not modified") => ApiError::NotModified,
            400 if is_about("message to edit not found")
                || is_about("message can't be edited")
                || is_about("message_id_invalid") =>
            {
                ApiError::CannotEdit
            }
            400 if is_about("chat not found") || is_about("peer_id_invalid") => ApiError::Blocked,
            // The Bot API server says this whenever a download breaks off, also for a 5xx or 429 behind it.
            400 if is_about("temporarily unavailable") => {
                ApiError::Unavailable { method, reason: "the file is temporarily unavailable".into() }
            }
            500.. => ApiError::Unavailable { method, reason: format!("HTTP {code}") },
            _ => ApiError::Refused { method, code, description: self.description },
        }
    }
}
