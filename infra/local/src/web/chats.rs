//! Customers of the simulated Telegram: what they see, what they do.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{FromRequestParts, Multipart, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use simulators::telegram::{ChatView, FileView, Media, MessageView, Person, PersonError, Telegram};

use super::{Refusal, groups};
use crate::core::Core;

/// Parts of one album.
const ALBUM: usize = 10;
/// Longest caption, in UTF-16 units.
const CAPTION: usize = 1024;
/// Pictures that every browser can show.
const SHOWN: [&str; 4] = ["image/jpeg", "image/png", "image/webp", "image/gif"];
/// How long a button spins at most.
const PRESS_PATIENCE: Duration = Duration::from_secs(20);
/// Characters of the newest message in the list of chats.
const BEGINNING: usize = 60;

pub(super) type Answer = Result<Json<Value>, Refusal>;

impl From<PersonError> for Refusal {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::NoSuchChat(_) => Self::unknown("Такого клиента нет"),
            _ => Self::wrong("Сейчас так сделать нельзя"),
        }
    }
}

pub(super) fn telegram(core: &Core) -> Result<&Telegram, Refusal> {
    core.telegram.as_ref().ok_or_else(|| Refusal::unknown("Бот работает в настоящем Telegram: клиенты там"))
}

/// Whoever acts in the chat of the path: `as` names a member of a group, `topic` where they write.
pub(super) struct Actor(Person);

#[derive(Deserialize)]
struct Acting {
    r#as: Option<i64>,
    topic: Option<i64>,
}

impl FromRequestParts<Arc<Core>> for Actor {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, core: &Arc<Core>) -> Result<Self, Refusal> {
        let unknown = || Refusal::unknown("Такого чата нет");
        let Path(chat) = Path::<i64>::from_request_parts(parts, core).await.map_err(|_| unknown())?;
        let Query(acting) = Query::<Acting>::from_request_parts(parts, core).await.map_err(|_| unknown())?;
        let telegram = telegram(core)?;
        let person = match acting.r#as {
            Some(member) => telegram.group(chat).member(&telegram.customer(member)),
            None => telegram.customer(chat),
        };
        Ok(Self(acting.topic.map_or_else(|| person.clone(), |topic| person.in_topic(topic))))
    }
}

pub(super) fn done() -> Answer {
    Ok(Json(json!({})))
}

/// `GET /api/chats`
pub(super) async fn list(State(core): State<Arc<Core>>) -> Answer {
    let Some(telegram) = &core.telegram else { return Ok(Json(json!({ "chats": [] }))) };
    let chats: Vec<_> = telegram.chats().into_iter().filter_map(|line| telegram.chat(line.id)).collect();
    // Who works in a group and has never written to the bot is seen there.
    let groups = chats.iter().filter(|chat| chat.is_group);
    let members: HashSet<i64> = groups.flat_map(|group| telegram.group(group.id).members()).collect();
    let chats = chats.into_iter().filter(|chat| chat.started || !members.contains(&chat.id));
    Ok(Json(json!({ "chats": chats.map(|chat| summary(&core, &chat)).collect::<Vec<_>>() })))
}

/// `GET /api/chats/{id}`
pub(super) async fn show(State(core): State<Arc<Core>>, Path(id): Path<i64>) -> Answer {
    let chat = telegram(&core)?.chat(id).ok_or(PersonError::NoSuchChat(id))?;
    let mut view = summary(&core, &chat);
    view["typing_until"] = json!(chat.typing_until_ms / 1000);
    view["messages"] = chat.messages.iter().map(message).collect();
    if chat.is_group {
        view["topics"] = json!(telegram(&core)?.group(id).topics());
    }
    view["keyboard"] = chat.reply_keyboard.map_or(Value::Null, |keyboard| {
        let rows = keyboard.rows.iter().map(|row| {
            row.iter().map(|key| json!({ "text": key.text, "contact": key.request_contact })).collect::<Value>()
        });
        rows.collect()
    });
    let alerts = chat.alerts.iter().zip(1..).filter(|(alert, _)| !alert.text.is_empty());
    view["alerts"] = alerts.map(|(alert, n)| json!({ "n": n, "text": alert.text, "alert": alert.alert })).collect();
    Ok(Json(view))
}

