//! Options of a stack.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use settings::Env;
use simulators::fault::Faults;
use simulators::{amocrm, telegram};

/// Options of a stack.
#[derive(Clone, Debug)]
pub struct Options {
    /// The settings by variable: those of the process and `.env`, or of a test.
    pub env: Vec<(String, String)>,
    /// The folder for the data; `None` keeps it in memory.
    pub data_dir: Option<PathBuf>,
    /// The dealer's file, stored whenever it changes; `None`: only what is put into the table applies.
    pub dealer_file: Option<PathBuf>,
    /// The port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Whether to consume the queue and run `scheduled` automatically. Without it, [`crate::Stack::deliver_once`] and
    /// [`crate::Stack::run_schedule`] do it step by step.
    pub schedule: bool,
    /// How long a message that crm-push is handling is hidden; a failed one comes back after it.
    pub queue_visibility: Duration,
    /// How many seconds the functions' clock is ahead of the computer's: tests set it forward so that sessions and
    /// pauses end.
    pub ahead: Arc<AtomicI64>,
    /// Puts the embedded DynamoDB behind HTTP, where calls fail by these rules and are counted.
    pub database_faults: Option<Faults>,
    /// Whether the simulated model takes voice messages, too.
    pub simulated_voice: bool,
    /// Options of the simulated amoCRM; the stack sets its journal.
    pub simulated_amocrm: amocrm::Options,
    /// How the simulated Telegram repeats an update that was not accepted.
    pub redelivery: telegram::Redelivery,
}

/// New records are hidden from amoCRM's search for a while: here long enough to matter, short enough to watch.
const SEARCH_LAG: Duration = Duration::from_secs(2);

impl Default for Options {
    /// Everything simulated, in memory, on any free port, working automatically.
    fn default() -> Self {
        Self {
            env: Vec::new(),
            data_dir: None,
            dealer_file: None,
            port: 0,
            schedule: true,
            queue_visibility: Duration::from_secs(180),
            ahead: Arc::default(),
            database_faults: None,
            simulated_voice: false,
            simulated_amocrm: amocrm::Options { search_lag: SEARCH_LAG, ..amocrm::Options::default() },
            redelivery: telegram::Redelivery::default(),
        }
    }
}

impl Options {
    /// From the process's environment: `CARQUERY_PORT` (8080), `CARQUERY_DATA_DIR` (`.carquery`),
    /// `CARQUERY_DEALER_FILE` (`dealer.toml`), and the settings of the parts. The simulated Telegram delivers in order,
    /// as the real one.
    ///
    /// # Errors
    /// `CARQUERY_PORT` is not a port.
    pub fn of_process() -> anyhow::Result<Self> {
        let mut env = Env::of_process();
        let (port, data_dir) = (env.parsed_or("CARQUERY_PORT", 8080), settings::data_folder(&mut env));
        let dealer_file = env.text("CARQUERY_DEALER_FILE", "dealer.toml");
        env.finish(())?;
        Ok(Self {
            env: std::env::vars().collect(),
            data_dir: Some(data_dir),
            dealer_file: Some(dealer_file.into()),
            port,
            simulated_voice: true,
            redelivery: telegram::Redelivery { in_order: true, ..telegram::Redelivery::default() },
            ..Self::default()
        })
    }
}
