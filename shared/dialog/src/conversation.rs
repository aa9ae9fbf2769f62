//! What is remembered of a chat between two updates.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::Keyboard;
use crate::albums::Albums;
use crate::facts::Facts;
use crate::flood::Flood;
use crate::form::Form;
use crate::progress::Progress;
use crate::questions::Questions;

/// How many handled updates are remembered.
const SEEN: usize = 20;

/// The stored state of a chat. Its serialised form carries a version: one that cannot be read any more (another version,
/// a questionnaire that has changed) does not deserialise, and the caller goes on with `Conversation::default()`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    v: Version,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) banned: bool,
    /// When the session ends.
    #[serde(default)]
    expires_at: Seconds,
    /// Where the customer is.
    #[serde(default)]
    pub(crate) place: Place,
    /// A question in front of that, which waits for yes or no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) question: Option<Question>,
    /// A line above the current screen, in the customer's language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) notice: Option<String>,
    /// The message that shows the current screen.
    #[serde(default)]
    pub(crate) prompt: Prompt,
    /// The latest reply, to give again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reply: Option<Reply>,
    /// Updates handled, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    seen: Vec<i64>,
    #[serde(default)]
    pub(crate) flood: Flood,
    #[serde(default)]
    pub(crate) questions: Questions,
    /// Albums that were answered with a hint: their other photos get none.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    pub(crate) hinted_albums: Albums,
    /// Albums whose caption was taken as a free question: their other captions are not.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    pub(crate) asked_albums: Albums,
}

/// Where the customer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// Outside any dialog.
    Outside(Outside),
    /// In a dialog.
    Dialog(Box<Form>),
}

/// What is on the screen outside a dialog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outside {
    /// Nothing was shown yet, or everything is forgotten.
    Nothing,
    /// The menu.
    Menu(Word),
    /// What the bot can do, with the menu.
    Help,
    /// What is stored, with the menu.
    Privacy,
    /// «Напишите свой вопрос»
    Invitation,
    /// The answer to a free question.
    Answer {
        /// Plain text.
        text: String,
        /// Id of the questionnaire to offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<String>,
        /// What it could start with.
        #[serde(default)]
        facts: Facts,
        /// Whether to offer the menu too.
        menu: bool,
    },
    /// Everything was deleted.
    Forgotten,
}

/// What the menu says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Word {
    /// Nothing but what to do.
    Plain,
    /// Who the bot is.
    Greeting,
    /// That the session has ended.
    Expired,
    /// That an old button was pressed of which nothing is remembered.
    Closed,
    /// That the request is thrown away.
    Cancelled,
    /// That the request is sent.
    Sent {
        /// Its number.
        number: String,
    },
}

/// A question that waits for yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// Throw the open dialog away?
    Reset,
    /// Delete everything about the customer?
    Forget,
}

/// The message that shows the current screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Prompt {
    /// Its number; 0 before the first.
    pub(crate) seq: u32,
    /// Its id, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<i64>,
    /// What buttons it brought.
    pub(crate) keys: Keys,
}

/// What buttons a message brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Keys {
    /// None.
    #[default]
    None,
    /// Under the message.
    Inline,
    /// In place of the customer's keyboard.
    Reply,
}

/// The latest reply that showed a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reply {
    /// To which update.
    pub(crate) update_id: i64,
    /// When.
    pub(crate) at: Seconds,
    /// Whether it changed a message in place.
    pub(crate) edited: bool,
    /// Messages before the screen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sayings: Vec<Saying>,
}

/// A message that is not the current screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Saying {
    /// What the bot can do.
    Help,
    /// What is stored.
    Privacy,
    /// The phone number is taken, and the keyboard for it goes away.
    PhoneTaken(String),
    /// The keyboard for the phone number goes away.
    KeyboardAway,
}

/// What follows from a prompt having been sent as a new message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PromptSent {
    /// The conversation has noted the message: store it.
    Noted,
    /// The message shows a later prompt already: the customer's press was faster than this.
    Reused,
    /// A later prompt is in another message: take the buttons off this one.
    Outdated,
}

impl Conversation {
    /// The message that shows prompt `seq` has this id.
    pub fn prompt_sent(&mut self, seq: u32, message_id: i64) -> PromptSent {
        if self.prompt.seq == seq {
            self.prompt.message_id = Some(message_id);
            PromptSent::Noted
        } else if self.prompt.message_id == Some(message_id) {
            PromptSent::Reused
        } else {
            PromptSent::Outdated
        }
    }

    /// When the item may be deleted; `None` for one to keep (a banned customer).
    #[must_use]
    pub fn expires_at(&self) -> Option<Seconds> {
        (!self.banned).then_some(self.expires_at)
    }

    /// Who is banned gets no answer. Operators set this.
    pub fn set_banned(&mut self, banned: bool) {
        self.banned = banned;
    }

