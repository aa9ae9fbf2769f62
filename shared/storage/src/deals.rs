//! Tracked deals: one item for each deal and chat with requests in it.
//!
//! The index `due` holds what is to be looked at or told, ordered by when; and closed deals, ordered by when they were
//! closed. `by_chat` finds what a chat has.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType, Select};
use futures::FutureExt as _;
use futures::future::{join_all, try_join_all};
use lead::{DealOutcome, Seconds, TrackedDeal};
use serde::{Deserialize, Serialize};

use crate::due::{DUE_INDEX, due_by, put_off_if_unreadable};
use crate::of_chat::CHAT_INDEX;
use crate::schema::TableDefinition;
use crate::versioned::{put_persistently, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "deals",
    key: &[("deal_id", ScalarAttributeType::N), ("chat_id", ScalarAttributeType::N)],
    indexes: &[
        (DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)]),
        (CHAT_INDEX, &[("chat_id", ScalarAttributeType::N), ("deal_id", ScalarAttributeType::N)]),
    ],
    expires: true,
    forget: Some(|aws, tables, chat_id, _| async move { Ok(aws.deals(tables).forget(chat_id).await?) }.boxed()),
};

/// The partition of the index `due` with deals to look at, or with something to tell.
const DUE: &str = "1";
/// The partition of the index `due` with closed deals.
const CLOSED: &str = "closed";
/// The operation, for errors.
const READ: &str = "reading a deal";
/// Deals that are read in parallel.
const AT_ONCE: usize = 25;
/// Chats of one deal that are read. A contact with more is a shared telephone.
const MAX_CHATS: i32 = 20;

/// The Deals table.
#[derive(Clone, Debug)]
pub struct Deals {
    client: Client,
    table: String,
}

/// The key of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct DealKey {
    pub deal_id: u64,
    pub chat_id: i64,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    deal: &'a TrackedDeal,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
    expires_at: Seconds,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(flatten)]
    deal: TrackedDeal,
    version: u64,
}

fn read_item(item: HashMap<String, AttributeValue>) -> Result<Versioned<TrackedDeal>, StorageError> {
    let deal_id = item.get("deal_id").and_then(|id| id.as_n().ok()).cloned().unwrap_or_default();
    let stored: Stored = serde_dynamo::from_item(item)
        .map_err(|error| StorageError::shape(format!("reading deal {deal_id}"), &error))?;
    Ok(Versioned { value: stored.deal, version: stored.version })
}

fn key_of(item: HashMap<String, AttributeValue>) -> Option<DealKey> {
    serde_dynamo::from_item(item).ok()
}

impl Aws {
    /// Opens the Deals table.
    #[must_use]
    pub fn deals(&self, tables: &Tables) -> Deals {
        Deals { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Deals {
    /// A deal as a chat knows it, if it does.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, key: DealKey) -> Result<Option<Versioned<TrackedDeal>>, StorageError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StorageError::of(READ))?;
        answer.item.map(read_item).transpose()
    }

    /// The same for several. Deals that do not exist are left out, and so are those in a shape that this version does
    /// not know, as after a rollback: the log names them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get_many(&self, keys: &[DealKey]) -> Result<Vec<Versioned<TrackedDeal>>, StorageError> {
        let mut deals = Vec::with_capacity(keys.len());
        for some in keys.chunks(AT_ONCE) {
            for deal in join_all(some.iter().map(|key| self.get(*key))).await {
                match deal {
                    Ok(deal) => deals.extend(deal),
                    Err(error) if error.is_shape() => tracing::error!("a tracked deal is left out: {error}"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(deals)
    }

    /// A deal as every chat with requests in it knows it. Items that this version of the bot cannot read are left out:
    /// the log names them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn of_all_chats(&self, deal_id: u64) -> Result<Vec<Versioned<TrackedDeal>>, StorageError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("deal_id = :deal_id")
            .expression_attribute_values(":deal_id", number(deal_id))
            .consistent_read(true)
            .limit(MAX_CHATS)
            .send()
            .await
            .map_err(StorageError::of(READ))?;
        let read = answer.items.unwrap_or_default().into_iter().map(read_item);
        let log = |error: &StorageError| tracing::error!("a tracked deal is left out: {error}");
        Ok(read.filter_map(|deal| deal.inspect_err(log).ok()).collect())
    }

    /// Those of these deals that have requests of customers.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn known(&self, deal_ids: &[u64]) -> Result<Vec<u64>, StorageError> {
        let known = try_join_all(deal_ids.iter().map(|deal_id| self.is_known(*deal_id))).await?;
        Ok(deal_ids.iter().zip(known).filter(|(_, is_known)| *is_known).map(|(deal_id, _)| *deal_id).collect())
    }

    async fn is_known(&self, deal_id: u64) -> Result<bool, StorageError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("deal_id = :deal_id")
            .expression_attribute_values(":deal_id", number(deal_id))
            .select(Select::Count)
            .limit(1)
            .send()
            .await
            .map_err(StorageError::of(READ))?;
        Ok(answer.count() > 0)
    }

    /// Deals that are to be looked at or have something to tell by `now`, those that have waited longest first. One that
    /// this version of the bot cannot read is put off by a day.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn due(&self, now: Seconds, limit: i32) -> Result<Vec<Versioned<TrackedDeal>>, StorageError> {
        let items = due_by(&self.client, &self.table, DUE, now, limit).await?;
        let keys: Vec<DealKey> = items.into_iter().filter_map(key_of).collect();
        let mut deals = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE) {
            let read = keys.iter().map(|key| async {
                put_off_if_unreadable(self.get(*key).await, &self.client, (&self.table, key.attributes()), now).await
            });
            deals.extend(try_join_all(read).await?.into_iter().flatten());
        }
        Ok(deals)
    }

