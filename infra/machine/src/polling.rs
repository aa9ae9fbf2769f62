//! Long polling of the real Telegram: fetches the updates and passes them to the webhook's handler.
//!
//! An update is confirmed to Telegram only after it has been handled, so that a stack that is killed gets it again.
//! Updates of one chat are handled in order, chats and the topics of a group in parallel.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use settings::Retry;
use telegram::{ApiError, BotCall};
use tokio::sync::{Notify, mpsc, watch};
use webhook::WEBHOOK_PATH;

use crate::{Functions, Room};

/// How long Telegram waits before it sends an empty response.
const LISTEN: Duration = Duration::from_secs(25);
/// How often the same trouble is logged.
const SAY_AGAIN: Duration = Duration::from_secs(60);
/// The pause when everything that Telegram sends is already being handled.
const PAUSE: Duration = Duration::from_millis(500);
/// Calls that the bot may return in the webhook's response.
const ANSWERED_CALLS: [&str; 5] =
    ["answerCallbackQuery", "editMessageReplyMarkup", "sendChatAction", "deleteMessage", "sendMessage"];

/// Fetches updates and has them handled.
#[derive(Clone)]
pub struct Polling {
    /// The bot at Telegram, and the function that takes its updates.
    pub functions: Arc<Functions>,
    /// The webhook's secret.
    pub secret: SecretString,
    /// Where updates are stored: while there is none, they wait at Telegram.
    pub room: Room,
    /// Notified after each update.
    pub handled: Arc<dyn Fn() + Send + Sync>,
}

/// Updates fetched and not yet confirmed.
#[derive(Default)]
struct Progress {
    open: Mutex<BTreeSet<i64>>,
    one_done: Notify,
}

impl Progress {
    fn open(&self) -> std::sync::MutexGuard<'_, BTreeSet<i64>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Polling {
    /// Fetches and handles updates until `stopping`.
    pub async fn run(self, mut stopping: watch::Receiver<bool>) {
        let progress = Arc::new(Progress::default());
        // One after another, so that a customer's answers keep their order. The topics of a group do not wait for one
        // another: each has a customer of its own.
        let mut queues: HashMap<(i64, i64), mpsc::UnboundedSender<(i64, Value)>> = HashMap::new();
        let mut newest = 0;
        let mut complaint = Complaint::default();
        while !*stopping.borrow() {
            let offset = progress.open().first().copied().unwrap_or(newest + 1);
            let offset = if newest == 0 { 0 } else { offset };
            let asked = Instant::now();
            let fetched = tokio::select! {
                fetched = self.functions.api.updates(offset, LISTEN) => fetched,
                _ = stopping.changed() => break,
            };
            let updates = match fetched {
                Ok(updates) => {
                    complaint.end();
                    updates
                }
                Err(error) => {
                    complaint.say(&error);
                    tokio::select! {
                        () = tokio::time::sleep(Retry::POLL.first) => continue,
                        _ = stopping.changed() => break,
                    }
                }
            };
            let mut fresh = false;
            for update in updates {
                let Some(id) = update["update_id"].as_i64() else { continue };
                if id <= newest {
                    continue;
                }
                (newest, fresh) = (id, true);
                progress.open().insert(id);
                let source = source_of(&update);
                let work = (id, update);
                let Err(mpsc::error::SendError(work)) = queues
                    .get(&source)
                    .map_or_else(|| Err(mpsc::error::SendError(work.clone())), |queue| queue.send(work.clone()))
                else {
                    continue;
                };
                let (sender, receiver) = mpsc::unbounded_channel();
                let _ = sender.send(work);
                queues.insert(source, sender);
                tokio::spawn(self.clone().serve(receiver, Arc::clone(&progress)));
            }
            queues.retain(|_, queue| !queue.is_closed());
            if !fresh && asked.elapsed() < PAUSE {
                // Telegram repeats what is not confirmed yet, so that asking again makes sense only after an update is
                // done. A server that does not wait before an empty response must not be asked in a tight loop either.
                tokio::select! {
                    () = progress.one_done.notified() => {}
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stopping.changed() => break,
                }
            }
        }
    }

