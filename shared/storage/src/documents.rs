//! The Credentials table: a few documents that crm-push and scheduled share, such as the OAuth pair.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::schema::TableDefinition;
use crate::versioned::{get, put, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "credentials",
    key: &[("integration", ScalarAttributeType::S)],
    indexes: &[],
    expires: false,
    forget: None,
};

/// The Credentials table.
#[derive(Clone, Debug)]
pub struct Documents {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Item<'a, T> {
    integration: &'a str,
    document: &'a T,
}

#[derive(Deserialize)]
struct Stored<T> {
    version: u64,
    document: T,
}

impl Aws {
    /// Opens the Credentials table.
    #[must_use]
    pub fn documents(&self, tables: &Tables) -> Documents {
        Documents { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Documents {
    /// The document `key`.
    ///
    /// # Errors
    /// When the table cannot be read, or the document is not a `T`.
    pub async fn load<T: DeserializeOwned>(&self, key: &str) -> Result<Option<Versioned<T>>, StorageError> {
        const READ: &str = "reading a shared document";
        let item = get(&self.client, &self.table, ("integration", AttributeValue::S(key.to_owned())), READ).await?;
        let Some(item) = item else { return Ok(None) };
        let stored: Stored<T> = serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error))?;
        Ok(Some(Versioned { value: stored.document, version: stored.version }))
    }

    /// Stores the document, if it still has the version that was read. Version 0: if there is no document yet.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if somebody else changed it meanwhile.
    pub async fn save<T: Serialize>(&self, key: &str, document: &mut Versioned<T>) -> Result<(), SaveError> {
        const WRITE: &str = "writing a shared document";
        let item = serde_dynamo::to_item(Item { integration: key, document: &document.value })
            .map_err(|error| StorageError::shape(WRITE, &error))?;
        let write = replacing(&self.table, "integration", document.version, item)?;
        put(&self.client, write, WRITE).await?;
        document.version += 1;
        Ok(())
    }
}
