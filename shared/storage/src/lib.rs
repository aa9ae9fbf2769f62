//! DynamoDB tables and the SQS queue.
//!
//! Each table has a file with its definition, its items and what is done with them; [`TABLES`] lists them. Every change
//! of an item that two workers may hold is conditional on its version ([`Versioned`]): the second one reads again and
//! decides again. Item shapes come from the serde types of `dialog` and `lead`.
//!
//! The two services do not have to be those of AWS: `AWS_ENDPOINT_URL_DYNAMODB` and `AWS_ENDPOINT_URL_SQS` may point to
//! anything that speaks their protocols.

mod ai_log;
mod aws;
mod conflict;
mod copy;
mod counters;
mod current_dealer;
mod customers;
mod dealer_file;
mod deals;
mod documents;
mod due;
mod error;
mod forget;
mod https;
mod jobs;
mod leads;
mod left_in_crm;
mod of_chat;
mod profile_update;
mod queue;
mod sales_chat;
pub mod schema;
mod sessions;
mod source_progress;
mod tables;
mod talks;
mod versioned;

pub use ai_log::{AiLog, AiLogEntry};
pub use aws::{Aws, AwsKeys, AwsSettings};
pub use conflict::pause_after_conflict;
pub use copy::Copied;
pub use counters::{Counters, MAX_OF_ALL_PER_HOUR, MAX_OF_PHONE_PER_DAY, ModelQuestions};
pub use current_dealer::CurrentDealer;
pub use customers::{Customer, Customers};
pub use dealer_file::DealerFile;
pub use deals::{DealKey, Deals};
pub use documents::Documents;
pub use due::PUT_OFF_UNREADABLE;
pub use error::{FinishError, SaveError, StorageError};
pub use forget::forget_customer;
pub use jobs::{ClaimedJob, Job, JobId, JobKind, Jobs, Planned};
pub use leads::Leads;
pub use left_in_crm::{LeftInCrm, left_in_crm};
pub use queue::{LeadPart, Queue, QueueMessage};
pub use sales_chat::SalesChat;
pub use sessions::Sessions;
pub use source_progress::Reached;
pub use tables::Tables;
pub use talks::Talks;
pub use versioned::Versioned;

/// Every table, in the order in which a customer is forgotten.
pub const TABLES: [&schema::TableDefinition; 11] = [
    &deals::TABLE,
    &leads::TABLE,
    &jobs::TABLE,
    &sales_chat::TABLE,
    &ai_log::TABLE,
    &customers::TABLE,
    &talks::TABLE,
    &sessions::TABLE,
    &documents::TABLE,
    &dealer_file::TABLE,
    &counters::TABLE,
];
