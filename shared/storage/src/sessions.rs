//! Conversation states: one item a chat, deleted by DynamoDB some time after the session has ended.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use dialog::{Conversation, Person};
use lead::{Lead, Seconds};
use serde::{Deserialize, Serialize};
use settings::Tables;

use crate::leads::lead_item;
use crate::versioned::condition;
use crate::{SaveError, StorageError, Versioned};

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
    version: u64,
    /// Who wrote this version: tells a write of one's own whose answer was lost from somebody else's.
    writer: &'a str,
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
    pub async fn save(
        &self,
        chat_id: i64,
        conversation: &mut Versioned<Conversation>,
        writer: &str,
    ) -> Result<(), SaveError> {
        let put = self.put(chat_id, conversation, writer)?;
        let answer = self
            .client
            .put_item()
            .table_name(put.table_name())
            .set_item(Some(put.item().clone()))
            .set_condition_expression(put.condition_expression().map(str::to_owned))
            .set_expression_attribute_values(put.expression_attribute_values().cloned())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let next = conversation.version + 1;
        match answer {
            Ok(_) => {}
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                    // The SDK repeats a write whose answer was lost, and then finds its own.
                    let found = failed.item();
                    let version = found.and_then(|item| item.get("version")).and_then(|value| value.as_n().ok());
                    let wrote = found.and_then(|item| item.get("writer")).and_then(|value| value.as_s().ok());
                    let own = version == Some(&next.to_string()) && wrote.is_some_and(|wrote| wrote == writer);
                    if !own {
                        return Err(SaveError::Conflict);
                    }
                }
                _ => return Err(StorageError::of("writing the session")(error).into()),
            },
        }
        conversation.version = next;
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
        lead: &Lead,
        writer: &str,
    ) -> Result<(), SaveError> {
        const WRITE: &str = "storing the request";
        let put_session = self.put(person.chat_id, conversation, writer)?;
        let put_lead = Put::builder()
            .table_name(&self.leads)
            .set_item(Some(lead_item(lead, 1).map_err(|error| StorageError::shape(WRITE, &error))?))
            .condition_expression("attribute_not_exists(lead_id)")
            .build()
            .map_err(|error| StorageError::other(WRITE, error.to_string()))?;
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
            .expression_attribute_values(":name", AttributeValue::S(lead.request.customer.name.clone()))
            .expression_attribute_values(":phone", AttributeValue::S(lead.request.customer.phone.clone()))
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
        Ok(())
    }

    /// Deletes the conversation of a chat.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn delete(&self, chat_id: i64) -> Result<(), StorageError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .send()
            .await
            .map_err(StorageError::of("deleting the session"))?;
        Ok(())
    }

    fn put(&self, chat_id: i64, conversation: &Versioned<Conversation>, writer: &str) -> Result<Put, StorageError> {
        const WRITE: &str = "writing the session";
        let item = Item {
            chat_id,
            version: conversation.version + 1,
            writer,
            conversation: &conversation.value,
            expires_at: conversation.value.expires_at(),
        };
        let mut put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?))
            .condition_expression(condition(conversation.version, "chat_id"));
        if conversation.version > 0 {
            put = put.expression_attribute_values(":expected", AttributeValue::N(conversation.version.to_string()));
        }
        put.build().map_err(|error| StorageError::other(WRITE, error.to_string()))
    }
}
