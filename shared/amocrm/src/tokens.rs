//! Access tokens. An OAuth refresh token can be spent once, so:
//!
//! 1. refreshing happens under a lock in the store, taken by a conditional write, so that what was read is what is
//!    locked;
//! 2. a worker that waited for the lock reads again and uses the pair that the other worker got;
//! 3. a new pair is stored before it is used;
//! 4. after a lost answer the same old refresh token is sent again (amoCRM honours it until the new pair is used);
//! 5. a definite no is stored as «consent needed», and nobody asks again until the operator has authorised the bot
//!    again.

use std::sync::Arc;

use lead::Seconds;
use secrecy::{ExposeSecret, SecretString};
use settings::{Auth, Clock, OAuth, Retry};
use tokio::sync::Mutex;

use crate::error::{Cause, CrmError, Doubt, Remedy};
use crate::jwt;
use crate::oauth::{Pair, TokenEndpoint, TokenError};
use crate::token_store::{ConsentNeeded, Lock, StoreTrouble, StoredTokens, TokenDocument, TokenStore};

/// What `scheduled` and the operator want to know of the tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// When the access token ends, where that is known.
    pub expires_at: Option<Seconds>,
    /// When the OAuth pair was got; `None` for a long-lived token, which cannot be refreshed, and before the first
    /// consent.
    pub refreshed_at: Option<Seconds>,
    /// A person must authorise the bot: why, and since when.
    pub consent_needed: Option<ConsentNeeded>,
}

/// An idle refresh token dies after three months; nobody should come near that.
const MAX_IDLE: Seconds = 3 * 24 * 3600;

/// Whether the pair should be refreshed ahead of time: half of its life is over, or it is old anyway.
#[must_use]
pub fn refresh_is_due(state: &TokenState, now: Seconds) -> bool {
    let (Some(expires_at), Some(refreshed_at)) = (state.expires_at, state.refreshed_at) else { return false };
    let life = expires_at - refreshed_at;
    state.consent_needed.is_none() && (expires_at - now < life / 2 || now - refreshed_at > MAX_IDLE)
}

/// The way into the account.
pub struct Tokens(Kind);

enum Kind {
    LongLived(SecretString),
    OAuth(Box<OAuthSession>),
}

struct OAuthSession {
    endpoint: TokenEndpoint,
    store: Arc<dyn TokenStore>,
    clock: Clock,
    worker: String,
    /// The pair this process uses, so that not every call reads the store.
    held: Mutex<Option<Held>>,
}

#[derive(Clone)]
struct Held {
    access: SecretString,
    expires_at: Seconds,
}

/// Seconds: longer than all tries of a refresh together, and storing its pair.
const LOCK_SECONDS: Seconds = 120;
/// A token that ends within this many seconds is not used any more.
const MARGIN: Seconds = 30;
/// A token that is refused within this many seconds of its refresh is not too old: refreshing again would not help.
const FRESH: Seconds = 5;

impl Tokens {
    /// A token made by hand in the account's settings.
    #[must_use]
    pub const fn long_lived(token: SecretString) -> Self {
        Self(Kind::LongLived(token))
    }

