//! Talks of customers with the team: one item a chat, which stays as long as the topic may be used.
//!
//! The index `due` holds talks with something to deliver or to note, ordered by when; `by_topic` finds the customer of
//! a topic.

use std::collections::HashMap;

use ::talk::{Talk, Topic};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use futures::FutureExt as _;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::due::{DUE_INDEX, due_by, put_off_if_unreadable};
use crate::schema::TableDefinition;
use crate::versioned::{get, number, put, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "talks",
    key: &[("chat_id", ScalarAttributeType::N)],
    indexes: &[
        (DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)]),
        (TOPIC_INDEX, &[("topic", ScalarAttributeType::S)]),
    ],
    expires: false,
    forget: Some(|aws, tables, chat_id, _| async move { Ok(aws.talks(tables).forget(chat_id).await?) }.boxed()),
};

/// Index of the topics.
const TOPIC_INDEX: &str = "by_topic";
/// The only partition of the index `due`.
const DUE: &str = "1";
/// The operation, for errors.
const WRITE: &str = "writing a talk";

/// The Talks table.
#[derive(Clone, Debug)]
pub struct Talks {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Item<'a> {
    chat_id: i64,
    talk: &'a Talk,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
}

#[derive(Deserialize)]
struct Stored {
    talk: Talk,
    version: u64,
}

impl Aws {
    /// Opens the Talks table.
    #[must_use]
    pub fn talks(&self, tables: &Tables) -> Talks {
        Talks { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Talks {
    /// The talk of a chat, if there was one.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn get(&self, chat_id: i64) -> Result<Option<Versioned<Talk>>, StorageError> {
        const READ: &str = "reading a talk";
        let item = get(&self.client, &self.table, ("chat_id", AttributeValue::N(chat_id.to_string())), READ).await?;
        let Some(item) = item else { return Ok(None) };
        let stored: Stored = serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error))?;
        Ok(Some(Versioned { value: stored.talk, version: stored.version }))
    }

    /// A talk that is due, if there is one. One that this version of the bot cannot read is put off by a day.
    ///
    /// # Errors
    /// When the table cannot be read or written.
    pub async fn get_due(&self, chat_id: i64, now: Seconds) -> Result<Option<Versioned<Talk>>, StorageError> {
        let key = HashMap::from([("chat_id".to_owned(), AttributeValue::N(chat_id.to_string()))]);
        put_off_if_unreadable(self.get(chat_id).await, &self.client, (&self.table, key), now).await
    }

    /// Stores a talk, if it still has the version that was read.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if another worker changed it, or the customer had it deleted.
    pub async fn save(&self, chat_id: i64, talk: &mut Versioned<Talk>) -> Result<(), SaveError> {
        let due_at = talk.value.due_at();
        let topic = talk.value.topic().map(key_of);
        let item = Item { chat_id, talk: &talk.value, topic, due: due_at.map(|_| DUE), due_at };
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        put(&self.client, replacing(&self.table, "chat_id", talk.version, item)?, WRITE).await?;
        talk.version += 1;
        Ok(())
    }

    /// The chat of the customer whose topic this is; `None` if it is nobody's. A topic is found a moment after it was
    /// opened.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn chat_of(&self, topic: Topic) -> Result<Option<i64>, StorageError> {
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(TOPIC_INDEX)
            .key_condition_expression("topic = :topic")
            .expression_attribute_values(":topic", AttributeValue::S(key_of(topic)))
            .limit(1)
            .send()
            .await
            .map_err(StorageError::of("looking for the customer of a topic"))?;
        Ok(answer.items().iter().find_map(chat_of))
    }

    /// Chats whose talk has something to deliver or to note by `now`, the one that has waited longest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn due(&self, now: Seconds, limit: i32) -> Result<Vec<i64>, StorageError> {
        let items = due_by(&self.client, &self.table, DUE, now, limit).await?;
        Ok(items.iter().filter_map(chat_of).collect())
    }

    async fn forget(&self, chat_id: i64) -> Result<(), StorageError> {
        self.client
            .delete_item()
            .table_name(&self.table)
            .key("chat_id", AttributeValue::N(chat_id.to_string()))
            .send()
            .await
            .map_err(StorageError::of("deleting a talk"))?;
        Ok(())
    }
}

/// A topic as the index has it.
fn key_of(topic: Topic) -> String {
    format!("{}:{}", topic.group, topic.id)
}

fn chat_of(item: &HashMap<String, AttributeValue>) -> Option<i64> {
    number(item, "chat_id")
}
