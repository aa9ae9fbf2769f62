//! One line of a talk.

use lead::Seconds;
use serde::{Deserialize, Serialize};

/// A side of a talk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Side {
    Customer,
    Team,
}

impl Side {
    /// The side that hears what this one says.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Customer => Self::Team,
            Self::Team => Self::Customer,
        }
    }
}

/// Something on its way to a side of a talk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Telegram's number of the update that brought it, for which a line is taken once; `None`: the clock or a failure
    /// did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update_id: Option<i64>,
    pub at: Seconds,
    /// Who reads it.
    pub to: Side,
    pub said: Said,
}

/// What is said in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The bot's own word.
    Word(String),
    /// A message of the other side.
    Message(Message),
    /// The new text of a message that the other side has edited.
    Edit(Edit),
}

/// A message that is passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// In the chat it was written in.
    pub id: i64,
    /// The message of the same chat that it replies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<i64>,
    /// `media_group_id`: the parts of one album share it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// Who of the team wrote it; `None`: the customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub body: Body,
}

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// At most 4096 UTF-16 units.
    Text(String),
    /// Anything else. Telegram copies it by its id.
    Media {
        kind: Media,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        caption: Option<String>,
    },
}

/// What is not text, as far as somebody has to be told which it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the names are Telegram's")]
pub enum Media {
    Photo,
    Voice,
    Video,
    File,
    Sticker,
    Contact,
    Location,
    Other,
}

/// An edited message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Of the message that was edited.
    pub id: i64,
    /// As in [`Message::author`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub text: String,
}

impl Media {
    /// Whether Telegram shows a caption under it.
    #[must_use]
    pub const fn takes_caption(self) -> bool {
        matches!(self, Self::Photo | Self::Voice | Self::Video | Self::File)
    }

    /// The name in texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Line {
    /// The message that the line passes on.
    #[must_use]
    pub const fn message(&self) -> Option<&Message> {
        match &self.said {
            Said::Message(message) => Some(message),
            Said::Word(_) | Said::Edit(_) => None,
        }
    }

    /// The message of the other side that the line is about.
    #[must_use]
    pub const fn original(&self) -> Option<i64> {
        match &self.said {
            Said::Message(message) => Some(message.id),
            Said::Edit(edit) => Some(edit.id),
            Said::Word(_) => None,
        }
    }

    /// The words in it.
    #[must_use]
    pub fn words(&self) -> &str {
        match &self.said {
            Said::Word(text) | Said::Message(Message { body: Body::Text(text), .. }) => text,
            Said::Message(Message { body: Body::Media { caption, .. }, .. }) => caption.as_deref().unwrap_or_default(),
            Said::Edit(edit) => &edit.text,
        }
    }
}
