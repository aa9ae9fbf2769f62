//! Updates on their way to the bot's webhook.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::params::Params;
use super::state::State;
use super::{Model, api};
use crate::fault::{Call, Fault, now_ms};

/// Name of deliveries for fault rules.
const ROUTE: &str = "webhook";
/// Kinds of updates that come only when they are asked for.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Queues an update and, with a webhook, sends it off. Returns its id. Needs a tokio runtime.
pub(super) fn emit(model: &Arc<Model>, update: Value) -> i64 {
    let id = {
        let mut state = model.lock();
        let id = state.add_update(update);
        if !wanted(&state, id) || !readable(&state, id) {
            state.confirm(id);
        }
        id
    };
    model.changed();
    deliver_pending(model);
    id
}

/// Sends off every waiting update that is not on its way yet.
pub(super) fn deliver_pending(model: &Arc<Model>) {
    let mut state = model.lock();
    if state.bot.webhook.is_none() {
        return;
    }
    let State { pending, delivering, .. } = &mut *state;
    let mut queues = HashSet::new();
    for (id, update) in pending.iter() {
        let its_turn = !model.redelivery.in_order || queue_of(update).is_none_or(|queue| queues.insert(queue));
        if its_turn && delivering.insert(*id) {
            let delivery = Delivery { model: Arc::downgrade(model), id: *id, update: update.clone(), repeated: false };
            tokio::spawn(delivery.run());
        }
    }
}

/// What real Telegram delivers one after another: one kind of update of one chat. `None` for what waits for nothing.
fn queue_of(update: &Value) -> Option<(&str, i64)> {
    let (kind, content) = update.as_object()?.iter().find(|(key, _)| *key != "update_id")?;
    let chat = content["chat"]["id"].as_i64().or_else(|| content["from"]["id"].as_i64())?;
    Some((kind, chat))
}

/// Sends an update once more, accepted or not. False if it is not remembered.
pub(super) fn redeliver(model: &Arc<Model>, id: i64) -> bool {
    let mut state = model.lock();
    let update = state.history.iter().find(|update| update["update_id"] == id).cloned();
    let Some(update) = update else { return false };
    if state.bot.webhook.is_some() {
        state.redeliveries += 1;
        tokio::spawn(Delivery { model: Arc::downgrade(model), id, update, repeated: true }.run());
    } else {
        state.again.push_back(update);
    }
    drop(state);
    model.changed();
    true
}

fn wanted(state: &State, id: i64) -> bool {
    let Some(update) = state.pending.get(&id).and_then(Value::as_object) else { return false };
    let Some(kind) = update.keys().find(|key| *key != "update_id") else { return true };
    let allowed = state.bot.webhook.as_ref().map(|webhook| webhook.allowed.as_slice()).unwrap_or_default();
    if allowed.is_empty() { !ON_REQUEST.contains(&kind.as_str()) } else { allowed.contains(kind) }
}

/// Whether the bot may read the message of this update.
fn readable(state: &State, id: i64) -> bool {
    let Some(update) = state.pending.get(&id) else { return false };
    let message = update.get("message").or_else(|| update.get("edited_message"));
    let message =
        message.and_then(|message| state.message(message["chat"]["id"].as_i64()?, message["message_id"].as_i64()?));
    message.is_none_or(|message| state.bot_reads(message))
}

/// One update on its way, through all tries.
struct Delivery {
    model: Weak<Model>,
    id: i64,
    update: Value,
    /// It counts as a redelivery, and was accepted before.
    repeated: bool,
}

