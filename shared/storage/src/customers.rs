//! Who the customers are: what operators look up and `/delete` removes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

use crate::StorageError;

/// The Customers table. Profiles are written together with a finished request, see [`crate::Sessions::finish`].
#[derive(Clone, Debug)]
pub struct Customers {
    client: Client,
    table: String,
}

/// A customer's profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Customer {
    /// Telegram chat.
    pub chat_id: i64,
    /// Telegram username without `@`.
    pub username: Option<String>,
    /// First name in Telegram.
    pub first_name: Option<String>,
    /// Name given in the last request.
    pub name: Option<String>,
    /// Phone given in the last request, E.164.
    pub phone: Option<String>,
    /// The contact in amoCRM.
    pub contact_id: Option<u64>,
    /// Gets no answers.
    pub banned: bool,
}

impl Customers {
    pub(crate) const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// A customer's profile.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, chat_id: i64) -> Result<Option<Customer>, StorageError> {
        const READ: &str = "reading a customer";
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .send()
            .await
            .map_err(StorageError::of(READ))?;
        answer
            .item
            .map(|item| serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error)))
            .transpose()
    }

    /// Remembers which contact amoCRM has for a customer who is still known.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn remember_contact(&self, chat_id: i64, contact_id: u64) -> Result<(), StorageError> {
        self.set(chat_id, "contact_id", AttributeValue::N(contact_id.to_string()), "attribute_exists(chat_id)").await
    }

    /// Marks a customer as banned or not. The conversation carries the ban itself: `dialog::Conversation::set_banned`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_banned(&self, chat_id: i64, banned: bool) -> Result<(), StorageError> {
        self.set(chat_id, "banned", AttributeValue::Bool(banned), "").await
    }

    async fn set(
        &self,
        chat_id: i64,
        attribute: &'static str,
        value: AttributeValue,
        condition: &str,
    ) -> Result<(), StorageError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .update_expression(format!("SET {attribute} = :value"))
            .expression_attribute_values(":value", value)
            .set_condition_expression(Some(condition.to_owned()).filter(|condition| !condition.is_empty()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            // The customer has been forgotten meanwhile, and stays so.
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(StorageError::of("writing a customer")(error)),
        }
    }

    /// Deletes a customer's profile.
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
            .map_err(StorageError::of("deleting a customer"))?;
        Ok(())
    }
}
