//! What surrounds a process: settings from the environment, the clock, logs, metrics, its HTTP clients, and how much of
//! an answer it reads.
//!
//! Each part reads only its own settings through [`Env`] and fails at start with one message that names everything that
//! is wrong. `.env.example` lists and explains every variable; a test holds it against what is read here.

mod address;
mod answer;
mod clock;
mod data_folder;
mod env;
mod groups;
mod http_client;
pub mod metrics;
mod retry;
pub mod telemetry;
pub mod time_budget;

pub use answer::{Unread, read_within};
pub use clock::{Clock, system_clock};
pub use data_folder::{ENDPOINTS_FILE, LOCK_FILE, METRICS_FILE, data_folder};
pub use env::{Env, Invalid};
pub use groups::{
    Amocrm, AmocrmFields, AmocrmHook, Auth, DealerFile, Delivery, Dialog, OAuth, OpenAi, Telegram, Transcription,
    account_address,
};
pub use http_client::http_client;
pub use retry::Retry;