    /// How far the open dialog has come, if there is one.
    #[must_use]
    pub fn progress(&self) -> Option<Progress> {
        self.form().map(Progress::of)
    }

    /// The open dialog's form.
    pub(crate) fn form(&self) -> Option<&Form> {
        match &self.place {
            Place::Dialog(form) => Some(form),
            Place::Outside(_) => None,
        }
    }

    /// The open dialog's form.
    pub(crate) fn form_mut(&mut self) -> Option<&mut Form> {
        match &mut self.place {
            Place::Dialog(form) => Some(form),
            Place::Outside(_) => None,
        }
    }

    /// Whether the session has ended.
    pub(crate) const fn has_ended(&self, now: Seconds) -> bool {
        now >= self.expires_at
    }

    /// Whether the session has ended while something was open: a form, or a question that waits for yes or no.
    pub(crate) const fn is_cut_short(&self, now: Seconds) -> bool {
        self.has_ended(now) && (self.question.is_some() || matches!(self.place, Place::Dialog(_)))
    }

    /// Whether the session lives, with a screen that is up.
    pub(crate) const fn is_live(&self, now: Seconds) -> bool {
        self.prompt.seq != 0 && !self.has_ended(now)
    }

    /// Whether this update was handled already.
    pub(crate) fn has_seen(&self, update_id: i64) -> bool {
        self.seen.contains(&update_id)
    }

    /// An update is handled now: the session goes on from here.
    pub(crate) fn touch(&mut self, update_id: i64, now: Seconds, session_ttl: Seconds) {
        if !self.has_seen(update_id) {
            remember(&mut self.seen, update_id, SEEN);
        }
        self.expires_at = now + session_ttl;
    }

    /// To a screen outside any dialog.
    pub(crate) fn leave_to(&mut self, outside: Outside) {
        self.place = Place::Outside(outside);
        self.question = None;
    }

    /// Into a dialog.
    pub(crate) fn start(&mut self, form: Form) {
        self.place = Place::Dialog(Box::new(form));
        self.question = None;
        self.questions.forget_dialogue();
    }

    /// Forgets everything but the number of the prompt: buttons from before stay dead.
    pub(crate) fn forget(&mut self) {
        *self = Self { prompt: self.prompt, ..Self::default() };
        self.leave_to(Outside::Forgotten);
    }

    /// Everything about the customer is to be deleted, this conversation last.
    pub(crate) fn is_forgotten(&self) -> bool {
        matches!(self.place, Place::Outside(Outside::Forgotten))
    }

    /// The session has ended: forgets what the customer was at. What protects from repetition and floods stays, and so
    /// does a screen that takes nothing for granted, like the menu.
    pub(crate) fn restart(&mut self, now: Seconds) {
        if self.is_cut_short(now) {
            self.leave_to(Outside::Nothing);
        }
        self.notice = None;
        self.questions.forget_dialogue();
    }
}

impl Default for Place {
    fn default() -> Self {
        Self::Outside(Outside::Nothing)
    }
}

impl Prompt {
    /// The number of the next prompt. The first one is taken from the clock, faster than a customer can use numbers up:
    /// a button from before the conversation was deleted never looks current.
    pub(crate) fn next_seq(self, now: Seconds) -> u32 {
        const START: Seconds = 1_767_225_600; // 2026-01-01
        const A_SECOND: Seconds = 8;
        let first = u32::try_from((now - START).saturating_mul(A_SECOND).rem_euclid(Seconds::from(u32::MAX)));
        match self.seq {
            0 => first.unwrap_or(0).max(1),
            seq => seq.wrapping_add(1).max(1),
        }
    }
}

impl Keys {
    /// What buttons a keyboard brings.
    pub(crate) const fn of(keyboard: &Keyboard) -> Self {
        match keyboard {
            Keyboard::Inline(_) => Self::Inline,
            Keyboard::Reply(_) => Self::Reply,
            Keyboard::None | Keyboard::RemoveReply => Self::None,
        }
    }
}

/// Appends to a list of at most `limit`, dropping the oldest.
pub(crate) fn remember<T>(list: &mut Vec<T>, item: T, limit: usize) {
    list.push(item);
    let surplus = list.len().saturating_sub(limit);
    list.drain(..surplus);
}

/// Version of the stored form.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
struct Version;

/// Stored by a version of the bot that this one does not know.
#[derive(Debug, thiserror::Error)]
#[error("a conversation of version {0}")]
struct UnknownVersion(u8);

impl From<Version> for u8 {
    fn from(Version: Version) -> Self {
        1
    }
}

impl TryFrom<u8> for Version {
    type Error = UnknownVersion;

    fn try_from(version: u8) -> Result<Self, UnknownVersion> {
        if version == 1 { Ok(Self) } else { Err(UnknownVersion(version)) }
    }
}
