//! The methods of the Bot API, with the checks and the words of the real ones.

use serde_json::{Value, json};

use super::Model;
use super::group::BotRole;
use super::markup::{InlineButton, inline_markup};
use super::message::Content;
use super::params::Params;
use super::refusal::Refusal;
use super::state::{State, Webhook};
use super::text::{caption, message_text, utf16_len};
use super::view::{Alert, How};
use super::{sending, topics};
use crate::fault::now_ms;
use crate::served::{Caller, Served};

/// How long a press can be answered, in milliseconds.
const PRESS_LIFE_MS: u64 = 60_000;
/// Longest alert, in characters.
const MAX_ALERT: usize = 200;
/// Largest file a bot may fetch, in bytes.
const MAX_FILE: usize = 20 * 1024 * 1024;
/// What `sendChatAction` takes.
const ACTIONS: [&str; 11] = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
];

type Method = fn(&Model, &mut State, &Params) -> Result<Value, Refusal>;

/// Every method but `getUpdates`, which waits.
const METHODS: [(Served, Method); 24] = [
    (Served::new(Caller::Operator, "getMe"), |model, _, _| Ok(me(model))),
    (Served::new(Caller::Functions, "sendMessage"), sending::send_message),
    (Served::new(Caller::Functions, "sendPhoto"), sending::send_photo),
    (Served::new(Caller::Functions, "copyMessage"), sending::copy_message),
    (Served::new(Caller::Functions, "editMessageText"), edit_text),
    (Served::new(Caller::Functions, "editMessageCaption"), edit_caption),
    (Served::new(Caller::Functions, "editMessageReplyMarkup"), edit_keyboard),
    (Served::new(Caller::Nobody, "deleteMessage"), |_, state, params| delete(state, params)),
    (Served::new(Caller::Functions, "answerCallbackQuery"), |_, state, params| answer_press(state, params)),
    (Served::new(Caller::Functions, "sendChatAction"), |_, state, params| send_action(state, params)),
    (Served::new(Caller::Functions, "getFile"), |_, state, params| get_file(state, params)),
    (Served::new(Caller::Functions, "getChat"), |_, state, params| get_chat(state, params)),
    (Served::new(Caller::Functions, "getChatMember"), |model, state, params| topics::get_member(model, state, params)),
    (Served::new(Caller::Functions, "createForumTopic"), topics::create),
    (Served::new(Caller::Nobody, "editForumTopic"), topics::edit),
    (Served::new(Caller::Nobody, "closeForumTopic"), topics::close),
    (Served::new(Caller::Nobody, "reopenForumTopic"), topics::reopen),
    (Served::new(Caller::Nobody, "deleteForumTopic"), topics::delete),
    (Served::new(Caller::Operator, "setWebhook"), |_, state, params| set_webhook(state, params)),
    (Served::new(Caller::Operator, "deleteWebhook"), |_, state, params| Ok(delete_webhook(state, params))),
    (Served::new(Caller::Operator, "getWebhookInfo"), |_, state, _| Ok(webhook_info(state))),
    (Served::new(Caller::Operator, "setMyCommands"), |_, _, params| set_commands(params)),
    (Served::new(Caller::Operator, "setMyDescription"), |_, _, params| set_text(params, "description", 512)),
    (Served::new(Caller::Operator, "setMyShortDescription"), |_, _, params| set_text(params, "short_description", 120)),
];

/// Every method that [`perform`] knows.
pub(super) fn served() -> impl Iterator<Item = Served> {
    METHODS.iter().map(|(served, _)| *served)
}

/// Performs a method, all but `getUpdates`.
pub(super) fn perform(model: &Model, state: &mut State, method: &str, params: &Params) -> Result<Value, Refusal> {
    let known = METHODS.iter().find(|(served, _)| served.route.eq_ignore_ascii_case(method));
    known.map_or_else(|| Err(Refusal::no_such_method()), |(_, perform)| perform(model, state, params))
}

fn me(model: &Model) -> Value {
    let mut me = model.bot_user();
    me["can_join_groups"] = json!(true);
    me["can_read_all_group_messages"] = json!(false);
    me["supports_inline_queries"] = json!(false);
    me
}

fn get_chat(state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat_id = open_chat(state, params)?;
    Ok(state.chats[&chat_id].chat_json())
}

fn edit_text(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let (text, entities) = message_text(params)?;
    let id = editable(state, params)?;
    let inline = inline_markup(params.json("reply_markup").as_ref())?;
    if !matches!(state.messages.get(&id).map(|message| &message.content), Some(Content::Text { .. })) {
        return Err(Refusal::bad_request("there is no text in the message to edit"));
    }
    let content = Content::Text { text, entities };
    edit(model, state, id, Some(content), inline)
}

