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
    /// Whether the group has topics and the bot may open one. If Telegram does not say, it has none: then customers
    /// leave their number, and cards go to the group itself.
    pub async fn has_topics(&self, group: i64) -> bool {
        let now = (self.clock)();
        let mut known = self.topics.0.lock().await;
        if let Some(known) = known.filter(|known| known.group == group && (known.at..known.at + FRESH).contains(&now)) {
            return known.has_topics;
        }
        match self.ask_for_topics(group).await {
            Ok(has_topics) => {
                *known = Some(Known { group, has_topics, at: now });
                has_topics
            }
            Err(error) => {
                tracing::warn!("it is not known whether the sales chat has topics: {error}");
                false
            }
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
