//! What can happen to a conversation.

use std::sync::Arc;

use dealer::{Dealer, FactId};
use lead::{LeadId, Link, Seconds};
use serde::{Deserialize, Serialize};
use texts::Language;

use crate::branches;
use crate::entities::Entities;

/// Something a customer did, or the model's answer to a question.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Telegram's number of the update. The state moves once for each number, however often Telegram delivers it.
    pub update_id: i64,
    /// The customer's message; `None` for anything else.
    pub message_id: Option<i64>,
    /// The message that it replies to.
    pub reply_to: Option<i64>,
    pub person: Person,
    pub input: Input,
}

/// The customer's Telegram account. In a private chat the chat's id is the person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    pub chat_id: i64,
    /// Without `@`.
    pub username: Option<String>,
    pub first_name: String,
}

/// What a customer did.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A known command.
    Command(BotCommand),
    /// `/start` with the payload of a link.
    Link(Link),
    /// Any other text, including unknown commands.
    Text(String),
    /// The new text of a message that the customer has edited.
    Edited(String),
    /// A button under a message.
    Press {
        /// For `answerCallbackQuery`.
        callback_id: String,
        /// The message with the button; `None` if it is too old for Telegram to say.
        message_id: Option<i64>,
        /// The button's data. It comes from the customer's app, so it may be anything.
        data: String,
    },
    /// A photo, or an image sent as a file.
    Photo {
        /// For `getFile`.
        file_id: String,
        /// `file_unique_id`: the same for the same photo.
        unique_id: String,
        /// `media_group_id`: photos of one album share it.
        album: Option<String>,
        caption: Option<String>,
    },
    /// A voice message.
    Voice(Voice),
    /// The words of such a message, asked for through [`crate::Effect::Transcribe`]; `None` if nothing was understood.
    /// Its event has the `update_id` of the message.
    Heard { voice: Voice, words: Option<String> },
    /// A contact card, the customer's own or somebody else's.
    Contact {
        /// As in the card, often without «+».
        phone: String,
        /// Telegram confirms that it is the customer's own card.
        is_own: bool,
    },
    /// Something the bot does not accept.
    Unsupported {
        kind: Unsupported,
        /// `media_group_id`: albums mix photos and videos.
        album: Option<String>,
        caption: Option<String>,
    },
    /// The answer to a question asked through [`crate::Effect::AskAi`]. Its event has the `update_id` of the question.
    Ai(AiAnswer),
}

impl Input {
    /// The customer's own words: a text, or the caption of a photo or file.
    pub(crate) fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Photo { caption, .. } | Self::Unsupported { caption, .. } => caption.as_deref(),
            _ => None,
        }
    }

    /// The album that the message belongs to.
    pub(crate) fn album(&self) -> Option<&str> {
        match self {
            Self::Photo { album, .. } | Self::Unsupported { album, .. } => album.as_deref(),
            _ => None,
        }
    }
}

/// Longest voice message that is listened to, in seconds.
pub const MAX_VOICE_SECONDS: u32 = 120;

/// Largest voice message that is listened to, in bytes.
pub const MAX_VOICE_BYTES: u64 = 5 * 1024 * 1024;

/// A voice message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    pub file: lead::Voice,
    pub seconds: u32,
    /// 0 if Telegram does not say.
    pub bytes: u64,
}

/// The bot's commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the commands")]
pub enum BotCommand {
    Start,
    Menu,
    Help,
    Status,
    Human,
    Privacy,
    Delete,
}

/// What the bot does not accept, so that the hint can name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Telegram's")]
pub enum Unsupported {
    Voice,
    Sticker,
    Video,
    Document,
    Location,
    /// An image that no bot can download.
    LargeImage,
    Other,
}

/// What a customer wants, in the order of the menu. The names are used in labelled sentences, logs and the model's
/// form.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::EnumCount,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the product's branches")]
pub enum Intent {
    Sell,
    Buy,
    Find,
    Check,
    Legal,
    Faq,
    Unknown,
}

impl Intent {
    /// Every intent.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;
    /// How many there are.
    pub const COUNT: usize = <Self as strum::EnumCount>::COUNT;

    /// The name in files and logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Id of the questionnaire that serves this intent; `None` for `Faq` and `Unknown`.
    #[must_use]
    pub fn branch(self) -> Option<&'static str> {
        branches::ALL.iter().find(|branch| branch.intent == Some(self)).map(|branch| branch.id)
    }
}

/// From this confidence on, a service is offered without doubt.
pub const SURE: f32 = 0.7;

/// Longest reply that is shown, in characters.
pub const MAX_REPLY_CHARS: usize = 600;

/// What was understood of a free sentence, and the form that a model fills.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AiAnswer {
    pub intent: Intent,
    /// 0..1
    pub confidence: f32,
    pub entities: Entities,
    /// Not the model's to fill: it says which of the listed facts fit.
    #[serde(skip)]
    pub answered_by: AnsweredBy,
    /// Russian, shown as plain text.
    pub reply: String,
}

/// Who answers a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AnsweredBy {
    /// Nobody here: a manager has to.
    #[default]
    Nobody,
    /// The bot speaks of itself in the reply.
    Bot,
    /// The dealer, with these facts, the best first.
    Dealer(Vec<FactId>),
}

/// When a decision is made, and what the caller knows of that moment.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Seconds since the epoch.
    pub now: Seconds,
    /// The calendar year at the dealer's.
    pub year: i16,
    /// An id for a dialog that starts now.
    pub fresh_id: LeadId,
    /// False if the store refuses a new request, because there were too many lately.
    pub takes_requests: bool,
    /// Whether the sales chat has topics, in which the team talks to customers. Only asked for when
    /// [`crate::wants_person`].
    pub has_topics: bool,
}

/// Settings of the conversation.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `SESSION_TTL_SECONDS`
    pub session_ttl: Seconds,
    /// `PRIVACY_POLICY_URL`
    pub privacy_policy_url: Option<String>,
    /// Whether there is a model for voice messages.
    pub hears_voice: bool,
    pub language: Language,
    pub dealer: Arc<Dealer>,
}
