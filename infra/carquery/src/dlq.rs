//! `carquery dlq`: messages that nobody could process.

use std::process::ExitCode;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::QueueAttributeName;
use clap::Subcommand;
use serde_json::json;

use crate::output::{Output, table};
use crate::stage::Stage;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show what is in the dead-letter queue (at most ten messages), and leave it there.
    Show,
    /// Put everything back onto the queue. Mend the cause first.
    Redrive,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    match command {
        Command::Show => {
            let answer = stores
                .aws
                .sqs
                .receive_message()
                .queue_url(&stores.dlq_url)
                .max_number_of_messages(10)
                .visibility_timeout(0)
                .send()
                .await
                .map_err(|error| anyhow::anyhow!("the dead-letter queue does not answer: {}", said(error)))?;
            let messages: Vec<(String, String)> = answer
                .messages()
                .iter()
                .map(|message| {
                    (message.message_id().unwrap_or("?").to_owned(), message.body().unwrap_or_default().to_owned())
                })
                .collect();
            output.print(&messages, |messages| {
                if messages.is_empty() {
                    return "The dead-letter queue is empty.".to_owned();
                }
                let rows: Vec<Vec<String>> =
                    messages.iter().map(|(id, body)| vec![id.clone(), body.chars().take(100).collect()]).collect();
                table(&["MESSAGE", "BODY"], &rows)
            });
        }
        Command::Redrive => {
            let attributes = stores
                .aws
                .sqs
                .get_queue_attributes()
                .queue_url(&stores.dlq_url)
                .attribute_names(QueueAttributeName::QueueArn)
                .send()
                .await
                .map_err(|error| anyhow::anyhow!("the dead-letter queue does not answer: {}", said(error)))?;
            let arn = attributes
                .attributes()
                .and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn))
                .cloned()
                .unwrap_or_default();
            stores
                .aws
                .sqs
                .start_message_move_task()
                .source_arn(arn)
                .send()
                .await
                .map_err(|error| anyhow::anyhow!("the messages were not moved: {}", said(error)))?;
            output
                .print(&json!({ "redriven": true }), |_| "The messages are on their way back to the queue.".to_owned());
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn said<E: ProvideErrorMetadata, R>(error: SdkError<E, R>) -> String {
    error.message().map_or_else(|| "no connection".to_owned(), str::to_owned)
}