    /// Handles the updates of a queue one after another; ends after a while without any.
    async fn serve(self, mut updates: mpsc::UnboundedReceiver<(i64, Value)>, progress: Arc<Progress>) {
        const QUIET: Duration = Duration::from_secs(600);
        loop {
            let next = tokio::time::timeout(QUIET, updates.recv()).await;
            let (id, update) = match next {
                Ok(Some(work)) => work,
                Ok(None) => return,
                Err(_) => {
                    updates.close();
                    match updates.recv().await {
                        Some(work) => work,
                        None => return,
                    }
                }
            };
            self.handle(id, &update).await;
            progress.open().remove(&id);
            progress.one_done.notify_one();
            (self.handled)();
        }
    }

    async fn handle(&self, id: i64, update: &Value) {
        let body = Bytes::from(update.to_string());
        let retry = Retry::POLLED_UPDATE;
        let mut tried = 0;
        while retry.allows_another(tried) {
            let request = Request::post(WEBHOOK_PATH)
                .header("x-telegram-bot-api-secret-token", self.secret.expose_secret())
                .body(body.clone())
                .expect("the path and the header are valid");
            let answer = self.functions.front.handle(request).await;
            if answer.status().is_success() {
                return self.perform(answer.body()).await;
            }
            if answer.status().is_client_error() {
                tracing::warn!(update_id = id, status = answer.status().as_u16(), "an update was refused");
                return;
            }
            // What fails every update, such as a full disk, must not cost the customers theirs.
            if self.room.is_there() && self.functions.can_write().await {
                tried += 1;
            }
            tokio::time::sleep(retry.pause(tried)).await;
        }
        tracing::error!(update_id = id, "an update was given up after {} tries", retry.tries);
    }

    /// Makes the call that the handler returned, as Telegram does with a webhook's response.
    async fn perform(&self, answer: &Bytes) {
        let Ok(call) = serde_json::from_slice::<BotCall>(answer) else { return };
        let Some(method) = ANSWERED_CALLS.into_iter().find(|method| *method == call.method) else {
            tracing::warn!(method = call.method, "a call in the webhook's answer is not known here");
            return;
        };
        if let Err(error) = self.functions.api.call(method, &call.parameters).await {
            tracing::debug!(method, "a call that nobody waits for failed: {error}");
        }
    }
}

/// Where an update comes from: its chat, and the topic if that is a group. 0 for what it has not.
fn source_of(update: &Value) -> (i64, i64) {
    let messages = ["message", "edited_message", "my_chat_member"].map(|kind| &update[kind]);
    let chat = messages.into_iter().find_map(|message| message["chat"]["id"].as_i64());
    let topic = messages.into_iter().find_map(|message| message["message_thread_id"].as_i64());
    let topic = topic.filter(|_| chat.is_some_and(i64::is_negative));
    let chat = chat.or_else(|| update["callback_query"]["from"]["id"].as_i64());
    (chat.unwrap_or_default(), topic.unwrap_or_default())
}

/// Why no updates come. An outage lasts for many tries, and a log in which nothing else can be found is of no use.
#[derive(Default)]
struct Complaint(Option<(ApiError, Instant)>);

impl Complaint {
    fn say(&mut self, error: &ApiError) {
        if self.0.as_ref().is_some_and(|(said, at)| said == error && at.elapsed() < SAY_AGAIN) {
            return;
        }
        match error {
            ApiError::Refused { code: 409, .. } => tracing::error!(
                "Telegram sends this bot's updates elsewhere: to a webhook (`carquery telegram delete-webhook` ends it), or to \
                 another program that polls with the same token"
            ),
            ApiError::Unauthorized => tracing::error!("no updates from Telegram: {error}"),
            error => tracing::warn!("no updates from Telegram: {error}"),
        }
        self.0 = Some((error.clone(), Instant::now()));
    }

    fn end(&mut self) {
        if self.0.take().is_some() {
            tracing::info!("updates come from Telegram again");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_topics_of_a_group_do_not_wait_for_one_another() {
        let message = |chat: i64| json!({ "message": { "chat": { "id": chat }, "message_thread_id": 5 } });
        assert_eq!(source_of(&message(-100)), (-100, 5));
        assert_eq!(source_of(&message(7)), (7, 0), "one customer, in whichever topic");
        assert_eq!(source_of(&json!({ "callback_query": { "from": { "id": 7 } } })), (7, 0));
        assert_eq!(source_of(&json!({ "poll": {} })), (0, 0));
    }
}
