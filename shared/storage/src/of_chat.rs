//! Items that belong to a chat, in tables whose key is something else.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;

use crate::StorageError;

/// The index's name, in every table that has one.
pub(crate) const CHAT_INDEX: &str = "by_chat";

/// The keys of a chat's items in the order of the index; `key` is the name of the table's key.
///
/// # Errors
/// When the table cannot be read.
pub(crate) async fn keys_of_chat(
    client: &Client,
    table: &str,
    key: &str,
    chat_id: i64,
) -> Result<Vec<AttributeValue>, StorageError> {
    let items = client
        .query()
        .table_name(table)
        .index_name(CHAT_INDEX)
        .key_condition_expression("chat_id = :chat_id")
        .expression_attribute_values(":chat_id", AttributeValue::N(chat_id.to_string()))
        .into_paginator()
        .items()
        .send();
    let found = items.try_collect().await.map_err(StorageError::of("looking for what belongs to a chat"))?;
    Ok(found.into_iter().filter_map(|mut item| item.remove(key)).collect())
}

/// Deletes a chat's items.
///
/// # Errors
/// When the table cannot be read or written.
pub(crate) async fn forget_of_chat(client: &Client, table: &str, key: &str, chat_id: i64) -> Result<(), StorageError> {
    let keys = keys_of_chat(client, table, key, chat_id).await?;
    let deletions = keys.into_iter().map(|value| async move {
        let deletion = client.delete_item().table_name(table).key(key, value);
        deletion.send().await.map_err(StorageError::of("deleting what belongs to a chat"))
    });
    try_join_all(deletions).await?;
    Ok(())
}
