//! What the bot will write without having been asked, and when.
//!
//! The index `due` holds the jobs that are not done, ordered by when they are due. A worker that claims one has a minute
//! to prepare its message; then it is due again, in case the worker has died. Before the message is sent the job is
//! taken out, and it comes back only if it is certain that nothing was sent. A job that is done stays for two months, so
//! that it is never done twice.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ScalarAttributeType};
use futures::FutureExt as _;
use lead::{LeadId, Seconds};
use serde::{Deserialize, Serialize};

use crate::due::{DUE_INDEX, due_by, put_off_if_unreadable};
use crate::of_chat::{CHAT_INDEX, forget_of_chat};
use crate::schema::TableDefinition;
use crate::versioned::{get, put_persistently, replacing};
use crate::{Aws, SaveError, StorageError, Tables, Versioned};

pub(crate) const TABLE: TableDefinition = TableDefinition {
    suffix: "jobs",
    key: &[("job", ScalarAttributeType::S)],
    indexes: &[
        (DUE_INDEX, &[("due", ScalarAttributeType::S), ("due_at", ScalarAttributeType::N)]),
        (CHAT_INDEX, &[("chat_id", ScalarAttributeType::N), ("job", ScalarAttributeType::S)]),
    ],
    expires: true,
    forget: Some(|aws, tables, chat_id, _| {
        async move { Ok(forget_of_chat(&aws.dynamodb, TABLE.name(tables), "job", chat_id).await?) }.boxed()
    }),
};

/// The only partition of the index `due`.
const DUE: &str = "1";
/// How long a claim lasts.
const CLAIM: Seconds = 60;
/// How long a job is kept after it was due.
const RETENTION: Seconds = 60 * 24 * 3600;
/// The operation, for errors.
const WRITE: &str = "writing a job";

/// The Jobs table.
#[derive(Clone, Debug)]
pub struct Jobs {
    client: Client,
    table: String,
}

/// Something to write, when it is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub kind: JobKind,
    pub due_at: Seconds,
    /// Later it is of no use.
    pub drop_after: Seconds,
    /// The customer that it is about: `/delete` removes it.
    pub chat_id: Option<i64>,
}

/// What the job writes, by ids alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// The card of a delivered request in the sales chat.
    Card { lead_id: LeadId },
    /// A card becomes what it is now: its unfinished request was completed.
    CardUpdate { lead_id: LeadId },
    /// Somebody is told that nobody has taken a request.
    Escalation { lead_id: LeadId },
    /// The dealer gets the digest of the week that ends then.
    Digest { until: Seconds },
    /// The admins have asked for the same in their chat.
    AskedDigest { chat_id: i64, until: Seconds },
}

/// Identifies a job: its kind and its subject. There is at most one job of a kind for a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

/// Whether a job was there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planned {
    New,
    /// It was planned before, whatever has become of it.
    Known,
}

/// A job that this worker has claimed.
#[derive(Debug, PartialEq, Eq)]
pub struct ClaimedJob {
    stored: Versioned<Job>,
    is_taken_out: bool,
}

#[derive(Serialize, Deserialize)]
struct Item {
    job: JobId,
    what: JobKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Until it is taken out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_at: Option<Seconds>,
    drop_after: Seconds,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chat_id: Option<i64>,
    expires_at: Seconds,
}

#[derive(Deserialize)]
struct Stored {
    #[serde(flatten)]
    item: Item,
    version: u64,
}

impl JobKind {
    /// The job's key in the table: `kind:subject`.
    #[must_use]
    pub fn id(&self) -> JobId {
        JobId(match self {
            Self::Card { lead_id } => format!("card:{lead_id}"),
            Self::CardUpdate { lead_id } => format!("card-update:{lead_id}"),
            Self::Escalation { lead_id } => format!("escalation:{lead_id}"),
            Self::Digest { until } => format!("digest:{until}"),
            Self::AskedDigest { chat_id, until } => format!("asked-digest:{chat_id}:{until}"),
        })
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl ClaimedJob {
    #[must_use]
    pub const fn kind(&self) -> JobKind {
        self.stored.value.kind
    }

    /// Whether it is too late to be of use.
    #[must_use]
    pub const fn is_late(&self, now: Seconds) -> bool {
        self.stored.value.drop_after < now
    }

    /// Whether it is no longer due, unless it is put back.
    #[must_use]
    pub const fn is_taken_out(&self) -> bool {
        self.is_taken_out
    }
}

impl Aws {
    /// Opens the Jobs table.
    #[must_use]
    pub fn jobs(&self, tables: &Tables) -> Jobs {
        Jobs { client: self.dynamodb.clone(), table: TABLE.name(tables).to_owned() }
    }
}

impl Jobs {
    /// Stores a job, unless there is or was one with its id.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn plan(&self, job: &Job) -> Result<Planned, StorageError> {
        match self.write(job, 0, Some(job.due_at)).await {
            Ok(()) => Ok(Planned::New),
            Err(SaveError::Conflict) => Ok(Planned::Known),
            Err(SaveError::Storage(error)) => Err(error),
        }
    }

    /// Ids of jobs that are due by `now`, the one that has waited longest first.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn due(&self, now: Seconds, limit: i32) -> Result<Vec<JobId>, StorageError> {
        let items = due_by(&self.client, &self.table, DUE, now, limit).await?;
        let id = |item: &HashMap<String, AttributeValue>| Some(JobId(item.get("job")?.as_s().ok()?.clone()));
        Ok(items.iter().filter_map(id).collect())
    }

