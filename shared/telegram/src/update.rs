//! Reads updates: <https://core.telegram.org/bots/api#update>.

use dialog::{Command, Event, Input, Person, Unsupported};
use serde::Deserialize;
use serde_json::Value;

/// Bots cannot download files of this many bytes: <https://core.telegram.org/bots/api#getfile>.
const MAX_DOWNLOAD: u64 = 20 * 1024 * 1024 + 1;

/// What an update is to the bot.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// Something for the conversation.
    Event(Event),
    /// Nothing that the bot answers: other kinds of updates, groups and channels, other bots, service messages.
    Ignored {
        /// Its number.
        update_id: i64,
        /// Why, for the log.
        why: &'static str,
    },
}

/// The body is no update at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no Telegram update")]
pub struct NotAnUpdate;

/// Reads the body of a webhook request, or one element of `getUpdates`.
///
/// # Errors
/// When it is no update. A kind of update that the bot does not know is no error.
pub fn parse(body: &[u8]) -> Result<Incoming, NotAnUpdate> {
    let update: Update = serde_json::from_slice(body).map_err(|_| NotAnUpdate)?;
    let update_id = update.update_id;
    let ignored = |why| Ok(Incoming::Ignored { update_id, why });
    let (person, input) = if let Some(message) = update.message {
        if message.chat.kind != "private" {
            return ignored("not a private chat");
        }
        let from = message.from.clone().unwrap_or_default();
        if from.is_bot {
            return ignored("written by a bot");
        }
        let chat_id = message.chat.id;
        let Some(input) = message.into_input() else { return ignored("a service message") };
        (person(chat_id, from), input)
    } else if let Some(press) = update.callback_query {
        let chat = press.message.as_ref().map(|message| &message.chat);
        if chat.is_some_and(|chat| chat.kind != "private") {
            return ignored("not a private chat");
        }
        let chat_id = chat.map_or(press.from.id, |chat| chat.id);
        let input = Input::Press {
            callback_id: press.id,
            message_id: press.message.map(|message| message.message_id),
            data: press.data.unwrap_or_default(),
        };
        (person(chat_id, press.from), input)
    } else {
        return ignored("a kind of update that the bot has no use for");
    };
    Ok(Incoming::Event(Event { update_id, person, input }))
}

fn person(chat_id: i64, from: User) -> Person {
    Person { chat_id, username: from.username, first_name: from.first_name }
}

#[derive(Debug, Deserialize)]
struct Update {
    update_id: i64,
    message: Option<Message>,
    callback_query: Option<CallbackQuery>,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    first_name: String,
    username: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type", default = "private")]
    kind: String,
}

fn private() -> String {
    "private".to_owned()
}

#[derive(Debug, Deserialize)]
struct CallbackQuery {
    id: String,
    from: User,
    message: Option<PressedMessage>,
    data: Option<String>,
}

#[derive(Debug, Deserialize)]
struct PressedMessage {
    message_id: i64,
    chat: Chat,
}

