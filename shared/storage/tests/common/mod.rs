//! The tables in an embedded DynamoDB.

use embedded::Services;
use settings::Env;
use storage::{Aws, Tables};

/// Empty tables.
pub(crate) struct Store {
    pub(crate) aws: Aws,
    pub(crate) tables: Tables,
}

pub(crate) async fn store() -> Store {
    let store = Store::without_tables();
    storage::schema::create(&store.aws.dynamodb, &store.tables).await.unwrap();
    store
}

impl Store {
    /// Every call fails until somebody creates the tables.
    pub(crate) fn without_tables() -> Self {
        let aws = Aws::through(&Services::in_memory().unwrap().http_client());
        let tables = Tables::read(&mut Env::from_pairs([("LEADS_QUEUE_URL", "http://127.0.0.1/queue.fifo")]));
        Self { aws, tables }
    }
}
