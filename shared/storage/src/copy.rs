//! Everything in the tables, as JSON: for moving from one store to another.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use futures::{Stream, stream};
use serde_json::Value;

use crate::schema::TableDefinition;
use crate::{StorageError, Tables};

/// Whether a copied item was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    New,
    /// There is an item with its key, which stays as it is.
    Known,
}

impl TableDefinition {
    /// The end of the table's name, the same in every stage.
    #[must_use]
    pub const fn suffix(&self) -> &'static str {
        self.suffix
    }

    /// Every item, a page at a time. Items written meanwhile may be missing.
    pub fn pages<'a>(
        &'a self,
        client: &Client,
        tables: &'a Tables,
    ) -> impl Stream<Item = Result<Vec<Value>, StorageError>> + use<'a> {
        const READ: &str = "reading a whole table";
        let pages = client.scan().table_name(self.name(tables)).consistent_read(true).into_paginator().send();
        stream::unfold(pages, async |mut pages| {
            let page = pages.next().await?;
            let items = page.map_err(StorageError::of(READ)).and_then(|page| {
                serde_dynamo::from_items(page.items.unwrap_or_default())
                    .map_err(|error| StorageError::shape(READ, &error))
            });
            Some((items, pages))
        })
    }

    /// Writes an item that was read from another store, unless there is one with its key.
    ///
    /// # Errors
    /// When the table cannot be written, or this is not an item of such a table.
    pub async fn put_copy(&self, client: &Client, tables: &Tables, item: &Value) -> Result<Copied, StorageError> {
        const WRITE: &str = "writing a copied item";
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        let (key, _) = self.key[0];
        let written = client
            .put_item()
            .table_name(self.name(tables))
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists({key})"))
            .send()
            .await;
        match written {
            Ok(_) => Ok(Copied::New),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(Copied::Known)
            }
            Err(error) => Err(StorageError::of(WRITE)(error)),
        }
    }
}
