//! What customers do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::message::{Card, Content, Message, Size};
use super::state::{Chat, State};
use super::text::found_entities;
use super::view::{Alert, ChatView, Fresh, MessageView};
use super::{Model, Telegram, delivery, files};
use crate::fault::now_ms;

/// The smallest JPEG there is: what the small sizes of every photo hold, so that a bot that fetches the wrong size is
/// found out.
const THUMBNAIL: &[u8] =
    &[0xff, 0xd8, 0xff, 0xe0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xff, 0xd9];

/// A photo as small as a JPEG gets; `n` makes it a different one.
#[must_use]
pub fn photo(n: u8) -> Bytes {
    vec![0xff, 0xd8, 0xff, 0xe0, n, 0xff, 0xd9].into()
}

/// Why a customer could not do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerError {
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
    /// The message is not in this chat.
    NoSuchMessage(i64),
    /// The update is not remembered.
    NoSuchUpdate(i64),
}

impl fmt::Display for CustomerError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchChat(id) => write!(formatter, "there is no chat {id}"),
            Self::Blocked(id) => write!(formatter, "the customer of chat {id} has blocked the bot"),
            Self::NoSuchButton { text, visible } => {
                write!(formatter, "no button says «{text}»; these can be seen: {}", visible.join(" · "))
            }
            Self::NoSuchMessage(id) => write!(formatter, "message {id} is not in this chat"),
            Self::NoSuchUpdate(id) => write!(formatter, "update {id} is not remembered"),
        }
    }
}

impl std::error::Error for CustomerError {}

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
    pub fn new_customer(&self, first_name: &str, username: Option<&str>) -> Customer {
        let chat = self.model.lock().new_chat(first_name, username);
        self.model.changed();
        self.customer(chat)
    }

    /// The customer of this chat.
    #[must_use]
    pub fn customer(&self, chat: i64) -> Customer {
        Customer { chat, topic: None, telegram: self.clone() }
    }

    /// A group that the bot is in. Returns the chat's id.
    pub fn new_group(&self, title: &str) -> i64 {
        let id = self.model.lock().new_group(title, false);
        self.model.changed();
        id
    }

    /// The group becomes a supergroup: a chat with another id, which the old one names from now on. Returns the new id.
    pub fn upgrade_group(&self, group: i64) -> i64 {
        let id = {
            let mut state = self.model.lock();
            let title = state.chats.get(&group).map(|chat| chat.first_name.clone()).unwrap_or_default();
            let id = state.new_group(&title, true);
            state.change_chat(group, |chat| chat.migrated_to = Some(id));
            id
        };
        self.model.changed();
        id
    }

    /// Emits an update as it is, with an `update_id` of its own unless it has one: for what the simulator does not model,
    /// such as groups, channels and kinds of updates still to come.
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
    pub fn redeliver(&self, update_id: i64) -> Result<(), CustomerError> {
        delivery::redeliver(&self.model, update_id).then_some(()).ok_or(CustomerError::NoSuchUpdate(update_id))
    }
}

/// A customer with Telegram in hand. Actions return at once, with the id of the update that tells the bot; they fail when
/// there is no such chat, or its customer has blocked the bot.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Telegram id of the private chat, which is the customer's own id too.
    pub chat: i64,
    topic: Option<i64>,
    telegram: Telegram,
}

impl Customer {
    /// The customer has written to the bot some time before: it may write to them. No update comes of it.
    pub fn mark_started(&self) {
        self.change(|chat| chat.started = true);
        self.model().changed();
    }

    /// The same customer, writing in a topic of the chat.
    #[must_use]
    pub fn in_topic(&self, topic: i64) -> Self {
        Self { topic: Some(topic), ..self.clone() }
    }

    /// Types a text.
    pub fn say(&self, text: &str) -> Result<i64, CustomerError> {
        self.send(None, |_| Content::Text { text: text.to_owned(), entities: found_entities(text) })
    }

    /// Pastes a text with its formatting.
    pub fn paste_formatted(&self, text: &str) -> Result<i64, CustomerError> {
        self.send(None, |_| Content::Rich { text: text.to_owned() })
    }

    /// Changes a message that was typed before.
    pub fn edit(&self, message_id: i64, text: &str) -> Result<i64, CustomerError> {
        let update = {
            let mut state = self.model().lock();
            state.message(self.chat, message_id).ok_or(CustomerError::NoSuchMessage(message_id))?;
            state.change_message(message_id, |message| {
                message.content = Content::Text { text: text.to_owned(), entities: found_entities(text) };
                message.edit_date = Some(now_seconds());
            });
            let message = state.messages.get(&message_id).map(|message| state.message_json(message, &Value::Null));
            json!({"edited_message": message})
        };
        Ok(delivery::emit(self.model(), update))
    }

