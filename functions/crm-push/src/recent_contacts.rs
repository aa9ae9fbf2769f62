//! Contacts of the last minutes, by phone. amoCRM's search lags up to 30 s behind: without this, a second request of
//! one person right after the first would not find the contact and make another.

use std::collections::BTreeMap;

use delivery::update_document;
use lead::{SEARCH_LAG, Seconds};
use serde::{Deserialize, Serialize};
use storage::SaveError;

use crate::CrmPush;

/// Key of the shared document.
pub(crate) const KEY: &str = "amocrm-recent-contacts";

/// How long a new contact is remembered.
const KNOWN: Seconds = 300;

/// By the hash of the phone: no personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecentContacts {
    by_phone: BTreeMap<String, Recent>,
}

/// What happened to a phone's contact lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Recent {
    Created {
        id: u64,
        until: Seconds,
    },
    /// It may have been created: nobody may create another before search would know it.
    InDoubt {
        until: Seconds,
    },
}

impl Recent {
    pub(crate) const fn created(id: u64, now: Seconds) -> Self {
        Self::Created { id, until: now + KNOWN }
    }

    pub(crate) const fn in_doubt(now: Seconds) -> Self {
        Self::in_doubt_until(now + SEARCH_LAG)
    }

    pub(crate) const fn in_doubt_until(until: Seconds) -> Self {
        Self::InDoubt { until }
    }

    const fn until(self) -> Seconds {
        match self {
            Self::Created { until, .. } | Self::InDoubt { until } => until,
        }
    }
}

impl RecentContacts {
    pub(crate) fn get(&self, phone_hash: &str, now: Seconds) -> Option<Recent> {
        self.by_phone.get(phone_hash).copied().filter(|recent| recent.until() > now)
    }

    /// Adds what is new and forgets what is old.
    pub(crate) fn add(&mut self, new: &[(String, Recent)], now: Seconds) {
        self.by_phone.retain(|_, recent| recent.until() > now);
        self.by_phone.extend(new.iter().cloned());
    }
}

impl CrmPush {
    /// Tells every worker that somebody may be creating the contacts of these phones, given by their hashes: until then
    /// nobody looks for them or creates others. For a stack on one machine, which knows when it starts that the workers
    /// of the last run are dead.
    ///
    /// # Errors
    /// When that cannot be stored.
    pub async fn doubt_contacts(&self, phones: &[(String, Seconds)]) -> Result<(), SaveError> {
        let doubt = |(phone_hash, until): &(String, Seconds)| (phone_hash.clone(), Recent::in_doubt_until(*until));
        self.remember_contacts(&phones.iter().map(doubt).collect::<Vec<_>>()).await
    }

    pub(crate) async fn remember_contacts(&self, recent: &[(String, Recent)]) -> Result<(), SaveError> {
        if recent.is_empty() {
            return Ok(());
        }
        let now = self.now();
        update_document(&self.documents, KEY, |known: &mut RecentContacts| known.add(recent, now)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_remembered_until_search_knows_them() {
        let mut contacts = RecentContacts::default();
        contacts.add(&[("a".to_owned(), Recent::created(501, 0)), ("b".to_owned(), Recent::in_doubt(0))], 0);
        assert_eq!(contacts.get("a", 299), Some(Recent::Created { id: 501, until: 300 }));
        assert_eq!(contacts.get("b", 44), Some(Recent::InDoubt { until: 45 }));
        assert_eq!(contacts.get("b", 45), None);
        contacts.add(&[], 300);
        assert_eq!(contacts, RecentContacts::default());
    }
}
