//! Questions about the dealer are answered in the dealer's own words, or not at all.
//!
//! [`Index::choose`] finds the facts of the dealer's file that answer a question: by word stems, words that mean the
//! same, and in spite of typos. No answer is better than a wrong one. [`is_question`] and [`begins_as_question`] tell a
//! question from an answer to a question of the bot's.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod choose;
mod meaning;
mod question;
mod stem;
mod vocabulary;

pub use choose::{Index, MAX_FACTS};
pub use question::{begins_as_question, is_question};
