//! What happens in groups: <https://core.telegram.org/bots/api#message>. The caller knows which group is the dealer's and
//! who is on its team.

use dialog::media_in;
use serde_json::Value;
use talk::Media;

use super::message;
use crate::json::{integer, string};

/// Something that happened in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TeamEvent {
    pub update_id: i64,
    /// The group.
    pub chat_id: i64,
    /// The forum topic; `None` outside topics.
    pub topic: Option<i64>,
    /// The person's Telegram id; `None` for bots, channels, and admins who write as the group itself.
    pub from: Option<i64>,
    pub message_id: Option<i64>,
    /// Who wrote the message that it replies to. In a topic, a message without a reply counts as a reply to the one who
    /// opened the topic.
    pub replied_to: Option<i64>,
    pub input: TeamInput,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TeamInput {
    /// A command with what follows it, without the bot's name: `/close`.
    Command(String),
    /// Anything that can be copied to another chat. `text` is the text or the caption, `media` what the message holds
    /// besides, `album` what messages of an album share, `reply_to` the message that it replies to.
    Written { text: Option<String>, media: Option<Media>, album: Option<String>, reply_to: Option<i64> },
    /// The text or the caption of a message was changed.
    Edited(String),
    /// A press on a button under a message, which may be a photo with a caption.
    Press { callback_id: String, data: String, has_photo: bool },
    /// The group has become this supergroup.
    Migrated { to: i64 },
    /// Somebody has deleted, closed or opened something, or joined: nothing that the bot answers.
    Other,
}

/// Whether it is a group.
pub(super) fn is_group(chat: &Value) -> bool {
    match chat["type"].as_str() {
        Some(kind) => matches!(kind, "group" | "supergroup"),
        None => integer(&chat["id"]).is_some_and(|id| id < 0),
    }
}

/// A message in a group.
pub(super) fn written(update_id: i64, message: &Value) -> Option<TeamEvent> {
    let input = match (integer(&message["migrate_to_chat_id"]), message::words(message)) {
        (Some(to), _) => TeamInput::Migrated { to },
        (None, Some(text)) if text.starts_with('/') => TeamInput::Command(without_name(&text)),
        (None, text) => match message::input(message) {
            None => TeamInput::Other,
            Some(input) => TeamInput::Written {
                text,
                media: media_in(&input),
                album: string(&message["media_group_id"]),
                reply_to: reply_to(message),
            },
        },
    };
    event(update_id, message, author(message), input)
}

/// A changed message in a group.
pub(super) fn edited(update_id: i64, message: &Value) -> Option<TeamEvent> {
    // Without `edit_date` it was Telegram that changed something.
    let text = message.get("edit_date").and_then(|_| message::words(message));
    event(update_id, message, author(message), text.map_or(TeamInput::Other, TeamInput::Edited))
}

/// A press under a message in a group.
pub(super) fn pressed(update_id: i64, press: &Value) -> Option<TeamEvent> {
    let text = |name: &str| string(&press[name]).unwrap_or_default();
    let has_photo = press["message"]["photo"].is_array();
    let input = TeamInput::Press { callback_id: text("id"), data: text("data"), has_photo };
    event(update_id, &press["message"], person(&press["from"]), input)
}

/// The message that another one replies to. The message that opened the topic does not count: everything in a topic
/// replies to it.
fn reply_to(message: &Value) -> Option<i64> {
    let reply_to = integer(&message["reply_to_message"]["message_id"]);
    reply_to.filter(|id| Some(*id) != integer(&message["message_thread_id"]))
}

fn event(update_id: i64, message: &Value, from: Option<i64>, input: TeamInput) -> Option<TeamEvent> {
    Some(TeamEvent {
        update_id,
        chat_id: integer(&message["chat"]["id"])?,
        topic: integer(&message["message_thread_id"]).filter(|_| message["is_topic_message"] == true),
        from,
        message_id: integer(&message["message_id"]),
        replied_to: integer(&message["reply_to_message"]["from"]["id"]),
        input,
    })
}

/// Who wrote a message; `None` if it was written as a chat (`sender_chat`), which any admin of that chat can do.
fn author(message: &Value) -> Option<i64> {
    if message["sender_chat"].is_object() { None } else { person(&message["from"]) }
}

fn person(from: &Value) -> Option<i64> {
    if from["is_bot"] == true { None } else { integer(&from["id"]) }
}