fn edit_caption(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let (text, entities) = caption(params)?.unwrap_or_default();
    let id = editable(state, params)?;
    let inline = inline_markup(params.json("reply_markup").as_ref())?;
    let mut content = state.messages.get(&id).map(|message| message.content.clone());
    if !content.as_mut().is_some_and(|content| content.set_caption(text, entities)) {
        return Err(Refusal::bad_request("there is no caption in the message to edit"));
    }
    edit(model, state, id, content, inline)
}

fn edit_keyboard(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let id = editable(state, params)?;
    let inline = inline_markup(params.json("reply_markup").as_ref())?;
    edit(model, state, id, None, inline)
}

/// Gives a message these buttons and, if given, this content.
fn edit(
    model: &Model,
    state: &mut State,
    id: i64,
    content: Option<Content>,
    inline: Vec<Vec<InlineButton>>,
) -> Result<Value, Refusal> {
    let how = if content.is_some() { How::Edited } else { How::Keyboard };
    let Some(message) = state.messages.get(&id) else { return Err(Refusal::bad_request("message to edit not found")) };
    let same_content = content.as_ref().is_none_or(|content| *content == message.content);
    if same_content && message.inline == inline {
        return Err(Refusal::bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same as a current \
             content and reply markup of the message",
        ));
    }
    let chat = message.chat;
    sending::count(model, state, chat)?;
    let now = state.now();
    state.change_message(id, |message| {
        if let Some(content) = content {
            message.content = content;
        }
        message.inline = inline;
        message.edit_date = Some(now);
    });
    state.note(id, how);
    Ok(message_json(model, state, id))
}

/// An administrator deletes any message, the others their own of the last two days.
/// <https://core.telegram.org/bots/api#deletemessage>
fn delete(state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = open_chat(state, params)?;
    let message = params.integer("message_id").and_then(|id| state.message(chat, id));
    let message = message.ok_or_else(|| Refusal::bad_request("message to delete not found"))?;
    let is_admin = state.group(chat).is_some_and(|group| matches!(group.bot, BotRole::Admin { .. }));
    let is_own_and_new = message.from_bot && state.now() - message.date < 48 * 3600;
    if !is_admin && !is_own_and_new {
        return Err(Refusal::bad_request("message can't be deleted"));
    }
    let id = message.id;
    state.change_message(id, |message| message.deleted = true);
    Ok(json!(true))
}

fn answer_press(state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let too_old = || Refusal::bad_request("query is too old and response timeout expired or query ID is invalid");
    let id = params.text("callback_query_id").ok_or_else(too_old)?;
    let text = params.text("text").unwrap_or_default();
    if text.chars().count() > MAX_ALERT {
        return Err(Refusal::bad_request("MESSAGE_TOO_LONG"));
    }
    let press = state.presses.get(id).ok_or_else(too_old)?;
    let now = now_ms();
    if now.saturating_sub(press.at_ms) > PRESS_LIFE_MS {
        return Err(too_old());
    }
    let person = press.person;
    if !text.is_empty() {
        state.alert(person, Alert { text: text.to_owned(), alert: params.flag("show_alert"), at_ms: now });
    }
    Ok(json!(true))
}

fn send_action(state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = open_chat(state, params)?;
    if !params.text("action").is_some_and(|action| ACTIONS.contains(&action)) {
        return Err(Refusal::bad_request("wrong parameter action in request"));
    }
    if let (Some(group), Some(topic)) = (state.group(chat), params.integer("message_thread_id")) {
        // Of all methods this one knows «General» by its number.
        group.admits_into(Some(topic).filter(|topic| *topic != 1))?;
    }
    state.show_typing(chat);
    Ok(json!(true))
}

fn get_file(state: &State, params: &Params) -> Result<Value, Refusal> {
    let id = params.text("file_id").ok_or_else(|| Refusal::bad_request("file_id is empty"))?;
    let stored = state.files.get(id).ok_or_else(|| Refusal::bad_request("invalid file_id"))?;
    if stored.bytes.len() > MAX_FILE {
        return Err(Refusal::bad_request("file is too big"));
    }
    let mut file = json!(stored.file);
    file["file_path"] = json!(stored.path);
    Ok(file)
}

