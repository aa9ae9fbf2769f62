//! Requests and the state of their delivery.
//!
//! The index `due` holds only what is not delivered, ordered by when it is due; `by_chat` finds a customer's requests.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, Put};
use futures::future::join_all;
use lead::{Lead, LeadId, Seconds, Status};
use serde::{Deserialize, Serialize};

use crate::versioned::{put, replacing};
use crate::{SaveError, StorageError, Versioned};

/// Index of undelivered requests.
pub(crate) const DUE_INDEX: &str = "due";
/// Index of a chat's requests.
pub(crate) const CHAT_INDEX: &str = "by_chat";
/// The one partition of the index `due`.
const DUE: &str = "1";
/// What a write is doing, for its error.
const WRITE: &str = "writing a request";
/// Requests read at once.
const AT_ONCE: usize = 25;

/// The Leads table.
#[derive(Clone, Debug)]
pub struct Leads {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    lead: &'a Lead,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Seconds>,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(flatten)]
    lead: Lead,
    version: u64,
}

/// The write of a request in place of version `expected`.
pub(crate) fn replacing_lead(table: &str, lead: &Lead, expected: u64) -> Result<Put, StorageError> {
    let due_at = lead.due_at();
    let item = Item { lead, due: due_at.map(|_| DUE), due_at, expires_at: lead.expires_at() };
    let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
    replacing(table, "lead_id", expected, item)
}

fn read_item(item: HashMap<String, AttributeValue>) -> Result<Versioned<Lead>, StorageError> {
    let id = id_of(&item).map(|id| id.to_string()).unwrap_or_default();
    let stored: Stored =
        serde_dynamo::from_item(item).map_err(|error| StorageError::shape(format!("reading request {id}"), &error))?;
    Ok(Versioned { value: stored.lead, version: stored.version })
}

fn id_of(item: &HashMap<String, AttributeValue>) -> Option<LeadId> {
    item.get("lead_id")?.as_s().ok()?.parse().ok()
}

impl Leads {
    pub(crate) const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// A request.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, id: &LeadId) -> Result<Option<Versioned<Lead>>, StorageError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("lead_id", AttributeValue::S(id.to_string()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StorageError::of("reading a request"))?;
        answer.item.map(read_item).transpose()
    }

    /// Several requests. Left out are those that do not exist, and those stored in a shape that this version does not know,
    /// as after a rollback: the log names them, and the others go on.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get_many(&self, ids: &[LeadId]) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let mut leads = Vec::with_capacity(ids.len());
        for some in ids.chunks(AT_ONCE) {
            for lead in join_all(some.iter().map(|id| self.get(id))).await {
                match lead {
                    Ok(lead) => leads.extend(lead),
                    Err(error) if error.is_shape() => tracing::error!("a request is left out: {error}"),
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(leads)
    }

    /// Stores a changed request, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if somebody else changed it, or deleted it on the customer's demand.
    pub async fn save(&self, lead: &mut Versioned<Lead>) -> Result<(), SaveError> {
        put(&self.client, replacing_lead(&self.table, &lead.value, lead.version)?, WRITE).await?;
        lead.version += 1;
        Ok(())
    }

    /// Ids of undelivered requests that are due by `now`, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn due(&self, now: Seconds, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due = :due AND due_at <= :now")
            .expression_attribute_values(":due", AttributeValue::S(DUE.to_owned()))
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
            .limit(limit)
            .send()
            .await
            .map_err(StorageError::of("looking for due requests"))?;
        Ok(answer.items().iter().filter_map(id_of).collect())
    }

    /// How many requests are not delivered yet, dead ones not counted. Reads index pages, not items.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count_unsent(&self) -> Result<usize, StorageError> {
        let mut count = 0;
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(DUE_INDEX)
                .key_condition_expression("due = :due")
                .expression_attribute_values(":due", AttributeValue::S(DUE.to_owned()))
                .select(aws_sdk_dynamodb::types::Select::Count)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(StorageError::of("counting undelivered requests"))?;
            count += usize::try_from(page.count()).unwrap_or_default();
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(count);
            }
        }
    }

    /// Ids of all undelivered requests, due or not, the first due first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn unsent(&self, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        self.due(Seconds::MAX, limit).await
    }

    /// Ids of a chat's requests, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn of_chat(&self, chat_id: i64) -> Result<Vec<LeadId>, StorageError> {
        let mut ids = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(CHAT_INDEX)
                .key_condition_expression("chat_id = :chat_id")
                .expression_attribute_values(":chat_id", AttributeValue::N(chat_id.to_string()))
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(StorageError::of("looking for a customer's requests"))?;
            ids.extend(page.items().iter().filter_map(id_of));
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(ids);
            }
        }
    }

    /// Every request there is: for the operator's lists and exports, never for the bot. One that cannot be read is logged
    /// and left out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn all(&self) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let mut leads = Vec::new();
        let mut from = None;
        loop {
            let page = self
                .client
                .scan()
                .table_name(&self.table)
                .set_exclusive_start_key(from)
                .send()
                .await
                .map_err(StorageError::of("listing requests"))?;
            for item in page.items.unwrap_or_default() {
                match read_item(item) {
                    Ok(lead) => leads.push(lead),
                    Err(error) => tracing::error!("a request is left out: {error}"),
                }
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                leads.sort_by_key(|lead| lead.value.lead_id);
                return Ok(leads);
            }
        }
    }

    /// Deletes a request.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn delete(&self, id: &LeadId) -> Result<(), StorageError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("lead_id", AttributeValue::S(id.to_string()))
            .send()
            .await
            .map_err(StorageError::of("deleting a request"))?;
        Ok(())
    }

    /// Makes every undelivered request due at `now`, leases included. For whoever knows that no worker is alive: the local
    /// stack when it starts. Returns the queue groups whose contact a dead worker may have been creating, and until when
    /// that cannot be seen.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn release_all(&self, now: Seconds) -> Result<Vec<(String, Seconds)>, SaveError> {
        let unsent = self.unsent(1000).await?;
        let mut in_doubt = Vec::new();
        for mut lead in self.get_many(&unsent).await? {
            lead.value.release(now);
            if let Status::Sending { lease_until, .. } = lead.value.status
                && lead.value.progress.contact_id.is_none()
            {
                in_doubt.push((lead.value.request.queue_group(), lease_until));
            }
            self.save(&mut lead).await?;
        }
        Ok(in_doubt)
    }
}
