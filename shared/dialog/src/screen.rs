//! What a customer sees, as values: text with entities and a keyboard. Never markup, so that nothing a customer types can
//! break a message.

use serde::{Deserialize, Serialize};

/// A message with its keyboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    /// The message.
    pub text: Text,
    /// What is under it.
    pub keyboard: Keyboard,
}

/// Text with styled parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The text; at most 4096 UTF-16 units reach Telegram.
    pub text: String,
    /// Its styled parts, in order.
    pub entities: Vec<Entity>,
}

/// A styled part of a text. Telegram counts in UTF-16 units: <https://core.telegram.org/bots/api#messageentity>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entity {
    /// Where it starts, in UTF-16 units.
    pub offset: usize,
    /// How long it is, in UTF-16 units.
    pub length: usize,
    /// How it looks.
    pub style: Style,
}

/// How a part of a text looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    /// Bold.
    Bold,
    /// A link to this address.
    Link(String),
}

/// What is under a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keyboard {
    /// Nothing.
    #[default]
    None,
    /// Buttons under the message.
    Inline(Vec<Vec<Button>>),
    /// Buttons in place of the customer's keyboard, hidden after one use.
    Reply(Vec<Vec<ReplyButton>>),
    /// Takes such buttons away.
    RemoveReply,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// What is on it.
    pub text: String,
    /// What a press sends to the bot: at most 64 bytes.
    pub data: String,
}

/// A button in place of the customer's keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyButton {
    /// What is on it, and what it sends as a message.
    pub text: String,
    /// Sends the customer's own contact instead.
    pub request_contact: bool,
}

impl Text {
    /// Plain text.
    #[must_use]
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), entities: Vec::new() }
    }

    /// Appends plain text.
    #[must_use]
    pub fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Appends text that looks so.
    #[must_use]
    pub fn styled(mut self, text: &str, style: Style) -> Self {
        let offset = utf16_len(&self.text);
        let length = utf16_len(text);
        if length > 0 {
            self.entities.push(Entity { offset, length, style });
        }
        self.push(text)
    }

    /// Appends bold text.
    #[must_use]
    pub fn bold(self, text: &str) -> Self {
        self.styled(text, Style::Bold)
    }

    /// Length as Telegram counts it, in UTF-16 units.
    #[must_use]
    pub fn len_utf16(&self) -> usize {
        utf16_len(&self.text)
    }
}

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}
