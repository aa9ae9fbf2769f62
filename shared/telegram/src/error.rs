//! What Telegram may answer instead of doing what was asked.

use serde::Deserialize;

/// Why a call failed, by what is to be done about it. Never contains the token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The customer blocked the bot, or is gone: no error of ours.
    #[error("the customer does not take messages from the bot")]
    Blocked,
    /// The message looks so already: as good as done.
    #[error("the message looks so already")]
    NotModified,
    /// The message is gone or too old to change: send a new one.
    #[error("the message can't be edited")]
    CannotEdit,
    /// Too many messages: wait.
    #[error("Telegram asks for a pause of {retry_after} s")]
    TooManyRequests {
        /// Seconds.
        retry_after: u64,
    },
    /// The token is wrong or was revoked: check `TELEGRAM_BOT_TOKEN`.
    #[error("Telegram does not know the bot's token: check TELEGRAM_BOT_TOKEN")]
    Unauthorized,
    /// The call itself is wrong; repeating it does not help.
    #[error("Telegram refused {method}: {code} {description}")]
    Refused {
        /// Which call.
        method: &'static str,
        /// `error_code`.
        code: u16,
        /// Telegram's words; they name fields, never a customer's text.
        description: String,
    },
    /// No answer, or none that can be read: whether the call took effect is not known.
    #[error("Telegram did not answer {method}: {reason}")]
    Unavailable {
        /// Which call.
        method: &'static str,
        /// What happened.
        reason: String,
    },
}

impl ApiError {
    /// Whether the same call may succeed a moment later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::TooManyRequests { .. } | Self::Unavailable { .. })
    }
}

/// The envelope of every answer: <https://core.telegram.org/bots/api#making-requests>.
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

#[derive(Debug, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl Envelope {
    pub(crate) fn into_error(self, method: &'static str, status: u16) -> ApiError {
        let code = self.error_code.unwrap_or(status);
        let said = self.description.to_lowercase();
        match code {
            401 => ApiError::Unauthorized,
            // Telegram answers 404 to a token that it does not know.
            404 if said == "not found" => ApiError::Unauthorized,
            403 => ApiError::Blocked,
            429 => ApiError::TooManyRequests {
                retry_after: self.parameters.and_then(|parameters| parameters.retry_after).unwrap_or(1),
            },
            400 if said.contains("message is not modified") => ApiError::NotModified,
            400 if said.contains("message to edit not found")
                || said.contains("message can't be edited")
                || said.contains("message_id_invalid") =>
            {
                ApiError::CannotEdit
            }
            400 if said.contains("chat not found") || said.contains("peer_id_invalid") => ApiError::Blocked,
            500.. => ApiError::Unavailable { method, reason: format!("HTTP {code}") },
            _ => ApiError::Refused { method, code, description: self.description },
        }
    }
}