fn summary(core: &Core, chat: &ChatView) -> Value {
    let last = chat.messages.last().map(|last| {
        let text: String = last.text.chars().take(BEGINNING).collect();
        let text = if text.is_empty() { kind_title(last.kind).to_owned() } else { text };
        json!({ "out": last.from == "customer", "text": text, "at": last.date })
    });
    json!({
        "id": chat.id,
        "name": chat.first_name,
        "username": chat.username,
        "phone": format!("+{}", chat.phone.trim_start_matches('+')),
        "group": chat.is_group.then(|| groups::summary(core, chat.id)),
        "admin": core.admin_chat_id == Some(chat.id),
        "started": chat.started,
        "blocked": chat.blocked,
        "from_bot": chat.messages.iter().filter(|message| message.from == "bot").count(),
        "last": last,
    })
}

fn kind_title(kind: &str) -> &'static str {
    match kind {
        "photo" => "🖼 Фото",
        "video" => "📹 Видео",
        "document" => "📄 Файл",
        "sticker" => "Стикер",
        "voice" => "🎤 Голосовое сообщение",
        "location" => "📍 Геопозиция",
        "contact" => "👤 Контакт",
        _ => "",
    }
}

fn message(message: &MessageView) -> Value {
    let url = |file: &FileView| format!("/api/files/{}", file.path);
    let media = message.file.as_ref().filter(|_| matches!(message.kind, "photo" | "video"));
    let voice = message.file.as_ref().filter(|_| message.kind == "voice");
    let document = message.file.as_ref().filter(|_| message.kind == "document").map(|file| {
        let preview = SHOWN.contains(&file.mime.as_str()).then(|| url(file));
        json!({ "name": file.name, "size": file.size, "preview": preview })
    });
    let contact = message.contact.as_ref().map(|card| {
        let phone = card.phone_number.trim_start_matches('+');
        json!({ "name": card.first_name, "phone": format!("+{phone}") })
    });
    let buttons = message.buttons.iter().map(|row| {
        row.iter()
            .map(|button| json!({ "text": button.text, "data": button.callback_data, "url": button.url }))
            .collect::<Value>()
    });
    let sticker = message.kind == "sticker";
    json!({
        "id": message.id,
        "out": message.from == "customer",
        "author": message.author,
        "topic": message.topic,
        "service": message.service,
        "kind": message.kind,
        "at": message.date,
        "edited": message.edited,
        "text": if sticker { "" } else { &message.text },
        "emoji": sticker.then_some(&message.text),
        "entities": message.entities,
        "album": message.album,
        "media": media.map(|file| json!({ "kind": message.kind, "url": url(file) })).into_iter().collect::<Vec<_>>(),
        "document": document,
        "contact": contact,
        "voice": voice.map(|file| json!({ "url": url(file), "seconds": message.seconds })),
        "buttons": buttons.collect::<Value>(),
    })
}

/// `GET /api/files/{path}`: a file that somebody sent.
pub(super) async fn sent_file(State(core): State<Arc<Core>>, Path(path): Path<String>) -> Result<Response, Refusal> {
    let (kind, bytes) = telegram(&core)?.file(&path).ok_or_else(|| Refusal::unknown("Такого файла нет"))?;
    Ok(stranger(&kind, bytes))
}

/// A stranger's file: shown as a picture or a video, played, or not at all.
pub(super) fn stranger(kind: &str, bytes: Bytes) -> Response {
    let kind = if SHOWN.contains(&kind) || ["video/mp4", "audio/ogg"].contains(&kind) {
        kind
    } else {
        "application/octet-stream"
    };
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::CACHE_CONTROL, "private, max-age=86400"),
    ];
    (StatusCode::OK, headers, bytes).into_response()
}

/// A new customer.
#[derive(Deserialize)]
pub(super) struct NewCustomer {
    first_name: String,
    #[serde(default)]
    username: String,
}

/// `POST /api/chats`
pub(super) async fn create(State(core): State<Arc<Core>>, Json(new): Json<NewCustomer>) -> Answer {
    let name = new.first_name.trim();
    if name.is_empty() || name.chars().count() > 64 {
        return Err(Refusal::wrong("У клиента должно быть имя не длиннее 64 знаков"));
    }
    let username = Some(new.username.trim()).filter(|name| !name.is_empty());
    Ok(Json(json!({ "id": telegram(&core)?.new_customer(name, username).chat })))
}

/// A text to send.
#[derive(Deserialize)]
pub(super) struct NewText {
    text: String,
}

/// `POST /api/chats/{id}/text`
pub(super) async fn text(Actor(person): Actor, Json(new): Json<NewText>) -> Answer {
    let text = new.text.trim();
    if text.is_empty() || text.encode_utf16().count() > 4096 {
        return Err(Refusal::wrong("В сообщении может быть от 1 до 4096 знаков"));
    }
    person.say(text)?;
    done()
}

