//! One chat of the bot.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::group::GroupChat;
use super::markup::ReplyKeyboard;
use super::view::{Alert, Fresh};

/// A private chat, which is a person too; or a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Chat {
    pub(super) id: i64,
    pub(super) first_name: String,
    pub(super) username: Option<String>,
    /// The customer's own number, which their contact card has.
    pub(super) phone: String,
    /// The customer has written to the bot; before that it may not write either.
    pub(super) started: bool,
    /// The customer has blocked the bot.
    pub(super) blocked: bool,
    /// Its title is in place of a name.
    #[serde(default)]
    pub(super) group: Option<GroupChat>,
    pub(super) reply_keyboard: Option<ReplyKeyboard>,
    /// A one-time keyboard that was used: it is folded away.
    pub(super) keyboard_used: bool,
    #[serde(skip)]
    pub(super) typing_until_ms: u64,
    #[serde(skip)]
    pub(super) alerts: Vec<Alert>,
    #[serde(skip)]
    pub(super) fresh: Vec<Fresh>,
    #[serde(skip)]
    pub(super) message_ids: Vec<i64>,
    #[serde(skip)]
    pub(super) bot_wrote_ms: u64,
}

impl Chat {
    /// The Bot API's `User` object.
    pub(super) fn user_json(&self) -> Value {
        let mut user = json!({"id": self.id, "is_bot": false, "first_name": self.first_name, "language_code": "ru"});
        if let Some(username) = &self.username {
            user["username"] = json!(username);
        }
        user
    }

    /// The Bot API's `Chat` object.
    pub(super) fn chat_json(&self) -> Value {
        if let Some(group) = &self.group {
            let mut chat = json!({"id": self.id, "title": self.first_name, "type": group.kind_name()});
            if group.topics().is_some() {
                chat["is_forum"] = json!(true);
            }
            return chat;
        }
        let mut chat = json!({"id": self.id, "first_name": self.first_name, "type": "private"});
        if let Some(username) = &self.username {
            chat["username"] = json!(username);
        }
        chat
    }

    /// The keyboard the customer sees in place of their own.
    pub(super) fn visible_keyboard(&self) -> Option<&ReplyKeyboard> {
        self.reply_keyboard.as_ref().filter(|keyboard| !(keyboard.one_time && self.keyboard_used))
    }
}