impl Delivery {
    async fn run(self) {
        let mut accepted = false;
        let mut pause = Duration::ZERO;
        let mut attempt = 0;
        loop {
            tokio::time::sleep(pause).await;
            let Some(model) = self.model.upgrade() else { return };
            if model.lock().stopped || attempt == model.redelivery.attempts {
                break;
            }
            match self.attempt(&model).await {
                Attempt::Accepted => accepted = true,
                Attempt::NoWebhook => {}
                Attempt::Failed(why) => {
                    if let Some(webhook) = &mut model.lock().bot.webhook {
                        webhook.last_error = Some((i64::try_from(now_ms() / 1000).unwrap_or(0), why));
                    }
                    attempt += 1;
                    let plan = model.redelivery;
                    pause = if pause.is_zero() { plan.first_pause } else { (pause * 2).min(plan.longest_pause) };
                    continue;
                }
            }
            break;
        }
        let Some(model) = self.model.upgrade() else { return };
        {
            let mut state = model.lock();
            if self.repeated {
                state.redeliveries -= 1;
            } else {
                state.delivering.remove(&self.id);
            }
            if accepted {
                state.confirm(self.id);
            }
        }
        model.changed();
        if accepted && model.redelivery.in_order {
            deliver_pending(&model);
        }
    }

    async fn attempt(&self, model: &Arc<Model>) -> Attempt {
        let Ok(_connection) = model.connections.acquire().await else { return Attempt::NoWebhook };
        let Some(webhook) = model.lock().bot.webhook.clone() else { return Attempt::NoWebhook };
        let fault = model.faults.strike(ROUTE);
        match &fault {
            None | Some(Fault::LoseAnswer | Fault::LateAnswer(_)) => {}
            Some(Fault::Hang(pause)) => tokio::time::sleep(*pause).await,
            Some(_) => return Attempt::Failed("Connection reset by peer".to_owned()),
        }
        let (at_ms, started) = (now_ms(), Instant::now());
        let mut request = model.client.post(&webhook.url).timeout(model.redelivery.timeout).json(&self.update);
        if let Some(secret) = &webhook.secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        let answer = async {
            let answer = request.send().await?;
            let status = answer.status();
            Ok::<_, reqwest::Error>((status, answer.bytes().await?))
        };
        let answer = answer.await;
        model.faults.record(Call {
            seq: 0,
            method: "UPDATE".to_owned(),
            route: ROUTE.to_owned(),
            query: format!("update_id={}", self.id),
            status: answer.as_ref().map_or(0, |(status, _)| status.as_u16()),
            at_ms,
            took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            body: self.update.to_string(),
        });
        match answer {
            Ok(_) if fault == Some(Fault::LoseAnswer) => Attempt::Failed("Read timeout expired".to_owned()),
            Ok((status, body)) if status.is_success() => {
                perform_reply(model, &body);
                Attempt::Accepted
            }
            Ok((status, _)) => {
                let reason = status.canonical_reason().unwrap_or_default();
                Attempt::Failed(format!("Wrong response from the webhook: {} {reason}", status.as_u16()))
            }
            Err(error) if error.is_timeout() => Attempt::Failed("Read timeout expired".to_owned()),
            Err(error) if error.is_connect() => Attempt::Failed("Connection refused".to_owned()),
            Err(_) => Attempt::Failed("Connection reset by peer".to_owned()),
        }
    }
}

/// What came of a try.
enum Attempt {
    Accepted,
    NoWebhook,
    Failed(String),
}

/// Performs the method call that a webhook's answer may hold. The bot never learns what became of it.
fn perform_reply(model: &Arc<Model>, body: &[u8]) {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(body) else { return };
    let Some(Value::String(method)) = object.remove("method") else { return };
    let text = Value::Object(object.clone()).to_string();
    let struck = model
        .faults
        .strike(&method)
        .is_some_and(|fault| !matches!(fault, Fault::LoseAnswer | Fault::Hang(_) | Fault::LateAnswer(_)));
    let outcome = (!struck).then(|| api::call(model, &method, &Params::from_object(object)));
    model.faults.record(Call {
        seq: 0,
        method: "REPLY".to_owned(),
        route: method,
        query: String::new(),
        status: match outcome {
            None => 0,
            Some(Ok(_)) => 200,
            Some(Err(refusal)) => refusal.code(),
        },
        at_ms: now_ms(),
        took_ms: 0,
        body: text,
    });
}
