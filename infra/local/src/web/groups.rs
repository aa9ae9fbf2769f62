//! The groups of the simulated Telegram, as whoever runs them handles them.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use simulators::telegram::BotRole;

use super::chats::{Answer, done, telegram};
use crate::core::Core;

/// Members of a group, and whether the bot is in it.
pub(super) fn summary(core: &Core, chat: i64) -> Value {
    let Some(telegram) = &core.telegram else { return Value::Null };
    let group = telegram.group(chat);
    let members = group.members().into_iter().map(|id| {
        let name = telegram.chat(id).map(|person| person.first_name).unwrap_or_default();
        json!({ "id": id, "name": name })
    });
    json!({ "members": members.collect::<Value>(), "has_bot": group.bot_role() != Some(BotRole::Kicked) })
}

/// What a member does to a topic by hand.
#[derive(Deserialize)]
pub(super) struct TopicChange {
    r#as: i64,
    what: TopicAction,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TopicAction {
    Close,
    Reopen,
    Delete,
}

/// `POST /api/groups/{id}/topics/{topic}`
pub(super) async fn change_topic(
    State(core): State<Arc<Core>>,
    Path((id, topic)): Path<(i64, i64)>,
    Json(change): Json<TopicChange>,
) -> Answer {
    let telegram = telegram(&core)?;
    let member = telegram.group(id).member(&telegram.customer(change.r#as));
    match change.what {
        TopicAction::Close => drop(member.close_topic(topic)?),
        TopicAction::Reopen => drop(member.reopen_topic(topic)?),
        TopicAction::Delete => member.delete_topic(topic)?,
    }
    done()
}

/// Whether the bot is in the group.
#[derive(Deserialize)]
pub(super) struct BotChange {
    present: bool,
}

/// `POST /api/groups/{id}/bot`: throws the bot out, or lets it in as an admin who manages topics.
pub(super) async fn change_bot(
    State(core): State<Arc<Core>>,
    Path(id): Path<i64>,
    Json(bot): Json<BotChange>,
) -> Answer {
    let role = if bot.present { BotRole::Admin { can_manage_topics: true } } else { BotRole::Kicked };
    telegram(&core)?.group(id).make_bot(role);
    done()
}
