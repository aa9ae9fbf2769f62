//! Messages to the admins: each told once, whatever fails in between.
//!
//! A message is written into a shared outbox under its key before it is sent, so that two workers with the same news send
//! it once, and one that could not be sent, or whose sender died, is sent by the schedule.

use std::collections::BTreeMap;
use std::time::Duration;

use amocrm::Clock;
use lead::Seconds;
use serde::{Deserialize, Serialize};
use storage::{Documents, SaveError};
use telegram::Api;

use crate::document::update;

const KEY: &str = "admin-outbox";

/// A sender that is not done after this long is dead, or Telegram is.
const PATIENCE: Seconds = 60;
/// Longest that one message is tried: whoever has news for the admins has other things to do as well.
const SENDING: Duration = Duration::from_secs(8);
/// A message that could not be told for so long is of no use any more.
const STALE: Seconds = 24 * 3600;
/// For so long a key is remembered: after it, the same news may be told again.
const MEMORY: Seconds = 2 * 24 * 3600;
/// Messages sent in one go; Telegram takes about one a second into one chat.
const IN_ONE_GO: usize = 10;
/// Told keys and waiting messages kept, newest first: the document stays small.
const MOST_KEPT: usize = 300;

/// The admins' chat.
#[derive(Clone)]
pub struct AdminChat {
    documents: Documents,
    telegram: Api,
    chat_id: Option<i64>,
    clock: Clock,
}

