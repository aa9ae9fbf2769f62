//! The chats to which the bot writes of its own accord.

use ::dealer::Dealer;
use relay::GroupTopics;
use serde_json::json;
use telegram::{Api, ApiError};

use super::{Finding, fix_of};
use crate::sales_chat;
use crate::stage::{Stage, Stores};

/// The sales chat; `None` if the dealer has none. A group without topics is not a fault: then customers leave their
/// number.
pub(super) async fn of_sales_chat(stage: &Stage, stores: &Stores, dealer: &Dealer) -> Option<Finding> {
    const NAME: &str = "sales chat";
    let chat = dealer.sales_chat.as_ref()?;
    let relay = sales_chat::relay(stage, stores).await.ok()?;
    let group = stores.aws.sales_chat(&stores.tables).group(chat.chat_id).await.ok()?.value.current_id();
    Some(match relay.topics_of(group).await {
        Ok(GroupTopics::Open) => Finding::good(NAME, &format!("the team talks to customers in topics of {group}")),
        Ok(GroupTopics::Closed) => Finding::bad(
            NAME,
            &format!("the bot may not manage the topics of {group}"),
            "make it an administrator with that right, or switch topics off",
        ),
        Ok(GroupTopics::Off) => Finding::good(
            NAME,
            &format!("{group}, no topics: to talk to customers there, switch them on and let the bot manage them"),
        ),
        Err(error) => of_error(NAME, group, &error, "add the bot to the group, check chat_id of [sales_chat]"),
    })
}

/// Who else hears from the bot, by the dealer's file.
pub(super) async fn of_listeners(api: &Api, dealer: &Dealer) -> Vec<Finding> {
    let escalation = dealer.sales_chat.as_ref().and_then(|chat| chat.escalation.as_ref());
    let mut findings = Vec::new();
    if let Some(escalation) = escalation {
        let fix = "that person writes /start to the bot, or check escalate_to of [sales_chat]";
        findings.push(of_chat(api, "escalations", escalation.to, fix).await);
    }
    if let Some(digest) = &dealer.digest {
        let fix = "that person writes /start to the bot, or check chat_id of [digest]";
        findings.push(of_chat(api, "digest", digest.chat_id, fix).await);
    }
    findings
}

/// Whether the bot knows a chat.
pub(super) async fn of_chat(api: &Api, name: &str, chat_id: i64, fix: &str) -> Finding {
    match api.call("getChat", &json!({ "chat_id": chat_id })).await {
        Ok(_) => Finding::good(name, &chat_id.to_string()),
        Err(error) => of_error(name, chat_id, &error, fix),
    }
}

/// `fix` is for a chat that the bot cannot write to; a failure of Telegram has another.
fn of_error(name: &str, chat_id: i64, error: &ApiError, fix: &str) -> Finding {
    let is_of_the_chat = matches!(error, ApiError::Blocked | ApiError::Refused { .. } | ApiError::Migrated { .. });
    Finding::bad(name, &format!("{chat_id}: {error}"), if is_of_the_chat { fix } else { fix_of(error) })
}
