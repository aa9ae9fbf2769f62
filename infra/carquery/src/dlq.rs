//! `carquery dlq`: queue messages that could not be processed.

use std::process::ExitCode;

use anyhow::anyhow;
use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible, QueueArn,
};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use crate::aws;
use crate::output::{Output, is_confirmed, table};
use crate::stage::{Stage, Stores};

/// Seconds to wait for a message. Any wait makes SQS ask all of its servers; without one it asks a few, and may miss
/// messages.
const LONG_POLL: i32 = 2;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show up to ten messages of the dead-letter queue, and leave them there.
    Show,
    /// Put everything back onto the queue. Fix the cause first.
    Redrive,
    /// Delete the messages.
    ///
    /// No request is lost with them: the schedule queues what amoCRM does not have yet.
    Purge {
        /// Delete without asking.
        #[arg(long)]
        yes: bool,
    },
}

/// A message that failed too often.
#[derive(Debug, Serialize)]
struct DeadLetter {
    message_id: String,
    body: String,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    match command {
        Command::Show => show(&stores, *output).await,
        Command::Redrive => redrive(&stores, *output).await,
        Command::Purge { yes } => purge(&stores, yes, *output).await,
    }
}

async fn show(stores: &Stores, output: Output) -> anyhow::Result<ExitCode> {
    let answer = stores
        .aws
        .sqs
        .receive_message()
        .queue_url(&stores.dlq_url)
        .max_number_of_messages(10)
        .visibility_timeout(0)
        .wait_time_seconds(LONG_POLL)
        .send()
        .await
        .map_err(|error| anyhow!("the dead-letter queue does not respond: {}", aws::reason(&error)))?;
    let received = answer.messages.unwrap_or_default().into_iter();
    let messages: Vec<DeadLetter> = received
        .map(|message| DeadLetter {
            message_id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
        })
        .collect();
    let depth = Queue::of(stores).await?.depth;
    output.print(&json!({ "messages": messages, "depth": depth }), |_| {
        let mut text = if messages.is_empty() {
            "The dead-letter queue is empty.".to_owned()
        } else {
            let row = |letter: &DeadLetter| [letter.message_id.clone(), letter.body.chars().take(100).collect()];
            table(["MESSAGE", "BODY"], messages.iter().map(row))
        };
        if depth != messages.len() {
            text += &format!("\nThe queue holds {depth} message(s); another reader may have some of them.");
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

async fn redrive(stores: &Stores, output: Output) -> anyhow::Result<ExitCode> {
    let queue = Queue::of(stores).await?;
    if queue.depth > 0 {
        let moving = stores.aws.sqs.start_message_move_task().source_arn(queue.arn).send().await;
        moving.map_err(|error| anyhow!("the messages were not moved: {}", aws::reason(&error)))?;
    }
    output.print(&json!({ "redriven": queue.depth }), |_| match queue.depth {
        0 => "The dead-letter queue is empty: there is nothing to move.".to_owned(),
        depth => format!("{depth} message(s) are on their way back to the queue."),
    });
    Ok(ExitCode::SUCCESS)
}

async fn purge(stores: &Stores, yes: bool, output: Output) -> anyhow::Result<ExitCode> {
    let depth = Queue::of(stores).await?.depth;
    let deletes = depth > 0 && (yes || (!output.json && is_confirmed(&format!("Delete {depth} message(s)?"))?));
    let deleted = if deletes { delete_all(stores).await? } else { 0 };
    output.print(&json!({ "deleted": deleted, "depth": depth - deleted.min(depth) }), |_| match (depth, deletes) {
        (0, _) => "The dead-letter queue is empty: there is nothing to delete.".to_owned(),
        (_, true) => format!("Deleted {deleted} message(s)."),
        (_, false) => format!("Would delete {depth} message(s). Add --yes."),
    });
    Ok(ExitCode::SUCCESS)
}

/// Deletes what can be received. One by one rather than the whole queue at once: so it says how many there were, and
/// spares what another reader holds.
async fn delete_all(stores: &Stores) -> anyhow::Result<usize> {
    let failed = |what: String| anyhow!("the dead-letter queue was not emptied: {what}");
    let (sqs, url) = (&stores.aws.sqs, &stores.dlq_url);
    let mut deleted = 0;
    loop {
        let receiving = sqs.receive_message().queue_url(url).max_number_of_messages(10).wait_time_seconds(LONG_POLL);
        let answer = receiving.send().await.map_err(|error| failed(aws::reason(&error)))?;
        let received = answer.messages.unwrap_or_default();
        if received.is_empty() {
            return Ok(deleted);
        }
        let entry = |(number, message): (usize, &Message)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(number.to_string());
            entry.receipt_handle(message.receipt_handle().unwrap_or_default()).build()
        };
        let entries = received.iter().enumerate().map(entry).collect::<Result<Vec<_>, _>>()?;
        let deleting = sqs.delete_message_batch().queue_url(url).set_entries(Some(entries));
        let answer = deleting.send().await.map_err(|error| failed(aws::reason(&error)))?;
        if let Some(refused) = answer.failed.first() {
            return Err(failed(refused.message().unwrap_or_else(|| refused.code()).to_owned()));
        }
        deleted += received.len();
    }
}

/// The dead-letter queue as SQS describes it.
struct Queue {
    arn: String,
    /// Messages in it, held by a reader or not; SQS counts roughly.
    depth: usize,
}

impl Queue {
    async fn of(stores: &Stores) -> anyhow::Result<Self> {
        let counts = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        let answer = stores
            .aws
            .sqs
            .get_queue_attributes()
            .queue_url(&stores.dlq_url)
            .set_attribute_names(Some([&counts[..], &[QueueArn]].concat()))
            .send()
            .await
            .map_err(|error| anyhow!("the dead-letter queue does not respond: {}", aws::reason(&error)))?;
        let attributes = answer.attributes.unwrap_or_default();
        let count = |name| attributes.get(name).and_then(|count| count.parse::<usize>().ok()).unwrap_or_default();
        Ok(Self { depth: counts.iter().map(count).sum(), arn: attributes.get(&QueueArn).cloned().unwrap_or_default() })
    }
}
