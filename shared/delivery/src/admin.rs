//! Messages to the admins: each is sent once, whatever fails in between.
//!
//! A message is written into a shared outbox under its key before it is sent, so that two workers with the same news
//! send it once, and one that could not be sent, or whose sender died, is sent by the schedule.

use std::collections::BTreeMap;
use std::time::Duration;

use lead::Seconds;
use serde::{Deserialize, Serialize};
use settings::Clock;
use storage::{Documents, SaveError};
use telegram::{Api, ApiError};

use crate::document::{load_document, update_document};

const KEY: &str = "admin-outbox";
/// Where the chat has moved to.
const CHAT_KEY: &str = "admin-chat";

/// A sender that is not done after this long is dead, or Telegram is.
const PATIENCE: Seconds = 60;
/// Longest that one message is tried: the sender has other work as well.
const SENDING: Duration = Duration::from_secs(8);
/// A message that could not be sent for this long is of no use any more.
const STALE: Seconds = 24 * 3600;
/// How long a key is remembered. After that the same message may be sent again.
const MEMORY: Seconds = 2 * 24 * 3600;
/// Messages sent in one go; Telegram takes about one a second into one chat.
const IN_ONE_GO: usize = 10;
/// Most keys of sent messages, and most waiting messages, that are kept, the newest: the document stays small.
const MAX_KEPT: usize = 300;

/// The admins' chat.
#[derive(Clone)]
pub struct AdminChat {
    documents: Documents,
    telegram: Api,
    chat_id: Option<i64>,
    clock: Clock,
}

/// A message to the admins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminMessage {
    /// The same message has the same key, whichever part of the program writes it: it is sent once.
    pub key: String,
    pub text: String,
}

/// A group that Telegram has turned into a supergroup, which has another id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct MovedChat {
    /// `ADMIN_CHAT_ID` when it moved: another setting makes this void.
    from: i64,
    to: i64,
}

/// What became of a message that was to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there, and this caller has to send it.
    New,
    /// It was sent, somebody else is sending it, or there is no chat to send it to.
    Known,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Outbox {
    /// To be sent.
    waiting: BTreeMap<String, Waiting>,
    /// Sent, and when.
    told: BTreeMap<String, Seconds>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    text: String,
    /// When it was written.
    since: Seconds,
    /// Somebody has been sending it since.
    taken_at: Seconds,
}

impl AdminChat {
    /// The chat `ADMIN_CHAT_ID`; without one, messages are only logged.
    #[must_use]
    pub const fn new(documents: Documents, telegram: Api, chat_id: Option<i64>, clock: Clock) -> Self {
        Self { documents, telegram, chat_id, clock }
    }

    /// Sends the admins a message, unless one with its key was sent or is being sent. Returns false when it could not
    /// even be written down; failures are logged.
    pub async fn tell(&self, message: &AdminMessage) -> bool {
        match self.write(message).await {
            Ok(Written::New) => {
                self.send(message).await;
                true
            }
            Ok(Written::Known) => true,
            Err(_) => false,
        }
    }

    /// Writes a message down, to be sent with [`Self::send`]. If that never happens, the schedule sends it.
    ///
    /// # Errors
    /// When it cannot be written down; that is logged.
    pub async fn write(&self, message: &AdminMessage) -> Result<Written, SaveError> {
        let now = (self.clock)();
        let has_chat = self.chat_id.is_some();
        let written = update_document(&self.documents, KEY, |outbox: &mut Outbox| {
            let is_new = outbox.write(message, now);
            if is_new && !has_chat {
                // The log is all there is.
                outbox.done(&message.key, now);
            }
            is_new
        });
        let is_new = written.await.inspect_err(log_trouble);
        if *is_new.as_ref().unwrap_or(&true) {
            tracing::warn!(key = message.key, "for the admins: {}", message.text);
        }
        Ok(if is_new? && has_chat { Written::New } else { Written::Known })
    }

    /// Takes back a message that turned out not to be true.
    pub async fn withdraw(&self, key: &str) {
        if self.chat_id.is_some() {
            logged(update_document(&self.documents, KEY, |outbox: &mut Outbox| drop(outbox.waiting.remove(key))).await);
        }
    }

    /// Sends a message that was written down. Returns false when Telegram cannot take it now.
    pub async fn send(&self, AdminMessage { key, text }: &AdminMessage) -> bool {
        let Some(chat_id) = self.current_chat_id().await else { return true };
        let sent = match self.send_to(chat_id, text).await {
            Some(Err(ApiError::Migrated { to })) => {
                self.follow(to).await;
                self.send_to(to, text).await
            }
            sent => sent,
        };
        match sent {
            Some(Ok(())) => {}
            None => {
                tracing::warn!(key, "the admins will be told later: Telegram does not answer");
                return false;
            }
            Some(Err(error)) if error.is_temporary() => {
                tracing::warn!(key, %error, "the admins will be told later");
                return false;
            }
            Some(Err(error)) => tracing::error!(key, %error, "the admins cannot be told: check ADMIN_CHAT_ID"),
        }
        let now = (self.clock)();
        logged(update_document(&self.documents, KEY, |outbox: &mut Outbox| outbox.done(key, now)).await);
        true
    }

    /// `None` when Telegram does not answer in time.
    async fn send_to(&self, chat_id: i64, text: &str) -> Option<Result<(), ApiError>> {
        let sent = tokio::time::timeout(SENDING, self.telegram.send_text(chat_id, text)).await.ok()?;
        Some(sent.map(drop))
    }

