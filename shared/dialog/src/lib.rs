//! The conversation with a customer: pure decisions, screens as values.
//!
//! [`decide()`] takes the stored [`Conversation`], one [`Event`] and the [`Moment`], and returns the new state, a
//! finished request if there is one, and the [`Effect`]s to perform. [`decide_due()`] does the same when a time has
//! come instead of an event. Both do no I/O, read no clock and make no ids.
//!
//! The questionnaires are data (`branches/`), and the texts are in the crate `texts`. The current screen depends on the
//! state alone (`render/`), so a lost reply can be sent again.

#![deny(clippy::disallowed_methods)] // pure: no clock, no randomness, no environment

mod action;
mod albums;
mod answer;
mod bounded;
mod branches;
mod consent;
mod conversation;
mod decide;
mod earlier_requests;
mod effect;
mod entities;
mod event;
mod flood;
mod form;
mod introduction;
mod open_talk;
mod place;
mod plain;
mod profile;
mod progress;
mod prompt;
mod questionnaire;
mod questions;
mod render;
mod request;
mod requests_today;
mod screen;
#[cfg(test)]
mod tests;
mod wishes;

pub use conversation::Conversation;
pub use decide::{DueChat, TeamAct, TeamAnswer, decide, decide_due, decide_team, media_in, wants_person};
pub use earlier_requests::EarlierRequests;
pub use effect::{Effect, Target, Verdict};
pub use entities::Entities;
pub use event::{
    AiAnswer, AnsweredBy, BotCommand, Event, Input, Intent, MAX_REPLY_CHARS, MAX_VOICE_BYTES, MAX_VOICE_SECONDS,
    Moment, Person, Rules, SURE, Unsupported, Voice,
};
pub use introduction::{commands, descriptions};
pub use profile::{Choices, Profile};
pub use progress::{CONFIRMATION, FunnelProgress, Milestone, SourceProgress, funnel, stop_text};
pub use prompt::PromptSent;
pub use questions::MAX_QUESTION_CHARS;
pub use render::{MAX_REQUESTS, RequestState, SentRequest, requests_screen, stage_screen};
pub use screen::{Button, Keyboard, ReplyButton, Screen, Style, StyledRange, Text};
pub use texts::Language;

use lead::Seconds;

/// Id of the branch that hands a conversation over to a manager.
pub const MANAGER_BRANCH: &str = "manager";

/// Longest wait for the answer to an [`Effect::AskAi`], in seconds. After it, a redelivery asks again.
pub const AI_ANSWER_TIMEOUT: Seconds = 25;
