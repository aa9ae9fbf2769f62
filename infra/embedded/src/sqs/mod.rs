//! An SQS with one FIFO queue, `leads.fifo`, and its dead-letter queue, `leads-dlq.fifo`: as strict as the real one,
//! with the actions that the program uses.

mod actions;
mod error;
mod queue;
mod store;

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use tokio::sync::watch;

pub use store::{Item, View};

use crate::journal::Journal;
use crate::now_ms;
use crate::reply::{Reply, reply};
use error::SqsError;
use store::{Store, Which};

/// Name of the queue.
pub const QUEUE: &str = "leads.fifo";
/// Name of its dead-letter queue.
pub const DEAD_LETTER_QUEUE: &str = "leads-dlq.fifo";
/// The account both belong to.
const ACCOUNT: &str = "000000000000";

type Act = fn(&Model, &Value) -> Result<Value, SqsError>;

/// Waits for messages, which the others do not.
const RECEIVE: &str = "ReceiveMessage";
const ACTIONS: [(&str, Act); 4] = [
    ("SendMessage", actions::send),
    ("DeleteMessageBatch", actions::delete_batch),
    ("GetQueueAttributes", actions::attributes),
    ("StartMessageMoveTask", actions::start_move),
];

/// How the queues are set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long a received message is hidden, unless the receiver says.
    pub visibility: Duration,
    /// A message that was received this often without a delete is a dead letter.
    pub max_receive_count: u32,
    /// Where messages survive a restart.
    pub journal: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { visibility: Duration::from_secs(30), max_receive_count: 5, journal: None }
    }
}

/// The two queues. Clones are the same ones.
#[derive(Clone, Debug)]
pub struct Sqs(Arc<Model>);

#[derive(Debug)]
struct Model {
    visibility: Duration,
    max_receive_count: u32,
    store: Mutex<Store>,
    /// Counts changes, for whoever waits for one.
    changes: watch::Sender<u64>,
}

impl Sqs {
    /// Opens the queues, with what the journal remembers.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub fn open(options: &Options) -> io::Result<Self> {
        let (journal, entries) = Journal::open(options.journal.as_deref())?;
        Ok(Self(Arc::new(Model {
            visibility: options.visibility,
            max_receive_count: options.max_receive_count,
            store: Mutex::new(Store::restore(journal, entries, options.max_receive_count)),
            changes: watch::channel(0).0,
        })))
    }

    /// Carries out an action with the JSON of its parameters. A receive waits as long as it is told to.
    pub async fn call(&self, action: &str, parameters: &[u8]) -> Reply {
        match self.answer(action, parameters).await {
            Ok(result) => reply(StatusCode::OK, result.to_string().into_bytes()),
            Err(error) => error.into_reply(),
        }
    }

    async fn answer(&self, action: &str, parameters: &[u8]) -> Result<Value, SqsError> {
        let malformed = |_| SqsError::new("SerializationException", "MalformedInput", "The request body is not JSON.");
        let request: Value = serde_json::from_slice(parameters).map_err(malformed)?;
        let result = match ACTIONS.iter().find(|(name, _)| *name == action) {
            Some((_, act)) => act(&self.0, &request),
            None if action == RECEIVE => actions::receive(&self.0, &request).await,
            None => Err(SqsError::unknown_action()),
        };
        if result.is_ok() && action != "GetQueueAttributes" {
            self.0.changed();
        }
        result
    }

    /// SQS's «too many requests».
    #[must_use]
    pub fn too_many() -> Reply {
        SqsError::throttled().into_reply()
    }

    /// The answer to a call without a signature.
    #[must_use]
    pub fn not_signed() -> Reply {
        let message = "Request is missing Authentication Token";
        SqsError::new("MissingAuthenticationToken", "MissingAuthenticationToken", message).into_reply()
    }

    /// What is in the queues.
    #[must_use]
    pub fn view(&self) -> View {
        self.0.lock().view(now_ms())
    }

    /// A counter that goes up with every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Moves the dead letters back to the queue, and says how many.
    pub fn redrive(&self) -> usize {
        let count = self.0.lock().redrive(now_ms());
        self.0.changed();
        count
    }

    /// Makes messages in flight visible again, and says how many: for whoever knows that their receivers are gone.
    pub fn release_in_flight(&self) -> usize {
        let count = self.0.lock().release(now_ms());
        self.0.changed();
        count
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

/// The address of a queue at this endpoint, such as `http://127.0.0.1:8000`.
#[must_use]
pub fn queue_url(endpoint: &str, queue: &str) -> String {
    format!("{endpoint}/{ACCOUNT}/{queue}")
}

/// What `StartMessageMoveTask` calls a queue.
#[must_use]
pub fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")
}

/// The queue a name or the end of an address or ARN means.
fn queue_named(name: &str) -> Result<Which, SqsError> {
    match name.rsplit(['/', ':']).next() {
        Some(QUEUE) => Ok(Which::Main),
        Some(DEAD_LETTER_QUEUE) => Ok(Which::Dead),
        _ => Err(SqsError::no_such_queue()),
    }
}
