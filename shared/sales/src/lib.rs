//! The dealer's sales chat: a group in Telegram where each delivered request is a card that somebody of the team takes.
//!
//! A [`Card`] is what is stored of a request's card; [`Card::view`] is what the group sees of it. A [`Group`] is what
//! is known of the group itself. Nothing here does I/O or looks at a clock.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod card;
mod group;
mod press;
mod view;

pub use card::{Card, CardMessage, Handover, Take, Taken};
pub use group::Group;
pub use press::CardPress;
pub use view::{CardView, LinkButton, PressButton, taken_by};

/// Seconds since the Unix epoch.
pub type Seconds = lead::Seconds;
