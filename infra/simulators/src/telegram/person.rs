//! What customers do.

mod buttons;
mod media;
mod screen;
mod topics;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

pub(super) use self::media::photo_sizes;
pub use self::media::{Media, photo};
use super::chat::Chat;
use super::message::{Card, Content, Message, Sender};
use super::state::State;
use super::text::found_entities;
use super::{Model, Telegram, delivery};
use crate::fault::now_ms;

/// Why a customer could not do something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    #[error("there is no chat {0}")]
    NoSuchChat(i64),
    #[error("the customer of chat {0} has blocked the bot")]
    Blocked(i64),
    #[error("no button says «{text}»; these can be seen: {}", visible.join(" · "))]
    NoSuchButton {
        text: String,
        /// The buttons that can be seen, newest message first, then the keyboard's.
        visible: Vec<String>,
    },
    #[error("message {0} is not in this chat, or somebody else wrote it")]
    NoSuchMessage(i64),
    #[error("{0} is not in the group")]
    NotAMember(i64),
    #[error("topic {0} is not there, or it is closed")]
    NoSuchTopic(i64),
    #[error("update {0} is not remembered")]
    NoSuchUpdate(i64),
}

impl Telegram {
    /// Somebody who knows of the bot but has not written yet.
    pub fn new_customer(&self, first_name: &str, username: Option<&str>) -> Person {
        let chat = self.model.lock().new_chat(first_name, username);
        self.model.changed();
        self.customer(chat)
    }

    /// The customer of this chat.
    #[must_use]
    pub fn customer(&self, chat: i64) -> Person {
        Person { chat, id: chat, topic: None, telegram: self.clone() }
    }

    /// Somebody with this Telegram id, as a dealer's file names them; who is known already stays as they are.
    pub fn person_at(&self, id: i64, first_name: &str, username: Option<&str>) -> Person {
        let mut state = self.model.lock();
        if !state.chats.contains_key(&id) {
            state.put_chat(id, first_name, username);
        }
        drop(state);
        self.model.changed();
        self.customer(id)
    }

    /// Emits an update as it is, with an `update_id` of its own unless it has one: for what the simulator does not
    /// model, such as groups, channels and kinds of updates still to come.
    pub fn raw_update(&self, update: Value) -> i64 {
        delivery::emit(&self.model, update)
    }

    /// Keeps a photo as if somebody had sent it, and returns its `file_id` and `file_unique_id`.
    pub fn add_photo(&self, jpeg: impl Into<Bytes>) -> (String, String) {
        let file = self.model.lock().add_file("photos", "jpg", "image/jpeg", jpeg.into());
        (file.file_id, file.file_unique_id)
    }

    /// Delivers an update again, as Telegram does when an answer got lost.
    ///
    /// # Errors
    /// It is too old to be remembered.
    pub fn redeliver(&self, update_id: i64) -> Result<(), PersonError> {
        delivery::redeliver(&self.model, update_id).then_some(()).ok_or(PersonError::NoSuchUpdate(update_id))
    }
}

/// Somebody with Telegram in hand: a customer in the private chat with the bot, or a member of a group
/// ([`super::Group`]). Actions return at once, with the id of the update that tells the bot; they fail when there is no
/// such chat, or its customer has blocked the bot. Of what the bot cannot read in a group it gets no update.
#[derive(Clone, Debug)]
pub struct Person {
    /// Where they act. The id of the private chat is their own, too.
    pub chat: i64,
    /// Their own Telegram id.
    pub id: i64,
    topic: Option<i64>,
    telegram: Telegram,
}

impl Person {
    /// The same person in a group.
    pub(super) fn in_group(&self, chat: i64) -> Self {
        Self { chat, ..self.clone() }
    }

    /// The customer has written to the bot some time before: it may write to them. No update comes of it.
    pub fn mark_started(&self) {
        self.change(|chat| chat.started = true);
        self.model().changed();
    }

    /// The same person, writing in a topic of the chat.
    #[must_use]
    pub fn in_topic(&self, topic: i64) -> Self {
        Self { topic: Some(topic), ..self.clone() }
    }

    /// Replies to a message.
    pub fn reply(&self, message_id: i64, text: &str) -> Result<i64, PersonError> {
        let content = Content::Text { text: text.to_owned(), entities: found_entities(text) };
        let update = self.write_reply(None, Some(message_id), |_| content)?;
        Ok(delivery::emit(self.model(), update))
    }

    /// Types a text.
    pub fn say(&self, text: &str) -> Result<i64, PersonError> {
        self.send(None, |_| Content::Text { text: text.to_owned(), entities: found_entities(text) })
    }

    /// Pastes a text with its formatting.
    pub fn paste_formatted(&self, text: &str) -> Result<i64, PersonError> {
        self.send(None, |_| Content::Rich { text: text.to_owned() })
    }

    /// Changes a message that was typed before.
    pub fn edit(&self, message_id: i64, text: &str) -> Result<i64, PersonError> {
        let update = {
            let mut state = self.model().lock();
            let message = state.message(self.chat, message_id).filter(|message| self.wrote(message));
            message.ok_or(PersonError::NoSuchMessage(message_id))?;
            let now = state.now();
            state.change_message(message_id, |message| {
                let entities = found_entities(text);
                if !message.content.set_caption(text.to_owned(), entities.clone()) {
                    message.content = Content::Text { text: text.to_owned(), entities };
                }
                message.edit_date = Some(now);
            });
            state.update_of("edited_message", message_id, &self.model().bot_user())
        };
        Ok(delivery::emit(self.model(), update))
    }

