//! What customers do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::group::{GroupChat, TopicChange};
use super::message::{Card, Content, Message, Sender, Size};
use super::state::{Chat, State};
use super::text::found_entities;
use super::view::{Alert, ChatView, Fresh, MessageView};
use super::{Model, Telegram, delivery, files};
use crate::fault::now_ms;

/// The smallest JPEG there is: what the small sizes of every photo hold, so that a bot that fetches the wrong size is
/// found out.
const THUMBNAIL: &[u8] =
    &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9];

/// Width and height of a photo from a camera.
const CAMERA: (u32, u32) = (1280, 960);

/// A photo as small as a JPEG gets; `n` makes it a different one.
#[must_use]
pub fn photo(n: u8) -> Bytes {
    vec![0xff, 0xd8, 0xff, 0xe0, n, 0xff, 0xd9].into()
}

/// Why a customer could not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonError {
    /// There is no such chat.
    NoSuchChat(i64),
    /// The customer has blocked the bot; its app lets them write again only after unblocking.
    Blocked(i64),
    /// No button that can be seen has this text.
    NoSuchButton {
        /// What was looked for.
        text: String,
        /// The buttons that can be seen, newest message first, then the keyboard's.
        visible: Vec<String>,
    },
    /// The message is not in this chat, or somebody else wrote it.
    NoSuchMessage(i64),
    /// Somebody who is not in the group.
    NotAMember(i64),
    /// The topic is not there, or it is closed.
    NoSuchTopic(i64),
    /// The update is not remembered.
    NoSuchUpdate(i64),
}

impl fmt::Display for PersonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchChat(id) => write!(formatter, "there is no chat {id}"),
            Self::Blocked(id) => write!(formatter, "the customer of chat {id} has blocked the bot"),
            Self::NoSuchButton { text, visible } => {
                write!(formatter, "no button says «{text}»; these can be seen: {}", visible.join(" · "))
            }
            Self::NoSuchMessage(id) => write!(formatter, "message {id} is not in this chat"),
            Self::NotAMember(id) => write!(formatter, "{id} is not in the group"),
            Self::NoSuchTopic(id) => write!(formatter, "topic {id} is not there, or it is closed"),
            Self::NoSuchUpdate(id) => write!(formatter, "update {id} is not remembered"),
        }
    }
}

impl std::error::Error for PersonError {}

/// Something of a customer's gallery or disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Media {
    /// A photo, a JPEG, as the app has compressed it.
    Photo(Bytes),
    /// A video.
    Video(Bytes),
    /// Anything as a file, which Telegram leaves as it is.
    File {
        /// Its name on the disk.
        name: String,
        /// What is in it.
        bytes: Bytes,
    },
}

/// What a tap on a visible button does.
enum Tap {
    Press { message_id: i64, data: String },
    Open,
    Say,
    ShareContact,
    ShareLocation,
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

    /// Presses the button with this text: the newest one under a message, otherwise one of the keyboard. Returns `None`
    /// for a button that only opens an address.
    ///
    /// # Errors
    /// No such button can be seen.
    pub fn tap(&self, text: &str) -> Result<Option<i64>, PersonError> {
        match self.find_button(text)? {
            Tap::Press { message_id, data } => self.press(message_id, &data).map(Some),
            Tap::Open => Ok(None),
            Tap::Say => {
                self.change(|chat| chat.keyboard_used = true);
                self.say(text).map(Some)
            }
            Tap::ShareContact => {
                self.change(|chat| chat.keyboard_used = true);
                let phone = self.view().ok_or(PersonError::NoSuchChat(self.chat))?.phone;
                self.share_contact(&phone).map(Some)
            }
            Tap::ShareLocation => {
                self.change(|chat| chat.keyboard_used = true);
                self.send_location(55.751_244, 37.618_423).map(Some)
            }
        }
    }

