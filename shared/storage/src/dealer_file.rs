//! The Dealer table: the text of the dealer's file, which operators write and the functions read.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use serde::{Deserialize, Serialize};

use crate::schema::TableDefinition;
use crate::versioned::{get, put, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "dealer",
    key: &[("file_name", ScalarAttributeType::S)],
    indexes: &[],
    expires: false,
    forget: None,
};

/// The table's only item.
const FILE_NAME: &str = "dealer.toml";

/// The stored dealer's file.
#[derive(Clone, Debug)]
pub struct DealerFile {
    client: Client,
    table: String,
}

#[derive(Serialize)]
struct Item<'a> {
    file_name: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Stored {
    version: u64,
    text: String,
}

impl Aws {
    /// Opens the Dealer table.
    #[must_use]
    pub fn dealer_file(&self, tables: &Tables) -> DealerFile {
        DealerFile { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl DealerFile {
    /// The stored text. Version 0 and empty when there is none.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn load(&self) -> Result<Versioned<String>, StorageError> {
        const READ: &str = "reading the dealer's file";
        let item = get(&self.client, &self.table, ("file_name", AttributeValue::S(FILE_NAME.to_owned())), READ).await?;
        let Some(item) = item else { return Ok(Versioned::default()) };
        let stored: Stored = serde_dynamo::from_item(item).map_err(|error| StorageError::shape(READ, &error))?;
        Ok(Versioned { value: stored.text, version: stored.version })
    }

    /// Stores the text, if the stored one still has the version that was read. Does not check the text.
    ///
    /// # Errors
    /// [`SaveError::Conflict`] if somebody else stored another text meanwhile.
    pub async fn save(&self, text: &mut Versioned<String>) -> Result<(), SaveError> {
        const WRITE: &str = "writing the dealer's file";
        let item = serde_dynamo::to_item(Item { file_name: FILE_NAME, text: &text.value })
            .map_err(|error| StorageError::shape(WRITE, &error))?;
        let write = replacing(&self.table, "file_name", text.version, item)?;
        put(&self.client, write, WRITE).await?;
        text.version += 1;
        Ok(())
    }
}