#[derive(Debug, Deserialize)]
struct Message {
    chat: Chat,
    from: Option<User>,
    text: Option<String>,
    photo: Option<Vec<PhotoSize>>,
    document: Option<Document>,
    contact: Option<Contact>,
    media_group_id: Option<String>,
    caption: Option<String>,
    /// Everything else: only which kinds are there matters.
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct PhotoSize {
    file_id: String,
    file_unique_id: Option<String>,
    #[serde(default)]
    width: u64,
}

#[derive(Debug, Deserialize)]
struct Document {
    file_id: String,
    file_unique_id: Option<String>,
    mime_type: Option<String>,
    file_size: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Contact {
    phone_number: String,
}

impl Message {
    /// What the customer did; `None` for service messages, which nobody wrote.
    fn into_input(self) -> Option<Input> {
        if let Some(text) = self.text {
            return Some(command(&text).map_or(Input::Text(text), Input::Command));
        }
        if let Some(largest) = self.photo.and_then(|sizes| sizes.into_iter().max_by_key(|size| size.width)) {
            return Some(photo(largest.file_id, largest.file_unique_id, self.media_group_id, self.caption));
        }
        if let Some(contact) = self.contact {
            return Some(Input::Contact { phone: contact.phone_number });
        }
        let album = self.media_group_id;
        // An animation is a document too.
        if self.rest.contains_key("animation") {
            return Some(Input::Unsupported { kind: Unsupported::Video, album, caption: self.caption });
        }
        if let Some(document) = self.document {
            let is_image = document.mime_type.is_some_and(|kind| kind.starts_with("image/"));
            let kind = match document.file_size {
                Some(MAX_DOWNLOAD..) if is_image => Unsupported::LargeImage,
                _ if is_image => return Some(photo(document.file_id, document.file_unique_id, album, self.caption)),
                _ => Unsupported::Document,
            };
            return Some(Input::Unsupported { kind, album, caption: self.caption });
        }
        let kinds = [
            ("voice", Unsupported::Voice),
            ("audio", Unsupported::Voice),
            ("video_note", Unsupported::Video),
            ("video", Unsupported::Video),
            ("sticker", Unsupported::Sticker),
            ("venue", Unsupported::Location),
            ("location", Unsupported::Location),
            ("poll", Unsupported::Other),
            ("checklist", Unsupported::Other),
            ("dice", Unsupported::Other),
            ("game", Unsupported::Other),
            ("story", Unsupported::Other),
            ("paid_media", Unsupported::Other),
            ("invoice", Unsupported::Other),
        ];
        let (_, kind) = kinds.into_iter().find(|(name, _)| self.rest.contains_key(*name))?;
        Some(Input::Unsupported { kind, album, caption: self.caption })
    }
}

fn photo(file_id: String, unique_id: Option<String>, album: Option<String>, caption: Option<String>) -> Input {
    let unique_id = unique_id.unwrap_or_else(|| file_id.clone());
    Input::Photo { file_id, unique_id, album, caption }
}

/// `/start`, `/start@AutoBot`, `/start payload`.
fn command(text: &str) -> Option<Command> {
    let word = text.strip_prefix('/')?.split_whitespace().next()?;
    let name = word.split('@').next()?.to_lowercase();
    match name.as_str() {
        "start" => Some(Command::Start),
        "menu" => Some(Command::Menu),
        "help" => Some(Command::Help),
        "privacy" => Some(Command::Privacy),
        "delete" => Some(Command::Delete),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(content: Value) -> Incoming {
        let mut message = json!({
            "message_id": 5, "date": 1_767_000_000,
            "chat": { "id": 7, "type": "private", "first_name": "Анна" },
            "from": { "id": 7, "is_bot": false, "first_name": "Анна", "username": "anna" }
        });
        message.as_object_mut().unwrap().extend(content.as_object().unwrap().clone());
        parse(json!({ "update_id": 1, "message": message }).to_string().as_bytes()).unwrap()
    }

    fn input(content: Value) -> Input {
        match message(content) {
            Incoming::Event(event) => event.input,
            Incoming::Ignored { why, .. } => panic!("ignored: {why}"),
        }
    }

    #[test]
    fn text_commands_and_contents_are_told_apart() {
        assert_eq!(input(json!({ "text": "/start@Bot ad_7" })), Input::Command(Command::Start));
        assert_eq!(input(json!({ "text": "/unknown" })), Input::Text("/unknown".into()));
        assert_eq!(
            input(json!({ "voice": {} })),
            Input::Unsupported { kind: Unsupported::Voice, album: None, caption: None }
        );
        assert_eq!(
            input(json!({ "video": {}, "media_group_id": "a1" })),
            Input::Unsupported { kind: Unsupported::Video, album: Some("a1".into()), caption: None }
        );
        assert_eq!(
            input(json!({ "document": { "file_id": "d" }, "caption": "Договор" })),
            Input::Unsupported { kind: Unsupported::Document, album: None, caption: Some("Договор".into()) }
        );
        assert_eq!(
            input(json!({ "contact": { "phone_number": "79001234567", "first_name": "Пётр", "user_id": 9 } })),
            Input::Contact { phone: "79001234567".into() }
        );
        assert_eq!(
            input(json!({ "media_group_id": "a1", "caption": "Скол на бампере", "photo": [
                { "file_id": "big", "file_unique_id": "u", "width": 1280, "height": 960 },
                { "file_id": "small", "file_unique_id": "s", "width": 90, "height": 67 }
            ]})),
            Input::Photo {
                file_id: "big".into(),
                unique_id: "u".into(),
                album: Some("a1".into()),
                caption: Some("Скол на бампере".into())
            }
        );
        assert_eq!(
            input(json!({ "document": { "file_id": "d", "file_unique_id": "u", "mime_type": "image/png" } })),
            Input::Photo { file_id: "d".into(), unique_id: "u".into(), album: None, caption: None }
        );
        assert_eq!(
            input(json!({ "document": { "file_id": "d", "mime_type": "application/pdf" } })),
            Input::Unsupported { kind: Unsupported::Document, album: None, caption: None }
        );
        let image = |size: u64| json!({ "document": { "file_id": "d", "mime_type": "image/png", "file_size": size } });
        assert!(matches!(input(image(20 << 20)), Input::Photo { .. }));
        assert_eq!(
            input(image((20 << 20) + 1)),
            Input::Unsupported { kind: Unsupported::LargeImage, album: None, caption: None }
        );
    }

    #[test]
    fn a_press_on_a_message_too_old_to_be_shown_still_says_where() {
        let body = json!({ "update_id": 2, "callback_query": {
            "id": "c1", "from": { "id": 7, "first_name": "Анна" }, "chat_instance": "1", "data": "3:next",
            "message": { "message_id": 5, "date": 0, "chat": { "id": 7, "type": "private" } }
        }});
        let Incoming::Event(event) = parse(body.to_string().as_bytes()).unwrap() else { panic!("ignored") };
        assert_eq!(event.person.chat_id, 7);
        assert_eq!(event.input, Input::Press { callback_id: "c1".into(), message_id: Some(5), data: "3:next".into() });
    }

    #[test]
    fn groups_bots_service_messages_and_unknown_kinds_are_ignored() {
        let group = json!({ "update_id": 3, "message": {
            "message_id": 1, "chat": { "id": -100, "type": "supergroup" }, "text": "/start"
        }});
        let unknown = json!({ "update_id": 4, "chat_boost": { "anything": [1, 2] } });
        for body in [group, unknown] {
            assert!(matches!(parse(body.to_string().as_bytes()), Ok(Incoming::Ignored { .. })), "{body}");
        }
        assert!(matches!(message(json!({ "pinned_message": {} })), Incoming::Ignored { .. }));
        assert!(matches!(
            message(json!({ "text": "hi", "from": { "id": 8, "is_bot": true } })),
            Incoming::Ignored { .. }
        ));
    }

    #[test]
    fn what_is_no_update_is_refused() {
        for body in ["", "null", "[]", "{}", "{\"update_id\":\"x\"}", "{\"update_id\":1,\"message\":7}", "\u{0}"] {
            assert_eq!(parse(body.as_bytes()), Err(NotAnUpdate), "{body:?}");
        }
    }
}
