//! What is kept of the tokens, and where: the pair, the lock of the worker that refreshes it, and the verdict of amoCRM.

use std::fmt;

use futures::future::BoxFuture;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::error::{CrmError, Remedy};

/// The stored pair, with the lock and the verdict that go with it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenDocument {
    /// Sent with every call.
    pub access: String,
    /// Buys the next pair, once.
    pub refresh: String,
    /// When `access` ends.
    pub expires_at: Seconds,
    /// When the pair was got.
    pub refreshed_at: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<Lock>,
    /// No refresh helps any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent_needed: Option<ConsentNeeded>,
}

/// The worker that is spending the refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    pub owner: String,
    /// From then on it can be taken for dead.
    pub until: Seconds,
}

/// amoCRM refuses the refresh token for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentNeeded {
    pub since: Seconds,
    pub reason: String,
}

impl ConsentNeeded {
    /// Before the first consent.
    pub(crate) fn never() -> Self {
        Self { since: 0, reason: "the bot was never authorised".to_owned() }
    }

    pub(crate) fn error(&self) -> CrmError {
        CrmError::Reauth { reason: self.reason.clone(), remedy: Remedy::Authorize, since: Some(self.since) }
    }
}

impl fmt::Debug for TokenDocument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("TokenDocument")
            .field("expires_at", &self.expires_at)
            .field("refreshed_at", &self.refreshed_at)
            .field("lock", &self.lock)
            .field("consent_needed", &self.consent_needed)
            .finish_non_exhaustive()
    }
}

/// A document as it was read. Version 0: there is none yet.
#[derive(Clone, Debug, Default)]
pub struct StoredTokens {
    pub document: TokenDocument,
    /// The version that a write of it expects to find.
    pub version: u64,
}

/// The store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreTrouble {
    /// Somebody else changed the document since it was read.
    #[error("the tokens were changed meanwhile")]
    Conflict,
    /// Anything else; whether a write happened is not known.
    #[error("{0}")]
    Failed(String),
}

/// Where the pair is kept, for all workers.
pub trait TokenStore: Send + Sync {
    /// The document as it is now, read consistently.
    fn load(&self) -> BoxFuture<'_, Result<StoredTokens, StoreTrouble>>;

    /// Stores the document if the stored one still has `tokens.version`, and counts the version up. Writing the same
    /// document again after a failure must succeed if the first write did.
    fn save<'a>(&'a self, tokens: &'a mut StoredTokens) -> BoxFuture<'a, Result<(), StoreTrouble>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_is_shown_by_debug() {
        let document =
            TokenDocument { access: "secret-a".to_owned(), refresh: "secret-b".to_owned(), ..Default::default() };
        assert!(!format!("{document:?}").contains("secret"));
    }
}
