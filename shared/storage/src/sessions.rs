//! Conversations: one item a chat, deleted by DynamoDB some time after the session has ended.
//!
//! The index `due` holds only chats with a form left half-way, ordered by when the clock has something to do for them.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason, Put, ScalarAttributeType, TransactWriteItem};
use dialog::{Conversation, Person};
use futures::FutureExt as _;
use lead::{Lead, PhoneKey, Seconds};
use serde::Serialize;

use crate::customers::{self, Customers};
use crate::due::{DUE_INDEX, due_by, put_off};
use crate::leads::{self, replacing_lead};
use crate::profile_update;
use crate::schema::TableDefinition;
use crate::versioned::{get, number, put, replacing};
use crate::{Aws, FinishError, SaveError, StorageError, Tables, Versioned, counters};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "sessions",
    key: &[("chat_id", ScalarAttributeType::N)],
    indexes: &[(DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)])],
    expires: true,
    forget: Some(|aws, tables, chat_id, now| async move { aws.sessions(tables).forget(chat_id, now).await }.boxed()),
};

/// The only partition of the index `due`, with the chats for which the clock has something to do.
const DUE: &str = "1";
/// The operation, for errors.
const WRITE: &str = "writing the session";

/// The Sessions table.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    table: String,
    leads: String,
    customers: String,
    counters: String,
    profiles: Customers,
    phone_key: PhoneKey,
}

/// What became of a transaction.
enum Transaction {
    Done,
    /// A condition failed, or it met another transaction. Nothing is written.
    Cancelled {
        /// The index of the first write whose condition failed.
        refused: Option<usize>,
    },
}

#[derive(Serialize)]
struct Item {
    chat_id: i64,
    /// JSON in one attribute: written and read as a whole, and cheaper to take apart than an attribute for each part.
    conversation: String,
    /// Also a part of the conversation, which a later version of the bot may not be able to read.
    banned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Seconds>,
}

impl Aws {
    /// Opens the Sessions table.
    #[must_use]
    pub fn sessions(&self, tables: &Tables) -> Sessions {
        Sessions {
            client: self.dynamodb.clone(),
            table: TABLE.name(tables).to_owned(),
            leads: leads::TABLE.name(tables).to_owned(),
            customers: customers::TABLE.name(tables).to_owned(),
            counters: counters::TABLE.name(tables).to_owned(),
            profiles: self.customers(tables),
            phone_key: tables.phone_key.clone(),
        }
    }
}

