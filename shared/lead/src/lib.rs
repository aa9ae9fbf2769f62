//! The life of a request on its way to amoCRM: data and pure transitions.
//!
//! A [`Request`] is what a customer asked for, complete and in the words a manager reads. A [`Lead`] is a request with
//! the state of its delivery; it is the item of the Leads table. Nothing here does I/O or looks at a clock.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod completion;
mod example;
mod expiry;
mod lead;
mod photos;
mod progress;
mod request;
pub mod safe_text;
mod source;
mod tracked_deal;

pub use expiry::RETENTION_AFTER_SENT;
pub use lead::{Backoff, Failure, Lead, Refused, Repeat, SEARCH_LAG, Status};
pub use photos::PhotoJob;
pub use progress::{Progress, step};
pub use request::{
    Answer, Consent, CrmField, Customer, FieldValue, LeadId, PhoneKey, PhoneSource, Photo, Request, Voice,
};
pub use source::{BadLink, Link, MAX_PAYLOAD, NotAPayload, Source};
pub use tracked_deal::{DealOutcome, LOST, SeenDeal, TrackedDeal, WON};

/// Seconds since the Unix epoch.
pub type Seconds = i64;
