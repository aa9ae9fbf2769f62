//! The tables as `template.yaml` defines them, for stores that have no CloudFormation: the local stack, tests, and a
//! DynamoDB-compatible store outside AWS. Each table is defined in its own file.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{
    self, AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndex,
    GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, Projection, ProjectionType, ScalarAttributeType,
    TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};

use crate::forget::Forget;
use crate::{StorageError, TABLES, Tables};

/// The operation, for errors.
const DESCRIBE: &str = "describing a table";

/// How a table is made, and how it forgets a customer.
#[derive(Debug)]
pub struct TableDefinition {
    /// The end of the table's name: `carquery-{stage}-{suffix}`.
    pub(crate) suffix: &'static str,
    pub(crate) key: Key,
    pub(crate) indexes: &'static [(&'static str, Key)],
    /// Items are deleted when their `expires_at` is over.
    pub(crate) expires: bool,
    /// `None` if it holds nothing of customers.
    pub(crate) forget: Option<Forget>,
}

/// A partition key, and a sort key where there is one.
pub(crate) type Key = &'static [(&'static str, ScalarAttributeType)];

/// The state of a table that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableState {
    pub active: bool,
    pub expires: bool,
}

impl TableDefinition {
    /// The table's name in these settings.
    #[must_use]
    pub fn name<'a>(&self, tables: &'a Tables) -> &'a str {
        tables.name(self.suffix)
    }

    /// Whether items are deleted by themselves.
    #[must_use]
    pub const fn expires(&self) -> bool {
        self.expires
    }

    /// Whether `/delete` removes something from it.
    #[must_use]
    pub const fn forgets_customers(&self) -> bool {
        self.forget.is_some()
    }

    /// Creates the table. If there is one, it gets the indexes that an earlier version did not have.
    async fn create(&self, client: &Client, tables: &Tables) -> Result<(), StorageError> {
        let name = self.name(tables);
        let created = client
            .create_table()
            .table_name(name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_key_schema(Some(key_schema(self.key)))
            .set_attribute_definitions(Some(self.attributes()))
            .set_global_secondary_indexes(
                Some(self.indexes.iter().map(index).collect()).filter(|all: &Vec<_>| !all.is_empty()),
            )
            .send()
            .await;
        match created {
            Ok(_) if self.expires => expire(client, name).await,
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => {
                self.create_missing_indexes(client, name).await
            }
            Err(error) => Err(StorageError::of("creating a table")(error)),
        }
    }

    async fn create_missing_indexes(&self, client: &Client, name: &str) -> Result<(), StorageError> {
        if self.indexes.is_empty() {
            return Ok(());
        }
        let table = client.describe_table().table_name(name).send().await.map_err(StorageError::of(DESCRIBE))?;
        let existing = table.table().map(types::TableDescription::global_secondary_indexes).unwrap_or_default();
        let is_missing = |index: &&(&str, Key)| existing.iter().all(|found| found.index_name() != Some(index.0));
        for (index, key) in self.indexes.iter().filter(is_missing) {
            let new = CreateGlobalSecondaryIndexAction::builder()
                .index_name(*index)
                .set_key_schema(Some(key_schema(key)))
                .projection(keys_only())
                .build()
                .expect("name and keys are given");
            client
                .update_table()
                .table_name(name)
                .set_attribute_definitions(Some(self.attributes()))
                .global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(new).build())
                .send()
                .await
                .map_err(StorageError::of("creating an index"))?;
        }
        Ok(())
    }

    /// The attributes of the keys.
    fn attributes(&self) -> Vec<AttributeDefinition> {
        let keys = self.indexes.iter().map(|(_, key)| *key).chain([self.key]);
        let attributes: BTreeMap<_, _> = keys.flatten().map(|(name, kind)| (*name, kind.clone())).collect();
        let definitions = attributes.into_iter().map(|(name, kind)| {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
            attribute.build().expect("name and type are given")
        });
        definitions.collect()
    }
}

/// Creates the tables and indexes that do not exist yet, and switches time to live on for new tables.
///
/// # Errors
/// When a table cannot be created.
pub async fn create(client: &Client, tables: &Tables) -> Result<(), StorageError> {
    for table in TABLES {
        table.create(client, tables).await?;
    }
    Ok(())
}

/// Describes a table.
///
/// # Errors
/// When there is no table with this name, or the caller may not describe it.
pub async fn state_of(client: &Client, name: &str) -> Result<TableState, StorageError> {
    let table = client.describe_table().table_name(name).send().await.map_err(StorageError::of(DESCRIBE))?;
    let ttl = client.describe_time_to_live().table_name(name).send().await.map_err(StorageError::of(DESCRIBE))?;
    let status = ttl.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
    Ok(TableState {
        active: table.table().and_then(|table| table.table_status()) == Some(&TableStatus::Active),
        expires: matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)),
    })
}

fn index((name, key): &(&str, Key)) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(*name)
        .set_key_schema(Some(key_schema(key)))
        .projection(keys_only())
        .build()
        .expect("name and keys are given")
}

fn keys_only() -> Projection {
    Projection::builder().projection_type(ProjectionType::KeysOnly).build()
}

fn key_schema(key: Key) -> Vec<KeySchemaElement> {
    let kinds = [KeyType::Hash, KeyType::Range];
    let elements = key.iter().zip(kinds).map(|((name, _), kind)| {
        let element = KeySchemaElement::builder().attribute_name(*name).key_type(kind);
        element.build().expect("name and type are given")
    });
    elements.collect()
}

async fn expire(client: &Client, table: &str) -> Result<(), StorageError> {
    let ttl = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true);
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(ttl.build().expect("attribute and switch are given"))
        .send()
        .await
        .map_err(StorageError::of("setting the time to live"))?;
    Ok(())
}
