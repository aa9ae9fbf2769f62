//! Customers' profiles, which operators look up and `/delete` removes.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ScalarAttributeType};
use dialog::{Choices, EarlierRequests, Profile};
use futures::FutureExt as _;
use lead::{Consent, LeadId, PhoneSource, Source};
use serde::{Deserialize, Serialize};

use crate::schema::TableDefinition;
use crate::versioned::get;
use crate::{Aws, StorageError, Tables};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "customers",
    key: &[("chat_id", ScalarAttributeType::N)],
    indexes: &[],
    expires: false,
    forget: Some(|aws, tables, chat_id, _| async move { Ok(aws.customers(tables).forget(chat_id).await?) }.boxed()),
};

/// The condition of a write that makes no new profile.
const IF_KNOWN: Option<&str> = Some("attribute_exists(chat_id)");

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
    pub chat_id: i64,
    /// Without `@`.
    pub username: Option<String>,
    /// In Telegram.
    pub first_name: Option<String>,
    /// Given in the last request.
    pub name: Option<String>,
    /// Given in the last request, E.164.
    pub phone: Option<String>,
    /// Where that phone came from.
    pub phone_source: PhoneSource,
    /// Of the first request that had one.
    pub first_source: Option<Source>,
    /// The latest agreement to the processing of personal data; `None`: never given, or taken back.
    pub consent: Option<Consent>,
    /// The customer does not want to be reminded of forms left half-way.
    pub reminders_off: bool,
    /// Requests that the next one may join.
    pub earlier_requests: EarlierRequests,
    /// Written with the request itself, so that it is known before an index knows the request.
    pub latest_request: Option<LeadId>,
    /// In amoCRM.
    pub contact_id: Option<u64>,
    /// The bot does not answer.
    pub banned: bool,
    /// The customer has blocked the bot: it never writes first.
    pub blocked: bool,
}

impl Customer {
    /// What a new conversation knows of the customer.
    pub(crate) fn profile(&self) -> Profile {
        let choices = Choices { consent: self.consent.clone(), reminders_off: self.reminders_off };
        Profile::new(self.name.as_deref(), self.phone.as_deref(), self.phone_source)
            .with_choices(choices)
            .with_earlier(self.earlier_requests.clone())
    }
}

impl Aws {
    /// Opens the Customers table.
    #[must_use]
    pub fn customers(&self, tables: &Tables) -> Customers {
        Customers { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Customers {
    /// A customer's profile, if there is one.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, chat_id: i64) -> Result<Option<Customer>, StorageError> {
        const READ: &str = "reading a customer";
        let item = get(&self.client, &self.table, ("chat_id", AttributeValue::N(chat_id.to_string())), READ).await?;
        item.map(|item| serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error))).transpose()
    }

    /// Stores the contact that amoCRM has for a customer. A customer who was deleted meanwhile stays deleted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn remember_contact(&self, chat_id: i64, contact_id: u64) -> Result<(), StorageError> {
        self.set(chat_id, "contact_id", AttributeValue::N(contact_id.to_string()), IF_KNOWN).await
    }

    /// Marks a customer as banned or not. The conversation carries the ban itself: `dialog::Conversation::set_banned`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_banned(&self, chat_id: i64, banned: bool) -> Result<(), StorageError> {
        self.set(chat_id, "banned", AttributeValue::Bool(banned), None).await
    }

    /// Stores whether the customer has blocked the bot.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn set_blocked(&self, chat_id: i64, blocked: bool) -> Result<(), StorageError> {
        // A customer who comes back needs no profile for that.
        let condition = if blocked { None } else { IF_KNOWN };
        self.set(chat_id, "blocked", AttributeValue::Bool(blocked), condition).await
    }

    async fn set(
        &self,
        chat_id: i64,
        attribute: &'static str,
        value: AttributeValue,
        condition: Option<&str>,
    ) -> Result<(), StorageError> {
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .update_expression(format!("SET {attribute} = :value"))
            .expression_attribute_values(":value", value)
            .set_condition_expression(condition.map(str::to_owned))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(())
            }
            Err(error) => Err(StorageError::of("writing a customer")(error)),
        }
    }

    /// Deletes a customer's profile, but not a ban.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    async fn forget(&self, chat_id: i64) -> Result<(), StorageError> {
        let answer = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(StorageError::of("deleting a customer"))?;
        let banned = answer.attributes().and_then(|profile| profile.get("banned"));
        if banned.is_some_and(|banned| banned.as_bool() == Ok(&true)) {
            self.set_banned(chat_id, true).await?;
        }
        Ok(())
    }
}