    /// An OAuth pair kept in `store`; `worker` names this process in the lock.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn oauth(
        integration: OAuth,
        base_url: &str,
        store: Arc<dyn TokenStore>,
        clock: Clock,
        worker: String,
    ) -> Result<Self, reqwest::Error> {
        let endpoint = TokenEndpoint::new(base_url, integration)?;
        Ok(Self(Kind::OAuth(Box::new(OAuthSession { endpoint, store, clock, worker, held: Mutex::new(None) }))))
    }

    /// The way in that the settings name; `None` if they name none, which only mock mode allows.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn of(
        settings: &settings::Amocrm,
        store: Arc<dyn TokenStore>,
        clock: Clock,
        worker: String,
    ) -> Result<Option<Self>, reqwest::Error> {
        match &settings.auth {
            None => Ok(None),
            Some(Auth::LongLived(token)) => Ok(Some(Self::long_lived(token.clone()))),
            Some(Auth::OAuth(integration)) => {
                Self::oauth(integration.clone(), &settings.base_url, store, clock, worker).map(Some)
            }
        }
    }

    /// A token to call with.
    pub(crate) async fn access(&self) -> Result<SecretString, CrmError> {
        match &self.0 {
            Kind::LongLived(token) => Ok(token.clone()),
            Kind::OAuth(session) => session.obtain(None).await,
        }
    }

    /// Another token than `rejected`, which amoCRM has refused.
    pub(crate) async fn renew(&self, rejected: &SecretString) -> Result<SecretString, CrmError> {
        match &self.0 {
            Kind::LongLived(_) => {
                let reason = "the long-lived token has ended or was revoked".to_owned();
                Err(CrmError::Reauth { reason, remedy: Remedy::NewToken, since: None })
            }
            Kind::OAuth(session) => session.obtain(Some(rejected)).await,
        }
    }

    /// Refreshes the pair ahead of time. Returns false when there is nothing to refresh.
    ///
    /// # Errors
    /// When no new pair can be obtained.
    pub async fn refresh_ahead(&self) -> Result<bool, CrmError> {
        let Kind::OAuth(session) = &self.0 else { return Ok(false) };
        let old = session.load().await?.document;
        session.obtain(Some(&old.access.into())).await?;
        Ok(true)
    }

    /// What is stored.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn state(&self) -> Result<TokenState, CrmError> {
        match &self.0 {
            Kind::LongLived(token) => Ok(TokenState {
                expires_at: jwt::expiry(token.expose_secret()),
                refreshed_at: None,
                consent_needed: None,
            }),
            Kind::OAuth(session) => {
                let document = session.load().await?.document;
                let authorised = !document.refresh.is_empty();
                Ok(TokenState {
                    expires_at: authorised.then_some(document.expires_at),
                    refreshed_at: authorised.then_some(document.refreshed_at),
                    consent_needed: if authorised { document.consent_needed } else { Some(ConsentNeeded::never()) },
                })
            }
        }
    }

    /// Exchanges the 20-minute code of a fresh consent for the first pair and stores it.
    ///
    /// # Errors
    /// When amoCRM refuses the code, or the pair cannot be stored.
    pub async fn authorize(&self, code: &SecretString) -> Result<TokenState, CrmError> {
        let Kind::OAuth(session) = &self.0 else { return self.state().await };
        let pair = session.endpoint.exchange(code).await.map_err(|error| match error {
            TokenError::NoAnswer(cause) => CrmError::retry(cause, Doubt::No),
            TokenError::Refused(reason) => CrmError::Reauth { reason, remedy: Remedy::Authorize, since: None },
            TokenError::Closed(error) => error,
        })?;
        let mut held = session.held.lock().await;
        let mut trouble = StoreTrouble::Conflict;
        for _ in 0..Retry::TOKEN_SAVE.tries {
            let mut stored = session.load().await?;
            stored.document = session.document(&pair);
            match session.store.save(&mut stored).await {
                Ok(()) => {
                    *held = None;
                    drop(held);
                    return self.state().await;
                }
                Err(error) => trouble = error,
            }
        }
        Err(store_error(&trouble))
    }
}

impl OAuthSession {
    async fn load(&self) -> Result<StoredTokens, CrmError> {
        self.store.load().await.map_err(|trouble| store_error(&trouble))
    }

    /// A token that is neither about to end nor `rejected`. One task of the process at a time; the others find its
    /// token.
    async fn obtain(&self, rejected: Option<&SecretString>) -> Result<SecretString, CrmError> {
        let mut held = self.held.lock().await;
        let now = (self.clock)();
        if let Some(held) =
            held.as_ref().filter(|held| usable(held.access.expose_secret(), held.expires_at, rejected, now))
        {
            return Ok(held.access.clone());
        }
        let document = self.obtain_stored(rejected).await?;
        let access = SecretString::from(document.access);
        *held = Some(Held { access: access.clone(), expires_at: document.expires_at });
        Ok(access)
    }

    async fn obtain_stored(&self, rejected: Option<&SecretString>) -> Result<TokenDocument, CrmError> {
        for tried in 1..=Retry::TOKEN_LOCK.tries {
            let now = (self.clock)();
            let mut stored = self.load().await?;
            let document = &stored.document;
            // Also when it cannot be renewed any more: a refused refresh token leaves the access token its hours.
            if usable(&document.access, document.expires_at, rejected, now) {
                return Ok(stored.document);
            }
            if let Some(consent) = &document.consent_needed {
                return Err(consent.error());
            }
            if document.refresh.is_empty() {
                return Err(ConsentNeeded::never().error());
            }
            if document.expires_at > now + MARGIN && now - document.refreshed_at < FRESH {
                let reason = "a fresh token is refused".to_owned();
                return Err(CrmError::Reauth { reason, remedy: Remedy::SwitchOn, since: None });
            }
            if document.lock.as_ref().is_some_and(|lock| lock.until > now) {
                tokio::time::sleep(Retry::TOKEN_LOCK.pause(tried)).await;
                continue;
            }
            stored.document.lock = Some(Lock { owner: self.worker.clone(), until: now + LOCK_SECONDS });
            match self.store.save(&mut stored).await {
                Ok(()) => return self.refresh(stored).await,
                Err(StoreTrouble::Conflict) => {}
                Err(trouble) => return Err(store_error(&trouble)),
            }
        }
        Err(CrmError::retry(Cause::Tokens("another worker is still refreshing them".to_owned()), Doubt::No))
    }