    /// The chat's id now: `ADMIN_CHAT_ID`, or where that group has moved to.
    async fn current_chat_id(&self) -> Option<i64> {
        let configured = self.chat_id?;
        let moved = load_document::<MovedChat>(&self.documents, CHAT_KEY).await;
        let moved =
            moved.inspect_err(|error| tracing::error!(%error, "whether the admins' chat has moved cannot be read"));
        let moved = moved.ok().map(|stored| stored.value).filter(|moved| moved.from == configured);
        Some(moved.map_or(configured, |moved| moved.to))
    }

    /// Whether this is the admins' chat. For a private chat that is known without reading the table.
    pub async fn is_at(&self, chat_id: i64) -> bool {
        let Some(configured) = self.chat_id else { return false };
        let may_have_moved = configured < 0 && chat_id < 0;
        chat_id == configured || (may_have_moved && self.current_chat_id().await == Some(chat_id))
    }

    /// A group has become a supergroup: if it was the admins', they are there from now on.
    pub async fn note_migration(&self, from: i64, to: i64) {
        if self.chat_id == Some(from) {
            self.follow(to).await;
        }
    }

    /// The group has become a supergroup.
    async fn follow(&self, to: i64) {
        tracing::warn!(to, "the admins' group has become a supergroup: set ADMIN_CHAT_ID to its new id");
        let moved = MovedChat { from: self.chat_id.unwrap_or_default(), to };
        logged(update_document(&self.documents, CHAT_KEY, |held: &mut MovedChat| *held = moved.clone()).await);
    }

    /// Sends what others wrote down and could not send. Returns how many messages it sent.
    pub async fn send_waiting(&self) -> usize {
        let now = (self.clock)();
        let taken = update_document(&self.documents, KEY, |outbox: &mut Outbox| outbox.take(now)).await;
        let taken = logged(taken).unwrap_or_default();
        for (sent, message) in taken.iter().enumerate() {
            // A Telegram that does not answer must not keep the schedule from its other work.
            if !self.send(message).await {
                return sent;
            }
        }
        taken.len()
    }
}

impl Outbox {
    fn write(&mut self, AdminMessage { key, text }: &AdminMessage, now: Seconds) -> bool {
        self.tidy(now);
        if self.told.contains_key(key) || self.waiting.contains_key(key) {
            return false;
        }
        self.waiting.insert(key.clone(), Waiting { text: text.clone(), since: now, taken_at: now });
        true
    }

    fn done(&mut self, key: &str, now: Seconds) {
        self.waiting.remove(key);
        self.told.insert(key.to_owned(), now);
    }

    /// The oldest messages nobody is sending; they are this caller's for now.
    fn take(&mut self, now: Seconds) -> Vec<AdminMessage> {
        self.tidy(now);
        let mut free: Vec<_> = self.waiting.iter_mut().filter(|(_, held)| held.taken_at + PATIENCE <= now).collect();
        free.sort_by_key(|(_, held)| held.since);
        let free = free.into_iter().take(IN_ONE_GO);
        free.map(|(key, held)| {
            held.taken_at = now;
            AdminMessage { key: key.clone(), text: held.text.clone() }
        })
        .collect()
    }

    fn tidy(&mut self, now: Seconds) {
        self.waiting.retain(|_, held| now - held.since < STALE);
        self.told.retain(|_, at| now - *at < MEMORY);
        while self.told.len() > MAX_KEPT {
            let Some(oldest) = self.told.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone()) else { break };
            self.told.remove(&oldest);
        }
        while self.waiting.len() > MAX_KEPT {
            let oldest = self.waiting.iter().min_by_key(|(_, held)| held.since).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.waiting.remove(&oldest);
        }
    }
}

/// The result of an update, or nothing: messages to admins never fail what they are about.
fn logged<T>(answer: Result<T, SaveError>) -> Option<T> {
    answer.inspect_err(log_trouble).ok()
}

fn log_trouble(error: &SaveError) {
    tracing::error!(%error, "the admins' outbox cannot be changed");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(key: &str, text: &str) -> AdminMessage {
        AdminMessage { key: key.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn the_same_message_is_sent_once() {
        let mut outbox = Outbox::default();
        assert!(outbox.write(&message("start:1", "x"), 0));
        assert!(!outbox.write(&message("start:1", "x"), 0), "somebody is sending it");
        outbox.done("start:1", 1);
        assert!(!outbox.write(&message("start:1", "x"), 2), "it was sent");
        assert!(outbox.write(&message("start:1", "x"), 1 + MEMORY), "after two days it may be sent again");
    }

    #[test]
    fn what_a_dead_sender_left_is_taken_by_one_other() {
        let mut outbox = Outbox::default();
        outbox.write(&message("b", "second"), 1);
        outbox.write(&message("a", "first"), 0);
        assert_eq!(outbox.take(59), []);
        let taken = outbox.take(61);
        assert_eq!(taken.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(outbox.take(62), [], "they are being sent");
        assert_eq!(outbox.take(61 + PATIENCE).len(), 2, "that one died too");
    }

    #[test]
    fn the_document_stays_small() {
        let mut outbox = Outbox::default();
        for n in 0..1000 {
            outbox.write(&message(&format!("told:{n}"), "x"), n);
            outbox.done(&format!("told:{n}"), n);
            outbox.write(&message(&format!("waiting:{n}"), "x"), n);
        }
        outbox.tidy(1000);
        assert_eq!((outbox.told.len(), outbox.waiting.len()), (MAX_KEPT, MAX_KEPT));
        assert!(outbox.waiting.contains_key("waiting:999"));
    }
}
