//! Reads updates: <https://core.telegram.org/bots/api#update>.

mod message;
mod rich;
mod team;

use dialog::{Event, Input, Person};
use serde::Deserialize;
use serde_json::Value;

use crate::json::{self, integer, string};
pub use team::{TeamEvent, TeamInput};

/// The kinds of updates that the bot asks Telegram for: `allowed_updates`.
pub const ALLOWED_UPDATES: [&str; 4] = ["message", "edited_message", "callback_query", "my_chat_member"];

/// What an update is to the bot.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// Something for the conversation. `topic` is where it was written: the reply goes there.
    Event { event: Event, topic: Option<i64> },
    /// Something in a group.
    Team(TeamEvent),
    /// A customer has blocked the bot, or lets it write again.
    BlockChanged { update_id: i64, chat_id: i64, is_blocked: bool },
    /// Nothing that the bot answers. `why` is for the log.
    Ignored { update_id: i64, why: &'static str },
}

/// The body is not an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not a Telegram update")]
pub struct NotAnUpdate;

/// Reads the body of a webhook request, or one element of `getUpdates`. An odd part of an update is left out, and the
/// rest of it counts.
///
/// # Errors
/// When the body is not a JSON object with an `update_id`.
pub fn parse(body: &[u8]) -> Result<Incoming, NotAnUpdate> {
    #[derive(Deserialize)]
    struct Numbered {
        update_id: i64,
    }
    let (update_id, read) = match json::from_slice::<Value>(body) {
        Ok(update) => {
            let update_id = update["update_id"].as_i64().ok_or(NotAnUpdate)?;
            (update_id, read(update_id, &update))
        }
        // An update that is nested too deep: serde does not recurse into ignored fields, so its number can be read.
        Err(_) => match json::from_slice(body) {
            Ok(Numbered { update_id }) => (update_id, Err("it is nested too deep")),
            Err(_) => return Err(NotAnUpdate),
        },
    };
    Ok(read.unwrap_or_else(|why| Incoming::Ignored { update_id, why }))
}

/// Reads an update.
///
/// # Errors
/// Why the bot ignores it.
fn read(update_id: i64, update: &Value) -> Result<Incoming, &'static str> {
    let part = |kind: &str| update.get(kind).filter(|part| part.is_object());
    if let Some(event) = of_group(update_id, update) {
        return Ok(Incoming::Team(event));
    }
    if let Some(message) = part("message") {
        let input = || message::input(message).ok_or("a service message");
        return written(update_id, message, input);
    }
    if let Some(message) = part("edited_message") {
        // Without `edit_date` it was Telegram that changed something.
        let text = message.get("edit_date").and_then(|_| message::words(message));
        return written(update_id, message, || text.map(Input::Edited).ok_or("an edit of something other than words"));
    }
    if let Some(press) = part("callback_query") {
        let message = &press["message"];
        let input = Input::Press {
            callback_id: string(&press["id"]).unwrap_or_default(),
            message_id: integer(&message["message_id"]),
            data: string(&press["data"]).unwrap_or_default(),
        };
        let person = person(&press["from"], &message["chat"])?;
        let event = Event { update_id, message_id: None, reply_to: None, person, input };
        return Ok(Incoming::Event { event, topic: integer(&message["message_thread_id"]) });
    }
    if let Some(change) = part("my_chat_member") {
        let chat_id = person(&change["from"], &change["chat"])?.chat_id;
        let is_blocked = match change["new_chat_member"]["status"].as_str() {
            Some("kicked") => true,
            Some("member") => false,
            _ => return Err("a change that is not a block"),
        };
        return Ok(Incoming::BlockChanged { update_id, chat_id, is_blocked });
    }
    Err("a kind of update that the bot does not use")
}

/// What happened in a group; `None` if it was elsewhere.
fn of_group(update_id: i64, update: &Value) -> Option<TeamEvent> {
    let in_group = |message: &&Value| team::is_group(&message["chat"]);
    if let Some(message) = update.get("message").filter(in_group) {
        return team::written(update_id, message);
    }
    if let Some(message) = update.get("edited_message").filter(in_group) {
        return team::edited(update_id, message);
    }
    let press = update.get("callback_query").filter(|press| in_group(&&press["message"]))?;
    team::pressed(update_id, press)
}

fn written(
    update_id: i64,
    message: &Value,
    input: impl FnOnce() -> Result<Input, &'static str>,
) -> Result<Incoming, &'static str> {
    let person = person(&message["from"], &message["chat"])?;
    let message_id = integer(&message["message_id"]);
    let reply_to = integer(&message["reply_to_message"]["message_id"]);
    let event = Event { update_id, message_id, reply_to, person, input: input()? };
    Ok(Incoming::Event { event, topic: integer(&message["message_thread_id"]) })
}

/// The customer who writes in this chat.
///
/// # Errors
/// Why the bot does not answer there.
fn person(from: &Value, chat: &Value) -> Result<Person, &'static str> {
    // In a private chat the two ids are the same.
    let chat_id = integer(&chat["id"]).or_else(|| integer(&from["id"])).ok_or("a chat without an id")?;
    let is_private = chat["type"].as_str().map_or(chat_id > 0, |kind| kind == "private");
    if !is_private {
        return Err("not a private chat");
    }
    if from["is_bot"] == true {
        return Err("written by a bot");
    }
    let first_name = string(&from["first_name"]).unwrap_or_default();
    Ok(Person { chat_id, username: string(&from["username"]), first_name })
}

#[cfg(test)]
mod tests;
