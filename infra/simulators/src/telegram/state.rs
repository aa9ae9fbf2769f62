//! Everything Telegram knows of one bot: chats, messages, files, updates.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chat::Chat;
use super::message::{FileRef, Message};
use super::view::{Alert, Fresh, How, MessageView};
use crate::fault::now_ms;
use embedded::journal::{Entry, Journal};

/// Updates kept for [`super::Telegram::redeliver`].
const HISTORY: usize = 10_000;
/// What the bot did in a chat is kept until it is taken: this many of its acts at most.
const FRESH_KEPT: usize = 1_000;
/// Windows and fading lines kept for a chat.
const ALERTS_KEPT: usize = 100;

/// The state of one bot's Telegram.
#[derive(Debug)]
pub(super) struct State {
    pub(super) journal: Journal,
    /// Seconds that the dates of messages are ahead of the machine's clock.
    ahead: Arc<AtomicI64>,
    pub(super) bot: Bot,
    pub(super) chats: BTreeMap<i64, Chat>,
    pub(super) messages: BTreeMap<i64, Message>,
    pub(super) files: HashMap<String, StoredFile>,
    pub(super) presses: HashMap<String, Press>,
    /// Accepted by nobody yet, by `update_id`.
    pub(super) pending: BTreeMap<i64, Value>,
    /// Handed out once more to whoever polls, whatever its offset.
    pub(super) again: VecDeque<Value>,
    pub(super) history: VecDeque<Value>,
    /// Pending updates that a task is delivering to the webhook.
    pub(super) delivering: HashSet<i64>,
    /// Repeated deliveries under way.
    pub(super) redeliveries: usize,
    /// Number of the newest `getUpdates`: older ones that still wait are turned away.
    pub(super) poll: u64,
    pub(super) stopped: bool,
    counters: Counters,
}

/// What the bot has set about itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Bot {
    pub(super) webhook: Option<Webhook>,
}

/// Where updates go.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) secret: Option<String>,
    /// Kinds of updates wanted; empty for the usual ones.
    pub(super) allowed: Vec<String>,
    pub(super) max_connections: i64,
    /// When the last delivery failed, and how.
    pub(super) last_error: Option<(i64, String)>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Counters {
    update: i64,
    message: i64,
    file: u64,
    chat: i64,
    press: u64,
}

/// A file somebody sent.
#[derive(Clone, Debug)]
pub(super) struct StoredFile {
    pub(super) file: FileRef,
    pub(super) path: String,
    pub(super) mime: String,
    pub(super) bytes: Bytes,
}

#[derive(Serialize, Deserialize)]
struct SavedFile {
    file: FileRef,
    path: String,
    mime: String,
    base64: String,
}

impl StoredFile {
    /// What kind of file it is, as its path says: `photos`, `voice`, …
    pub(super) fn folder(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }
}

/// A press on a button that the bot may answer.
#[derive(Clone, Debug)]
pub(super) struct Press {
    pub(super) person: i64,
    pub(super) at_ms: u64,
}

impl State {
    /// The state a journal holds.
    pub(super) fn restore(journal: Journal, entries: Vec<Entry>, ahead: Arc<AtomicI64>) -> Self {
        let mut state = Self {
            journal,
            ahead,
            bot: Bot::default(),
            chats: BTreeMap::new(),
            messages: BTreeMap::new(),
            files: HashMap::new(),
            presses: HashMap::new(),
            pending: BTreeMap::new(),
            again: VecDeque::new(),
            history: VecDeque::new(),
            delivering: HashSet::new(),
            redeliveries: 0,
            poll: 0,
            stopped: false,
            // A chat id needs more than 32 bits, as those of new Telegram accounts do.
            counters: Counters { update: 1000, message: 0, file: 0, chat: 7_000_000_000, press: 0 },
        };
        for Entry { kind, id, value } in entries {
            if let Err(error) = state.restore_entry(&kind, &id, value) {
                tracing::warn!(%error, kind, "an entry of the simulator's journal cannot be read and is left out");
            }
        }
        state
    }

