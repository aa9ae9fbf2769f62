//! How much of something there was in an hour or a day. No item has personal data, and each expires soon after its
//! period.

use std::collections::HashMap;

use ::talk::Topic;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType, Update};
use lead::{Request, Seconds};

use crate::schema::TableDefinition;
use crate::{Aws, StorageError, Tables};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "counters",
    key: &[("counted", ScalarAttributeType::S), ("period", ScalarAttributeType::N)],
    indexes: &[],
    expires: true,
    forget: None,
};

/// Most requests with one phone number in a day, whoever sends them: nobody can fill somebody else's contact with
/// deals.
pub const MAX_OF_PHONE_A_DAY: u32 = 10;

/// Most requests of everybody in an hour. It bounds what a crowd of invented customers can do to the CRM.
pub const MAX_OF_ALL_AN_HOUR: u32 = 600;

const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;

/// How long a counter is kept: what is usual is known from the last week.
const RETENTION: Seconds = 8 * DAY;

const REQUESTS: &str = "requests";
const MODEL_QUESTIONS: &str = "model-questions";

/// The operation, for errors.
const COUNT: &str = "counting";

/// The Counters table.
#[derive(Clone, Debug)]
pub struct Counters {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl Aws {
    /// Opens the Counters table.
    #[must_use]
    pub fn counters(&self, tables: &Tables) -> Counters {
        Counters { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Counters {
    /// Counts a question to the model, if there were fewer than `max` since midnight UTC. Returns whether it was
    /// counted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_model_question(&self, now: Seconds, max: u32) -> Result<bool, StorageError> {
        self.count(MODEL_QUESTIONS, now - now % DAY, max).await
    }

    /// Counts a warning in a topic that is no customer's, if there was none in this hour. Returns whether it was
    /// counted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_stray_warning(&self, topic: Topic, now: Seconds) -> Result<bool, StorageError> {
        self.count(&format!("stray:{}:{}", topic.group, topic.id), now - now % HOUR, 1).await
    }

    async fn count(&self, counted: &str, period: Seconds, max: u32) -> Result<bool, StorageError> {
        let update = update(&self.table, counted, period, max)?;
        let answer = self
            .client
            .update_item()
            .table_name(update.table_name())
            .set_key(Some(update.key().clone()))
            .update_expression(update.update_expression())
            .set_condition_expression(update.condition_expression().map(str::to_owned))
            .set_expression_attribute_values(update.expression_attribute_values().cloned())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StorageError::of(COUNT)(error)),
        }
    }

    /// How many questions to the model were counted since midnight UTC.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn model_questions_today(&self, now: Seconds) -> Result<u32, StorageError> {
        let today = now - now % DAY;
        Ok(self.since(MODEL_QUESTIONS, today).await?.first().map_or(0, |(_, count)| *count))
    }

    /// The hours of the last week in which there were requests, oldest first: when each began, and how many there were.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn requests_by_hour(&self, now: Seconds) -> Result<Vec<(Seconds, u32)>, StorageError> {
        self.since(REQUESTS, now - 7 * DAY).await
    }

    async fn since(&self, counted: &str, from: Seconds) -> Result<Vec<(Seconds, u32)>, StorageError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("counted = :counted AND period >= :from")
            .expression_attribute_values(":counted", AttributeValue::S(counted.to_owned()))
            .expression_attribute_values(":from", AttributeValue::N(from.to_string()))
            .send()
            .await
            .map_err(StorageError::of("reading a counter"))?;
        Ok(answer.items().iter().filter_map(read).collect())
    }
}

fn read(item: &HashMap<String, AttributeValue>) -> Option<(Seconds, u32)> {
    let number = |name: &str| item.get(name)?.as_n().ok();
    Some((number("period")?.parse().ok()?, number("amount")?.parse().ok()?))
}

/// The writes that count a new request, for the transaction that stores it. Each fails above its limit.
pub(crate) fn request(table: &str, request: &Request) -> Result<[Update; 2], StorageError> {
    let at = request.created_at;
    let of_phone = format!("phone:{}", request.phone_hash());
    Ok([
        update(table, &of_phone, at - at % DAY, MAX_OF_PHONE_A_DAY)?,
        update(table, REQUESTS, at - at % HOUR, MAX_OF_ALL_AN_HOUR)?,
    ])
}

fn update(table: &str, counted: &str, period: Seconds, max: u32) -> Result<Update, StorageError> {
    let number = |number: Seconds| AttributeValue::N(number.to_string());
    Update::builder()
        .table_name(table)
        .key("counted", AttributeValue::S(counted.to_owned()))
        .key("period", number(period))
        .update_expression("SET expires_at = :expires_at ADD amount :one")
        .condition_expression("attribute_not_exists(amount) OR amount < :max")
        .expression_attribute_values(":expires_at", number(period + RETENTION))
        .expression_attribute_values(":one", number(1))
        .expression_attribute_values(":max", number(max.into()))
        .build()
        .map_err(|error| StorageError::other(COUNT, error.to_string()))
}
