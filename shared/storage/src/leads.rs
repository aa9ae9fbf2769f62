//! Requests and the state of their delivery.
//!
//! The index `due` holds only what is not delivered, ordered by when it is due; `by_chat` finds a customer's requests.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ScalarAttributeType, Select};
use futures::FutureExt as _;
use futures::future::{join_all, try_join_all};
use lead::{Lead, LeadId, PhoneKey, Seconds, Status};
use serde::{Deserialize, Serialize};

use crate::due::{DUE_INDEX, due_by, put_off_if_unreadable};
use crate::of_chat::{CHAT_INDEX, forget_of_chat, keys_of_chat};
use crate::schema::TableDefinition;
use crate::versioned::{get, put, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "leads",
    key: &[("lead_id", ScalarAttributeType::S)],
    indexes: &[
        (DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)]),
        (CHAT_INDEX, &[("chat_id", ScalarAttributeType::N), ("lead_id", ScalarAttributeType::S)]),
    ],
    expires: true,
    forget: Some(|aws, tables, chat_id, _| async move { Ok(forget(aws, tables, chat_id).await?) }.boxed()),
};

/// Deletes a chat's requests. The index may not know the latest one yet; the profile does.
async fn forget(aws: &Aws, tables: &Tables, chat_id: i64) -> Result<(), StorageError> {
    let customer = aws.customers(tables).get(chat_id).await?;
    if let Some(latest) = customer.and_then(|customer| customer.latest_request) {
        aws.leads(tables).delete(&latest).await?;
    }
    forget_of_chat(&aws.dynamodb, TABLE.name(tables), "lead_id", chat_id).await
}

/// The partition of the index `due` with undelivered requests.
const DUE: &str = "1";
/// The partition of the index `due` with delivered requests whose photos are not delivered yet.
const PHOTOS_DUE: &str = "photos";
/// The partition of the index `due` with dead requests that will be deleted once the admins have heard of it.
const EXPIRY_NOTICE_DUE: &str = "expiry";
/// The partition of the index `due` with dead requests whose deletion the admins have heard of.
const EXPIRING: &str = "expiring";
/// The operation, for errors.
const WRITE: &str = "writing a request";
/// Requests that are read in parallel.
const BATCH: usize = 25;

/// The Leads table.
#[derive(Clone, Debug)]
pub struct Leads {
    client: Client,
    table: String,
    phone_key: PhoneKey,
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
    let expires_at = lead.expires_at().filter(|_| matches!(lead.status, Status::Dead { .. }));
    let due = [
        (DUE, lead.due_at()),
        (PHOTOS_DUE, lead.photos_due_at()),
        (EXPIRY_NOTICE_DUE, lead.expiry_notice_due_at()),
        (EXPIRING, expires_at),
    ];
    let (due, due_at) = due.into_iter().find_map(|(partition, at)| Some((partition, at?))).unzip();
    let item = Item { lead, due, due_at, expires_at: lead.expires_at() };
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

impl Aws {
    /// Opens the Leads table.
    #[must_use]
    pub fn leads(&self, tables: &Tables) -> Leads {
        Leads {
            client: self.dynamodb.clone(),
            table: TABLE.name(tables).to_owned(),
            phone_key: tables.phone_key.clone(),
        }
    }
}

impl Leads {
    /// A request, if it exists.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, id: &LeadId) -> Result<Option<Versioned<Lead>>, StorageError> {
        let item =
            get(&self.client, &self.table, ("lead_id", AttributeValue::S(id.to_string())), "reading a request").await?;
        item.map(read_item).transpose()
    }

    /// Several requests. Requests that do not exist are left out, and so are those in a shape that this version does
    /// not know, as after a rollback: the log names them.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get_many(&self, ids: &[LeadId]) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let mut leads = Vec::with_capacity(ids.len());
        for some in ids.chunks(BATCH) {
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

    /// A request that is due, if it exists. One that this version of the bot cannot read is put off by a day.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn get_due(&self, id: &LeadId, now: Seconds) -> Result<Option<Versioned<Lead>>, StorageError> {
        let key = HashMap::from([("lead_id".to_owned(), AttributeValue::S(id.to_string()))]);
        put_off_if_unreadable(self.get(id).await, &self.client, (&self.table, key), now).await
    }

