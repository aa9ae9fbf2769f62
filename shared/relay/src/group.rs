//! Whether customers can have topics in the sales chat.

use std::sync::Arc;

use lead::Seconds;
use serde_json::{Value, json};
use telegram::ApiError;
use tokio::sync::Mutex;

use crate::Relay;

/// How long an answer of Telegram's counts, in seconds.
const FRESH: Seconds = 60;

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
        match (self.ask_for_topics(group).await, known) {
            (Ok(has_topics), _) => {
                *last = Some(Known { group, has_topics, at: now });
                Ok(has_topics)
            }
            (Err(error), Some(known)) if error.is_temporary() => Ok(known.has_topics),
            (Err(error), _) => Err(error),
        }
    }

    /// <https://core.telegram.org/bots/api#getchat>, <https://core.telegram.org/bots/api#getchatmember>
    async fn ask_for_topics(&self, group: i64) -> Result<bool, ApiError> {
        let chat = self.api.call("getChat", &json!({ "chat_id": group })).await?;
        if chat["is_forum"] != true {
            return Ok(false);
        }
        let membership = json!({ "chat_id": group, "user_id": self.api.bot_id() });
        let member = self.api.call("getChatMember", &membership).await?;
        Ok(may_manage_topics(&member))
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