/// What became of a message that was to be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is there, and this caller's to send.
    News,
    /// It was told, is somebody else's to send, or there is no chat to send it to.
    Known,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Outbox {
    /// To be told.
    waiting: BTreeMap<String, Waiting>,
    /// Told, and when.
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

    /// Tells the admins `text`, unless a message with this key was told or is being told. False when it could not even be
    /// written down; failures are logged.
    pub async fn tell(&self, key: &str, text: &str) -> bool {
        match self.write(key, text).await {
            Ok(Written::News) => {
                self.send(key, text).await;
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
    pub async fn write(&self, key: &str, text: &str) -> Result<Written, SaveError> {
        let now = (self.clock)();
        let has_chat = self.chat_id.is_some();
        let written = update(&self.documents, KEY, |outbox: &mut Outbox| {
            let is_news = outbox.write(key, text, now);
            if is_news && !has_chat {
                // The log is all there is.
                outbox.done(key, now);
            }
            is_news
        });
        let is_news = written.await.inspect_err(log_trouble);
        if *is_news.as_ref().unwrap_or(&true) {
            tracing::warn!(key, "for the admins: {text}");
        }
        Ok(if is_news? && has_chat { Written::News } else { Written::Known })
    }

    /// Takes a message back that turned out not to be true.
    pub async fn withdraw(&self, key: &str) {
        if self.chat_id.is_some() {
            logged(update(&self.documents, KEY, |outbox: &mut Outbox| drop(outbox.waiting.remove(key))).await);
        }
    }

    /// Sends a message that was written down. False when Telegram cannot take it now.
    pub async fn send(&self, key: &str, text: &str) -> bool {
        let Some(chat_id) = self.chat_id else { return true };
        match tokio::time::timeout(SENDING, self.telegram.send_text(chat_id, text)).await {
            Ok(Ok(_)) => {}
            Err(_) => {
                tracing::warn!(key, "the admins will be told later: Telegram does not answer");
                return false;
            }
            Ok(Err(error)) if error.is_temporary() => {
                tracing::warn!(key, %error, "the admins will be told later");
                return false;
            }
            Ok(Err(error)) => tracing::error!(key, %error, "the admins cannot be told: check ADMIN_CHAT_ID"),
        }
        let now = (self.clock)();
        logged(update(&self.documents, KEY, |outbox: &mut Outbox| outbox.done(key, now)).await);
        true
    }

    /// Sends what others wrote down and could not send. Returns how many messages it told.
    pub async fn send_waiting(&self) -> usize {
        let now = (self.clock)();
        let taken = update(&self.documents, KEY, |outbox: &mut Outbox| outbox.take(now)).await;
        let taken = logged(taken).unwrap_or_default();
        for (told, (key, text)) in taken.iter().enumerate() {
            // A Telegram that does not answer must not keep the schedule from its other work.
            if !self.send(key, text).await {
                return told;
            }
        }
        taken.len()
    }
}

impl Outbox {
    fn write(&mut self, key: &str, text: &str, now: Seconds) -> bool {
        self.tidy(now);
        if self.told.contains_key(key) || self.waiting.contains_key(key) {
            return false;
        }
        self.waiting.insert(key.to_owned(), Waiting { text: text.to_owned(), since: now, taken_at: now });
        true
    }

    fn done(&mut self, key: &str, now: Seconds) {
        self.waiting.remove(key);
        self.told.insert(key.to_owned(), now);
    }

    /// The oldest messages nobody is sending; they are this caller's for now.
    fn take(&mut self, now: Seconds) -> Vec<(String, String)> {
        self.tidy(now);
        let mut free: Vec<_> = self.waiting.iter_mut().filter(|(_, held)| held.taken_at + PATIENCE <= now).collect();
        free.sort_by_key(|(_, held)| held.since);
        let free = free.into_iter().take(IN_ONE_GO);
        free.map(|(key, held)| {
            held.taken_at = now;
            (key.clone(), held.text.clone())
        })
        .collect()
    }

    fn tidy(&mut self, now: Seconds) {
        self.waiting.retain(|_, held| now - held.since < STALE);
        self.told.retain(|_, at| now - *at < MEMORY);
        while self.told.len() > MOST_KEPT {
            let Some(oldest) = self.told.iter().min_by_key(|(_, at)| **at).map(|(key, _)| key.clone()) else { break };
            self.told.remove(&oldest);
        }
        while self.waiting.len() > MOST_KEPT {
            let oldest = self.waiting.iter().min_by_key(|(_, held)| held.since).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.waiting.remove(&oldest);
        }
    }
}

/// The answer of an update, or nothing: messages to admins never fail what they are about.
fn logged<T>(answer: Result<T, SaveError>) -> Option<T> {
    answer.inspect_err(log_trouble).ok()
}

fn log_trouble(error: &SaveError) {
    tracing::error!(%error, "the admins' outbox cannot be changed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_news_is_told_once() {
        let mut outbox = Outbox::default();
        assert!(outbox.write("start:1", "x", 0));
        assert!(!outbox.write("start:1", "x", 0), "somebody is telling it");
        outbox.done("start:1", 1);
        assert!(!outbox.write("start:1", "x", 2), "it was told");
        assert!(outbox.write("start:1", "x", 1 + MEMORY), "it still is news after two days");
    }

    #[test]
    fn what_a_dead_sender_left_is_taken_by_one_other() {
        let mut outbox = Outbox::default();
        outbox.write("b", "second", 1);
        outbox.write("a", "first", 0);
        assert_eq!(outbox.take(59), []);
        let taken = outbox.take(61);
        assert_eq!(taken.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(), ["first", "second"]);
        assert_eq!(outbox.take(62), [], "they are being sent");
        assert_eq!(outbox.take(61 + PATIENCE).len(), 2, "that one died too");
    }

    #[test]
    fn the_document_stays_small() {
        let mut outbox = Outbox::default();
        for n in 0..1000 {
            outbox.write(&format!("told:{n}"), "x", n);
            outbox.done(&format!("told:{n}"), n);
            outbox.write(&format!("waiting:{n}"), "x", n);
        }
        outbox.tidy(1000);
        assert_eq!((outbox.told.len(), outbox.waiting.len()), (MOST_KEPT, MOST_KEPT));
        assert!(outbox.waiting.contains_key("waiting:999"));
    }
}
