//! The methods about groups and their topics: `getChatMember`, `createForumTopic` and its like.

use serde_json::{Value, json};

use super::Model;
use super::group::{GroupChat, TopicChange};
use super::message::Sender;
use super::methods::open_chat;
use super::params::Params;
use super::refusal::Refusal;
use super::state::State;
use super::view::How;

/// Longest name of a topic, in characters; Telegram cuts a longer one.
const MAX_NAME: usize = 128;

/// `getChatMember`
pub(super) fn get_member(model: &Model, state: &State, params: &Params) -> Result<Value, Refusal> {
    let chat = open_chat(state, params)?;
    let user = params.integer("user_id").ok_or_else(|| Refusal::bad_request("invalid user_id specified"))?;
    let bot = model.bot_user();
    let Some(group) = state.group(chat) else {
        // A private chat has two members.
        let person = state.chats.get(&user).filter(|_| user == chat).map(super::chat::Chat::user_json);
        let member = person.or_else(|| (bot["id"] == user).then_some(bot));
        return member
            .map(|member| json!({"user": member, "status": "member"}))
            .ok_or_else(|| Refusal::bad_request("user not found"));
    };
    if bot["id"] == user {
        return Ok(group.bot_json(&bot));
    }
    let person = state.chats.get(&user).filter(|chat| chat.group.is_none());
    let person = person.ok_or_else(|| Refusal::bad_request("PARTICIPANT_ID_INVALID"))?;
    let status = if group.members.contains(&user) { "member" } else { "left" };
    Ok(json!({"user": person.user_json(), "status": status}))
}

/// `createForumTopic`
pub(super) fn create(model: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = forum(state, params, "create a topic")?;
    let name = name(params)?;
    super::sending::count(model, state, chat)?;
    let id = state.open_topic(chat, Sender::Bot, &name);
    let icon_color = params.integer("icon_color").unwrap_or(7_322_096);
    Ok(json!({"message_thread_id": id, "name": name, "icon_color": icon_color}))
}

/// `editForumTopic`
pub(super) fn edit(_: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let change = TopicChange::Name(name(params)?);
    change_topic(state, params, &change)
}

/// `closeForumTopic`
pub(super) fn close(_: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    change_topic(state, params, &TopicChange::Closed(true))
}

/// `reopenForumTopic`
pub(super) fn reopen(_: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    change_topic(state, params, &TopicChange::Closed(false))
}

/// `deleteForumTopic`
pub(super) fn delete(_: &Model, state: &mut State, params: &Params) -> Result<Value, Refusal> {
    let chat = forum(state, params, "delete the topic")?;
    let topic = params.integer("message_thread_id").unwrap_or_default();
    if state.delete_topic(chat, topic) { Ok(json!(true)) } else { Err(Refusal::bad_request("TOPIC_ID_INVALID")) }
}

fn change_topic(state: &mut State, params: &Params, change: &TopicChange) -> Result<Value, Refusal> {
    let chat = forum(state, params, "edit the topic")?;
    let id = params.integer("message_thread_id").unwrap_or_default();
    let topic = state.group(chat).and_then(GroupChat::topics).and_then(|topics| topics.get(&id));
    let topic = topic.ok_or_else(|| Refusal::bad_request("TOPIC_ID_INVALID"))?;
    let same = match change {
        TopicChange::Name(name) => *name == topic.name,
        TopicChange::Closed(closed) => *closed == topic.closed,
    };
    if same {
        return Err(Refusal::bad_request("TOPIC_NOT_MODIFIED"));
    }
    if let Some(told) = state.change_topic(chat, Sender::Bot, id, change) {
        state.note(told, How::Sent);
    }
    Ok(json!(true))
}

/// The chat of a call about topics, if it has topics and the bot may manage them.
fn forum(state: &State, params: &Params, action: &str) -> Result<i64, Refusal> {
    let chat = open_chat(state, params)?;
    let group = state.group(chat).filter(|group| group.topics().is_some());
    let group = group.ok_or_else(|| Refusal::bad_request("the chat is not a forum"))?;
    if !group.bot_manages_topics() {
        return Err(Refusal::bad_request(format!("not enough rights to {action}")));
    }
    Ok(chat)
}

fn name(params: &Params) -> Result<String, Refusal> {
    let name: String = params.text("name").unwrap_or_default().trim().chars().take(MAX_NAME).collect();
    if name.is_empty() { Err(Refusal::bad_request("title must be non-empty")) } else { Ok(name) }
}
