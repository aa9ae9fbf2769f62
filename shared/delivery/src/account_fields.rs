//! The account's custom fields, for every worker: a new process need not ask amoCRM for them.

use std::collections::BTreeMap;

use amocrm::{AccountFields, Client, Entity};
use lead::Seconds;
use serde::{Deserialize, Serialize};
use storage::Documents;
use texts::Language;

use crate::document::{load_document, update_document};

const KEY: &str = "amocrm-fields";
/// A field that is made or changed is noticed after this long, or when amoCRM refuses what it was offered.
const FRESH: Seconds = 3600;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    read_at: Seconds,
    /// The settings they were found by.
    configured: BTreeMap<String, u64>,
    fields: Option<AccountFields>,
}

/// The fields of the account that the bot writes; `None` when they cannot be read: then amoCRM itself says what it does
/// not take.
pub async fn account_fields(
    documents: &Documents,
    crm: &Client,
    settings: &settings::Amocrm,
    language: Language,
    now: Seconds,
) -> Option<AccountFields> {
    let configured: BTreeMap<String, u64> =
        settings.fields.0.iter().map(|(code, id)| ((*code).to_owned(), *id)).collect();
    let stored = load_document::<Stored>(documents, KEY).await;
    let stored = stored.inspect_err(|error| tracing::warn!(%error, "the account's fields cannot be loaded")).ok();
    let is_fresh = |stored: &Stored| now - stored.read_at < FRESH && stored.configured == configured;
    if let Some(fields) = stored.map(|stored| stored.value).filter(is_fresh).and_then(|stored| stored.fields) {
        return Some(fields);
    }
    let (of_leads, of_contacts) = futures::join!(crm.custom_fields(Entity::Leads), crm.custom_fields(Entity::Contacts));
    let fields = match (of_leads, of_contacts) {
        (Ok(of_leads), Ok(of_contacts)) => AccountFields::find(&settings.fields.0, &of_leads, &of_contacts, language),
        (Err(error), _) | (_, Err(error)) => {
            tracing::warn!(kind = error.kind(), %error, "the account's fields cannot be read");
            return None;
        }
    };
    let fresh = Stored { read_at: now, configured, fields: Some(fields.clone()) };
    if let Err(error) = update_document(documents, KEY, |stored: &mut Stored| *stored = fresh.clone()).await {
        tracing::warn!(%error, "the account's fields cannot be stored");
    }
    Some(fields)
}

/// amoCRM refuses a field that it should take: its fields have changed.
pub async fn read_fields_again(documents: &Documents) {
    if let Err(error) = update_document(documents, KEY, |stored: &mut Stored| stored.read_at = 0).await {
        tracing::warn!(%error, "the account's fields will be read again within an hour");
    }
}