    /// Refreshes the pair. `stored` is locked by this worker, and is exactly what is in the store.
    async fn refresh(&self, mut stored: StoredTokens) -> Result<TokenDocument, CrmError> {
        let spent = stored.document.refresh.clone();
        let mut tried = 1;
        let error = loop {
            match self.endpoint.refresh(&spent).await {
                Ok(pair) => {
                    stored.document = self.document(&pair);
                    return self.keep(stored, &spent).await;
                }
                Err(TokenError::NoAnswer(_)) if Retry::TOKEN_REFRESH.allows_another(tried) => {
                    tokio::time::sleep(Retry::TOKEN_REFRESH.pause(tried)).await;
                    tried += 1;
                }
                Err(TokenError::NoAnswer(cause)) => break CrmError::retry(Cause::Tokens(cause.to_string()), Doubt::No),
                Err(TokenError::Closed(error)) => break error,
                Err(TokenError::Refused(reason)) => {
                    if let Some(newer) = self.newer_than(&spent).await {
                        return Ok(newer);
                    }
                    let consent = ConsentNeeded { since: (self.clock)(), reason };
                    let error = consent.error();
                    stored.document.consent_needed = Some(consent);
                    break error;
                }
            }
        };
        stored.document.lock = None;
        if let Err(trouble) = self.store.save(&mut stored).await {
            tracing::warn!(%trouble, "the token lock is left to run out");
        }
        Err(error)
    }

    /// Stores a new pair. Only a stored pair is used: as long as it is not, the old refresh token still works.
    async fn keep(&self, mut stored: StoredTokens, spent: &str) -> Result<TokenDocument, CrmError> {
        let mut trouble = StoreTrouble::Conflict;
        for _ in 0..Retry::TOKEN_SAVE.tries {
            match self.store.save(&mut stored).await {
                Ok(()) => return Ok(stored.document),
                Err(StoreTrouble::Conflict) => {
                    return self.newer_than(spent).await.ok_or_else(|| store_error(&StoreTrouble::Conflict));
                }
                Err(error) => trouble = error,
            }
        }
        Err(store_error(&trouble))
    }

    /// The stored pair, if another worker has replaced `spent` meanwhile.
    async fn newer_than(&self, spent: &str) -> Option<TokenDocument> {
        let document = self.store.load().await.ok()?.document;
        (document.refresh != spent && !document.refresh.is_empty()).then_some(document)
    }

    fn document(&self, pair: &Pair) -> TokenDocument {
        let now = (self.clock)();
        TokenDocument {
            access: pair.access_token.clone(),
            refresh: pair.refresh_token.clone(),
            expires_at: now + pair.expires_in,
            refreshed_at: now,
            lock: None,
            consent_needed: None,
        }
    }
}

fn usable(access: &str, expires_at: Seconds, rejected: Option<&SecretString>, now: Seconds) -> bool {
    expires_at > now + MARGIN && rejected.is_none_or(|rejected| rejected.expose_secret() != access)
}

fn store_error(trouble: &StoreTrouble) -> CrmError {
    CrmError::retry(Cause::Tokens(trouble.to_string()), Doubt::No)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_refreshed_when_half_of_its_life_is_over() {
        let day = 86_400;
        let state = |expires_at, refreshed_at| TokenState {
            expires_at: Some(expires_at),
            refreshed_at: Some(refreshed_at),
            consent_needed: None,
        };
        assert!(!refresh_is_due(&state(day, 0), day / 2));
        assert!(refresh_is_due(&state(day, 0), day / 2 + 1));
        assert!(refresh_is_due(&state(365 * day, 0), 3 * day + 1), "an idle pair is kept alive");
    }

    #[test]
    fn nothing_is_refreshed_that_cannot_be() {
        let long_lived = TokenState { expires_at: Some(10), refreshed_at: None, consent_needed: None };
        assert!(!refresh_is_due(&long_lived, 9));
        let consent_needed = Some(ConsentNeeded { since: 5, reason: String::new() });
        let refused = TokenState { expires_at: Some(10), refreshed_at: Some(0), consent_needed };
        assert!(!refresh_is_due(&refused, 9));
    }
}
