//! The sales chat: the card of each request, and what is known of the group.
//!
//! The index `due` holds only cards whose handover still has to reach amoCRM, ordered by when that is tried again.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use futures::FutureExt as _;
use lead::{LeadId, Seconds};
use sales::{Card, Group};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::due::{DUE_INDEX, due_by, put_off_if_unreadable};
use crate::of_chat::{CHAT_INDEX, forget_of_chat, keys_of_chat};
use crate::schema::TableDefinition;
use crate::versioned::{get, put, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "sales-chat",
    key: &[("entry", ScalarAttributeType::S)],
    indexes: &[
        (DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)]),
        (CHAT_INDEX, &[("chat_id", ScalarAttributeType::N), ("entry", ScalarAttributeType::S)]),
    ],
    expires: true,
    forget: Some(|aws, tables, chat_id, _| {
        async move { Ok(forget_of_chat(&aws.dynamodb, TABLE.name(tables), "entry", chat_id).await?) }.boxed()
    }),
};

/// The entry about the group. Every other one is a card, under its request's id.
const GROUP: &str = "group";
/// The only partition of the index `due`.
const DUE: &str = "1";
/// How long a card is kept after its request was made.
const RETENTION: Seconds = 60 * 24 * 3600;

/// The Sales Chat table.
#[derive(Clone, Debug)]
pub struct SalesChat {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Entry<'a, T> {
    entry: &'a str,
    value: &'a T,
    #[serde(skip_serializing_if = "Option::is_none")]
    chat_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Seconds>,
}

#[derive(Deserialize)]
struct Stored<T> {
    value: T,
    version: u64,
}

impl Aws {
    /// Opens the Sales Chat table.
    #[must_use]
    pub fn sales_chat(&self, tables: &Tables) -> SalesChat {
        SalesChat { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl SalesChat {
    /// The card of a request, if there is one.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn card(&self, lead_id: &LeadId) -> Result<Option<Versioned<Card>>, StorageError> {
        self.load(&lead_id.to_string()).await
    }

    /// The card of a request whose handover is due, if there is one. A card that this version of the bot cannot read is
    /// put off by a day.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn card_due(&self, lead_id: &LeadId, now: Seconds) -> Result<Option<Versioned<Card>>, StorageError> {
        let key = HashMap::from([("entry".to_owned(), AttributeValue::S(lead_id.to_string()))]);
        put_off_if_unreadable(self.card(lead_id).await, &self.client, (&self.table, key), now).await
    }

    /// The cards of a customer's chat. A card that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn cards_of(&self, chat_id: i64) -> Result<Vec<Card>, StorageError> {
        let mut cards = Vec::new();
        for entry in keys_of_chat(&self.client, &self.table, "entry", chat_id).await? {
            let Ok(entry) = entry.as_s() else { continue };
            match self.load::<Card>(entry).await {
                Ok(card) => cards.extend(card.map(|card| card.value)),
                Err(error) if error.is_shape() => tracing::error!(entry, "a card is left out: {error}"),
                Err(error) => return Err(error),
            }
        }
        Ok(cards)
    }

    /// Every card: it reads the whole table. A card that cannot be read is logged and left out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn cards(&self) -> Result<Vec<Card>, StorageError> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.table)
            .filter_expression("entry <> :group")
            .expression_attribute_values(":group", AttributeValue::S(GROUP.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut cards = Vec::new();
        while let Some(item) = items.try_next().await.map_err(StorageError::of("listing cards"))? {
            match serde_dynamo::from_item::<_, Stored<Card>>(item) {
                Ok(stored) => cards.push(stored.value),
                Err(error) => tracing::error!("a card is left out: {error}"),
            }
        }
        Ok(cards)
    }

    /// Stores a card, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if somebody changed it meanwhile, or the customer had it deleted.
    pub async fn save_card(&self, card: &mut Versioned<Card>) -> Result<(), SaveError> {
        let Versioned { value, version } = card;
        let due_at = value.handover.map(|handover| handover.due_at);
        let made_at = Seconds::try_from(value.lead_id.0.timestamp_ms() / 1000).unwrap_or_default();
        let entry = Entry {
            entry: &value.lead_id.to_string(),
            value,
            chat_id: Some(value.chat_id),
            due: due_at.map(|_| DUE),
            due_at,
            expires_at: Some(made_at + RETENTION),
        };
        self.save(&entry, *version).await?;
        card.version += 1;
        Ok(())
    }

    /// The requests whose handover has to reach amoCRM by `now`, the one that has waited longest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn handovers_due(&self, now: Seconds, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        let items = due_by(&self.client, &self.table, DUE, now, limit).await?;
        let lead_id = |item: &HashMap<String, AttributeValue>| item.get("entry")?.as_s().ok()?.parse().ok();
        Ok(items.iter().filter_map(lead_id).collect())
    }

    /// What is known of a group.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn group(&self, configured: i64) -> Result<Versioned<Group>, StorageError> {
        let stored = self.load::<Group>(GROUP).await?.unwrap_or_default();
        Ok(Versioned { value: stored.value.of(configured), version: stored.version })
    }

    /// Stores what is known of a group, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if somebody changed it meanwhile.
    pub async fn save_group(&self, group: &mut Versioned<Group>) -> Result<(), SaveError> {
        let entry =
            Entry { entry: GROUP, value: &group.value, chat_id: None, due: None, due_at: None, expires_at: None };
        self.save(&entry, group.version).await?;
        group.version += 1;
        Ok(())
    }

    async fn load<T: DeserializeOwned>(&self, entry: &str) -> Result<Option<Versioned<T>>, StorageError> {
        const READ: &str = "reading the sales chat";
        let item = get(&self.client, &self.table, ("entry", AttributeValue::S(entry.to_owned())), READ).await?;
        let Some(item) = item else { return Ok(None) };
        let Stored { value, version } =
            serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error))?;
        Ok(Some(Versioned { value, version }))
    }

    async fn save<T: Serialize>(&self, entry: &Entry<'_, T>, expected: u64) -> Result<(), SaveError> {
        const WRITE: &str = "writing the sales chat";
        let item = serde_dynamo::to_item(entry).map_err(|error| StorageError::shape(WRITE, &error))?;
        put(&self.client, replacing(&self.table, "entry", expected, item)?, WRITE).await
    }
}
