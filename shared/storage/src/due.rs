//! Sparse indexes of what is due: only items with something to do are in one, ordered by when it is due.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use lead::Seconds;

use crate::StorageError;

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
