//! The tables as `template.yaml` defines them, for stores that have no CloudFormation: the local stack, tests, and a
//! DynamoDB-compatible store outside AWS.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};
use settings::Tables;

use crate::StorageError;
use crate::leads::{CHAT_INDEX, DUE_INDEX};

const CREATE: &str = "creating a table";

/// Creates the tables that do not exist yet, with their indexes and time to live.
///
/// # Errors
/// When a table cannot be created.
pub async fn create(client: &Client, tables: &Tables) -> Result<(), StorageError> {
    use ScalarAttributeType::{N, S};
    let leads = table(client, &tables.leads, &[("lead_id", S)], &[("due", S), ("due_at", N), ("chat_id", N)])
        .global_secondary_indexes(index(DUE_INDEX, "due", "due_at"))
        .global_secondary_indexes(index(CHAT_INDEX, "chat_id", "lead_id"));
    ensure(client, table(client, &tables.sessions, &[("chat_id", N)], &[]), &tables.sessions, true).await?;
    ensure(client, leads, &tables.leads, true).await?;
    ensure(client, table(client, &tables.customers, &[("chat_id", N)], &[]), &tables.customers, false).await?;
    ensure(client, table(client, &tables.credentials, &[("integration", S)], &[]), &tables.credentials, false).await?;
    ensure(client, table(client, &tables.ai_log, &[("chat_id", N), ("at", S)], &[]), &tables.ai_log, true).await
}

/// How a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableState {
    /// It can be read and written.
    pub active: bool,
    /// Items are deleted when their time is over.
    pub expires: bool,
}

/// How a table is.
///
/// # Errors
/// When there is none with this name, or it may not be looked at.
pub async fn state_of(client: &Client, name: &str) -> Result<TableState, StorageError> {
    const LOOK: &str = "describing a table";
    let table = client.describe_table().table_name(name).send().await.map_err(StorageError::of(LOOK))?;
    let ttl = client.describe_time_to_live().table_name(name).send().await.map_err(StorageError::of(LOOK))?;
    let status = ttl.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
    Ok(TableState {
        active: table.table().and_then(|table| table.table_status()) == Some(&TableStatus::Active),
        expires: matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)),
    })
}

fn table(
    client: &Client,
    name: &str,
    keys: &[(&str, ScalarAttributeType)],
    index_keys: &[(&str, ScalarAttributeType)],
) -> CreateTableFluentBuilder {
    let mut table = client.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for (place, (key, _)) in keys.iter().enumerate() {
        table = table.key_schema(key_of(key, if place == 0 { KeyType::Hash } else { KeyType::Range }));
    }
    for (attribute, kind) in keys.iter().chain(index_keys) {
        table = table.attribute_definitions(
            AttributeDefinition::builder()
                .attribute_name(*attribute)
                .attribute_type(kind.clone())
                .build()
                .expect("name and type are given"),
        );
    }
    table
}

fn index(name: &str, hash: &str, range: &str) -> GlobalSecondaryIndex {
    GlobalSecondaryIndex::builder()
        .index_name(name)
        .key_schema(key_of(hash, KeyType::Hash))
        .key_schema(key_of(range, KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
        .build()
        .expect("name and keys are given")
}

fn key_of(name: &str, kind: KeyType) -> KeySchemaElement {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("name and type are given")
}

async fn ensure(
    client: &Client,
    table: CreateTableFluentBuilder,
    name: &str,
    expires: bool,
) -> Result<(), StorageError> {
    if let Err(error) = table.send().await {
        let exists = error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception);
        return if exists { Ok(()) } else { Err(StorageError::of(CREATE)(error)) };
    }
    if expires {
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name("expires_at")
            .enabled(true)
            .build()
            .expect("attribute and switch are given");
        client
            .update_time_to_live()
            .table_name(name)
            .time_to_live_specification(ttl)
            .send()
            .await
            .map_err(StorageError::of("setting the time to live"))?;
    }
    Ok(())
}