    /// Shares the own contact, with this number: Telegram vouches that it is the customer's.
    pub fn share_contact(&self, phone: &str) -> Result<i64, PersonError> {
        let first_name = self.view().ok_or(PersonError::NoSuchChat(self.chat))?.first_name;
        self.share_card(phone, &first_name, Some(self.chat))
    }

    /// Shares a contact of the customer's phone book.
    pub fn share_contact_of(&self, first_name: &str, phone: &str) -> Result<i64, PersonError> {
        self.share_card(phone, first_name, None)
    }

    fn share_card(&self, phone: &str, first_name: &str, user_id: Option<i64>) -> Result<i64, PersonError> {
        let (phone_number, first_name) = (phone.to_owned(), first_name.to_owned());
        self.send(None, |_| Content::Contact(Card { phone_number, first_name, last_name: None, user_id }))
    }

    /// Sends a place.
    pub fn send_location(&self, latitude: f64, longitude: f64) -> Result<i64, PersonError> {
        self.send(None, |_| Content::Location { latitude, longitude })
    }

    /// Deletes a message for both sides.
    ///
    /// # Errors
    /// There is no such message.
    pub fn delete_message(&self, message_id: i64) -> Result<(), PersonError> {
        let mut state = self.model().lock();
        state.message(self.chat, message_id).ok_or(PersonError::NoSuchMessage(message_id))?;
        state.change_message(message_id, |message| message.deleted = true);
        drop(state);
        self.model().changed();
        Ok(())
    }

    /// Blocks the bot.
    pub fn block_bot(&self) -> Result<i64, PersonError> {
        self.membership(true)
    }

    /// Lets the bot write again.
    pub fn unblock_bot(&self) -> Result<i64, PersonError> {
        self.membership(false)
    }

    /// Where all of this happens.
    #[must_use]
    pub const fn telegram(&self) -> &Telegram {
        &self.telegram
    }

    fn model(&self) -> &Arc<Model> {
        &self.telegram.model
    }

    fn change(&self, change: impl FnOnce(&mut Chat)) {
        self.model().lock().change_chat(self.chat, change);
    }

    fn send(&self, album: Option<String>, content: impl FnOnce(&mut State) -> Content) -> Result<i64, PersonError> {
        let update = self.write(album, content)?;
        Ok(delivery::emit(self.model(), update))
    }

    /// Puts a message of this person into the chat and returns the update that tells the bot.
    fn write(&self, album: Option<String>, content: impl FnOnce(&mut State) -> Content) -> Result<Value, PersonError> {
        self.write_reply(album, None, content)
    }

    fn write_reply(
        &self,
        album: Option<String>,
        reply_to: Option<i64>,
        content: impl FnOnce(&mut State) -> Content,
    ) -> Result<Value, PersonError> {
        let mut state = self.model().lock();
        self.may_write(&state)?;
        let content = content(&mut state);
        state.change_chat(self.chat, |chat| chat.started = true);
        let message = Message::new(self.chat, Sender::Person(self.id), content);
        let id = state.add_message(Message { album, topic: self.topic, reply_to, ..message });
        Ok(state.update_of("message", id, &self.model().bot_user()))
    }

    fn may_write(&self, state: &State) -> Result<(), PersonError> {
        let chat = state.chats.get(&self.chat).ok_or(PersonError::NoSuchChat(self.chat))?;
        if chat.blocked {
            return Err(PersonError::Blocked(self.chat));
        }
        let Some(group) = &chat.group else { return Ok(()) };
        if !group.members.contains(&self.id) {
            return Err(PersonError::NotAMember(self.id));
        }
        let Some(topic) = self.topic else { return Ok(()) };
        let open = group.topics().and_then(|topics| topics.get(&topic)).is_some_and(|topic| !topic.closed);
        open.then_some(()).ok_or(PersonError::NoSuchTopic(topic))
    }

    fn wrote(&self, message: &Message) -> bool {
        !message.from_bot && message.author.is_none_or(|author| author == self.id)
    }

    /// Emits the update of a message that is in the chat, and returns its id.
    fn tell(&self, message: i64) -> i64 {
        let update = self.model().lock().update_of("message", message, &self.model().bot_user());
        delivery::emit(self.model(), update)
    }

    fn membership(&self, blocked: bool) -> Result<i64, PersonError> {
        let update = {
            let mut state = self.model().lock();
            let customer = state.chats.get(&self.chat).ok_or(PersonError::NoSuchChat(self.chat))?;
            let (from, chat_json, bot) = (customer.user_json(), customer.chat_json(), self.model().bot_user());
            state.change_chat(self.chat, |chat| chat.blocked = blocked);
            let (member, kicked) =
                (json!({"user": bot, "status": "member"}), json!({"user": bot, "status": "kicked", "until_date": 0}));
            let (old, new) = if blocked { (member, kicked) } else { (kicked, member) };
            json!({"my_chat_member": {
                "chat": chat_json, "from": from, "date": now_ms() / 1000, "old_chat_member": old, "new_chat_member": new,
            }})
        };
        Ok(delivery::emit(self.model(), update))
    }
}
