//! Messages as the simulator keeps them, and as the Bot API writes them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::markup::InlineButton;
use super::text::Entity;

/// A message of a private chat or a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Unique in the whole account, as in real private chats.
    pub(super) id: i64,
    pub(super) chat: i64,
    pub(super) from_bot: bool,
    /// Who wrote it in a group; in a private chat there is only one who can.
    #[serde(default)]
    pub(super) author: Option<i64>,
    /// Seconds since the epoch.
    pub(super) date: i64,
    pub(super) edit_date: Option<i64>,
    pub(super) content: Content,
    pub(super) inline: Vec<Vec<InlineButton>>,
    /// It came with a keyboard that is not under it; Telegram never edits such a message.
    pub(super) had_reply_markup: bool,
    /// `media_group_id`
    pub(super) album: Option<String>,
    /// `message_thread_id`, in a chat with topics.
    #[serde(default)]
    pub(super) topic: Option<i64>,
    /// The message it replies to.
    #[serde(default)]
    pub(super) reply_to: Option<i64>,
    pub(super) deleted: bool,
}

/// Who writes a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    Bot,
    /// By Telegram id.
    Person(i64),
}

/// What is in a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    Text {
        text: String,
        entities: Vec<Entity>,
    },
    /// A text pasted with its formatting (Bot API 10.1): it comes in blocks, and without `text`.
    Rich {
        text: String,
    },
    /// Smallest size first.
    Photo {
        sizes: Vec<Size>,
        caption: Option<String>,
        #[serde(default)]
        entities: Vec<Entity>,
    },
    Video {
        file: FileRef,
        duration: u32,
        caption: Option<String>,
        #[serde(default)]
        entities: Vec<Entity>,
    },
    Document {
        file: FileRef,
        name: String,
        /// What the customer's app says of it, if anything.
        mime: Option<String>,
        caption: Option<String>,
        #[serde(default)]
        entities: Vec<Entity>,
    },
    Sticker {
        file: FileRef,
        emoji: String,
    },
    Voice {
        file: FileRef,
        duration: u32,
        #[serde(default)]
        caption: Option<String>,
        #[serde(default)]
        entities: Vec<Entity>,
    },
    Location {
        latitude: f64,
        longitude: f64,
    },
    Contact(Card),
    /// Telegram's own words, such as `forum_topic_closed`.
    Service {
        field: String,
        value: Value,
    },
}

/// A contact card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// As the customer's phone book has it.
    pub phone_number: String,
    /// First name on the card.
    pub first_name: String,
    /// Last name on the card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Whose card it is, if that person is in Telegram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
}

/// A stored file, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileRef {
    pub(super) file_id: String,
    pub(super) file_unique_id: String,
    pub(super) file_size: usize,
}

/// One size of a photo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Size {
    #[serde(flatten)]
    pub(super) file: FileRef,
    pub(super) width: u32,
    pub(super) height: u32,
}

impl Message {
    /// A message as it is when it is sent, without buttons; [`super::state::State::add_message`] gives it its id and
    /// date.
    pub(super) fn new(chat: i64, sender: Sender, content: Content) -> Self {
        let author = match sender {
            Sender::Bot => None,
            Sender::Person(id) => Some(id),
        };
        Self {
            id: 0,
            chat,
            from_bot: author.is_none(),
            author,
            date: 0,
            edit_date: None,
            content,
            inline: Vec::new(),
            had_reply_markup: false,
            album: None,
            topic: None,
            reply_to: None,
            deleted: false,
        }
    }

    /// The text or caption.
    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Text { text, .. } | Content::Rich { text } => text,
            Content::Photo { caption, .. }
            | Content::Video { caption, .. }
            | Content::Document { caption, .. }
            | Content::Voice { caption, .. } => caption.as_deref().unwrap_or_default(),
            _ => "",
        }
    }

    /// The Bot API's `Message` object, given its `from` and `chat`.
    pub(super) fn to_json(&self, from: &Value, chat: &Value) -> Value {
        let mut message = json!({"message_id": self.id, "from": from, "chat": chat, "date": self.date});
        if let Some(edited) = self.edit_date {
            message["edit_date"] = json!(edited);
        }
        if let Some(album) = &self.album {
            message["media_group_id"] = json!(album);
        }
        if let Some(topic) = self.topic {
            message["message_thread_id"] = json!(topic);
            message["is_topic_message"] = json!(true);
        }
        self.content.write(&mut message);
        if !self.inline.is_empty() {
            message["reply_markup"] = json!({"inline_keyboard": self.inline});
        }
        message
    }
}

impl Content {
    /// Telegram's own words.
    pub(super) fn service(field: &str, value: Value) -> Self {
        Self::Service { field: field.to_owned(), value }
    }

    /// Gives it this caption; false if it cannot have one. An empty one is none.
    pub(super) fn set_caption(&mut self, text: String, styled: Vec<Entity>) -> bool {
        match self {
            Self::Photo { caption, entities, .. }
            | Self::Video { caption, entities, .. }
            | Self::Document { caption, entities, .. }
            | Self::Voice { caption, entities, .. } => {
                *caption = (!text.is_empty()).then_some(text);
                *entities = styled;
                true
            }
            _ => false,
        }
    }

    fn write(&self, message: &mut Value) {
        let caption = match self {
            Self::Text { text, entities } => {
                message["text"] = json!(text);
                if !entities.is_empty() {
                    message["entities"] = json!(entities);
                }
                None
            }
            Self::Rich { text } => {
                message["rich_message"] = json!({"blocks": [{"type": "paragraph", "text": [text]}]});
                None
            }
            Self::Photo { sizes, caption, entities } => {
                message["photo"] = json!(sizes);
                caption.as_ref().map(|caption| (caption, entities))
            }
            Self::Video { file, duration, caption, entities } => {
                message["video"] =
                    json!({"duration": duration, "width": 1280, "height": 720, "mime_type": "video/mp4"});
                merge(&mut message["video"], file);
                caption.as_ref().map(|caption| (caption, entities))
            }
            Self::Document { file, name, mime, caption, entities } => {
                message["document"] = json!({"file_name": name});
                if let Some(mime) = mime {
                    message["document"]["mime_type"] = json!(mime);
                }
                merge(&mut message["document"], file);
                caption.as_ref().map(|caption| (caption, entities))
            }
            Self::Sticker { file, emoji } => {
                message["sticker"] = json!({
                    "width": 512, "height": 512, "emoji": emoji, "set_name": "HotCherry", "is_animated": true,
                    "is_video": false, "type": "regular",
                });
                merge(&mut message["sticker"], file);
                None
            }
            Self::Voice { file, duration, caption, entities } => {
                message["voice"] = json!({"duration": duration, "mime_type": "audio/ogg"});
                merge(&mut message["voice"], file);
                caption.as_ref().map(|caption| (caption, entities))
            }
            Self::Location { latitude, longitude } => {
                message["location"] = json!({"latitude": latitude, "longitude": longitude});
                None
            }
            Self::Contact(card) => {
                message["contact"] = json!(card);
                None
            }
            Self::Service { field, value } => {
                message[field] = value.clone();
                None
            }
        };
        if let Some((caption, entities)) = caption {
            message["caption"] = json!(caption);
            if !entities.is_empty() {
                message["caption_entities"] = json!(entities);
            }
        }
    }
}

fn merge(object: &mut Value, file: &FileRef) {
    object["file_id"] = json!(file.file_id);
    object["file_unique_id"] = json!(file.file_unique_id);
    object["file_size"] = json!(file.file_size);
}
