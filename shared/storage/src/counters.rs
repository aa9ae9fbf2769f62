//! How much of something there was in an hour or a day. No item has personal data, and each expires soon after its
//! period.

use std::collections::HashMap;

use ::talk::Topic;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType, Update};
use lead::{PhoneKey, Request, Seconds};

use crate::schema::TableDefinition;
use crate::versioned::number;
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
pub const MAX_OF_PHONE_PER_DAY: u32 = 10;

/// Most requests of everybody in an hour. It bounds what a crowd of invented customers can do to the CRM.
pub const MAX_OF_ALL_PER_HOUR: u32 = 600;

const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;

/// How long a counter is kept: what is usual is known from the last week.
const RETENTION: Seconds = 8 * DAY;

const REQUESTS: &str = "requests";
const MODEL_QUESTIONS: &str = "model-questions";

/// A day is split into slots of this many seconds. The item of a day's questions also has the questions of each slot,
/// and those that no model answered: `asked-7`, `failed-7`.
const SLOT: Seconds = 10 * 60;
const ASKED: &str = "asked";
const FAILED: &str = "failed";

type Item = HashMap<String, AttributeValue>;

/// The operation, for errors.
const COUNT: &str = "counting";

/// How many questions a model was asked in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelQuestions {
    pub asked: u32,
    /// Of them, those to which no model had an answer.
    pub failed: u32,
}

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
    /// Counts a question to the model, if fewer than `max` calls were counted since midnight UTC. Returns whether it
    /// was counted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_model_question(&self, now: Seconds, max: u32) -> Result<bool, StorageError> {
        self.count(MODEL_QUESTIONS, now - now % DAY, max, Some(slot_name(ASKED, now))).await
    }

    /// The same for a voice message that a model is to hear: it costs as much as a question.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_transcription(&self, now: Seconds, max: u32) -> Result<bool, StorageError> {
        self.count(MODEL_QUESTIONS, now - now % DAY, max, None).await
    }

    /// Counts a warning in a topic that is not a customer's, if there was none in this hour. Returns whether it was
    /// counted.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_stray_warning(&self, topic: Topic, now: Seconds) -> Result<bool, StorageError> {
        self.count(&format!("stray:{}:{}", topic.group, topic.id), now - now % HOUR, 1, None).await
    }

    /// Counts if fewer than `max` were counted, and adds one to the attribute `also`. Returns whether it counted.
    async fn count(
        &self,
        counted: &str,
        period: Seconds,
        max: u32,
        also: Option<String>,
    ) -> Result<bool, StorageError> {
        let update = update(&self.table, counted, period, max)?;
        let call = self
            .client
            .update_item()
            .table_name(update.table_name())
            .set_key(Some(update.key().clone()))
            .set_condition_expression(update.condition_expression().map(str::to_owned))
            .set_expression_attribute_values(update.expression_attribute_values().cloned());
        let call = match also {
            Some(name) => call
                .update_expression(format!("{}, #also :one", update.update_expression()))
                .expression_attribute_names("#also", name),
            None => call.update_expression(update.update_expression()),
        };
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StorageError::of(COUNT)(error)),
        }
    }

    /// Notes that no model had an answer to a question that was counted at `asked_at`.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn note_model_failure(&self, asked_at: Seconds) -> Result<(), StorageError> {
        self.client
            .update_item()
            .table_name(&self.table)
            .key("counted", AttributeValue::S(MODEL_QUESTIONS.to_owned()))
            .key("period", AttributeValue::N((asked_at - asked_at % DAY).to_string()))
            .update_expression("ADD #failed :one")
            // Without the day's item nothing was counted.
            .condition_expression("attribute_exists(amount)")
            .expression_attribute_names("#failed", slot_name(FAILED, asked_at))
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .send()
            .await
            .map_err(StorageError::of(COUNT))?;
        Ok(())
    }

    /// How many questions the model was asked within the last hour, and how many of them it did not answer.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn model_questions_of_last_hour(&self, now: Seconds) -> Result<ModelQuestions, StorageError> {
        let from = now - HOUR;
        let mut questions = ModelQuestions::default();
        for item in self.items_since(MODEL_QUESTIONS, from - from % DAY).await? {
            let Some(day) = number::<Seconds>(&item, "period") else { continue };
            for name in item.keys() {
                let Some((kind, slot)) = name.split_once('-') else { continue };
                let begins = slot.parse().map(|slot: Seconds| day + slot * SLOT);
                if begins.is_ok_and(|begins| begins + SLOT > from) {
                    let count = number(&item, name).unwrap_or(0);
                    match kind {
                        ASKED => questions.asked += count,
                        FAILED => questions.failed += count,
                        _ => {}
                    }
                }
            }
        }
        Ok(questions)
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
        let read = |item: &Item| Some((number(item, "period")?, number(item, "amount")?));
        Ok(self.items_since(counted, from).await?.iter().filter_map(read).collect())
    }

    async fn items_since(&self, counted: &str, from: Seconds) -> Result<Vec<Item>, StorageError> {
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
        Ok(answer.items.unwrap_or_default())
    }
}

/// The attribute that counts this kind in the slot of `at`.
fn slot_name(kind: &str, at: Seconds) -> String {
    format!("{kind}-{}", at % DAY / SLOT)
}

/// The writes that count a new request, for the transaction that stores it. Each fails above its limit.
pub(crate) fn request(table: &str, request: &Request, phone_key: &PhoneKey) -> Result<[Update; 2], StorageError> {
    let at = request.created_at;
    let of_phone = format!("phone:{}", request.phone_hash(phone_key));
    Ok([
        update(table, &of_phone, at - at % DAY, MAX_OF_PHONE_PER_DAY)?,
        update(table, REQUESTS, at - at % HOUR, MAX_OF_ALL_PER_HOUR)?,
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
