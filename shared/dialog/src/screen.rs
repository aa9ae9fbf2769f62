//! What a customer sees, as values: text with styled parts, and a keyboard. There is no markup, so nothing that a
//! customer types can break a message.

use serde::{Deserialize, Serialize};

/// A message with its keyboard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Screen {
    pub text: Text,
    pub keyboard: Keyboard,
}

/// Text with styled parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// At most 4096 UTF-16 units reach Telegram.
    pub text: String,
    /// In order.
    pub entities: Vec<StyledRange>,
}

/// A styled part of a text. Telegram counts in UTF-16 units: <https://core.telegram.org/bots/api#messageentity>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StyledRange {
    /// In UTF-16 units.
    pub offset: usize,
    /// In UTF-16 units.
    pub length: usize,
    pub style: Style,
}

/// The style of a part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Style {
    Bold,
    /// A link to this address.
    Link(String),
}

/// The buttons of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Keyboard {
    #[default]
    None,
    /// Buttons under the message.
    Inline(Vec<Vec<Button>>),
    /// Buttons instead of the customer's keyboard, hidden after one use.
    Reply(Vec<Vec<ReplyButton>>),
    /// Removes such buttons.
    RemoveReply,
}

/// A button under a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    pub text: String,
    /// Sent to the bot by a press; at most 64 bytes.
    pub data: String,
}

/// A button instead of the customer's keyboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyButton {
    /// A press sends it as a message.
    pub text: String,
    /// A press sends the customer's own contact instead.
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

    /// Appends styled text.
    #[must_use]
    pub fn styled(mut self, text: &str, style: Style) -> Self {
        let offset = utf16_len(&self.text);
        let length = utf16_len(text);
        if length > 0 {
            self.entities.push(StyledRange { offset, length, style });
        }
        self.push(text)
    }

    /// Appends bold text.
    #[must_use]
    pub fn bold(self, text: &str) -> Self {
        self.styled(text, Style::Bold)
    }

    /// Length in UTF-16 units, as Telegram counts.
    #[must_use]
    pub fn len_utf16(&self) -> usize {
        utf16_len(&self.text)
    }
}

fn utf16_len(text: &str) -> usize {
    text.encode_utf16().count()
}