    /// Presses the button with this text: the newest one under a message, otherwise one of the keyboard. Returns `None`
    /// for a button that only opens an address.
    ///
    /// # Errors
    /// No such button can be seen.
    pub fn tap(&self, text: &str) -> Result<Option<i64>, CustomerError> {
        match self.find_button(text)? {
            Tap::Press { message_id, data } => self.press(message_id, &data).map(Some),
            Tap::Open => Ok(None),
            Tap::Say => {
                self.change(|chat| chat.keyboard_used = true);
                self.say(text).map(Some)
            }
            Tap::ShareContact => {
                self.change(|chat| chat.keyboard_used = true);
                let phone = self.view().ok_or(CustomerError::NoSuchChat(self.chat))?.phone;
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
    pub fn press(&self, message_id: i64, data: &str) -> Result<i64, CustomerError> {
        let update = {
            let mut state = self.model().lock();
            let from = state.chats.get(&self.chat).ok_or(CustomerError::NoSuchChat(self.chat))?;
            let (from, chat_json) = (from.user_json(), from.chat_json());
            let known = state.messages.get(&message_id).filter(|message| message.chat == self.chat);
            let message = known.ok_or(CustomerError::NoSuchMessage(message_id))?;
            let message = if message.deleted {
                // The Bot API's `InaccessibleMessage`.
                json!({"chat": chat_json, "message_id": message_id, "date": 0})
            } else {
                state.message_json(message, &self.model().bot_user())
            };
            let id = state.add_press(self.chat);
            let instance = format!("-{}", 3_788_000_000_000_000_000_i64 + self.chat);
            json!({"callback_query": {"id": id, "from": from, "message": message, "chat_instance": instance, "data": data}})
        };
        Ok(delivery::emit(self.model(), update))
    }

    /// Shares the own contact, with this number: Telegram vouches that it is the customer's.
    pub fn share_contact(&self, phone: &str) -> Result<i64, CustomerError> {
        let first_name = self.view().ok_or(CustomerError::NoSuchChat(self.chat))?.first_name;
        self.share_card(phone, &first_name, Some(self.chat))
    }

    /// Shares a contact of the customer's phone book.
    pub fn share_contact_of(&self, first_name: &str, phone: &str) -> Result<i64, CustomerError> {
        self.share_card(phone, first_name, None)
    }

    fn share_card(&self, phone: &str, first_name: &str, user_id: Option<i64>) -> Result<i64, CustomerError> {
        let (phone_number, first_name) = (phone.to_owned(), first_name.to_owned());
        self.send(None, |_| Content::Contact(Card { phone_number, first_name, last_name: None, user_id }))
    }

    /// Sends a photo, a JPEG.
    pub fn send_photo(&self, jpeg: impl Into<Bytes>, caption: Option<&str>) -> Result<i64, CustomerError> {
        let (jpeg, caption) = (jpeg.into(), caption.map(str::to_owned));
        self.send(None, |state| Media::Photo(jpeg).into_content(state, caption))
    }

    /// Sends photos as an album.
    pub fn send_album(&self, jpegs: Vec<Bytes>) -> Result<Vec<i64>, CustomerError> {
        self.send_media(jpegs.into_iter().map(Media::Photo).collect(), None)
    }

    /// Sends what was chosen together: one update for each, all at once, sharing a `media_group_id` where there are
    /// several; the caption comes with the first. Telegram's apps put up to ten into one album, photos and videos
    /// together, files with files only.
    pub fn send_media(&self, media: Vec<Media>, caption: Option<&str>) -> Result<Vec<i64>, CustomerError> {
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
    pub fn send_document_image(&self, jpeg: impl Into<Bytes>) -> Result<i64, CustomerError> {
        self.send_document(jpeg, "IMG_2041.jpg")
    }

    /// Sends a file; its media type is what its name says.
    pub fn send_document(&self, bytes: impl Into<Bytes>, name: &str) -> Result<i64, CustomerError> {
        let file = Media::File { name: name.to_owned(), bytes: bytes.into() };
        self.send(None, |state| file.into_content(state, None))
    }

    /// Sends a file of which the app says this media type, or none.
    pub fn send_document_as(
        &self,
        bytes: impl Into<Bytes>,
        name: &str,
        mime: Option<&str>,
    ) -> Result<i64, CustomerError> {
        let bytes = bytes.into();
        self.send(None, |state| {
            let stored = mime.unwrap_or("application/octet-stream");
            let file = state.add_file("documents", &files::extension(name), stored, bytes);
            Content::Document { file, name: name.to_owned(), mime: mime.map(str::to_owned), caption: None }
        })
    }

    /// Sends a sticker.
    pub fn send_sticker(&self) -> Result<i64, CustomerError> {
        self.send(None, |state| Content::Sticker {
            file: state.add_file("stickers", "tgs", "application/x-tgsticker", Bytes::from_static(b"sticker")),
            emoji: "👍".to_owned(),
        })
    }

    /// Sends a voice message, an Ogg of so many seconds.
    pub fn send_voice(&self, ogg: impl Into<Bytes>, seconds: u32) -> Result<i64, CustomerError> {
        let ogg = ogg.into();
        let file = move |state: &mut State| state.add_file("voice", "oga", "audio/ogg", ogg);
        self.send(None, |state| Content::Voice { file: file(state), duration: seconds })
    }

    /// Sends a place.
    pub fn send_location(&self, latitude: f64, longitude: f64) -> Result<i64, CustomerError> {
        self.send(None, |_| Content::Location { latitude, longitude })
    }

    /// Deletes a message for both sides.
    ///
    /// # Errors
    /// There is no such message.
    pub fn delete_message(&self, message_id: i64) -> Result<(), CustomerError> {
        let mut state = self.model().lock();
        state.message(self.chat, message_id).ok_or(CustomerError::NoSuchMessage(message_id))?;
        state.change_message(message_id, |message| message.deleted = true);
        drop(state);
        self.model().changed();
        Ok(())
    }

    /// Blocks the bot.
    pub fn block_bot(&self) -> Result<i64, CustomerError> {
        self.membership(true)
    }

    /// Lets the bot write again.
    pub fn unblock_bot(&self) -> Result<i64, CustomerError> {
        self.membership(false)
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
        state.chats.get_mut(&self.chat).map(|chat| std::mem::take(&mut chat.alerts)).unwrap_or_default()
    }

    fn model(&self) -> &Arc<Model> {
        &self.telegram.model
    }

    fn change(&self, change: impl FnOnce(&mut Chat)) {
        self.model().lock().change_chat(self.chat, change);
    }

    fn send(&self, album: Option<String>, content: impl FnOnce(&mut State) -> Content) -> Result<i64, CustomerError> {
        let update = self.write(album, content)?;
        Ok(delivery::emit(self.model(), update))
    }

    /// Puts a message of the customer into the chat and returns the update that tells the bot.
    fn write(
        &self,
        album: Option<String>,
        content: impl FnOnce(&mut State) -> Content,
    ) -> Result<Value, CustomerError> {
        let mut state = self.model().lock();
        if state.chats.get(&self.chat).ok_or(CustomerError::NoSuchChat(self.chat))?.blocked {
            return Err(CustomerError::Blocked(self.chat));
        }
        let content = content(&mut state);
        state.change_chat(self.chat, |chat| chat.started = true);
        let id = state.add_message(Message {
            id: 0,
            chat: self.chat,
            from_bot: false,
            date: now_seconds(),
            edit_date: None,
            content,
            inline: Vec::new(),
            had_reply_markup: false,
            album,
            topic: self.topic,
            deleted: false,
        });
        let message = state.messages.get(&id).map(|message| state.message_json(message, &Value::Null));
        Ok(json!({"message": message}))
    }

    fn membership(&self, blocked: bool) -> Result<i64, CustomerError> {
        let update = {
            let mut state = self.model().lock();
            let customer = state.chats.get(&self.chat).ok_or(CustomerError::NoSuchChat(self.chat))?;
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

    fn find_button(&self, text: &str) -> Result<Tap, CustomerError> {
        let view = self.view().ok_or(CustomerError::NoSuchChat(self.chat))?;
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
        Err(CustomerError::NoSuchButton { text: text.to_owned(), visible })
    }
}

impl Media {
    fn into_content(self, state: &mut State, caption: Option<String>) -> Content {
        match self {
            Self::Photo(jpeg) => Content::Photo { sizes: photo_sizes(state, jpeg), caption },
            Self::Video(bytes) => {
                Content::Video { file: state.add_file("videos", "mp4", "video/mp4", bytes), duration: 5, caption }
            }
            Self::File { name, bytes } => {
                let extension = files::extension(&name);
                let mime = files::media_type(&name);
                let file = state.add_file("documents", &extension, mime, bytes);
                Content::Document { file, name, mime: Some(mime.to_owned()), caption }
            }
        }
    }
}

fn now_seconds() -> i64 {
    i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX)
}

fn photo_sizes(state: &mut State, jpeg: Bytes) -> Vec<Size> {
    let small = Bytes::from_static(THUMBNAIL);
    [(90, 67, small.clone()), (320, 240, small), (1280, 960, jpeg)]
        .map(|(width, height, bytes)| Size {
            file: state.add_file("photos", "jpg", "image/jpeg", bytes),
            width,
            height,
        })
        .into()
}