/// A press on a button.
#[derive(Deserialize)]
pub(super) struct NewPress {
    message_id: i64,
    data: String,
}

/// `POST /api/chats/{id}/press`: responds when the bot has, because the button spins until then.
pub(super) async fn press(State(core): State<Arc<Core>>, Actor(person): Actor, Json(new): Json<NewPress>) -> Answer {
    let telegram = telegram(&core)?;
    let mut changes = telegram.changes();
    let update = person.press(new.message_id, &new.data)?;
    let handled = async { while telegram.unsettled().contains(&update) && changes.changed().await.is_ok() {} };
    // If the bot takes longer, the button stops spinning.
    let _ = tokio::time::timeout(PRESS_PATIENCE, handled).await;
    done()
}

/// A contact card: the customer's own, or another's.
#[derive(Deserialize)]
pub(super) struct NewContact {
    own: bool,
    #[serde(default)]
    first_name: String,
    #[serde(default)]
    phone: String,
}

/// `POST /api/chats/{id}/contact`
pub(super) async fn contact(Actor(customer): Actor, Json(new): Json<NewContact>) -> Answer {
    if new.own {
        let chat = customer.view().ok_or(PersonError::NoSuchChat(customer.chat))?;
        customer.share_contact(&chat.phone)?;
    } else {
        customer.share_contact_of(&new.first_name, &new.phone)?;
    }
    done()
}

/// `POST /api/chats/{id}/media`: photos (form field `photo`), videos (`video`) and files (`file`) with a `caption`, as
/// one message or an album.
pub(super) async fn media(Actor(person): Actor, mut form: Multipart) -> Answer {
    let unreadable = |_| Refusal::wrong("Файл не удалось принять");
    let (mut media, mut caption) = (Vec::new(), String::new());
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        match field.name() {
            Some("caption") => caption = field.text().await.map_err(unreadable)?,
            Some("photo") => media.push(Media::Photo(field.bytes().await.map_err(unreadable)?)),
            Some("video") => media.push(Media::Video(field.bytes().await.map_err(unreadable)?)),
            Some("file") => {
                let name = field.file_name().unwrap_or("file").to_owned();
                media.push(Media::File { name, bytes: field.bytes().await.map_err(unreadable)? });
            }
            _ => {}
        }
    }
    let files = media.iter().filter(|part| matches!(part, Media::File { .. })).count();
    if media.is_empty() {
        return Err(Refusal::wrong("Нет ни одного файла"));
    }
    if media.len() > ALBUM || (files > 0 && files < media.len()) {
        return Err(Refusal::wrong("В альбоме может быть до 10 фото и видео или до 10 файлов"));
    }
    let caption = caption.trim();
    if caption.encode_utf16().count() > CAPTION {
        return Err(Refusal::wrong("В подписи может быть до 1024 знаков"));
    }
    person.send_media(media, (!caption.is_empty()).then_some(caption))?;
    done()
}

/// `POST /api/chats/{id}/sticker`
pub(super) async fn sticker(Actor(person): Actor) -> Answer {
    person.send_sticker()?;
    done()
}

/// How long a voice message is.
#[derive(Deserialize)]
pub(super) struct Spoken {
    seconds: u32,
}

/// `POST /api/chats/{id}/voice`: a recording, as the browser makes it.
pub(super) async fn voice(Actor(person): Actor, Query(spoken): Query<Spoken>, recording: Bytes) -> Answer {
    if recording.is_empty() {
        return Err(Refusal::wrong("Запись пустая"));
    }
    person.send_voice(recording, spoken.seconds)?;
    done()
}

/// `POST /api/chats/{id}/document`
pub(super) async fn document(Actor(person): Actor) -> Answer {
    person.send_document(Bytes::from_static(b"%PDF-1.4"), "ПТС.pdf")?;
    done()
}

/// `POST /api/chats/{id}/location`
pub(super) async fn location(Actor(person): Actor) -> Answer {
    person.send_location(55.7558, 37.6173)?;
    done()
}

/// Whether the customer blocks the bot.
#[derive(Deserialize)]
pub(super) struct Block {
    blocked: bool,
}

/// `POST /api/chats/{id}/block`
pub(super) async fn block(Actor(customer): Actor, Json(block): Json<Block>) -> Answer {
    if block.blocked {
        customer.block_bot()?
    } else {
        customer.unblock_bot()?
    };
    done()
}
