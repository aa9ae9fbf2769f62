//! Settings from the environment, logs and metrics.
//!
//! Each part reads only its own settings through [`Env`] and fails at start with one message that names everything that is
//! wrong. `.env.example` lists and explains every variable; a test holds it against what is read here.

mod env;
mod groups;
pub mod metrics;
pub mod telemetry;

pub use env::{Env, Invalid};
pub use groups::{Amocrm, AmocrmFields, Auth, Delivery, Dialog, OAuth, OpenAi, Tables, Telegram};
