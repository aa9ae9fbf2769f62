//! The dealer's file as a function uses it: parsed, and at most a minute old.

use std::sync::Arc;
use std::time::Duration;

use dealer::Dealer;
use lead::Seconds;
use settings::Clock;
use tokio::sync::Mutex;

use crate::DealerFile;

/// How long a customer waits for the file when the table does not respond.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the dealer's file at most once a minute. When the table cannot be read, or the text has faults, the last good
/// file applies; without one, [`Dealer::default`].
pub struct CurrentDealer {
    file: DealerFile,
    minute_seconds: u32,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    dealer: Arc<Dealer>,
    read_at: Option<Seconds>,
    /// Why the last reading failed. Each problem is logged once.
    problem: Option<String>,
}

impl CurrentDealer {
    /// Makes no call yet. Minutes in the file last `minute_seconds`.
    #[must_use]
    pub fn new(file: DealerFile, minute_seconds: u32, clock: Clock) -> Self {
        Self { file, minute_seconds, clock, state: Mutex::default() }
    }

    /// The dealer's file as of a minute ago or later.
    pub async fn get(&self) -> Arc<Dealer> {
        let mut state = self.state.lock().await;
        let now = (self.clock)();
        let minute = Seconds::from(self.minute_seconds);
        if !state.read_at.is_some_and(|read_at| (read_at..read_at + minute).contains(&now)) {
            let read = self.read().await;
            state.read_at = Some(now);
            let problem = match read {
                Ok(dealer) => {
                    state.dealer = Arc::new(dealer);
                    None
                }
                Err(problem) => Some(problem),
            };
            if let Some(problem) = problem.as_ref().filter(|_| problem != state.problem) {
                tracing::error!(
                    problem,
                    "the dealer's file cannot be used, the last good one applies: run `carquery dealer show` and `check`"
                );
            }
            state.problem = problem;
        }
        Arc::clone(&state.dealer)
    }

    async fn read(&self) -> Result<Dealer, String> {
        let read = tokio::time::timeout(READ_TIMEOUT, self.file.load()).await;
        let text = read.map_err(|_| "the table does not respond".to_owned())?.map_err(|error| error.to_string())?;
        match dealer::parse(&text.value) {
            Ok(dealer) => Ok(dealer.with_minutes_of(self.minute_seconds)),
            Err(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                Err(faults.join("; "))
            }
        }
    }
}
