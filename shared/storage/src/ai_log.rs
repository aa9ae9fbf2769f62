//! Questions to the model and what it understood, kept for 90 days.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use futures::FutureExt as _;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::schema::TableDefinition;
use crate::{Aws, StorageError, Tables};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "ai-log",
    key: &[("chat_id", ScalarAttributeType::N), ("at", ScalarAttributeType::S)],
    indexes: &[],
    expires: true,
    forget: Some(|aws, tables, chat_id, _| async move { Ok(aws.ai_log(tables).forget(chat_id).await?) }.boxed()),
};

/// How long an entry is kept.
const RETENTION: Seconds = 90 * 24 * 3600;

/// The AiLog table.
#[derive(Clone, Debug)]
pub struct AiLog {
    client: Client,
    table: String,
}

/// One classification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AiLogEntry {
    pub chat_id: i64,
    /// Unique within the chat and ordered by time: `{seconds}-{update id}`.
    pub at: String,
    pub text: String,
    /// `sell`, …
    pub intent: String,
    /// 0..1
    pub confidence: f32,
    /// `offline` for the built-in rules.
    pub model: String,
    /// The second model was asked.
    pub fallback: bool,
    pub latency_ms: u64,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    entry: &'a AiLogEntry,
    expires_at: Seconds,
}

impl Aws {
    /// Opens the AI log.
    #[must_use]
    pub fn ai_log(&self, tables: &Tables) -> AiLog {
        AiLog { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl AiLog {
    /// Appends an entry.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn append(&self, entry: &AiLogEntry, now: Seconds) -> Result<(), StorageError> {
        const WRITE: &str = "writing the AI log";
        let item = serde_dynamo::to_item(Item { entry, expires_at: now + RETENTION })
            .map_err(|error| StorageError::shape(WRITE, &error))?;
        self.client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .send()
            .await
            .map_err(StorageError::of(WRITE))?;
        Ok(())
    }

    /// When questions were answered since then, and by what: a model's name, or `offline`. It reads the whole table,
    /// but no question.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn answers_since(&self, since: Seconds) -> Result<Vec<(Seconds, String)>, StorageError> {
        let mut items = self
            .client
            .scan()
            .table_name(&self.table)
            .projection_expression("#at, model")
            .filter_expression("#at >= :since")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":since", AttributeValue::S(since.to_string()))
            .into_paginator()
            .items()
            .send();
        let mut answers = Vec::new();
        while let Some(item) = items.try_next().await.map_err(StorageError::of("counting answers"))? {
            let text = |name: &str| item.get(name)?.as_s().ok();
            let at = text("at").and_then(|at| at.split('-').next()?.parse().ok());
            answers.extend(at.zip(text("model").cloned()));
        }
        Ok(answers)
    }

    /// Deletes a chat's entries.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    async fn forget(&self, chat_id: i64) -> Result<(), StorageError> {
        const FORGET: &str = "deleting from the AI log";
        let mut entries = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("chat_id = :chat_id")
            .expression_attribute_values(":chat_id", AttributeValue::N(chat_id.to_string()))
            .into_paginator()
            .items()
            .send();
        while let Some(entry) = entries.try_next().await.map_err(StorageError::of(FORGET))? {
            let Some(at) = entry.get("at") else { continue };
            self.client
                .delete_item()
                .table_name(&self.table)
                .key("chat_id", AttributeValue::N(chat_id.to_string()))
                .key("at", at.clone())
                .send()
                .await
                .map_err(StorageError::of(FORGET))?;
        }
        Ok(())
    }
}
