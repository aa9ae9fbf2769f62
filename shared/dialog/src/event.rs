//! What can happen to a conversation.

use lead::{LeadId, Seconds};
use serde::{Deserialize, Serialize};

/// Something a customer did, or an answer that was waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Telegram's number of the update: state moves once for each, however often it is delivered.
    pub update_id: i64,
    /// Who did it.
    pub person: Person,
    /// What it was.
    pub input: Input,
}

/// Who writes. In a private chat the chat's id is the person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Telegram id of the chat.
    pub chat_id: i64,
    /// Telegram username without `@`.
    pub username: Option<String>,
    /// First name in Telegram.
    pub first_name: String,
}

/// What a customer did.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A known command.
    Command(Command),
    /// Any other text (unknown commands too).
    Text(String),
    /// A button under a message.
    Press {
        /// For `answerCallbackQuery`.
        callback_id: String,
        /// The message the button is under, unless it is too old for Telegram to say.
        message_id: Option<i64>,
        /// What the button carries; comes from the customer's app, so it may be anything.
        data: String,
    },
    /// A photo, or an image sent as a file.
    Photo {
        /// For `getFile`.
        file_id: String,
        /// The same for the same photo.
        unique_id: String,
        /// `media_group_id`: photos of one album share it.
        album: Option<String>,
        /// What was written under it.
        caption: Option<String>,
    },
    /// A contact card, the customer's own or somebody else's.
    Contact {
        /// As the card has it, often without «+».
        phone: String,
        /// Telegram confirms that it is the customer's own card.
        is_own: bool,
    },
    /// Something the bot does not take.
    Unsupported {
        /// What it was.
        kind: Unsupported,
        /// `media_group_id`: albums mix photos and videos.
        album: Option<String>,
        /// What was written under it.
        caption: Option<String>,
    },
    /// The answer to a question asked through [`crate::Effect::AskAi`]. Its event has the `update_id` of the question.
    Ai(AiAnswer),
}

impl Input {
    /// What the customer wrote in their own words: a text, or what is under a photo or the like.
    pub(crate) fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Photo { caption, .. } | Self::Unsupported { caption, .. } => caption.as_deref(),
            _ => None,
        }
    }

    /// The album that it is a part of.
    pub(crate) fn album(&self) -> Option<&str> {
        match self {
            Self::Photo { album, .. } | Self::Unsupported { album, .. } => album.as_deref(),
            _ => None,
        }
    }
}

/// Commands of the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the commands")]
pub enum Command {
    Start,
    Menu,
    Help,
    Privacy,
    Delete,
}

/// What the bot does not take, so that the hint can name it.
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

/// What a customer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Id of the questionnaire that serves this intent; `None` for `Faq` and `Unknown`.
    #[must_use]
    pub const fn branch(self) -> Option<&'static str> {
        match self {
            Self::Sell => Some("sell"),
            Self::Buy => Some("buy"),
            Self::Find => Some("find"),
            Self::Check => Some("check"),
            Self::Legal => Some("legal"),
            Self::Faq | Self::Unknown => None,
        }
    }
}

/// What was understood of a free sentence. Entities are text, because each goes through its step's own parser: neither a
/// model nor a rule can put in what a customer could not type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AiAnswer {
    /// What the customer wants.
    pub intent: Intent,
    /// How sure that is, 0..1.
    pub confidence: f32,
    /// «Toyota»
    pub brand: Option<String>,
    /// «Camry»
    pub model: Option<String>,
    /// «2019»
    pub year: Option<String>,
    /// Roubles: «1500000»
    pub budget: Option<String>,
    /// Kilometres: «85000»
    pub mileage: Option<String>,
    /// A short Russian reply, shown as plain text.
    pub reply: String,
}

/// The circumstances of a decision.
#[derive(Clone, Debug)]
pub struct Moment {
    /// Seconds since the epoch.
    pub now: Seconds,
    /// The calendar year at the dealer's (Moscow time).
    pub year: i16,
    /// An id for a dialog that may start now.
    pub fresh_id: LeadId,
}

/// What the operator has set.
#[derive(Clone, Debug)]
pub struct Rules {
    /// `SESSION_TTL_SECONDS`
    pub session_ttl: Seconds,
    /// `PRIVACY_POLICY_URL`
    pub privacy_policy_url: Option<String>,
}
