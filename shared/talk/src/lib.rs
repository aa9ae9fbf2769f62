//! A talk: what a customer and the dealer's team say to each other through the bot, line by line.
//!
//! A [`Line`] waits in the [`Talk`]'s outbox until it is delivered, so that none is lost and their order is kept. One
//! worker at a time delivers, under a lease. What was said stays until it is in a note of the deal ([`Note`]); the ids
//! of the latest messages and their copies stay for replies and edits. Nothing here does I/O or looks at a clock.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod line;
mod note;
mod talk;

pub use line::{Body, Edit, Line, Media, Message, Said, Side};
pub use note::{Note, Saying};
pub use talk::{Full, LEASE, NOTE_EVERY, Talk, Topic};