fn set_webhook(state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let Some(url) = params.text("url") else { return Ok(delete_webhook(state, params)) };
    let bad = |why: &str| Refusal::bad_request(format!("bad webhook: {why}"));
    let parsed = url::Url::parse(url).map_err(|_| bad("invalid webhook URL specified"))?;
    let local = matches!(parsed.host_str(), Some("127.0.0.1" | "localhost"));
    // The real one insists on HTTPS; here a bot on this machine may do without.
    if parsed.scheme() != "https" && !local {
        return Err(bad("An HTTPS URL must be provided for webhook"));
    }
    let secret = params.text("secret_token");
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if secret.is_some_and(|secret| secret.len() > 256) {
        return Err(Refusal::bad_request("secret token is too long"));
    }
    if secret.is_some_and(|secret| !secret.chars().all(allowed)) {
        return Err(Refusal::bad_request("secret token contains unallowed characters"));
    }
    let wanted = params.json("allowed_updates").and_then(|value| serde_json::from_value(value).ok());
    drop_pending(state, params);
    state.bot.webhook = Some(Webhook {
        url: url.to_owned(),
        secret: secret.map(str::to_owned),
        allowed: wanted.unwrap_or_default(),
        max_connections: params.integer("max_connections").unwrap_or(40),
        last_error: None,
    });
    state.save_bot();
    Ok(json!(true))
}

fn delete_webhook(state: &mut State, params: &Params) -> Value {
    drop_pending(state, params);
    state.bot.webhook = None;
    state.save_bot();
    json!(true)
}

fn drop_pending(state: &mut State, params: &Params) {
    if params.flag("drop_pending_updates") {
        let ids: Vec<i64> = state.pending.keys().copied().collect();
        ids.into_iter().for_each(|id| state.confirm(id));
    }
}

fn webhook_info(state: &State) -> Value {
    let Some(webhook) = &state.bot.webhook else {
        return json!({"url": "", "has_custom_certificate": false, "pending_update_count": state.pending.len()});
    };
    let mut info = json!({
        "url": webhook.url, "has_custom_certificate": false, "pending_update_count": state.pending.len(),
        "max_connections": webhook.max_connections, "ip_address": "127.0.0.1",
    });
    if !webhook.allowed.is_empty() {
        info["allowed_updates"] = json!(webhook.allowed);
    }
    if let Some((date, message)) = &webhook.last_error {
        info["last_error_date"] = json!(date);
        info["last_error_message"] = json!(message);
    }
    info
}

fn set_commands(params: &Params) -> Result<Value, Refusal> {
    let commands = params.json("commands").unwrap_or_else(|| json!([]));
    let list = commands.as_array().ok_or_else(|| Refusal::bad_request("expected an Array of BotCommand"))?;
    if list.len() > 100 {
        return Err(Refusal::bad_request("BOT_COMMANDS_TOO_MUCH"));
    }
    for entry in list {
        let command = entry.get("command").and_then(Value::as_str).unwrap_or_default().trim_start_matches('/');
        let letter = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        if !(1..=32).contains(&command.len()) || !command.chars().all(letter) {
            return Err(Refusal::bad_request("BOT_COMMAND_INVALID"));
        }
        let description = entry.get("description").and_then(Value::as_str).unwrap_or_default();
        if !(1..=256).contains(&utf16_len(description)) {
            return Err(Refusal::bad_request("BOT_COMMAND_DESCRIPTION_INVALID"));
        }
    }
    Ok(json!(true))
}

/// Takes a text about the bot if it is no longer than this.
fn set_text(params: &Params, name: &str, longest: usize) -> Result<Value, Refusal> {
    if params.text(name).unwrap_or_default().chars().count() > longest {
        return Err(Refusal::bad_request(format!("{} is too long", name.replace('_', " "))));
    }
    Ok(json!(true))
}

/// The chat of a call, if the bot may write there.
pub(super) fn open_chat(state: &State, params: &Params) -> Result<i64, Refusal> {
    if !params.has("chat_id") {
        return Err(Refusal::bad_request("chat_id is empty"));
    }
    let chat = params.integer("chat_id").and_then(|id| state.chats.get(&id));
    let chat = chat.ok_or_else(|| Refusal::bad_request("chat not found"))?;
    if let Some(group) = &chat.group {
        group.admits_bot()?;
    }
    if !chat.started {
        return Err(Refusal::forbidden("bot can't initiate conversation with a user"));
    }
    if chat.blocked {
        return Err(Refusal::forbidden("bot was blocked by the user"));
    }
    Ok(chat.id)
}

/// The message of an edit, if the bot may change it.
fn editable(state: &State, params: &Params) -> Result<i64, Refusal> {
    let chat = open_chat(state, params)?;
    let Some(id) = params.integer("message_id") else {
        return Err(Refusal::bad_request("message identifier is not specified"));
    };
    let message = state.message(chat, id).ok_or_else(|| Refusal::bad_request("message to edit not found"))?;
    if !message.from_bot || message.had_reply_markup {
        return Err(Refusal::bad_request("message can't be edited"));
    }
    Ok(id)
}

/// A message of any chat as the Bot API writes it.
pub(super) fn message_json(model: &Model, state: &State, id: i64) -> Value {
    state.messages.get(&id).map_or(Value::Null, |message| state.message_json(message, &model.bot_user()))
}
