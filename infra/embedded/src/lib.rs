//! DynamoDB and SQS in this process, for the bot on one machine and for the local stack.
//!
//! The AWS SDK reaches them through [`Services::http_client`], without a port and without signatures; the operator's
//! command through a [`socket`] that only the same user can open. State survives a restart in files: the tables in one
//! of SQLite, the queue in a [`journal`].

mod client;
mod disk;
mod dynamodb;
pub mod journal;
mod reply;
pub mod socket;
pub mod sqs;

use std::time::{SystemTime, UNIX_EPOCH};

pub use client::Services;
pub use dynamodb::DynamoDb;
pub use reply::Reply;
pub use sqs::Sqs;

/// Milliseconds since the epoch.
#[must_use]
pub fn now_ms() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX)
}
