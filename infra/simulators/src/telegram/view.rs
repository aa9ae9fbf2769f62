//! What a customer sees, for a page that draws it and for tests that read it.

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::chat::Chat;
use super::markup::{InlineButton, ReplyKeyboard};
use super::message::{Card, Content, FileRef, Message};
use super::state::{State, StoredFile};
use super::text::Entity;
use crate::fault::now_ms;

/// A line of the list of chats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChatLine {
    /// Telegram id.
    pub id: i64,
    /// The customer's first name.
    pub first_name: String,
    /// Without `@`.
    pub username: Option<String>,
    /// Beginning of the newest message.
    pub last_text: String,
    /// When it came, in seconds since the epoch; 0 without one.
    pub last_date: i64,
}

/// A chat as the customer sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChatView {
    /// Telegram id.
    pub id: i64,
    /// The customer's first name.
    pub first_name: String,
    /// Without `@`.
    pub username: Option<String>,
    /// The customer's own number, without `+`.
    pub phone: String,
    /// The customer has written to the bot.
    pub started: bool,
    /// The customer has blocked the bot.
    pub blocked: bool,
    /// A group; its title is in place of a name.
    pub is_group: bool,
    /// Oldest first, without deleted ones.
    pub messages: Vec<MessageView>,
    /// The keyboard in place of the customer's own.
    pub reply_keyboard: Option<ReplyKeyboard>,
    /// Milliseconds since the epoch until which «typing…» shows; 0 when it does not.
    pub typing_until_ms: u64,
    /// Windows and fading lines that presses brought, oldest first.
    pub alerts: Vec<Alert>,
}

/// A message as the customer sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MessageView {
    /// Its id.
    pub id: i64,
    /// `bot`, `customer`, or `member` of a group.
    pub from: &'static str,
    /// Telegram id of the member.
    pub author: Option<i64>,
    /// `text`, `photo`, `video`, `document`, `sticker`, `voice`, `location`, `contact` or `service`.
    pub kind: &'static str,
    /// Text or caption.
    pub text: String,
    /// Its styled parts.
    pub entities: Vec<Entity>,
    /// The photo, video, document, sticker or voice.
    pub file: Option<FileView>,
    /// Of a voice message.
    pub seconds: Option<u32>,
    /// Parts of one album share it.
    pub album: Option<String>,
    /// Buttons under it.
    pub buttons: Vec<Vec<InlineButton>>,
    /// The contact card.
    pub contact: Option<Card>,
    /// Latitude and longitude.
    pub location: Option<(f64, f64)>,
    /// Seconds since the epoch.
    pub date: i64,
    /// It was changed after it was sent.
    pub edited: bool,
    /// The topic of the chat it is in.
    pub topic: Option<i64>,
    /// The message it replies to.
    pub reply_to: Option<i64>,
    /// What Telegram says by itself, such as `forum_topic_closed`.
    pub service: Option<String>,
}

/// A file as a page can show it; [`super::Telegram::file`] gives its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileView {
    /// Such as `photos/file_3.jpg`.
    pub path: String,
    /// Such as `image/jpeg`.
    pub mime: String,
    /// In bytes.
    pub size: usize,
    /// A document's name on the customer's disk.
    pub name: Option<String>,
}

/// What a press brought up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// What it says.
    pub text: String,
    /// A window to close rather than a line that fades.
    pub alert: bool,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
}

/// Something the bot did to a message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fresh {
    /// What it did.
    pub how: How,
    /// The message right after it.
    pub message: MessageView,
}

/// What a bot can do to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// `sendMessage`, and whatever else puts a message into a chat
    Sent,
    /// `editMessageText`, `editMessageCaption`
    Edited,
    /// `editMessageReplyMarkup`
    Keyboard,
}

