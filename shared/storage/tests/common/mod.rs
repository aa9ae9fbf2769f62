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
    let aws = Aws::through(&Services::in_memory().unwrap().http_client());
    let tables = Tables::read(&mut Env::from_pairs([("LEADS_QUEUE_URL", "http://127.0.0.1/queue.fifo")]));
    storage::schema::create(&aws.dynamodb, &tables).await.unwrap();
    Store { aws, tables }
}