    /// Claims a job that is due: nobody else does it for a minute. `None` if it is not due any more, or another worker
    /// was faster. A job that this version of the bot cannot read, as after a rollback, is put off by a day: many of
    /// them would keep the others from their turn.
    ///
    /// # Errors
    /// When the table cannot be read or written. The job is due again within a minute.
    pub async fn claim(&self, id: &JobId, now: Seconds) -> Result<Option<ClaimedJob>, StorageError> {
        const READ: &str = "reading a job";
        let key = ("job", AttributeValue::S(id.to_string()));
        let item = get(&self.client, &self.table, key.clone(), READ).await?;
        let read = item.map(serde_dynamo::from_item).transpose().map_err(|error| StorageError::shape(READ, &error));
        let key = HashMap::from([(key.0.to_owned(), key.1)]);
        let read = put_off_if_unreadable(read, &self.client, (&self.table, key), now).await?;
        let Some(Stored { item, version }) = read else { return Ok(None) };
        let Some(due_at) = item.due_at.filter(|due_at| *due_at <= now) else { return Ok(None) };
        let job = Job { kind: item.what, due_at, drop_after: item.drop_after, chat_id: item.chat_id };
        match self.write(&job, version, Some(now + CLAIM)).await {
            Ok(()) => {
                Ok(Some(ClaimedJob { stored: Versioned { value: job, version: version + 1 }, is_taken_out: false }))
            }
            Err(SaveError::Conflict) => Ok(None),
            Err(SaveError::Storage(error)) => Err(error),
        }
    }

    /// Takes a job out of those that are due, because its message is about to be sent, or is not wanted. Returns false
    /// if another worker has claimed it meanwhile: then that one does it.
    ///
    /// # Errors
    /// When the table cannot be written. Nothing must be sent then.
    pub async fn take_out(&self, claimed: &mut ClaimedJob) -> Result<bool, StorageError> {
        match self.write(&claimed.stored.value, claimed.stored.version, None).await {
            Ok(()) => {
                claimed.stored.version += 1;
                claimed.is_taken_out = true;
                Ok(true)
            }
            Err(SaveError::Conflict) => Ok(false),
            Err(SaveError::Storage(error)) => Err(error),
        }
    }

    /// Gives a job back, to be done when it is due again. Only for a worker who knows that nothing was sent. A job that
    /// its customer had deleted meanwhile stays deleted.
    ///
    /// # Errors
    /// When the table cannot be written. If the job was taken out, it is not done then.
    pub async fn put_back(&self, claimed: ClaimedJob, due_at: Seconds) -> Result<(), StorageError> {
        match self.write(&claimed.stored.value, claimed.stored.version, Some(due_at)).await {
            Ok(()) | Err(SaveError::Conflict) => Ok(()),
            Err(SaveError::Storage(error)) => Err(error),
        }
    }

    async fn write(&self, job: &Job, expected: u64, due_at: Option<Seconds>) -> Result<(), SaveError> {
        let item = Item {
            job: job.kind.id(),
            what: job.kind,
            due: due_at.map(|_| DUE.to_owned()),
            due_at,
            drop_after: job.drop_after,
            chat_id: job.chat_id,
            expires_at: job.due_at + RETENTION,
        };
        let item = serde_dynamo::to_item(item).map_err(|error| StorageError::shape(WRITE, &error))?;
        put_persistently(&self.client, replacing(&self.table, "job", expected, item)?, WRITE).await
    }
}