impl MessageView {
    pub(super) fn of(message: &Message, files: &HashMap<String, StoredFile>) -> Self {
        let file = |file: &FileRef| files.get(&file.file_id).map(FileView::of);
        let mut view = Self {
            id: message.id,
            from: if message.from_bot {
                "bot"
            } else if message.author.is_none_or(|author| author == message.chat) {
                "customer"
            } else {
                "member"
            },
            author: message.author.filter(|author| *author != message.chat),
            kind: "text",
            text: message.text().to_owned(),
            entities: Vec::new(),
            file: None,
            seconds: None,
            album: message.album.clone(),
            buttons: message.inline.clone(),
            contact: None,
            location: None,
            date: message.date,
            edited: message.edit_date.is_some(),
            topic: message.topic,
            reply_to: message.reply_to,
            service: None,
        };
        match &message.content {
            Content::Text { entities, .. } => view.entities.clone_from(entities),
            Content::Rich { .. } => {}
            Content::Photo { sizes, entities, .. } => {
                view.entities.clone_from(entities);
                view.kind = "photo";
                view.file = sizes.last().and_then(|size| file(&size.file));
            }
            Content::Video { file: video, entities, .. } => {
                view.entities.clone_from(entities);
                view.kind = "video";
                view.file = file(video);
            }
            Content::Document { file: document, name, entities, .. } => {
                view.entities.clone_from(entities);
                view.kind = "document";
                view.file = file(document).map(|file| FileView { name: Some(name.clone()), ..file });
            }
            Content::Sticker { emoji, file: sticker } => {
                view.kind = "sticker";
                view.file = file(sticker);
                view.text.clone_from(emoji);
            }
            Content::Voice { file: voice, duration, entities, .. } => {
                view.entities.clone_from(entities);
                view.seconds = Some(*duration);
                view.kind = "voice";
                view.file = file(voice);
            }
            Content::Location { latitude, longitude } => {
                view.kind = "location";
                view.location = Some((*latitude, *longitude));
            }
            Content::Contact(card) => {
                view.kind = "contact";
                view.contact = Some(card.clone());
            }
            Content::Service { field, value } => {
                view.kind = "service";
                view.service = Some(field.clone());
                view.text = value["name"].as_str().unwrap_or_default().to_owned();
            }
        }
        view
    }
}

/// The text, then each row of buttons on a line of its own: `[⬅️ Назад] [🏠 В начало]`.
impl fmt::Display for MessageView {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = &self.service {
            return write!(formatter, "‹{service}› {}", self.text);
        }
        formatter.write_str(&self.text)?;
        for row in &self.buttons {
            let row: Vec<String> = row.iter().map(|button| format!("[{}]", button.text)).collect();
            write!(formatter, "\n{}", row.join(" "))?;
        }
        Ok(())
    }
}

impl FileView {
    fn of(stored: &StoredFile) -> Self {
        Self { path: stored.path.clone(), mime: stored.mime.clone(), size: stored.bytes.len(), name: None }
    }
}

impl State {
    /// Every chat, the one with the newest message first.
    pub(super) fn chat_lines(&self) -> Vec<ChatLine> {
        let mut lines: Vec<ChatLine> = self.chats.values().map(|chat| self.chat_line(chat)).collect();
        lines.sort_by_key(|line| std::cmp::Reverse((line.last_date, line.id)));
        lines
    }

    fn chat_line(&self, chat: &Chat) -> ChatLine {
        let last = chat.message_ids.iter().rev().filter_map(|id| self.message(chat.id, *id)).next();
        ChatLine {
            id: chat.id,
            first_name: chat.first_name.clone(),
            username: chat.username.clone(),
            last_text: last.map(|message| message.text().chars().take(60).collect()).unwrap_or_default(),
            last_date: last.map_or(0, |message| message.date),
        }
    }

    /// One chat.
    pub(super) fn chat_view(&self, id: i64) -> Option<ChatView> {
        let chat = self.chats.get(&id)?;
        let messages = chat.message_ids.iter().filter_map(|message| self.message(id, *message));
        Some(ChatView {
            id,
            first_name: chat.first_name.clone(),
            username: chat.username.clone(),
            phone: chat.phone.clone(),
            started: chat.started,
            blocked: chat.blocked,
            is_group: chat.group.is_some(),
            messages: messages.map(|message| MessageView::of(message, &self.files)).collect(),
            reply_keyboard: chat.visible_keyboard().cloned(),
            typing_until_ms: if chat.typing_until_ms > now_ms() { chat.typing_until_ms } else { 0 },
            alerts: chat.alerts.clone(),
        })
    }
}
