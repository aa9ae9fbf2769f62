//! What the bot writes without having been asked. Each kind of job has a file that says whether the message is still
//! wanted, what it says, and who gets it.
//!
//! A job is taken out before its message is sent, and comes back only if it is certain that nothing was sent: Telegram
//! refused it, or could not be reached. A message whose answer is lost is not sent again: better one too few than two.
//! If anything fails before the message is sent, the job is due again.

mod card;
mod digest;
mod escalation;
mod group;
mod plan;

use std::sync::Arc;

use delivery::AdminChat;
use lead::Seconds;
use relay::Relay;
use settings::Clock;
use settings::time_budget::JOBS;
use storage::{ClaimedJob, CurrentDealer, JobId, JobKind, Jobs, Leads, PUT_OFF_UNREADABLE, SalesChat, StorageError};
use telegram::{Api, ApiError};
use texts::Language;
use tokio::time::Instant;

pub use crate::digest::DigestTables;

/// Jobs done in one run of the schedule at most.
const MAX_PER_RUN: i32 = 50;
/// After this many failures in a row Telegram counts as down: the remaining jobs wait for the next run.
const MAX_FAILURES: usize = 3;
/// Seconds until a job is due again that a hiccup has kept from being done.
pub const PAUSE: Seconds = 3;
/// Seconds until a job is due again that its chat has refused.
const PAUSE_AFTER_REFUSAL: Seconds = 60;

/// Does jobs.
pub struct Runner {
    pub jobs: Jobs,
    pub leads: Leads,
    pub sales_chat: SalesChat,
    /// Opens the customers' topics.
    pub relay: Relay,
    pub digest: DigestTables,
    pub dealer: Arc<CurrentDealer>,
    /// It must not repeat calls by itself: [`Api::without_repeats`].
    pub telegram: Api,
    pub admins: AdminChat,
    /// amoCRM's address, for links to deals; `None` in mock mode.
    pub amocrm_url: Option<String>,
    /// What team and admins read.
    pub language: Language,
    pub clock: Clock,
}

/// What became of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobOutcome {
    Sent,
    /// It is not wanted any more, or too late.
    Dropped,
    /// It is not due, or somebody else is doing it.
    NotDue,
    /// Nothing was sent: it is due again then.
    PutBack {
        due_at: Seconds,
    },
    /// The chat does not take it: it is due again after a pause, in case somebody fixes that.
    Refused,
    /// It may have been sent, and is not sent again.
    InDoubt,
}

impl Runner {
    /// Does what is due, the longest waiting first, until the time is up. Returns how many messages were sent.
    ///
    /// # Errors
    /// When the jobs cannot be listed.
    pub async fn run_due(&self) -> Result<usize, StorageError> {
        let started = Instant::now();
        let (mut sent, mut failures) = (0, 0);
        for id in self.jobs.due(self.now(), MAX_PER_RUN).await? {
            if failures == MAX_FAILURES || started.elapsed() > JOBS {
                break;
            }
            match self.run(&id).await {
                Ok(JobOutcome::Sent) => (sent, failures) = (sent + 1, 0),
                Ok(JobOutcome::InDoubt | JobOutcome::PutBack { .. }) => failures += 1,
                Ok(JobOutcome::Dropped | JobOutcome::Refused | JobOutcome::NotDue) => {}
                Err(error) => tracing::error!(job = %id, "a job was not done: {error}"),
            }
        }
        Ok(sent)
    }

    /// Does a job, if it is due.
    ///
    /// # Errors
    /// When a table cannot be read or written. Nothing was sent then.
    pub async fn run(&self, id: &JobId) -> Result<JobOutcome, StorageError> {
        let now = self.now();
        let Some(mut job) = self.jobs.claim(id, now).await? else { return Ok(JobOutcome::NotDue) };
        // Of a worker that dies in between, only this tells that a message may be missing.
        tracing::info!(job = %id, "does a job");
        let outcome = if job.is_late(now) {
            tracing::warn!(job = %id, "dropped a job that is late");
            Ok(JobOutcome::Dropped)
        } else {
            self.send(&mut job).await
        };
        let settled = self.settle(job, &outcome).await;
        tracing::info!(job = %id, ?outcome, "did a job");
        settled?;
        outcome
    }

    /// Stores what has become of a job.
    async fn settle(
        &self,
        mut job: ClaimedJob,
        outcome: &Result<JobOutcome, StorageError>,
    ) -> Result<(), StorageError> {
        match outcome {
            Ok(JobOutcome::PutBack { due_at }) => self.jobs.put_back(job, *due_at).await,
            // What the job is about. Other versions of the bot may be able to read it.
            Err(error) if error.is_shape() => self.jobs.put_back(job, self.now() + PUT_OFF_UNREADABLE).await,
            Ok(JobOutcome::Refused) => self.jobs.put_back(job, self.now() + PAUSE_AFTER_REFUSAL).await,
            Err(_) => self.jobs.put_back(job, self.now() + PAUSE).await,
            Ok(JobOutcome::NotDue) => Ok(()),
            Ok(_) if job.is_taken_out() => Ok(()),
            Ok(_) => self.jobs.take_out(&mut job).await.map(drop),
        }
    }

    /// Sends a job's message, if it is still wanted.
    async fn send(&self, job: &mut ClaimedJob) -> Result<JobOutcome, StorageError> {
        match job.kind() {
            JobKind::Card { lead_id } => self.send_card(lead_id, job).await,
            JobKind::CardUpdate { lead_id } => self.update_card(lead_id).await,
            JobKind::Escalation { lead_id } => self.escalate(lead_id, job).await,
            JobKind::Digest { until } => self.send_digest(until, job).await,
            JobKind::AskedDigest { chat_id, until } => self.send_asked_digest(chat_id, until, job).await,
        }
    }

    /// The outcome of a job whose message Telegram did not take.
    fn outcome_of(&self, error: &ApiError) -> JobOutcome {
        match error.pause() {
            Some(pause) => JobOutcome::PutBack { due_at: self.now().saturating_add_unsigned(pause) },
            None if error.may_have_happened() => JobOutcome::InDoubt,
            None => JobOutcome::Refused,
        }
    }

    /// Seconds since the Unix epoch.
    fn now(&self) -> Seconds {
        (self.clock)()
    }
}
