//! Carries the lines of talks between customers and the team.
//!
//! A line is stored ([`Relay::take`]) before anything is sent. [`Relay::deliver`] then sends what waits, in order, as
//! the only worker of that talk; what Telegram does not take stays and goes out with the next update of the talk or by
//! the schedule. If Telegram's answer is lost, the line is sent again: a line twice is better than none.

mod deliver;
mod farewell;
mod group;
mod held;
mod send;

use std::time::Duration;

use settings::{Clock, Retry};
use storage::{Aws, Customers, SalesChat, SaveError, StorageError, Tables, Talks, Versioned, pause_after_conflict};
use talk::{Line, Talk, Topic};
use telegram::{Api, ApiError};
use texts::Language;

pub use crate::deliver::Delivered;
pub use crate::group::GroupTopics;
pub use crate::held::Held;

/// How long a line waits for those that were written before it and may come later.
const GATHERING: Duration = Duration::from_millis(300);

/// Carries lines.
#[derive(Clone)]
pub struct Relay {
    talks: Talks,
    customers: Customers,
    sales_chat: SalesChat,
    api: Api,
    clock: Clock,
    language: Language,
    topics: group::Topics,
}

/// A line was not taken, or a talk cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("too many workers change one talk at once")]
    TooManyConflicts,
    #[error("too many lines of one talk wait")]
    Full,
    /// The customer had everything deleted meanwhile.
    #[error("the talk is gone")]
    Gone,
    #[error("another worker delivers")]
    Busy,
    #[error(transparent)]
    Telegram(#[from] ApiError),
}

impl Relay {
    /// Builds it over these clients.
    #[must_use]
    pub fn new(aws: &Aws, tables: &Tables, api: Api, clock: Clock, language: Language) -> Self {
        Self {
            talks: aws.talks(tables),
            customers: aws.customers(tables),
            sales_chat: aws.sales_chat(tables),
            api,
            clock,
            language,
            topics: group::Topics::default(),
        }
    }

    /// The table of talks.
    #[must_use]
    pub const fn talks(&self) -> &Talks {
        &self.talks
    }

    /// Stores a line of a chat's talk, once for each update. `title` names the topic, if one has to be opened.
    ///
    /// # Errors
    /// The line is not stored.
    pub async fn take(&self, chat_id: i64, title: Option<&str>, line: &Line) -> Result<(), RelayError> {
        self.change(chat_id, |talk| {
            if let Some(title) = title {
                talk.set_title(title);
            }
            talk.take(line.clone()).map_err(|_| RelayError::Full)
        })
        .await
    }

    /// Waits a moment for lines that were written before this one and may come later. False if another part of its album
    /// has come after it: the worker that took that one delivers both.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn gather(&self, chat_id: i64, line: &Line) -> Result<bool, StorageError> {
        if self.talks.get(chat_id).await?.is_some_and(|talk| talk.value.follows_delivered(line)) {
            return Ok(true);
        }
        tokio::time::sleep(GATHERING).await;
        if line.message().is_none_or(|message| message.album.is_none()) {
            return Ok(true);
        }
        Ok(!self.talks.get(chat_id).await?.is_some_and(|talk| talk.value.is_followed(line)))
    }

    /// The chat of the customer whose topic this is.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn chat_of(&self, topic: Topic) -> Result<Option<i64>, StorageError> {
        self.talks.chat_of(topic).await
    }

    /// The customer's topic in this group, opened if there is none.
    ///
    /// # Errors
    /// There is none, and none can be opened now.
    pub async fn topic(&self, chat_id: i64, title: &str, group: i64) -> Result<Topic, RelayError> {
        const TRIES: u32 = 20;
        const PAUSE: Duration = Duration::from_millis(250);
        self.change(chat_id, |talk| {
            talk.set_title(title);
            Ok(())
        })
        .await?;
        for _ in 0..TRIES {
            let talk = self.talks.get(chat_id).await?.ok_or(RelayError::Gone)?;
            if let Some(topic) = talk.value.topic_in(group) {
                return Ok(topic);
            }
            if let Some(mut held) = self.hold(chat_id).await? {
                let opened = self.open_topic(&mut held, group).await;
                held.release().await?;
                return opened;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Err(RelayError::Busy)
    }

    /// Forgets that the customer has this topic: it was deleted.
    ///
    /// # Errors
    /// Nothing is changed.
    pub async fn forget_topic(&self, chat_id: i64, lost: Topic) -> Result<(), RelayError> {
        self.change(chat_id, |talk| {
            if talk.topic() == Some(lost) {
                talk.forget_topic();
            }
            Ok(())
        })
        .await
    }

    /// Changes a talk, which begins if there is none.
    async fn change(
        &self,
        chat_id: i64,
        change: impl Fn(&mut Talk) -> Result<(), RelayError>,
    ) -> Result<(), RelayError> {
        let retry = Retry::SHARED_DOCUMENT;
        let mut tried = 0;
        loop {
            let mut talk = self.talks.get(chat_id).await?.unwrap_or_else(|| Versioned::new(Talk::default()));
            let before = talk.value.clone();
            change(&mut talk.value)?;
            if talk.value == before {
                return Ok(());
            }
            match self.talks.save(chat_id, &mut talk).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => {
                    tried += 1;
                    if !retry.allows_another(tried) {
                        return Err(RelayError::TooManyConflicts);
                    }
                    pause_after_conflict(retry, tried).await;
                }
            }
        }
    }
}