    /// The same for several.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn get_many_due(&self, ids: &[LeadId], now: Seconds) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let mut leads = Vec::with_capacity(ids.len());
        for some in ids.chunks(BATCH) {
            leads.extend(try_join_all(some.iter().map(|id| self.get_due(id, now))).await?.into_iter().flatten());
        }
        Ok(leads)
    }

    /// Stores a changed request, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another worker changed it, or the customer had it deleted.
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
        self.due_in(DUE, now, limit).await
    }

    /// Ids of delivered requests whose photos are due by `now`, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn photos_due(&self, now: Seconds, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        self.due_in(PHOTOS_DUE, now, limit).await
    }

    /// Ids of dead requests whose deletion the admins should hear of by `now`, oldest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn expiry_notices_due(&self, now: Seconds, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        self.due_in(EXPIRY_NOTICE_DUE, now, limit).await
    }

    /// Ids of dead requests, those that were given up earliest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn dead(&self, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        let mut ids = self.due_in(EXPIRING, Seconds::MAX, limit).await?;
        ids.extend(self.expiry_notices_due(Seconds::MAX, limit).await?);
        Ok(ids)
    }

    async fn due_in(&self, partition: &str, now: Seconds, limit: i32) -> Result<Vec<LeadId>, StorageError> {
        let items = due_by(&self.client, &self.table, partition, now, limit).await?;
        Ok(items.iter().filter_map(id_of).collect())
    }

    /// How many requests are not delivered yet, dead ones not counted. Reads index pages, not items.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn count_unsent(&self) -> Result<usize, StorageError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("due = :due")
            .expression_attribute_values(":due", AttributeValue::S(DUE.to_owned()))
            .select(Select::Count)
            .into_paginator()
            .send();
        let mut count = 0;
        while let Some(page) = pages.try_next().await.map_err(StorageError::of("counting undelivered requests"))? {
            count += usize::try_from(page.count()).unwrap_or_default();
        }
        Ok(count)
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
        let keys = keys_of_chat(&self.client, &self.table, "lead_id", chat_id).await?;
        Ok(keys.iter().filter_map(|key| key.as_s().ok()?.parse().ok()).collect())
    }

    /// Every request, for the operator's lists and exports; it reads the whole table. A request that cannot be read is
    /// logged and left out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn all(&self) -> Result<Vec<Versioned<Lead>>, StorageError> {
        self.read_all(self.client.scan()).await
    }

    /// The requests that were made since then. It reads the whole table, too, but holds no more than these.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn made_since(&self, since: Seconds) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let made_since = self
            .client
            .scan()
            .filter_expression("#request.created_at >= :since")
            .expression_attribute_names("#request", "request")
            .expression_attribute_values(":since", AttributeValue::N(since.to_string()));
        self.read_all(made_since).await
    }

    async fn read_all(&self, scan: ScanFluentBuilder) -> Result<Vec<Versioned<Lead>>, StorageError> {
        let mut items = scan.table_name(&self.table).into_paginator().items().send();
        let mut leads = Vec::new();
        while let Some(item) = items.try_next().await.map_err(StorageError::of("listing requests"))? {
            match read_item(item) {
                Ok(lead) => leads.push(lead),
                Err(error) => tracing::error!("a request is left out: {error}"),
            }
        }
        leads.sort_by_key(|lead| lead.value.lead_id);
        Ok(leads)
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

    /// Makes every request that waits for its next attempt due at `now`; workers may be alive. Returns how many.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn release_waiting(&self, now: Seconds) -> Result<usize, StorageError> {
        let unsent = self.unsent(1000).await?;
        let mut count = 0;
        for mut lead in self.get_many(&unsent).await? {
            if matches!(lead.value.status, Status::Sending { .. }) {
                continue;
            }
            lead.value.release(now);
            match self.save(&mut lead).await {
                Ok(()) => count += 1,
                Err(SaveError::Conflict) => {} // a worker has it
                Err(SaveError::Storage(error)) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Makes every undelivered request due at `now` and ends their leases. Only for a caller that knows that no worker
    /// is alive: one machine when it starts. Returns the hashes of the phones whose contact a dead worker may have
    /// been creating, and until when that cannot be seen.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn release_all(&self, now: Seconds) -> Result<Vec<(String, Seconds)>, SaveError> {
        let unsent = self.unsent(1000).await?;
        let mut in_doubt = Vec::new();
        for mut lead in self.get_many(&unsent).await? {
            lead.value.release(now);
            if let Status::Sending { lease_until, .. } = lead.value.status
                && lead.value.progress.contact_id().is_none()
            {
                in_doubt.push((lead.value.request.phone_hash(&self.phone_key), lease_until));
            }
            self.save(&mut lead).await?;
        }
        let with_photos = self.photos_due(Seconds::MAX, 1000).await?;
        for mut lead in self.get_many(&with_photos).await? {
            lead.value.put_photos_back(now);
            self.save(&mut lead).await?;
        }
        Ok(in_doubt)
    }
}
