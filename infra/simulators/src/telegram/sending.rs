//! The methods that put a message into a chat: `sendMessage`, `sendPhoto`, `copyMessage`.

use bytes::Bytes;
use serde_json::{Value, json};

use super::Model;
use super::markup::{Markup, markup};
use super::message::{Content, Message, Sender, Size};
use super::methods::{message_json, open_chat};
use super::params::Params;
use super::refusal::Refusal;
use super::state::State;
use super::text::{caption, message_text};
use super::view::How;
use super::{files, person};
use crate::fault::now_ms;

/// Largest photo that a bot may upload, in bytes: <https://core.telegram.org/bots/api#sendphoto>.
const MAX_PHOTO: usize = 10 * 1024 * 1024;
/// Largest sum of a photo's width and height.
const MAX_SIDES: u32 = 10_000;

/// `sendMessage`
pub(super) fn send_message(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    if !params.has("text") {
        return Err(Refusal::bad_request("message text is empty"));
    }
    let chat = open_chat(state, params)?;
    let (text, entities) = message_text(params)?;
    let id = put(model, state, params, chat, |_| Ok(Content::Text { text, entities }))?;
    Ok(message_json(model, state, id))
}

/// `sendPhoto`, of a file that Telegram has or of an uploaded one.
pub(super) fn send_photo(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = open_chat(state, params)?;
    let (text, entities) = caption(params)?.unwrap_or_default();
    let caption = (!text.is_empty()).then_some(text);
    let id = put(model, state, params, chat, |state| {
        Ok(Content::Photo { sizes: photo(state, params)?, caption, entities })
    })?;
    Ok(message_json(model, state, id))
}

/// `copyMessage`
pub(super) fn copy_message(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = open_chat(state, params)?;
    let from = open_chat(state, &params.renamed("from_chat_id", "chat_id"))?;
    let Some(id) = params.integer("message_id") else {
        return Err(Refusal::bad_request("message identifier is not specified"));
    };
    let original = state.message(from, id).ok_or_else(|| Refusal::bad_request("message to copy not found"))?;
    if matches!(original.content, Content::Service { .. }) {
        return Err(Refusal::bad_request("message can't be copied"));
    }
    let mut content = original.content.clone();
    if let Some((text, entities)) = caption(params)? {
        content.set_caption(text, entities);
    }
    let id = put(model, state, params, chat, |_| Ok(content))?;
    Ok(json!({"message_id": id}))
}

/// Counts one message or edit of the bot in this chat, if Telegram takes it now.
pub(super) fn count(model: &Model, state: &mut State, chat: i64) -> Result<(), Refusal> {
    let minute = model.group_minute;
    let Some(chat) = state.chats.get_mut(&chat) else { return Ok(()) };
    match (&mut chat.group, model.pace) {
        (Some(group), _) => group.takes_another(minute),
        (None, Some(pace)) if u128::from(now_ms().saturating_sub(chat.bot_wrote_ms)) < pace.as_millis() => {
            Err(Refusal::too_many(pace.as_secs().max(1)))
        }
        (None, _) => Ok(()),
    }
}

/// Puts a message of the bot into an open chat, with the buttons, topic and reply of this call.
fn put(
    model: &Model,
    state: &mut State,
    params: &Params,
    chat: i64,
    content: impl FnOnce(&mut State) -> Result<Content, Refusal>,
) -> Result<i64, Refusal> {
    let markup = params.json("reply_markup").as_ref().map(markup).transpose()?;
    let topic = params.integer("message_thread_id");
    if let Some(group) = state.group(chat) {
        group.admits_into(topic)?;
    }
    let reply_to = replied(state, params, chat)?;
    let content = content(state)?;
    count(model, state, chat)?;
    let inline = match &markup {
        Some(Markup::Inline(rows)) => rows.clone(),
        _ => Vec::new(),
    };
    let had_reply_markup = matches!(markup, Some(Markup::Reply(_) | Markup::Remove | Markup::ForceReply));
    let message = Message::new(chat, Sender::Bot, content);
    let id = state.add_message(Message { inline, had_reply_markup, topic, reply_to, ..message });
    state.change_chat(chat, |chat| {
        chat.typing_until_ms = 0;
        chat.bot_wrote_ms = now_ms();
        match markup {
            Some(Markup::Reply(keyboard)) => {
                chat.reply_keyboard = Some(keyboard);
                chat.keyboard_used = false;
            }
            Some(Markup::Remove) => chat.reply_keyboard = None,
            _ => {}
        }
    });
    state.note(id, How::Sent);
    Ok(id)
}

/// The message that this one replies to (`reply_parameters`).
fn replied(state: &State, params: &Params, chat: i64) -> Result<Option<i64>, Refusal> {
    let Some(reply) = params.json("reply_parameters") else { return Ok(None) };
    let id = reply["message_id"]
        .as_i64()
        .ok_or_else(|| Refusal::bad_request("can't parse reply parameters: Can't find field \"message_id\""))?;
    if state.message(chat, id).is_some() {
        Ok(Some(id))
    } else if reply["allow_sending_without_reply"] == true {
        Ok(None)
    } else {
        Err(Refusal::bad_request("message to be replied not found"))
    }
}

/// The photo of a call: the `file_id` of a photo that Telegram has, or an upload.
fn photo(state: &mut State, params: &Params) -> Result<Vec<Size>, Refusal> {
    if let Some(picture) = params.upload("photo") {
        return uploaded(state, picture);
    }
    let id = params.text("photo").ok_or_else(|| Refusal::bad_request("there is no photo in the request"))?;
    let stored = state.files.get(id).ok_or_else(|| Refusal::bad_request("wrong file identifier/HTTP URL specified"))?;
    let mut photos = state.messages.values().filter_map(|message| match &message.content {
        Content::Photo { sizes, .. } => Some(sizes),
        _ => None,
    });
    if let Some(sizes) = photos.find(|sizes| sizes.iter().any(|size| size.file.file_id == id)) {
        return Ok(sizes.clone());
    }
    match stored.folder() {
        "photos" => Ok(vec![Size { file: stored.file.clone(), width: 1280, height: 960 }]),
        "voice" => Err(Refusal::bad_request("can't use file of type VoiceNote as Photo")),
        "videos" => Err(Refusal::bad_request("can't use file of type Video as Photo")),
        _ => Err(Refusal::bad_request("can't use file of type Document as Photo")),
    }
}

fn uploaded(state: &mut State, picture: &Bytes) -> Result<Vec<Size>, Refusal> {
    let size = picture.len();
    if size > MAX_PHOTO {
        let why = format!("file of size {size} bytes is too big for a photo; the maximum size is {MAX_PHOTO} bytes");
        return Err(Refusal::bad_request(why));
    }
    let sides = files::picture_sides(picture).ok_or_else(|| Refusal::bad_request("IMAGE_PROCESS_FAILED"))?;
    let (width, height) = sides;
    let (long, short) = (width.max(height), width.min(height).max(1));
    if long + short > MAX_SIDES || long / short > 20 {
        return Err(Refusal::bad_request("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(person::photo_sizes(state, picture.clone(), sides))
}
