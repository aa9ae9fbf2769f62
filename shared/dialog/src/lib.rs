//! The conversation with a customer: pure decisions, screens as values.
//!
//! [`decide()`] takes the stored [`Conversation`], one [`Event`] and the [`Moment`] it happens in, and says what the
//! conversation becomes and which [`Effect`]s to perform. It does no I/O, reads no clock and makes no ids.
//!
//! The questionnaires are data (`branches/`), every text is in `texts/ru.ftl`, and the current screen can always be
//! worked out from the state alone (`render/`), so that a reply that got lost is given again.

mod action;
mod albums;
mod answer;
mod branches;
mod conversation;
mod decide;
mod effect;
mod event;
mod facts;
mod flood;
mod form;
mod introduction;
mod plain;
mod progress;
mod questionnaire;
mod questions;
mod render;
mod request;
mod screen;
#[cfg(test)]
mod tests;
mod texts;

pub use conversation::{Conversation, PromptSent};
pub use decide::decide;
pub use effect::{Effect, Target, Verdict};
pub use event::{AiAnswer, Command, Event, Input, Intent, MAX_REPLY_CHARS, Moment, Person, Rules, SURE, Unsupported};
pub use facts::Facts;
pub use introduction::{commands, descriptions};
pub use progress::{CONFIRMATION, Progress, funnel};
pub use questions::MAX_QUESTION_CHARS;
pub use screen::{Button, Entity, Keyboard, ReplyButton, Screen, Style, Text};

use lead::Seconds;

/// The id of the branch that makes a lead out of a conversation handed over to a manager.
pub const MANAGER_BRANCH: &str = "manager";

/// Longest that a decision waits for an [`Effect::AskAi`], in seconds: from then on a redelivery asks again.
pub const AI_PATIENCE: Seconds = 25;
