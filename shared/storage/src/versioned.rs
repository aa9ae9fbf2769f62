//! Optimistic locking: an item is replaced only if it still has the version that was read.

use std::collections::HashMap;
use std::str::FromStr;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure};
use ulid::Ulid;

use crate::{SaveError, StorageError};

/// A value as it was read, with the version that a write of it expects to find. Version 0: there is no item yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned<T> {
    pub value: T,
    pub version: u64,
}

impl<T> Versioned<T> {
    /// A value that is not stored yet.
    pub const fn new(value: T) -> Self {
        Self { value, version: 0 }
    }
}

/// The item under this key, as the last write left it.
///
/// # Errors
/// When the table cannot be read.
pub(crate) async fn get(
    client: &Client,
    table: &str,
    (key, value): (&str, AttributeValue),
    reading: &'static str,
) -> Result<Option<HashMap<String, AttributeValue>>, StorageError> {
    let request = client.get_item().table_name(table).key(key, value).consistent_read(true);
    Ok(request.send().await.map_err(StorageError::of(reading))?.item)
}

/// A number of an item.
pub(crate) fn number<N: FromStr>(item: &HashMap<String, AttributeValue>, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// The write of `item` in place of version `expected`; `key` is its partition key's name.
pub(crate) fn replacing(
    table: &str,
    key: &str,
    expected: u64,
    mut item: HashMap<String, AttributeValue>,
) -> Result<Put, StorageError> {
    item.insert("version".to_owned(), AttributeValue::N((expected + 1).to_string()));
    // If its answer is lost, this distinguishes the write from another worker's write of the same value.
    item.insert("writer".to_owned(), AttributeValue::S(Ulid::generate().to_string()));
    let put = Put::builder().table_name(table).set_item(Some(item));
    let put = if expected == 0 {
        put.condition_expression(format!("attribute_not_exists({key})"))
    } else {
        put.condition_expression("version = :expected")
            .expression_attribute_values(":expected", AttributeValue::N(expected.to_string()))
    };
    put.build().map_err(|error| StorageError::other("building a write", error.to_string()))
}

/// Carries out a write of [`replacing`] alone.
///
/// # Errors
/// [`SaveError::Conflict`] if another worker has replaced the version meanwhile.
pub(crate) async fn put(client: &Client, put: Put, writing: &'static str) -> Result<(), SaveError> {
    let answer = client
        .put_item()
        .table_name(put.table_name())
        .set_item(Some(put.item().clone()))
        .set_condition_expression(put.condition_expression().map(str::to_owned))
        .set_expression_attribute_values(put.expression_attribute_values().cloned())
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .send()
        .await;
    let Err(error) = answer else { return Ok(()) };
    match error.as_service_error() {
        Some(PutItemError::ConditionalCheckFailedException(failed)) => {
            // The SDK repeats a write whose answer was lost, and then finds its own item.
            let is_own = |name| failed.item().is_some_and(|found| found.get(name) == put.item().get(name));
            if is_own("writer") && is_own("version") { Ok(()) } else { Err(SaveError::Conflict) }
        }
        _ => Err(StorageError::of(writing)(error).into()),
    }
}

/// [`put`], tried again while no answer comes: for items that would be lost if nobody knew whether they were written.
///
/// # Errors
/// As for [`put`].
pub(crate) async fn put_persistently(client: &Client, write: Put, writing: &'static str) -> Result<(), SaveError> {
    // Each with the SDK's own tries and pauses.
    const ROUNDS: u32 = 3;
    let mut round = 1;
    loop {
        match put(client, write.clone(), writing).await {
            Err(SaveError::Storage(error)) if round < ROUNDS => {
                tracing::warn!("trying once more: {error}");
                round += 1;
            }
            written => return written,
        }
    }
}
