//! The queue's consumer, with the rules of Lambda's event source mapping: a batch of up to ten, successes are deleted,
//! failures come back when their visibility timeout ends.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use crm_push::CrmPush;
use settings::Retry;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The largest batch.
const BATCH: i32 = 10;
/// How long to wait for a message. Short, so that stopping need not wait for it.
const LISTEN: Duration = Duration::from_secs(1);

/// Takes requests from the queue and has them delivered.
#[derive(Clone, Debug)]
pub(crate) struct Consumer {
    /// For the queue.
    pub(crate) sqs: Client,
    /// `LEADS_QUEUE_URL`
    pub(crate) queue_url: String,
    /// The function.
    pub(crate) crm_push: Arc<CrmPush>,
}

/// The result of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Messages deleted from the queue.
    pub done: usize,
    /// Messages that will come back.
    pub failed: usize,
}

impl Consumer {
    /// Delivers batches until `stopping`, as many at a time as Lambda would.
    pub(crate) async fn run(self, stopping: watch::Receiver<bool>) {
        let workers = (0..delivery::WORKERS).map(|_| self.run_one(stopping.clone()));
        futures::future::join_all(workers).await;
    }

    async fn run_one(&self, mut stopping: watch::Receiver<bool>) {
        while !*stopping.borrow() {
            // A batch that has begun is finished; only waiting is cut short.
            let received = tokio::select! {
                received = self.receive(LISTEN) => received,
                _ = stopping.changed() => return,
            };
            let outcome = match received {
                Ok(messages) => self.deliver(messages).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!("the queue's consumer: {error:#}");
                tokio::select! {
                    () = tokio::time::sleep(Retry::LOCAL_QUEUE.first) => {}
                    _ = stopping.changed() => return,
                }
            }
        }
    }

    /// Delivers what is waiting now, up to one batch.
    ///
    /// # Errors
    /// The queue does not respond, or the function crashed; the messages come back.
    pub(crate) async fn once(&self) -> anyhow::Result<Delivered> {
        let messages = self.receive(Duration::ZERO).await?;
        self.deliver(messages).await
    }

    async fn receive(&self, wait: Duration) -> anyhow::Result<Vec<Message>> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.queue_url)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(i32::try_from(wait.as_secs())?)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await
            .map_err(|error| anyhow!("the queue does not answer: {}", error.into_service_error()))?;
        Ok(answer.messages.unwrap_or_default())
    }

    async fn deliver(&self, messages: Vec<Message>) -> anyhow::Result<Delivered> {
        if messages.is_empty() {
            return Ok(Delivered::default());
        }
        let event = event_of(&messages);
        let function = Arc::clone(&self.crm_push);
        let answer = invoke(async move { function.handle(event).await }).await.context("crm-push crashed")?;
        let failed: HashSet<String> =
            answer.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        let done: Vec<&Message> = messages.iter().filter(|message| !failed.contains(id(message))).collect();
        self.delete(&done).await?;
        Ok(Delivered { done: done.len(), failed: messages.len() - done.len() })
    }

    async fn delete(&self, messages: &[&Message]) -> anyhow::Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        let mut request = self.sqs.delete_message_batch().queue_url(&self.queue_url);
        for (index, message) in messages.iter().enumerate() {
            request = request.entries(
                DeleteMessageBatchRequestEntry::builder()
                    .id(index.to_string())
                    .receipt_handle(message.receipt_handle().unwrap_or_default())
                    .build()?,
            );
        }
        let answer = request.send().await.map_err(|error| {
            anyhow!("delivered messages could not be deleted and will come again: {}", error.into_service_error())
        })?;
        if !answer.failed().is_empty() {
            tracing::warn!(count = answer.failed().len(), "some delivered messages will come again");
        }
        Ok(())
    }
}

/// Runs a function in a task of its own, so that a crash affects this call only, as on Lambda. It is cancelled when the
/// caller is.
///
/// # Errors
/// It crashed.
pub(crate) fn invoke<T: Send + 'static>(
    function: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = anyhow::Result<T>> {
    let mut task = JoinSet::new();
    // Not within the future: it would hold the function's, which is large, once more.
    task.spawn(function);
    async move { task.join_next().await.context("the function was not started")?.map_err(Into::into) }
}

fn id(message: &Message) -> &str {
    message.message_id().unwrap_or_default()
}

/// The batch as Lambda passes it to the function.
fn event_of(messages: &[Message]) -> SqsEvent {
    let records = messages.iter().map(|message| {
        let mut record = SqsMessage::default();
        record.message_id = message.message_id.clone();
        record.receipt_handle = message.receipt_handle.clone();
        record.body = message.body.clone();
        record.md5_of_body = message.md5_of_body.clone();
        record.event_source = Some("aws:sqs".to_owned());
        record.attributes = message
            .attributes()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.as_str().to_owned(), value.clone()))
            .collect();
        record
    });
    let mut event = SqsEvent::default();
    event.records = records.collect();
    event
}
