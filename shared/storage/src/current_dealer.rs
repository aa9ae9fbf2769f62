//! The dealer's file as a function uses it: parsed, and at most a minute old.

use std::sync::Arc;
use std::time::Duration;

use dealer::Dealer;
use lead::Seconds;
use settings::Clock;
use tokio::sync::Mutex;

use crate::{DealerFile, StorageError};

/// How long a customer waits for the file when the table does not respond.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the dealer's file at most once a minute. When the table cannot be read, or the text has faults, the last good
/// file applies. If there was no good one before a text with faults, [`Dealer::default`] does.
pub struct CurrentDealer {
    file: DealerFile,
    minute_seconds: u32,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// `None`: the table has not been read yet.
    dealer: Option<Arc<Dealer>>,
    read_at: Option<Seconds>,
    /// Why the last reading failed. Each problem is logged once.
    problem: Option<String>,
}

/// Why there is no new file.
enum Problem {
    Table(StorageError),
    Faults(String),
}

impl CurrentDealer {
    /// Makes no call yet. Minutes in the file last `minute_seconds`.
    #[must_use]
    pub fn new(file: DealerFile, minute_seconds: u32, clock: Clock) -> Self {
        Self { file, minute_seconds, clock, state: Mutex::default() }
    }

    /// The dealer's file, at most a minute old; [`Dealer::default`] if it is not known. For replies that a customer waits
    /// for: they must not fail because of the dealer's file.
    pub async fn get(&self) -> Arc<Dealer> {
        self.known().await.unwrap_or_default()
    }

    /// The dealer's file, at most a minute old.
    ///
    /// # Errors
    /// The table cannot be read, and was not before.
    pub async fn known(&self) -> Result<Arc<Dealer>, StorageError> {
        let mut state = self.state.lock().await;
        let now = (self.clock)();
        let minute = Seconds::from(self.minute_seconds);
        if !state.read_at.is_some_and(|read_at| (read_at..read_at + minute).contains(&now)) {
            let problem = match self.read().await {
                Ok(dealer) => {
                    state.dealer = Some(Arc::new(dealer));
                    None
                }
                Err(Problem::Faults(faults)) => {
                    state.dealer.get_or_insert_default();
                    Some(faults)
                }
                Err(Problem::Table(error)) if state.dealer.is_none() => return Err(error),
                Err(Problem::Table(error)) => Some(error.to_string()),
            };
            state.read_at = Some(now);
            if let Some(problem) = problem.as_ref().filter(|_| problem != state.problem) {
                tracing::error!(
                    problem,
                    "the dealer's file cannot be used, the last good one applies: run `carquery dealer show` and `check`"
                );
            }
            state.problem = problem;
        }
        Ok(state.dealer.clone().unwrap_or_default())
    }

    async fn read(&self) -> Result<Dealer, Problem> {
        const READ: &str = "reading the dealer's file";
        let read = tokio::time::timeout(READ_TIMEOUT, self.file.load()).await;
        let late = |_| Problem::Table(StorageError::other(READ, "the table does not respond"));
        let text = read.map_err(late)?.map_err(Problem::Table)?;
        match dealer::parse(&text.value) {
            Ok(dealer) => Ok(dealer.with_minutes_of(self.minute_seconds)),
            Err(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Err(Problem::Faults(faults.join("; ")))
            }
        }
    }
}
