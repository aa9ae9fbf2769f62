//! What the functions that talk to amoCRM agree on. They share it through documents of the Credentials table, each
//! changed by conditional writes only.
//!
//! * [`Incident`]: whether amoCRM takes requests (a circuit breaker), which ones wait, what the admins are told. Pure;
//!   [`Incidents`] is where it is kept.
//! * [`AdminChat`]: messages to the admins, each sent once whatever fails in between. The only way to tell the admins
//!   anything.
//! * [`requeue()`]: due requests back onto the queue; [`requeue_photos`], [`requeue_handovers`]: due photos and handovers.
//! * [`account_fields()`]: the account's custom fields, read once an hour.
//! * [`active_users()`]: the account's users who can be made responsible, read once an hour.
//! * [`DealNews`]: what customers hear of their deals.
//! * [`TokensTable`]: the OAuth pair.

mod account;
mod account_fields;
mod active_users;
mod admin;
mod deal_news;
mod document;
mod incident;
mod incidents;
mod obstacle;
mod requeue;

pub use account::{TokensTable, WORKERS, amocrm_client, worker_name};
pub use account_fields::{account_fields, read_fields_again};
pub use active_users::{active_users, read_users_again};
pub use admin::{AdminChat, AdminMessage, Written};
pub use deal_news::{DealNews, NotLooked};
pub use document::{load_document, update_document};
pub use incident::{AttemptOutcomes, Ended, Incident, Permit, Trouble};
pub use incidents::{Incidents, probe_now};
pub use obstacle::{Obstacle, consent_message, text_of_error};
pub use requeue::{RequeueFilter, requeue, requeue_handovers, requeue_photos};
