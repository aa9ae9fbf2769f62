//! The message that shows the current screen, the line above that screen, and the reply that brought it.

use dealer::FactId;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::Keyboard;

/// The message that shows the current screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// Number of the prompt; 0 before the first.
    pub(crate) seq: u32,
    /// Once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<i64>,
    pub(crate) keys: Keys,
}

/// Where the buttons of a message are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keys {
    #[default]
    None,
    /// Under the message.
    Inline,
    /// Instead of the customer's keyboard.
    Reply,
    /// Under the message, while the keyboard of an earlier message is still there: a reminder does not take it away.
    Both,
}

/// What stands above the current screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Notice {
    /// The answers of the form so far.
    Answers,
    #[serde(untagged)]
    Line(String),
}

/// The latest reply that showed a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) update_id: i64,
    pub(crate) at: Seconds,
    /// Whether it edited a message.
    pub(crate) edited: bool,
    /// Messages before the screen.
    #[serde(rename = "sayings", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) interjections: Vec<Interjection>,
}

/// A message before the current screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Interjection {
    /// What the bot can do.
    Help,
    /// What is stored.
    Privacy,
    /// What has become of the customer's requests.
    Requests,
    /// What the dealer's facts say to a question.
    Facts(Vec<FactId>),
    /// What was understood of a voice message.
    Heard(String),
    /// The phone number is accepted, and its keyboard goes away.
    PhoneTaken(String),
    /// The keyboard that shares a contact goes away.
    KeyboardAway,
}

/// What to do after a prompt was sent as a new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptSent {
    /// The conversation has noted the message: store it.
    Noted,
    /// The message already shows a later prompt: the customer's press was faster.
    Reused,
    /// A later prompt is in another message: remove the buttons of this one.
    Outdated,
}

impl Notice {
    pub(crate) fn line(&self) -> Option<&str> {
        match self {
            Self::Line(line) => Some(line),
            Self::Answers => None,
        }
    }
}

impl Prompt {
    /// The number of the next prompt. The first number comes from the clock, which runs faster than a customer can use
    /// up numbers: a button of a conversation that was deleted meanwhile never has the current number.
    pub(crate) fn next_seq(self, now: Seconds) -> u32 {
        const START: Seconds = 1_767_225_600; // 2026-01-01
        const NUMBERS_PER_SECOND: Seconds = 8;
        let first = u32::try_from((now - START).saturating_mul(NUMBERS_PER_SECOND).rem_euclid(Seconds::from(u32::MAX)));
        match self.seq {
            0 => first.unwrap_or(0).max(1),
            seq => seq.wrapping_add(1).max(1),
        }
    }
}

impl Keys {
    pub(crate) const fn are_under_message(self) -> bool {
        matches!(self, Self::Inline | Self::Both)
    }

    pub(crate) const fn are_instead_of_keyboard(self) -> bool {
        matches!(self, Self::Reply | Self::Both)
    }
}

impl Keys {
    pub(crate) const fn of(keyboard: &Keyboard) -> Self {
        match keyboard {
            Keyboard::Inline(_) => Self::Inline,
            Keyboard::Reply(_) => Self::Reply,
            Keyboard::None | Keyboard::RemoveReply => Self::None,
        }
    }
}
