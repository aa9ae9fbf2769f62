//! What can go wrong with a call, by what follows from it.

use std::fmt;

use lead::{Failure, Repeat, SEARCH_LAG, Seconds};
use serde::{Deserialize, Serialize};

/// A call failed. Carries no token and nothing of the request's body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CrmError {
    /// amoCRM cannot take it now; later it may.
    #[error("amoCRM cannot take requests now: {cause}")]
    Retry {
        /// Why.
        cause: Cause,
        /// The pause amoCRM asked for, in seconds.
        pause: Option<Seconds>,
        /// Whether what was to be created may exist.
        doubt: Doubt,
    },
    /// There is no valid token, and only a person can get one.
    #[error("amoCRM does not let the bot in ({reason}): {remedy}")]
    Reauth {
        /// What amoCRM said.
        reason: String,
        /// What the operator should do.
        remedy: Remedy,
        /// Since when that is so, where it is stored: every worker has the same moment.
        since: Option<Seconds>,
    },
    /// A 403 page that is not JSON: the account or the address is blocked, which only amoCRM's support can undo.
    #[error("amoCRM has blocked the bot (HTTP 403 without a reason): {}", Remedy::AskSupport)]
    Blocked,
    /// The account as a whole takes nothing from this integration: unpaid (402), rights, scope or subscription missing
    /// (403, 400 without `validation-errors`), an address without an account. A single request is not to blame.
    #[error("the amoCRM account is closed to the bot (HTTP {status}, {detail}): {}", Remedy::of_status(*status))]
    Closed {
        /// HTTP status.
        status: u16,
        /// amoCRM's words, or ours where it had none.
        detail: String,
    },
    /// amoCRM refuses this request, and will refuse it again.
    #[error("amoCRM refuses: {0}")]
    Refused(Box<Refusal>),
}

/// What a person has to do before amoCRM takes anything again. Shown as an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "kebab-case")]
pub enum Remedy {
    /// The OAuth pair is refused, or there never was one.
    Authorize,
    /// A token is refused that amoCRM has just given out.
    SwitchOn,
    /// A long-lived token is refused.
    NewToken,
    /// The bot is blocked.
    AskSupport,
    /// 402.
    Pay,
    /// There is no account at this address.
    CorrectAddress,
    /// Rights or scope are missing.
    GrantRights,
}

impl Remedy {
    /// Its name in the ids of texts: `ask-support`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    const fn of_status(status: u16) -> Self {
        match status {
            402 => Self::Pay,
            300..=399 | 404 => Self::CorrectAddress,
            _ => Self::GrantRights,
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Authorize => {
                "copy a new code from the integration's page and within 20 minutes run: carquery amocrm authorize CODE"
            }
            Self::SwitchOn => "see whether the integration is switched on in amoCRM",
            Self::NewToken => "make another long-lived token and set AMOCRM_LONG_LIVED_TOKEN",
            Self::AskSupport => "write to amoCRM's support",
            Self::Pay => "pay for the amoCRM account",
            Self::CorrectAddress => "correct AMOCRM_BASE_URL or AMOCRM_SUBDOMAIN",
            Self::GrantRights => "see what the integration and its user may do in amoCRM",
        })
    }
}

/// Why amoCRM cannot take a request now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// 429.
    RateLimit,
    /// 5xx.
    Server(u16),
    /// No answer in time.
    Timeout,
    /// No connection, or it broke.
    Connection,
    /// A success whose body is not what the API promises.
    Unreadable,
    /// The tokens could not be read or stored, or another worker is refreshing them.
    Tokens(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateLimit => out.write_str("too many requests (HTTP 429)"),
            Self::Server(status) => write!(out, "HTTP {status}"),
            Self::Timeout => out.write_str("no answer in time"),
            Self::Connection => out.write_str("no connection"),
            Self::Unreadable => out.write_str("an answer that cannot be read"),
            Self::Tokens(reason) => write!(out, "the access token is not available: {reason}"),
        }
    }
}

/// Whether something may exist whose creation was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing was created.
    No,
    /// amoCRM is done with the request, and may have carried it out: looking tells.
    Settled,
    /// amoCRM may still be working on it: looking tells only after a while.
    Running,
}

/// A definite no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// amoCRM's title or detail.
    pub detail: String,
    /// What exactly is wrong, where amoCRM says so.
    pub validation: Vec<FieldError>,
    /// `X-Request-Id`, which amoCRM's support asks for.
    pub request_id: Option<String>,
}

