//! What the group has of a customer who is to be forgotten.

use sales::Card;
use serde_json::{Value, json};
use storage::StorageError;
use talk::Topic;

use crate::Relay;
use crate::deliver::parameters;

impl Relay {
    /// Takes what is personal off the customer's cards in the sales chat. Returns the cards that may still show it, for
    /// a person to delete: Telegram changes no message that it does not let the bot change, and the message of a card
    /// whose answer was lost is not known.
    ///
    /// # Errors
    /// When the cards cannot be read.
    pub async fn clear_cards(&self, chat_id: i64) -> Result<Vec<Card>, StorageError> {
        let mut left = Vec::new();
        for card in self.sales_chat.cards_of(chat_id).await? {
            let Some(message) = card.message else {
                left.push(card);
                continue;
            };
            let number = card.lead_id.request_number().into();
            let text = self.language.text_with("card-forgotten", [("number", number)]);
            if let Err(error) = self.api.clear_card(message, &text).await {
                tracing::warn!(lead_id = %card.lead_id, "a deleted customer's card stays in the sales chat: {error}");
                left.push(card);
            }
        }
        Ok(left)
    }

    /// Tells the team that the customer is forgotten, takes the name off the topic and closes it. Whether it works or
    /// not, the deletion goes on.
    pub async fn say_farewell(&self, chat_id: i64) {
        let topic = match self.talks.get(chat_id).await {
            Ok(talk) => talk.and_then(|talk| talk.value.topic()),
            Err(error) => {
                tracing::warn!("the topic of a deleted customer is not known: {error}");
                None
            }
        };
        let Some(topic) = topic else { return };
        let word = json!({ "text": self.language.text("team-forgotten") });
        let name = json!({ "name": self.language.text("team-forgotten-topic") });
        for (method, what) in [("sendMessage", word), ("editForumTopic", name), ("closeForumTopic", json!({}))] {
            if let Err(error) = self.api.call(method, &in_topic(topic, what)).await {
                tracing::warn!("the topic of a deleted customer is not put away: {error}");
                return;
            }
        }
    }
}

/// The parameters of a call about a topic, with these besides.
fn in_topic(topic: Topic, what: Value) -> Value {
    let mut call = parameters(topic);
    if let (Value::Object(call), Value::Object(what)) = (&mut call, what) {
        call.extend(what);
    }
    call
}
