//! The tables in an embedded DynamoDB.

use settings::Env;
use simulators::dynamodb::DynamoDb;
use storage::{Aws, AwsSettings, Tables};

/// Empty tables.
pub(crate) struct Store {
    pub(crate) aws: Aws,
    pub(crate) tables: Tables,
    _database: DynamoDb,
}

pub(crate) async fn store() -> Store {
    let database = DynamoDb::start(None, None).await.unwrap();
    let url = database.url();
    let mut env = Env::from_pairs([
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("LEADS_QUEUE_URL", "http://127.0.0.1/queue.fifo"),
    ]);
    let aws = Aws::connect(&AwsSettings::read(&mut env));
    let tables = Tables::read(&mut env);
    storage::schema::create(&aws.dynamodb, &tables).await.unwrap();
    Store { aws, tables, _database: database }
}