/// One entry of `validation-errors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The `request_id` of the item, or its index.
    pub item: String,
    /// `NotSupportedChoice`, `FieldNotExpected`, `TooLong`, …
    pub code: String,
    /// Where, in dot notation into the item: `custom_fields_values.2.values.0.value`.
    pub path: String,
    /// In words.
    pub detail: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "HTTP {} {}", self.status, self.detail)?;
        for error in &self.validation {
            write!(out, "; {}: {} {}", error.path, error.code, error.detail)?;
        }
        if let Some(id) = &self.request_id {
            write!(out, " [X-Request-Id {id}]")?;
        }
        Ok(())
    }
}

impl Refusal {
    fn codes(&self) -> String {
        let wrong = self.validation.iter().map(|error| format!("; {}: {}", error.path, error.code));
        let request = self.request_id.iter().map(|id| format!("; X-Request-Id {id}"));
        format!("HTTP {}", self.status) + &wrong.chain(request).collect::<String>()
    }
}

impl CrmError {
    /// A failure that may be repeated at once.
    pub(crate) const fn retry(cause: Cause, doubt: Doubt) -> Self {
        Self::Retry { cause, pause: None, doubt }
    }

    /// The same failure of a call that creates nothing.
    pub(crate) fn of_a_read(self) -> Self {
        match self {
            Self::Retry { cause, pause, .. } => Self::Retry { cause, pause, doubt: Doubt::No },
            other => other,
        }
    }

    /// Whether what was to be created may exist.
    #[must_use]
    pub const fn doubt(&self) -> Doubt {
        match self {
            Self::Retry { doubt, .. } => *doubt,
            _ => Doubt::No,
        }
    }

    /// Whether amoCRM may have carried out a creation that failed so.
    #[must_use]
    pub fn may_have_happened(&self) -> bool {
        self.doubt() != Doubt::No
    }

    /// The dimension of the metric `CrmErrors`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Retry { cause: Cause::RateLimit, .. } => "rate_limit",
            Self::Retry { cause: Cause::Server(_), .. } => "server",
            Self::Retry { cause: Cause::Timeout, .. } => "timeout",
            Self::Retry { cause: Cause::Connection, .. } => "connection",
            Self::Retry { cause: Cause::Unreadable, .. } => "unreadable",
            Self::Retry { cause: Cause::Tokens(_), .. } => "tokens",
            Self::Reauth { .. } => "auth",
            Self::Blocked => "blocked",
            Self::Closed { .. } => "closed",
            Self::Refused(_) => "refused",
        }
    }

    /// What amoCRM or the network said, without what to do: for messages that have their own words for it.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Retry { cause, .. } => cause.to_string(),
            Self::Reauth { reason, .. } => reason.clone(),
            Self::Blocked => "HTTP 403".to_owned(),
            Self::Closed { status, detail } => format!("HTTP {status}, {detail}"),
            Self::Refused(refusal) => refusal.to_string(),
        }
    }

    /// Status and ids of what amoCRM said, which read the same in every language; empty when there are none.
    #[must_use]
    pub fn codes(&self) -> String {
        match self {
            Self::Retry { cause: Cause::Server(status), .. } => format!("HTTP {status}"),
            Self::Retry { .. } | Self::Reauth { .. } => String::new(),
            Self::Blocked => "HTTP 403".to_owned(),
            Self::Closed { status, .. } => format!("HTTP {status}"),
            Self::Refused(refusal) => refusal.codes(),
        }
    }

    /// What a person has to do; `None` when time may help, or when only this request is refused.
    #[must_use]
    pub const fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Reauth { remedy, .. } => Some(*remedy),
            Self::Blocked => Some(Remedy::AskSupport),
            Self::Closed { status, .. } => Some(Remedy::of_status(*status)),
            Self::Retry { .. } | Self::Refused(_) => None,
        }
    }

    /// What it means for a lead. Only a refusal of the lead itself is final: an unpaid or blocked account is not the
    /// customer's fault, and the lead goes out when a person has fixed it.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let repeat = match self {
            Self::Retry { pause, doubt: Doubt::No, .. } => Repeat::Later { pause: *pause, in_doubt: false },
            Self::Retry { pause, .. } => {
                Repeat::Later { pause: Some(pause.unwrap_or(0).max(SEARCH_LAG)), in_doubt: true }
            }
            // A person has to act first; meanwhile the circuit breaker keeps calls to amoCRM few.
            Self::Reauth { .. } | Self::Blocked | Self::Closed { .. } => Repeat::Later { pause: None, in_doubt: false },
            Self::Refused(_) => Repeat::Never,
        };
        Failure { repeat, reason: self.to_string() }
    }
}
