//! Sparse indexes of what is due: only items with something to do are in one, ordered by when it is due.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::Seconds;

use crate::versioned::{number, put, replacing};
use crate::{SaveError, StorageError};

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

/// How long something waits that is due and that this version of the bot cannot read, in seconds: a day.
pub const PUT_OFF_UNREADABLE: Seconds = 24 * 3600;

/// Passes on what was read of an item that is due. An item that this version of the bot cannot read, as after a
/// rollback, is put off and counts as absent: otherwise many of them would keep the others from their turn.
///
/// # Errors
/// When the table cannot be read or written.
pub(crate) async fn put_off_if_unreadable<T>(
    read: Result<Option<T>, StorageError>,
    client: &Client,
    (table, key): (&str, HashMap<String, AttributeValue>),
    now: Seconds,
) -> Result<Option<T>, StorageError> {
    let Err(error) = read else { return read };
    if !error.is_shape() {
        return Err(error);
    }
    if put_off(client, (table, key.clone()), now).await? {
        tracing::error!(table, ?key, "an item that is due cannot be read and is put off by a day: {error}");
    }
    Ok(None)
}

/// Puts off what an item has to do by `now`, and leaves the rest of it as it is: another version of the bot may be able
/// to read it. Returns false if nothing is due any more, or another worker was faster.
///
/// # Errors
/// When the table cannot be read or written.
pub(crate) async fn put_off(
    client: &Client,
    (table, key): (&str, HashMap<String, AttributeValue>),
    now: Seconds,
) -> Result<bool, StorageError> {
    let read = client.get_item().table_name(table).set_key(Some(key)).consistent_read(true).send().await;
    let item = read.map_err(StorageError::of("reading an item to put off"))?.item;
    let is_due = |item: &HashMap<_, _>| number(item, "due_at").is_some_and(|due_at: Seconds| due_at <= now);
    let Some(mut item) = item.filter(is_due) else { return Ok(false) };
    item.insert("due_at".to_owned(), AttributeValue::N((now + PUT_OFF_UNREADABLE).to_string()));
    // A damaged item may have no version.
    let version = number(&item, "version").unwrap_or(0);
    match put(client, replacing(table, "version", version, item)?, "putting an item off").await {
        Ok(()) => Ok(true),
        Err(SaveError::Conflict) => Ok(false),
        Err(SaveError::Storage(error)) => Err(error),
    }
}