impl Sessions {
    /// The conversation of a chat. If there is none, a new one begins with the customer's profile. If a version of the
    /// bot stored it that this one cannot read, it starts again; a ban holds in any case.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn load(&self, chat_id: i64) -> Result<Versioned<Conversation>, StorageError> {
        let Some(Versioned { value: mut item, version }) = self.item(chat_id).await? else {
            let profile = self.profiles.get(chat_id).await?.map(|customer| customer.profile());
            return Ok(Versioned::new(Conversation::begin(profile.unwrap_or_default())));
        };
        let is_banned = is_banned(&item);
        let value = item.remove("conversation").map_or(Ok(None), read_conversation).unwrap_or_else(|error| {
            tracing::warn!(chat_id, "the stored conversation cannot be read and starts afresh: {error}");
            None
        });
        let mut value = value.unwrap_or_default();
        value.set_banned(is_banned);
        Ok(Versioned { value, version })
    }

    /// Every conversation with an open form: it reads the whole table. What this version of the bot cannot read is left
    /// out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn with_forms(&self) -> Result<Vec<Conversation>, StorageError> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression("conversation")
            .into_paginator()
            .items()
            .send();
        let mut conversations = Vec::new();
        while let Some(mut item) = items.try_next().await.map_err(StorageError::of("listing forms"))? {
            let stored = item.remove("conversation").and_then(|stored| read_conversation(stored).ok().flatten());
            conversations.extend(stored.filter(|stored| stored.progress().is_some()));
        }
        Ok(conversations)
    }

    /// Stores the conversation, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another update was handled meanwhile.
    pub async fn save(&self, chat_id: i64, conversation: &mut Versioned<Conversation>) -> Result<(), SaveError> {
        put(&self.client, self.replacing(chat_id, conversation)?, WRITE).await?;
        conversation.version += 1;
        Ok(())
    }

    /// Stores the conversation, if it still has the version that was read, and what the customer has chosen in it.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another update was handled meanwhile.
    pub async fn save_with_choices(
        &self,
        chat_id: i64,
        conversation: &mut Versioned<Conversation>,
    ) -> Result<(), SaveError> {
        let put_session = self.replacing(chat_id, conversation)?;
        let choices = profile_update::choices(&self.customers, chat_id, conversation.value.profile().choices())?;
        let writes = [
            TransactWriteItem::builder().put(put_session).build(),
            TransactWriteItem::builder().update(choices).build(),
        ];
        match self.transact(writes.into(), WRITE).await? {
            Transaction::Done => {}
            Transaction::Cancelled { .. } => return Err(SaveError::Conflict),
        }
        conversation.version += 1;
        Ok(())
    }

    /// Stores the conversation together with the request that ended it and the customer's profile, and counts a new
    /// request: all or nothing.
    ///
    /// # Errors
    /// [`FinishError::TooMany`] above the limits; [`SaveError::Conflict`] if another update was handled meanwhile, or
    /// the request is already stored.
    pub async fn finish(
        &self,
        person: &Person,
        conversation: &mut Versioned<Conversation>,
        lead: &mut Versioned<Lead>,
    ) -> Result<(), FinishError> {
        let put_session = self.replacing(person.chat_id, conversation)?;
        let put_lead = replacing_lead(&self.leads, &lead.value, lead.version)?;
        let known = conversation.value.profile();
        let profile = profile_update::request(&self.customers, person, &lead.value.request, known)?;
        let mut writes = vec![
            TransactWriteItem::builder().put(put_session).build(),
            TransactWriteItem::builder().put(put_lead).build(),
            TransactWriteItem::builder().update(profile).build(),
        ];
        let uncounted = writes.len();
        if lead.version == 0 {
            let counters = counters::request(&self.counters, &lead.value.request, &self.phone_key)?;
            writes.extend(counters.map(|counter| TransactWriteItem::builder().update(counter).build()));
        }
        match self.transact(writes, "storing the request").await? {
            Transaction::Done => {}
            Transaction::Cancelled { refused: Some(write) } if write >= uncounted => return Err(FinishError::TooMany),
            Transaction::Cancelled { .. } => return Err(SaveError::Conflict.into()),
        }
        conversation.version += 1;
        lead.version += 1;
        Ok(())
    }

    async fn transact(
        &self,
        writes: Vec<TransactWriteItem>,
        operation: &'static str,
    ) -> Result<Transaction, StorageError> {
        let answer = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = answer else { return Ok(Transaction::Done) };
        let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error.as_service_error() else {
            return Err(StorageError::of(operation)(error));
        };
        let is_refused = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        Ok(Transaction::Cancelled { refused: cancelled.cancellation_reasons().iter().position(is_refused) })
    }

    /// Chats for which the clock has something to do by `now`, the one that has waited longest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn due(&self, now: Seconds, limit: i32) -> Result<Vec<i64>, StorageError> {
        let items = due_by(&self.client, &self.table, DUE, now, limit).await?;
        Ok(items.iter().filter_map(|item| number(item, "chat_id")).collect())
    }

    /// Puts off by a day what is due in a chat by `now`, and leaves its conversation as it is: this version of the bot
    /// cannot read it. Another one may. Returns false if nothing is due, or an update was handled meanwhile.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn put_off(&self, chat_id: i64, now: Seconds) -> Result<bool, StorageError> {
        let key = HashMap::from([("chat_id".to_owned(), AttributeValue::N(chat_id.to_string()))]);
        put_off(&self.client, (&self.table, key), now).await
    }

    /// Stops answering a chat, or answers it again.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if the customer kept writing all the time.
    pub async fn set_banned(&self, chat_id: i64, banned: bool) -> Result<(), SaveError> {
        let change = |session: &Versioned<Conversation>| {
            let mut conversation = session.value.clone();
            conversation.set_banned(banned);
            Some(conversation)
        };
        self.change(chat_id, change).await
    }

    async fn item(&self, chat_id: i64) -> Result<Option<Versioned<HashMap<String, AttributeValue>>>, StorageError> {
        const READ: &str = "reading the session";
        let item = get(&self.client, &self.table, ("chat_id", AttributeValue::N(chat_id.to_string())), READ).await?;
        let Some(item) = item else { return Ok(None) };
        let version = number(&item, "version").ok_or_else(|| StorageError::other(READ, "the item has no version"))?;
        Ok(Some(Versioned { value: item, version }))
    }

    /// Deletes everything personal in the conversation of a chat. Its counters stay until their time to live ends.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if the customer kept writing all the time.
    async fn forget(&self, chat_id: i64, now: Seconds) -> Result<(), SaveError> {
        self.change(chat_id, |session| (session.version > 0).then(|| session.value.counters_only(now))).await
    }

    /// Replaces the conversation of a chat by what `change` makes of it, if it makes anything.
    async fn change(
        &self,
        chat_id: i64,
        change: impl Fn(&Versioned<Conversation>) -> Option<Conversation>,
    ) -> Result<(), SaveError> {
        const TRIES: u32 = 10;
        for _ in 0..TRIES {
            let mut session = self.load(chat_id).await?;
            let Some(changed) = change(&session) else { return Ok(()) };
            session.value = changed;
            match self.save(chat_id, &mut session).await {
                Err(SaveError::Conflict) => {}
                saved => return saved,
            }
        }
        Err(SaveError::Conflict)
    }

    fn replacing(&self, chat_id: i64, conversation: &Versioned<Conversation>) -> Result<Put, StorageError> {
        let Versioned { value, version } = conversation;
        let due_at = value.due_at();
        let item = Item {
            chat_id,
            conversation: serde_json::to_string(value)
                .map_err(|error| StorageError::other(WRITE, error.to_string()))?,
            banned: value.is_banned(),
            due: due_at.map(|_| DUE),
            due_at,
            expires_at: value.expires_at(),
        };
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        replacing(&self.table, "chat_id", *version, item)
    }
}

/// A stored conversation. Earlier versions of the bot have stored it as a map.
fn read_conversation(stored: AttributeValue) -> Result<Option<Conversation>, serde_dynamo::Error> {
    match stored {
        AttributeValue::S(json) => serde_json::from_str(&json).map_err(serde::de::Error::custom),
        map => serde_dynamo::from_attribute_value(map),
    }
}

/// Whether the chat is banned, whatever the conversation looks like. Items of older versions say it only in there.
fn is_banned(item: &HashMap<String, AttributeValue>) -> bool {
    let flag =
        |item: &HashMap<String, AttributeValue>| item.get("banned").is_some_and(|flag| flag.as_bool() == Ok(&true));
    flag(item) || item.get("conversation").and_then(|stored| stored.as_m().ok()).is_some_and(flag)
}