    fn restore_entry(&mut self, kind: &str, id: &str, value: Value) -> Result<(), serde_json::Error> {
        match kind {
            "bot" => self.bot = serde_json::from_value(value)?,
            "counters" => self.counters = serde_json::from_value(value)?,
            "chat" => {
                let chat: Chat = serde_json::from_value(value)?;
                self.chats.insert(chat.id, chat);
            }
            "message" => {
                let message: Message = serde_json::from_value(value)?;
                if let Some(chat) = self.chats.get_mut(&message.chat) {
                    chat.message_ids.push(message.id);
                }
                self.messages.insert(message.id, message);
            }
            "file" => {
                let saved: SavedFile = serde_json::from_value(value)?;
                let bytes = STANDARD.decode(saved.base64).unwrap_or_default().into();
                let file = StoredFile { file: saved.file, path: saved.path, mime: saved.mime, bytes };
                self.files.insert(id.to_owned(), file);
            }
            "update" => {
                self.pending.insert(id.parse().unwrap_or_default(), value.clone());
                self.history.push_back(value);
            }
            _ => {}
        }
        Ok(())
    }

    /// A new chat, not yet started.
    pub(super) fn new_chat(&mut self, first_name: &str, username: Option<&str>) -> i64 {
        let id = self.next_chat();
        self.put_chat(id, first_name, username);
        id
    }

    /// The number of the next chat.
    pub(super) fn next_chat(&mut self) -> i64 {
        self.counters.chat += 1;
        self.save_counters();
        self.counters.chat
    }

    /// A chat with this id, not yet started.
    pub(super) fn put_chat(&mut self, id: i64, first_name: &str, username: Option<&str>) {
        let chat = Chat {
            id,
            first_name: first_name.to_owned(),
            username: username.map(str::to_owned),
            phone: format!("7900{:07}", id.rem_euclid(10_000_000)),
            started: false,
            blocked: false,
            group: None,
            reply_keyboard: None,
            keyboard_used: false,
            typing_until_ms: 0,
            alerts: Vec::new(),
            fresh: Vec::new(),
            message_ids: Vec::new(),
            bot_wrote_ms: 0,
        };
        self.chats.insert(id, chat);
        self.save_chat(id);
    }