    /// Presses a button with this data under this message, whether it is (still) there or not: an app may be slow to
    /// hear of a change, and a forged one may send anything.
    ///
    /// # Errors
    /// There is no such message.
    pub fn press(&self, message_id: i64, data: &str) -> Result<i64, PersonError> {
        let update = {
            let mut state = self.model().lock();
            let chat = state.chats.get(&self.chat).ok_or(PersonError::NoSuchChat(self.chat))?;
            let from = state.chats.get(&self.id).ok_or(PersonError::NoSuchChat(self.id))?;
            let (from, chat_json) = (from.user_json(), chat.chat_json());
            let known = state.messages.get(&message_id).filter(|message| message.chat == self.chat);
            let message = known.ok_or(PersonError::NoSuchMessage(message_id))?;
            let message = if message.deleted {
                // The Bot API's `InaccessibleMessage`.
                json!({"chat": chat_json, "message_id": message_id, "date": 0})
            } else {
                state.message_json(message, &self.model().bot_user())
            };
            let id = state.add_press(self.id);
            let instance = format!("-{}", 3_788_000_000_000_000_000_i64 + self.chat.abs());
            json!({"callback_query": {"id": id, "from": from, "message": message, "chat_instance": instance, "data": data}})
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

    /// Sends a photo, a JPEG.
    pub fn send_photo(&self, jpeg: impl Into<Bytes>, caption: Option<&str>) -> Result<i64, PersonError> {
        let (jpeg, caption) = (jpeg.into(), caption.map(str::to_owned));
        self.send(None, |state| Media::Photo(jpeg).into_content(state, caption))
    }

    /// Sends photos as an album.
    pub fn send_album(&self, jpegs: Vec<Bytes>) -> Result<Vec<i64>, PersonError> {
        self.send_media(jpegs.into_iter().map(Media::Photo).collect(), None)
    }

    /// Sends what was chosen together: one update for each, all at once, sharing a `media_group_id` where there are
    /// several; the caption comes with the first. Telegram's apps put up to ten into one album, photos and videos
    /// together, files with files only.
    pub fn send_media(&self, media: Vec<Media>, caption: Option<&str>) -> Result<Vec<i64>, PersonError> {
        let album = (media.len() > 1).then(|| format!("1{:016}", now_ms() * 1000 + u64::from(rand::random::<u8>())));
        let mut caption = caption.map(str::to_owned);
        let mut updates = Vec::new();
        for part in media {
            let caption = caption.take();
            updates.push(self.write(album.clone(), |state| part.into_content(state, caption))?);
        }
        Ok(updates.into_iter().map(|update| delivery::emit(self.model(), update)).collect())
    }

    /// Sends a JPEG as a file, which Telegram leaves as it is.
    pub fn send_document_image(&self, jpeg: impl Into<Bytes>) -> Result<i64, PersonError> {
        self.send_document(jpeg, "IMG_2041.jpg")
    }

    /// Sends a file; its media type is what its name says.
    pub fn send_document(&self, bytes: impl Into<Bytes>, name: &str) -> Result<i64, PersonError> {
        let file = Media::File { name: name.to_owned(), bytes: bytes.into() };
        self.send(None, |state| file.into_content(state, None))
    }

    /// Sends a file of which the app says this media type, or none.
    pub fn send_document_as(
        &self,
        bytes: impl Into<Bytes>,
        name: &str,
        mime: Option<&str>,
    ) -> Result<i64, PersonError> {
        let bytes = bytes.into();
        self.send(None, |state| {
            let stored = mime.unwrap_or("application/octet-stream");
            let file = state.add_file("documents", &files::extension(name), stored, bytes);
            Content::Document {
                file,
                name: name.to_owned(),
                mime: mime.map(str::to_owned),
                caption: None,
                entities: Vec::new(),
            }
        })
    }

    /// Sends a sticker.
    pub fn send_sticker(&self) -> Result<i64, PersonError> {
        self.send(None, |state| Content::Sticker {
            file: state.add_file("stickers", "tgs", "application/x-tgsticker", Bytes::from_static(b"sticker")),
            emoji: "👍".to_owned(),
        })
    }

    /// Sends a voice message, an Ogg of this length in seconds.
    pub fn send_voice(&self, ogg: impl Into<Bytes>, seconds: u32) -> Result<i64, PersonError> {
        let ogg = ogg.into();
        let file = move |state: &mut State| state.add_file("voice", "oga", "audio/ogg", ogg);
        self.send(None, |state| Content::Voice {
            file: file(state),
            duration: seconds,
            caption: None,
            entities: Vec::new(),
        })
    }

    /// Sends a place.
    pub fn send_location(&self, latitude: f64, longitude: f64) -> Result<i64, PersonError> {
        self.send(None, |_| Content::Location { latitude, longitude })
    }

    /// Opens a topic of the group and returns its `message_thread_id`.
    ///
    /// # Errors
    /// The person is not in the group, or it has no topics.
    pub fn open_topic(&self, name: &str) -> Result<i64, PersonError> {
        let id = {
            let mut state = self.model().lock();
            self.may_write(&state)?;
            let topics = state.group(self.chat).and_then(GroupChat::topics);
            topics.ok_or(PersonError::NoSuchChat(self.chat))?;
            state.open_topic(self.chat, Sender::Person(self.id), name)
        };
        self.tell(id);
        Ok(id)
    }

    /// Closes a topic by hand.
    pub fn close_topic(&self, topic: i64) -> Result<i64, PersonError> {
        self.change_topic(topic, &TopicChange::Closed(true))
    }

    /// Opens a closed topic by hand.
    pub fn reopen_topic(&self, topic: i64) -> Result<i64, PersonError> {
        self.change_topic(topic, &TopicChange::Closed(false))
    }

    /// Deletes a topic by hand, with everything in it. The bot is not told.
    pub fn delete_topic(&self, topic: i64) -> Result<(), PersonError> {
        let there = self.model().lock().delete_topic(self.chat, topic);
        self.model().changed();
        there.then_some(()).ok_or(PersonError::NoSuchTopic(topic))
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

    /// The chat as the customer sees it.
    #[must_use]
    pub fn view(&self) -> Option<ChatView> {
        self.telegram.chat(self.chat)
    }

    /// The newest message of the bot.
    #[must_use]
    pub fn last_from_bot(&self) -> Option<MessageView> {
        self.view()?.messages.into_iter().rev().find(|message| message.from == "bot")
    }

    /// What the bot did since this was last asked, oldest first.
    #[must_use]
    pub fn take_new(&self) -> Vec<Fresh> {
        let mut state = self.model().lock();
        state.chats.get_mut(&self.chat).map(|chat| std::mem::take(&mut chat.fresh)).unwrap_or_default()
    }

    /// Waits for the next thing the bot does; `None` if it does nothing within `patience`.
    pub async fn take_next(&self, patience: Duration) -> Option<Fresh> {
        let mut changes = self.telegram.changes();
        let next = async {
            loop {
                changes.mark_unchanged();
                {
                    let mut state = self.model().lock();
                    let fresh = &mut state.chats.get_mut(&self.chat)?.fresh;
                    if !fresh.is_empty() {
                        return Some(fresh.remove(0));
                    }
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, next).await.ok().flatten()
    }

    /// What presses brought up since this was last asked, oldest first.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<Alert> {
        let mut state = self.model().lock();
        state.chats.get_mut(&self.id).map(|chat| std::mem::take(&mut chat.alerts)).unwrap_or_default()
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

    fn change_topic(&self, topic: i64, change: &TopicChange) -> Result<i64, PersonError> {
        let sender = Sender::Person(self.id);
        let told = self.model().lock().change_topic(self.chat, sender, topic, change);
        told.map(|message| self.tell(message)).ok_or(PersonError::NoSuchTopic(topic))
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

    fn find_button(&self, text: &str) -> Result<Tap, PersonError> {
        let view = self.view().ok_or(PersonError::NoSuchChat(self.chat))?;
        let mut visible = Vec::new();
        for message in view.messages.iter().rev() {
            for button in message.buttons.iter().flatten() {
                if button.text == text {
                    return Ok(match &button.callback_data {
                        Some(data) => Tap::Press { message_id: message.id, data: data.clone() },
                        None => Tap::Open,
                    });
                }
                visible.push(button.text.clone());
            }
        }
        for button in view.reply_keyboard.iter().flat_map(|keyboard| keyboard.rows.iter().flatten()) {
            if button.text == text {
                return Ok(match button {
                    button if button.request_contact => Tap::ShareContact,
                    button if button.request_location => Tap::ShareLocation,
                    _ => Tap::Say,
                });
            }
            visible.push(button.text.clone());
        }
        Err(PersonError::NoSuchButton { text: text.to_owned(), visible })
    }
}

impl Media {
    fn into_content(self, state: &mut State, caption: Option<String>) -> Content {
        match self {
            Self::Photo(jpeg) => {
                Content::Photo { sizes: photo_sizes(state, jpeg, CAMERA), caption, entities: Vec::new() }
            }
            Self::Video(bytes) => Content::Video {
                file: state.add_file("videos", "mp4", "video/mp4", bytes),
                duration: 5,
                caption,
                entities: Vec::new(),
            },
            Self::File { name, bytes } => {
                let extension = files::extension(&name);
                let mime = files::media_type(&name);
                let file = state.add_file("documents", &extension, mime, bytes);
                Content::Document { file, name, mime: Some(mime.to_owned()), caption, entities: Vec::new() }
            }
        }
    }
}

/// Keeps a picture with these sides in the sizes that Telegram makes of it.
pub(super) fn photo_sizes(state: &mut State, picture: Bytes, (width, height): (u32, u32)) -> Vec<Size> {
    let small = Bytes::from_static(THUMBNAIL);
    [(90, 67, small.clone()), (320, 240, small), (width, height, picture)]
        .map(|(width, height, bytes)| {
            let (extension, mime) = files::picture_type(&bytes);
            Size { file: state.add_file("photos", extension, mime, bytes), width, height }
        })
        .into()
}
