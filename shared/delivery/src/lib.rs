//! What the functions that talk to amoCRM agree on. They share it through documents of the Credentials table, each changed
//! by conditional writes only.
//!
//! * [`Incident`]: whether amoCRM takes requests (a circuit breaker), who waits, what the admins are told. Pure;
//!   [`Incidents`] is where it is kept.
//! * [`AdminChat`]: messages to the admins, each told once whatever fails in between.
//! * [`requeue()`]: due requests back onto the queue.
//! * [`TokensTable`]: the OAuth pair.

mod account;
mod admin;
mod document;
mod incident;
mod incidents;
mod obstacle;
mod requeue;

pub use account::{TokensTable, WORKERS, amocrm_client, worker_name};
pub use settings::system_clock;

pub use admin::{AdminChat, Written};
pub use document::{load as load_document, update as update_document};
pub use incident::{Ended, Gate, Incident, Letter, Outcome, Trouble};
pub use incidents::{Incidents, hope};
pub use obstacle::{Obstacle, consent_letter};
pub use requeue::{Wanted, requeue};