    /// What messages are dated with, in seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        i64::try_from(now_ms() / 1000).unwrap_or(i64::MAX) + self.ahead.load(Ordering::Relaxed)
    }

    /// Uses up the id of a message that nobody needs.
    pub(super) fn skip_message_id(&mut self) {
        self.counters.message += 1;
        self.save_counters();
    }

    /// Stores a new message under the next id and returns the id.
    pub(super) fn add_message(&mut self, mut message: Message) -> i64 {
        self.counters.message += 1;
        message.id = self.counters.message;
        message.date = self.now();
        self.save_counters();
        self.journal.upsert("message", message.id, &message);
        let id = message.id;
        if let Some(chat) = self.chats.get_mut(&message.chat) {
            chat.message_ids.push(id);
        }
        self.messages.insert(id, message);
        id
    }

    /// Stores a file and returns how messages name it.
    pub(super) fn add_file(&mut self, folder: &str, extension: &str, mime: &str, bytes: Bytes) -> FileRef {
        self.counters.file += 1;
        let number = self.counters.file;
        let file = FileRef {
            // As long and as opaque as real ones.
            file_id: format!(
                "AgACAgIAAxkBAAI{number:07}aYx0qTz8WkmhOzVQf5sEbJmG1oYAAhDhMRuLpUhJ7xkq3XoAAQEBAAMCAAN5AAM2BA"
            ),
            file_unique_id: format!("AQAD{number:07}EOExG4"),
            file_size: bytes.len(),
        };
        let path = format!("{folder}/file_{number}.{extension}");
        let saved = SavedFile {
            file: file.clone(),
            path: path.clone(),
            mime: mime.to_owned(),
            base64: STANDARD.encode(&bytes),
        };
        self.journal.upsert("file", &file.file_id, &saved);
        self.save_counters();
        let stored = StoredFile { file: file.clone(), path, mime: mime.to_owned(), bytes };
        self.files.insert(file.file_id.clone(), stored);
        file
    }

    /// Queues an update of this kind, completed with its id, and returns the id.
    pub(super) fn add_update(&mut self, mut update: Value) -> i64 {
        let id = update.get("update_id").and_then(Value::as_i64).unwrap_or_else(|| {
            self.counters.update += 1;
            self.counters.update
        });
        update["update_id"] = json!(id);
        self.save_counters();
        self.journal.upsert("update", id, &update);
        if self.history.len() == HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(update.clone());
        self.pending.insert(id, update);
        id
    }

    /// The bot has accepted this update.
    pub(super) fn confirm(&mut self, update_id: i64) {
        if self.pending.remove(&update_id).is_some() {
            self.journal.remove("update", update_id);
        }
    }

    /// A fresh `callback_query.id` for a press of this person.
    pub(super) fn add_press(&mut self, person: i64) -> String {
        self.counters.press += 1;
        self.save_counters();
        let now = now_ms();
        // Presses that can be answered no more need not be remembered.
        self.presses.retain(|_, press| now.saturating_sub(press.at_ms) < 3_600_000);
        let id = format!("{}", 4_382_000_000_000_000_000_u64 + self.counters.press);
        self.presses.insert(id.clone(), Press { person, at_ms: now });
        id
    }

    /// A message of this chat that is still there.
    pub(super) fn message(&self, chat: i64, id: i64) -> Option<&Message> {
        self.messages.get(&id).filter(|message| message.chat == chat && !message.deleted)
    }

    /// Changes a message, then writes it down.
    pub(super) fn change_message(&mut self, id: i64, change: impl FnOnce(&mut Message)) {
        if let Some(message) = self.messages.get_mut(&id) {
            change(message);
            self.journal.upsert("message", id, message);
        }
    }

    /// Changes a chat, then writes it down.
    pub(super) fn change_chat(&mut self, id: i64, change: impl FnOnce(&mut Chat)) {
        if let Some(chat) = self.chats.get_mut(&id) {
            change(chat);
            self.save_chat(id);
        }
    }

    /// Notes for tests that the bot did something to this message.
    pub(super) fn note(&mut self, id: i64, how: How) {
        let Some(message) = self.messages.get(&id) else { return };
        let view = MessageView::of(message, &self.files);
        if let Some(chat) = self.chats.get_mut(&message.chat) {
            push_bounded(&mut chat.fresh, Fresh { how, message: view }, FRESH_KEPT);
        }
    }

    /// Brings something up in front of this person.
    pub(super) fn alert(&mut self, person: i64, alert: Alert) {
        if let Some(chat) = self.chats.get_mut(&person) {
            push_bounded(&mut chat.alerts, alert, ALERTS_KEPT);
        }
    }

    /// The customer now sees «typing…», for five seconds or until a message comes.
    pub(super) fn show_typing(&mut self, chat: i64) {
        if let Some(chat) = self.chats.get_mut(&chat) {
            chat.typing_until_ms = now_ms() + u64::try_from(Duration::from_secs(5).as_millis()).unwrap_or(0);
        }
    }

    /// The Bot API's `Message` object.
    pub(super) fn message_json(&self, message: &Message, bot: &Value) -> Value {
        let mut json = self.bare_json(message, bot);
        if let Some(replied) = self.replied(message) {
            json["reply_to_message"] = self.bare_json(replied, bot);
        }
        json
    }

    /// The update of this kind about a message that a person wrote.
    pub(super) fn update_of(&self, kind: &str, id: i64, bot: &Value) -> Value {
        json!({kind: self.messages.get(&id).map(|message| self.message_json(message, bot))})
    }

    fn bare_json(&self, message: &Message, bot: &Value) -> Value {
        let Some(chat) = self.chats.get(&message.chat) else { return Value::Null };
        let author = message.author.and_then(|id| self.chats.get(&id)).unwrap_or(chat);
        let from = if message.from_bot { bot.clone() } else { author.user_json() };
        message.to_json(&from, &chat.chat_json())
    }

    /// What a message replies to: in a topic of a group, without a reply, it is the topic's first message.
    fn replied(&self, message: &Message) -> Option<&Message> {
        let first = message.topic.filter(|topic| *topic != message.id && self.group(message.chat).is_some());
        self.message(message.chat, message.reply_to.or(first)?)
    }

    /// Writes down what the bot has set about itself.
    pub(super) fn save_bot(&self) {
        self.journal.upsert("bot", "bot", &self.bot);
    }

    fn save_chat(&self, id: i64) {
        if let Some(chat) = self.chats.get(&id) {
            self.journal.upsert("chat", id, chat);
        }
    }

    fn save_counters(&self) {
        self.journal.upsert("counters", "all", &self.counters);
    }
}

/// Nobody takes these from a local stack: the oldest go.
fn push_bounded<T>(items: &mut Vec<T>, item: T, most: usize) {
    if items.len() == most {
        items.remove(0);
    }
    items.push(item);
}