    /// How the deals ended that were closed since then, each deal once.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn outcomes_since(&self, since: Seconds) -> Result<Vec<DealOutcome>, StorageError> {
        let items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due = :closed AND due_at >= :since")
            .expression_attribute_values(":closed", AttributeValue::S(CLOSED.to_owned()))
            .expression_attribute_values(":since", number(since))
            .into_paginator()
            .items()
            .send();
        let found = items.try_collect().await.map_err(StorageError::of("looking for closed deals"))?;
        let mut keys: Vec<DealKey> = found.into_iter().filter_map(key_of).collect();
        keys.sort_unstable();
        keys.dedup_by_key(|key| key.deal_id);
        Ok(self.get_many(&keys).await?.iter().filter_map(|deal| deal.value.outcome().cloned()).collect())
    }

    /// Stores a changed deal, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another worker changed it, or the customer had it deleted.
    pub async fn save(&self, deal: &mut Versioned<TrackedDeal>) -> Result<(), SaveError> {
        const WRITE: &str = "writing a deal";
        let value = &deal.value;
        let open = value.due_at().map(|at| (DUE, at));
        let (due, due_at) = open.or_else(|| value.outcome().map(|outcome| (CLOSED, outcome.at()))).unzip();
        let item = Item { deal: value, due, due_at, expires_at: value.expires_at() };
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        put_persistently(&self.client, replacing(&self.table, "deal_id", deal.version, item)?, WRITE).await?;
        deal.version += 1;
        Ok(())
    }

    /// Deletes a deal as a chat knows it.
    async fn delete(&self, key: DealKey) -> Result<(), StorageError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .send()
            .await
            .map_err(StorageError::of("deleting a deal"))?;
        Ok(())
    }

    /// Deletes what a chat has here.
    async fn forget(&self, chat_id: i64) -> Result<(), StorageError> {
        let items = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(CHAT_INDEX)
            .key_condition_expression("chat_id = :chat_id")
            .expression_attribute_values(":chat_id", number(chat_id))
            .into_paginator()
            .items()
            .send();
        let found = items.try_collect().await.map_err(StorageError::of("looking for a customer's deals"))?;
        try_join_all(found.into_iter().filter_map(key_of).map(|key| self.delete(key))).await?;
        Ok(())
    }
}

impl DealKey {
    /// The key of a deal as a chat knows it.
    #[must_use]
    pub const fn of(deal: &TrackedDeal) -> Self {
        Self { deal_id: deal.deal_id, chat_id: deal.chat_id }
    }

    fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([("deal_id".to_owned(), number(self.deal_id)), ("chat_id".to_owned(), number(self.chat_id))])
    }
}

fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
