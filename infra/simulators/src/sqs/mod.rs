//! An SQS with one FIFO queue, `leads.fifo`, and its dead-letter queue, `leads-dlq.fifo`.
//!
//! It speaks the JSON protocol of the AWS SDKs. Fault rules match action names such as «`SendMessage`».

mod actions;
mod api;
mod error;
mod queue;
mod store;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

pub use store::{Item, View};

use crate::fault::{Faults, now_ms};
use crate::http::{Dialect, Server};
use crate::journal::Journal;
use crate::served::Served;
use store::Store;

/// Name of the queue.
pub const QUEUE: &str = "leads.fifo";
/// Name of its dead-letter queue.
pub const DEAD_LETTER_QUEUE: &str = "leads-dlq.fifo";
/// The account both belong to.
const ACCOUNT: &str = "000000000000";

/// How a simulated SQS is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a received message is hidden, unless the receiver says.
    pub visibility: Duration,
    /// After so many receives without a delete a message is a dead letter.
    pub max_receive_count: u32,
    /// Where messages survive a restart.
    pub journal: Option<PathBuf>,
    /// The port to listen at; 0 for any free one.
    pub port: u16,
    /// Failures to start with.
    pub faults: Faults,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(30),
            max_receive_count: 5,
            journal: None,
            port: 0,
            faults: Faults::default(),
        }
    }
}

/// A simulated SQS. Clones are the same one; it ends with [`Sqs::stop`] or the last clone.
#[derive(Clone, Debug)]
pub struct Sqs {
    model: Arc<Model>,
    server: Server,
}

/// What the server's tasks share; it does not hold the server.
#[derive(Debug)]
struct Model {
    visibility: Duration,
    max_receive_count: u32,
    faults: Faults,
    store: Mutex<Store>,
    /// Counts changes, for whoever waits for one.
    changes: watch::Sender<u64>,
}

impl Sqs {
    /// Starts one, with what its journal remembers.
    ///
    /// # Errors
    /// The journal cannot be read or written, or the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (journal, entries) = Journal::open(options.journal.as_deref())?;
        let model = Arc::new(Model {
            visibility: options.visibility,
            max_receive_count: options.max_receive_count,
            faults: options.faults.clone(),
            store: Mutex::new(Store::restore(journal, entries, options.max_receive_count)),
            changes: watch::channel(0).0,
        });
        let dialect = Dialect { route: api::route, too_many: api::too_many };
        let server = Server::start(api::router(Arc::clone(&model)), options.port, options.faults, dialect).await?;
        Ok(Self { model, server })
    }

    /// The endpoint for an AWS SDK.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Of the queue.
    #[must_use]
    pub fn queue_url(&self) -> String {
        format!("{}/{ACCOUNT}/{QUEUE}", self.server.url())
    }

    /// Of the dead-letter queue.
    #[must_use]
    pub fn dlq_url(&self) -> String {
        format!("{}/{ACCOUNT}/{DEAD_LETTER_QUEUE}", self.server.url())
    }

    /// Of the dead-letter queue: `StartMessageMoveTask` asks for it.
    #[must_use]
    pub fn dlq_arn(&self) -> String {
        api::arn(DEAD_LETTER_QUEUE)
    }

    /// Every action that is served.
    #[must_use]
    pub fn served() -> Vec<Served> {
        api::served()
    }

    /// The failures to come, and the calls that came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.model.faults
    }

    /// What is in the queues.
    #[must_use]
    pub fn view(&self) -> View {
        self.model.lock().view(now_ms())
    }

    /// A counter that goes up with every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.model.changes.subscribe()
    }

    /// Moves the dead letters back to the queue, and says how many.
    pub fn redrive(&self) -> usize {
        let count = self.model.lock().redrive(now_ms());
        self.model.changed();
        count
    }

    /// Makes messages in flight visible again, and says how many: for whoever knows that their receivers are gone.
    pub fn release_in_flight(&self) -> usize {
        let count = self.model.lock().release(now_ms());
        self.model.changed();
        count
    }

    /// Cuts every connection, as a crash would. What the journal has comes back with the next [`Sqs::start`].
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

impl Model {
    fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}
