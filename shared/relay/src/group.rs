//! Whether customers can have topics in the sales chat.

use std::sync::Arc;

use lead::Seconds;
use serde_json::{Value, json};
use telegram::ApiError;
use tokio::sync::Mutex;

use crate::Relay;

/// How long an answer of Telegram's counts, in seconds.
const FRESH: Seconds = 60;

/// Whether a group has topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupTopics {
    /// They are switched off.
    Off,
    /// There are some, but the bot may not open one.
    Closed,
    /// The bot may open one.
    Open,
}

/// What Telegram last said of a group.
#[derive(Clone, Default)]
pub(crate) struct Topics(Arc<Mutex<Option<Known>>>);

#[derive(Clone, Copy)]
struct Known {
    group: i64,
    has_topics: bool,
    at: Seconds,
}

impl Relay {
    /// Whether the group has topics and the bot may open one. If Telegram does not say, what it last said counts.
    ///
    /// # Errors
    /// It has never said.
    pub async fn has_topics(&self, group: i64) -> Result<bool, ApiError> {
        let now = (self.clock)();
        let mut last = self.topics.0.lock().await;
        let known = last.filter(|known| known.group == group);
        if let Some(known) = known.filter(|known| (known.at..known.at + FRESH).contains(&now)) {
            return Ok(known.has_topics);
        }
        match (self.topics_of(group).await, known) {
            (Ok(topics), _) => {
                let has_topics = topics == GroupTopics::Open;
                *last = Some(Known { group, has_topics, at: now });
                Ok(has_topics)
            }
            (Err(error), Some(known)) if error.is_temporary() => Ok(known.has_topics),
            (Err(error), _) => Err(error),
        }
    }

    /// What Telegram says of the group's topics: <https://core.telegram.org/bots/api#getchat>,
    /// <https://core.telegram.org/bots/api#getchatmember>.
    ///
    /// # Errors
    /// It does not say, as when the bot is not in the group.
    pub async fn topics_of(&self, group: i64) -> Result<GroupTopics, ApiError> {
        let chat = self.api.call("getChat", &json!({ "chat_id": group })).await?;
        if chat["is_forum"] != true {
            return Ok(GroupTopics::Off);
        }
        let membership = json!({ "chat_id": group, "user_id": self.api.bot_id() });
        let member = self.api.call("getChatMember", &membership).await?;
        Ok(if may_manage_topics(&member) { GroupTopics::Open } else { GroupTopics::Closed })
    }
}

/// Whether this member of a group may open topics.
fn may_manage_topics(member: &Value) -> bool {
    match member["status"].as_str() {
        Some("creator") => true,
        Some("administrator") => member["can_manage_topics"] == true,
        _ => false,
    }
}
