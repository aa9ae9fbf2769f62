//! Conversation states: one item a chat, deleted by DynamoDB some time after the session has ended.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use dialog::{Conversation, Person};
use lead::{Lead, Seconds};
use serde::{Deserialize, Serialize};
use settings::Tables;

use crate::leads::replacing_lead;
use crate::versioned::{put, replacing};
use crate::{SaveError, StorageError, Versioned};

/// What a write is doing, for its error.
const WRITE: &str = "writing the session";

/// The Sessions table.
#[derive(Clone, Debug)]
pub struct Sessions {
    client: Client,
    table: String,
    leads: String,
    customers: String,
}

#[derive(Serialize)]
struct Item<'a> {
    chat_id: i64,
    conversation: &'a Conversation,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Seconds>,
}

#[derive(Deserialize)]
struct Stored {
    version: u64,
    conversation: Option<Conversation>,
}

impl Sessions {
    pub(crate) fn new(client: Client, tables: &Tables) -> Self {
        Self {
            client,
            table: tables.sessions.clone(),
            leads: tables.leads.clone(),
            customers: tables.customers.clone(),
        }
    }

    /// The conversation of a chat; a fresh one if there is none, or if it was stored by a version of the bot that this
    /// one cannot read.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn load(&self, chat_id: i64) -> Result<Versioned<Conversation>, StorageError> {
        const READ: &str = "reading the session";
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StorageError::of(READ))?;
        let Some(item) = answer.item else { return Ok(Versioned::default()) };
        let version = item.get("version").and_then(|version| version.as_n().ok()).and_then(|n| n.parse().ok());
        let stored = serde_dynamo::from_item::<_, Stored>(item);
        match (stored, version) {
            (Ok(stored), _) => {
                Ok(Versioned { value: stored.conversation.unwrap_or_default(), version: stored.version })
            }
            (Err(error), Some(version)) => {
                tracing::warn!(chat_id, "the stored conversation cannot be read and starts afresh: {error}");
                Ok(Versioned { value: Conversation::default(), version })
            }
            (Err(error), None) => Err(StorageError::shape(READ, &error)),
        }
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

    /// Stores the conversation together with the request that ended it and the customer's profile: all or nothing.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another update was handled meanwhile, or the request is stored already.
    pub async fn finish(
        &self,
        person: &Person,
        conversation: &mut Versioned<Conversation>,
        lead: &mut Versioned<Lead>,
    ) -> Result<(), SaveError> {
        const WRITE: &str = "storing the request";
        let customer = &lead.value.request.customer;
        let put_session = self.replacing(person.chat_id, conversation)?;
        let put_lead = replacing_lead(&self.leads, &lead.value, lead.version)?;
        let profile = Update::builder()
            .table_name(&self.customers)
            .key("chat_id", AttributeValue::N(person.chat_id.to_string()))
            .update_expression("SET username = :username, first_name = :first_name, #name = :name, phone = :phone")
            .expression_attribute_names("#name", "name")
            .expression_attribute_values(
                ":username",
                person.username.clone().map_or(AttributeValue::Null(true), AttributeValue::S),
            )
            .expression_attribute_values(":first_name", AttributeValue::S(person.first_name.clone()))
            .expression_attribute_values(":name", AttributeValue::S(customer.name.clone()))
            .expression_attribute_values(":phone", AttributeValue::S(customer.phone.clone()))
            .build()
            .map_err(|error| StorageError::other(WRITE, error.to_string()))?;
        self.client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(put_session).build())
            .transact_items(TransactWriteItem::builder().put(put_lead).build())
            .transact_items(TransactWriteItem::builder().update(profile).build())
            .send()
            .await
            .map_err(|error| {
                // Cancelled: a condition failed, or two transactions met. Either way: read again.
                if error.as_service_error().is_some_and(TransactWriteItemsError::is_transaction_canceled_exception) {
                    SaveError::Conflict
                } else {
                    StorageError::of(WRITE)(error).into()
                }
            })?;
        conversation.version += 1;
        lead.version += 1;
        Ok(())
    }

    /// Deletes everything personal in the conversation of a chat. Its counters stay until their time to live ends.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if the customer kept writing all the time.
    pub async fn forget(&self, chat_id: i64, now: Seconds) -> Result<(), SaveError> {
        const TRIES: u32 = 10;
        for _ in 0..TRIES {
            let mut session = self.load(chat_id).await?;
            if session.version == 0 {
                return Ok(());
            }
            session.value = session.value.counters_only(now);
            match self.save(chat_id, &mut session).await {
                Err(SaveError::Conflict) => {}
                saved => return saved,
            }
        }
        Err(SaveError::Conflict)
    }

    fn replacing(&self, chat_id: i64, conversation: &Versioned<Conversation>) -> Result<Put, StorageError> {
        let item = Item { chat_id, conversation: &conversation.value, expires_at: conversation.value.expires_at() };
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        replacing(&self.table, "chat_id", conversation.version, item)
    }
}
