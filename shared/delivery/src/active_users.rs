//! The account's users who can be made responsible, for every worker: a new process need not ask amoCRM for them.

use std::collections::BTreeSet;

use amocrm::{Client, CrmError, User};
use lead::Seconds;
use serde::{Deserialize, Serialize};
use storage::Documents;

use crate::document::{load_document, update_document};

const KEY: &str = "amocrm-users";
/// A user who is activated or deactivated is noticed after this long, or when amoCRM refuses one.
const FRESH: Seconds = 3600;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    read_at: Seconds,
    /// `None`: the token may not read them.
    active: Option<BTreeSet<u64>>,
}

/// Ids of the users who can be made responsible; `None` when they cannot be read: then amoCRM itself says whom it does
/// not take.
pub async fn active_users(documents: &Documents, crm: &Client, now: Seconds) -> Option<BTreeSet<u64>> {
    let stored = load_document::<Stored>(documents, KEY).await;
    let stored = stored.inspect_err(|error| tracing::warn!(%error, "the account's users cannot be loaded")).ok();
    if let Some(stored) = stored.map(|stored| stored.value).filter(|stored| now - stored.read_at < FRESH) {
        return stored.active;
    }
    let active = match crm.users().await {
        Ok(users) => {
            let active = users.iter().filter(|user| user.is_active()).map(|user: &User| user.id);
            // An account without users is an answer that says nothing.
            Some(active.collect::<BTreeSet<u64>>()).filter(|active| !active.is_empty())
        }
        // Only an administrator's token may read them, and this is not one.
        Err(CrmError::Closed { .. }) => None,
        Err(error) => {
            tracing::warn!(kind = error.kind(), %error, "the account's users cannot be read");
            return None;
        }
    };
    let fresh = Stored { read_at: now, active: active.clone() };
    if let Err(error) = update_document(documents, KEY, |stored: &mut Stored| *stored = fresh.clone()).await {
        tracing::warn!(%error, "the account's users cannot be stored");
    }
    active
}

/// amoCRM refuses a user whom it should take: its users have changed.
pub async fn read_users_again(documents: &Documents) {
    if let Err(error) = update_document(documents, KEY, |stored: &mut Stored| stored.read_at = 0).await {
        tracing::warn!(%error, "the account's users will be read again within an hour");
    }
}
