//! The conversation with a customer: pure decisions, screens as values.
//!
//! [`decide`] takes the stored [`Conversation`], one [`Event`] and the [`Moment`] it happens in, and says what the
//! conversation becomes and which [`Effect`]s to perform. It does no I/O, reads no clock and makes no ids.

mod effect;
mod event;
mod screen;

pub use conversation::Conversation;
pub use effect::{Effect, Target, Verdict};
pub use event::{AiAnswer, Command, Event, Input, Intent, Moment, Person, Rules, Unsupported};
pub use screen::{Button, ButtonAction, Entity, Keyboard, ReplyButton, Screen, Style, Text};

mod conversation;

use lead::Seconds;

/// Decides what follows from `event`. See [`Verdict`].
#[must_use]
pub fn decide(_before: &Conversation, _event: &Event, _moment: &Moment, _rules: &Rules) -> Verdict {
    unimplemented!()
}

/// The id of the branch that makes a lead out of a conversation handed over to a manager.
pub const MANAGER_BRANCH: &str = "manager";

/// Longest that a decision waits for an [`Effect::AskAi`], in seconds: from then on a redelivery asks again.
pub const AI_PATIENCE: Seconds = 25;
