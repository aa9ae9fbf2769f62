//! What the model was asked and what came of it, for 90 days.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::StorageError;

/// How long an entry is kept, in seconds.
const KEPT: Seconds = 90 * 24 * 3600;

/// The AiLog table.
#[derive(Clone, Debug)]
pub struct AiLog {
    client: Client,
    table: String,
}

/// One classification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AiLogEntry {
    /// Who asked.
    pub chat_id: i64,
    /// Unique within the chat and ordered by time: `{seconds}-{update id}`.
    pub at: String,
    /// What was asked.
    pub text: String,
    /// What was understood: `sell`, …
    pub intent: String,
    /// How sure, 0..1.
    pub confidence: f32,
    /// The model that gave the answer; `offline` for the built-in rules.
    pub model: String,
    /// The second model was asked.
    pub fallback: bool,
    /// How long it took.
    pub latency_ms: u64,
    /// Tokens of the prompts.
    pub prompt_tokens: u32,
    /// Tokens of the answers.
    pub completion_tokens: u32,
}

#[derive(Serialize)]
struct Item<'a> {
    #[serde(flatten)]
    entry: &'a AiLogEntry,
    expires_at: Seconds,
}

impl AiLog {
    pub(crate) const fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn append(&self, entry: &AiLogEntry, now: Seconds) -> Result<(), StorageError> {
        const WRITE: &str = "writing the AI log";
        let item = serde_dynamo::to_item(Item { entry, expires_at: now + KEPT })
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

    /// Deletes what a chat asked; returns how many entries that were.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn forget(&self, chat_id: i64) -> Result<usize, StorageError> {
        const FORGET: &str = "deleting from the AI log";
        let mut deleted = 0;
        loop {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("chat_id = :chat_id")
                .expression_attribute_values(":chat_id", AttributeValue::N(chat_id.to_string()))
                .send()
                .await
                .map_err(StorageError::of(FORGET))?;
            for item in page.items() {
                let Some(at) = item.get("at") else { continue };
                self.client
                    .delete_item()
                    .table_name(&self.table)
                    .key("chat_id", AttributeValue::N(chat_id.to_string()))
                    .key("at", at.clone())
                    .send()
                    .await
                    .map_err(StorageError::of(FORGET))?;
                deleted += 1;
            }
            if page.last_evaluated_key.is_none() {
                return Ok(deleted);
            }
        }
    }
}
