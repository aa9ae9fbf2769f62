//! The amoCRM account of these settings, its tokens in the Credentials table.

use std::sync::Arc;

use amocrm::{Client, Options, StoreTrouble, StoredTokens, TokenStore, Tokens};
use futures::FutureExt;
use futures::future::BoxFuture;
use settings::Clock;
use storage::{Documents, SaveError, Versioned};

/// How many processes deliver at once: the queue's maximum concurrency. They share the account's rate limit.
pub const WORKERS: u32 = 2;

/// Where the OAuth pair is.
const KEY: &str = "amocrm-oauth";

/// The OAuth pair in the Credentials table.
#[derive(Clone, Debug)]
pub struct TokensTable(pub Documents);

impl TokenStore for TokensTable {
    fn load(&self) -> BoxFuture<'_, Result<StoredTokens, StoreTrouble>> {
        async {
            let stored = self.0.load(KEY).await.map_err(|error| StoreTrouble::Failed(error.to_string()))?;
            Ok(stored.map(|Versioned { value, version }| StoredTokens { document: value, version }).unwrap_or_default())
        }
        .boxed()
    }

    fn save<'a>(&'a self, tokens: &'a mut StoredTokens) -> BoxFuture<'a, Result<(), StoreTrouble>> {
        async {
            let mut stored = Versioned { value: tokens.document.clone(), version: tokens.version };
            self.0.save(KEY, &mut stored).await.map_err(|error| match error {
                SaveError::Conflict => StoreTrouble::Conflict,
                SaveError::Storage(error) => StoreTrouble::Failed(error.to_string()),
            })?;
            tokens.version = stored.version;
            Ok(())
        }
        .boxed()
    }
}

/// A client of the account; `None` in mock mode. `workers` processes share its rate limit.
///
/// # Errors
/// When no HTTP client can be built.
pub fn amocrm_client(
    settings: &settings::Amocrm,
    documents: &Documents,
    clock: &Clock,
    workers: u32,
) -> Result<Option<Client>, reqwest::Error> {
    if settings.mock_mode {
        return Ok(None);
    }
    let store = Arc::new(TokensTable(documents.clone()));
    let tokens = Tokens::of(settings, store, Arc::clone(clock), worker_name())?;
    tokens.map(|tokens| Client::new(Options::of(settings, workers), tokens)).transpose()
}

/// A name for this process in leases and locks.
#[must_use]
pub fn worker_name() -> String {
    format!("{:016x}", rand::random::<u64>())
}
