//! Sparse indexes of what is due: only items with something to do are in one, ordered by when it is due.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::Seconds;

use crate::versioned::{put, replacing};
use crate::{SaveError, StorageError, Versioned};

/// The index's name, in every table that has one.
pub(crate) const DUE_INDEX: &str = "due";

/// The keys of up to `limit` items of a partition that are due by `now`, those that have waited longest first.
///
/// # Errors
/// When the table cannot be read.
pub(crate) async fn due_by(
    client: &Client,
    table: &str,
    partition: &str,
    now: Seconds,
    limit: i32,
) -> Result<Vec<HashMap<String, AttributeValue>>, StorageError> {
    let answer = client
        .query()
        .table_name(table)
        .index_name(DUE_INDEX)
        .key_condition_expression("due = :due AND due_at <= :now")
        .expression_attribute_values(":due", AttributeValue::S(partition.to_owned()))
        .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
        .limit(limit)
        .send()
        .await
        .map_err(StorageError::of("looking for what is due"))?;
    Ok(answer.items.unwrap_or_default())
}

/// Puts off until `until` what an item has to do, and leaves the rest of it as it is: this version of the bot cannot
/// read it. Another one may. `key` is the name of the table's key.
///
/// # Errors
/// [`SaveError::Conflict`] if another worker changed it meanwhile.
pub(crate) async fn put_off(
    client: &Client,
    (table, key): (&str, &str),
    item: Versioned<HashMap<String, AttributeValue>>,
    until: Seconds,
    writing: &'static str,
) -> Result<(), SaveError> {
    let Versioned { value: mut item, version } = item;
    item.insert("due_at".to_owned(), AttributeValue::N(until.to_string()));
    put(client, replacing(table, key, version, item)?, writing).await
}