/// `/close@AutoBot now` as `/close now`.
fn without_name(command: &str) -> String {
    let (word, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
    let name = word.split('@').next().unwrap_or_default().to_lowercase();
    format!("{name} {}", rest.trim()).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Incoming, parse};

    const GROUP: i64 = -1_001_234_567_890;

    fn read(update: &Value) -> Option<TeamEvent> {
        match parse(update.to_string().as_bytes()).unwrap() {
            Incoming::Team(event) => Some(event),
            Incoming::Ignored { .. } => None,
            other => panic!("neither the team's nor ignored: {other:?}"),
        }
    }

    fn message(content: Value) -> Value {
        let mut message = json!({
            "message_id": 5, "date": 1_767_000_000, "chat": { "id": GROUP, "type": "supergroup", "title": "Продажи" },
            "from": { "id": 900, "is_bot": false, "first_name": "Ольга <b>" }
        });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        json!({ "update_id": 1, "message": message })
    }

    fn input(content: Value) -> TeamInput {
        read(&message(content)).unwrap().input
    }

    #[test]
    fn what_the_team_writes_is_read() {
        let written = |text: Option<&str>, media, album: Option<&str>, reply_to| TeamInput::Written {
            text: text.map(str::to_owned),
            media,
            album: album.map(str::to_owned),
            reply_to,
        };
        let text = |text| written(Some(text), None, None, None);
        assert_eq!(input(json!({ "text": "Добрый день" })), text("Добрый день"));
        assert_eq!(input(json!({ "text": "/close@AutoBot" })), TeamInput::Command("/close".to_owned()));
        let photo = json!({ "photo": [{ "file_id": "f", "width": 90 }], "caption": "Вот", "media_group_id": "a1" });
        assert_eq!(input(photo), written(Some("Вот"), Some(Media::Photo), Some("a1"), None));
        assert_eq!(input(json!({ "sticker": {} })), written(None, Some(Media::Sticker), None, None));
        let reply = |to| json!({ "text": "Да", "message_thread_id": 3, "reply_to_message": { "message_id": to } });
        assert_eq!(input(reply(4)), written(Some("Да"), None, None, Some(4)));
        assert_eq!(input(reply(3)), text("Да"), "whatever is written in a topic replies to its first message");
        assert_eq!(input(json!({ "new_chat_members": [] })), TeamInput::Other);
        assert_eq!(input(json!({ "forum_topic_closed": {} })), TeamInput::Other);
        assert_eq!(input(json!({ "migrate_to_chat_id": -1_009 })), TeamInput::Migrated { to: -1_009 });

        let mut edited = message(json!({ "text": "Добрый вечер", "edit_date": 1 }));
        edited["edited_message"] = edited["message"].take();
        assert_eq!(read(&edited).unwrap().input, TeamInput::Edited("Добрый вечер".to_owned()));
    }

    #[test]
    fn topics_are_known_and_replies_outside_topics_are_none() {
        let topic = |content| read(&message(content)).unwrap().topic;
        assert_eq!(topic(json!({ "text": "x", "message_thread_id": 3, "is_topic_message": true })), Some(3));
        assert_eq!(topic(json!({ "text": "x", "message_thread_id": 3 })), None);
    }

    #[test]
    fn a_message_in_a_topic_replies_to_the_one_who_opened_it() {
        let bot = json!({ "id": 42, "is_bot": true });
        let first = json!({ "message_id": 3, "from": bot, "forum_topic_created": { "name": "Анна" } });
        let event = read(&message(json!({ "text": "x", "message_thread_id": 3, "reply_to_message": first }))).unwrap();
        assert_eq!(
            (event.replied_to, event.input),
            (Some(42), TeamInput::Written { text: Some("x".to_owned()), media: None, album: None, reply_to: None })
        );
        assert_eq!(read(&message(json!({ "text": "x" }))).unwrap().replied_to, None);
    }

    #[test]
    fn somebody_who_writes_as_a_chat_is_nobody() {
        let from = |content| read(&message(content)).unwrap().from;
        assert_eq!(from(json!({ "text": "x" })), Some(900));
        let anonymous = json!({ "id": 1_087_968_824, "is_bot": true, "username": "GroupAnonymousBot" });
        assert_eq!(from(json!({ "text": "x", "from": anonymous, "sender_chat": { "id": GROUP } })), None);
        let channel = json!({ "id": 777_000, "is_bot": false, "first_name": "Telegram" });
        let post =
            json!({ "text": "x", "from": channel, "sender_chat": { "id": -1_005 }, "is_automatic_forward": true });
        assert_eq!(from(post), None);
        assert_eq!(from(json!({ "text": "x", "from": { "id": 5, "is_bot": true } })), None);
    }

    #[test]
    fn a_press_says_who_pressed_and_not_whose_message_it_is() {
        let press = json!({ "update_id": 1, "callback_query": {
            "id": "4", "from": { "id": 900, "is_bot": false }, "data": "take:1",
            "message": { "message_id": 5, "chat": { "id": GROUP, "type": "supergroup" }, "from": { "id": 1, "is_bot": true } }
        }});
        let event = read(&press).unwrap();
        assert_eq!((event.from, event.message_id, event.chat_id), (Some(900), Some(5), GROUP));
        assert_eq!(
            event.input,
            TeamInput::Press { callback_id: "4".to_owned(), data: "take:1".to_owned(), has_photo: false }
        );
    }

    #[test]
    fn channels_are_ignored() {
        assert_eq!(read(&message(json!({ "text": "x", "chat": { "id": GROUP, "type": "channel" } }))), None);
        let post =
            json!({ "update_id": 1, "channel_post": { "chat": { "id": GROUP, "type": "channel" }, "text": "x" } });
        assert_eq!(read(&post), None);
        let nowhere = json!({ "update_id": 1, "callback_query": { "id": "4", "from": { "id": 9 }, "data": "take:1" } });
        assert!(!matches!(parse(nowhere.to_string().as_bytes()), Ok(Incoming::Team(_))));
    }
}
