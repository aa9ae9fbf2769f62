//! Where a message goes.

use serde_json::{Value, json};

/// A chat, or a topic in it: <https://core.telegram.org/bots/api#sendmessage>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub chat_id: i64,
    /// `message_thread_id`
    pub topic: Option<i64>,
}

impl Recipient {
    /// The parameters of a call that sends something there.
    #[must_use]
    pub fn parameters(self) -> Value {
        let mut parameters = json!({ "chat_id": self.chat_id });
        if let Some(topic) = self.topic {
            parameters["message_thread_id"] = topic.into();
        }
        parameters
    }

    pub(crate) const fn without_topic(self) -> Self {
        Self { topic: None, ..self }
    }
}

impl From<i64> for Recipient {
    fn from(chat_id: i64) -> Self {
        Self { chat_id, topic: None }
    }
}
