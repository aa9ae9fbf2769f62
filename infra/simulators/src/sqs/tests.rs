//! The AWS SDK against the simulator.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, MessageSystemAttributeName, QueueAttributeName};
use md5::{Digest as _, Md5};

use super::Sqs;
use crate::fault::{Fault, When};
use embedded::sqs::{DEAD_LETTER_QUEUE, Item, Options, View, arn};

type Done = Result<(), Box<dyn std::error::Error>>;

fn client(sqs: &Sqs, attempts: u32) -> Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("key", "secret", None, None, "test"))
        .retry_config(
            RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(1)),
        )
        .endpoint_url(sqs.url())
        .build();
    Client::from_conf(config)
}

async fn send(client: &Client, sqs: &Sqs, lead: &str, group: &str) -> Result<String, Box<dyn std::error::Error>> {
    let send = client.send_message().queue_url(sqs.queue_url()).message_body(lead);
    let sent = send.message_group_id(group).message_deduplication_id(format!("{lead}-0")).send().await?;
    let md5: String = Md5::digest(lead).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(sent.md5_of_message_body(), Some(md5.as_str()));
    Ok(sent.message_id().unwrap_or_default().to_owned())
}

/// Deletes a message, and says whether SQS took it so.
async fn delete(client: &Client, sqs: &Sqs, receipt: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let entry = DeleteMessageBatchRequestEntry::builder().id("a").receipt_handle(receipt).build()?;
    let answer = client.delete_message_batch().queue_url(sqs.queue_url()).entries(entry).send().await?;
    Ok(answer.failed().is_empty())
}

#[tokio::test]
async fn a_message_is_sent_received_and_deleted() -> Done {
    let sqs = Sqs::start(&Options::default()).await?;
    let client = client(&sqs, 1);
    let id = send(&client, &sqs, "lead-1", "g").await?;
    assert_eq!(send(&client, &sqs, "lead-1", "g").await?, id, "the same deduplication id is the same message");
    assert_eq!(sqs.queues.view().waiting.len(), 1);

    let receive = client.receive_message().queue_url(sqs.queue_url()).max_number_of_messages(10);
    let received = receive.message_system_attribute_names(MessageSystemAttributeName::All).send().await?;
    let message = &received.messages()[0];
    assert_eq!((message.body(), message.message_id()), (Some("lead-1"), Some(id.as_str())));
    let attributes = message.attributes().ok_or("no attributes")?;
    assert_eq!(attributes[&MessageSystemAttributeName::ApproximateReceiveCount], "1");
    assert_eq!(attributes[&MessageSystemAttributeName::MessageGroupId], "g");
    assert_eq!(sqs.queues.view().in_flight.len(), 1);

    let receipt = message.receipt_handle().unwrap_or_default();
    delete(&client, &sqs, receipt).await?;
    assert!(delete(&client, &sqs, receipt).await?, "deleting twice is not an error");
    assert_eq!(sqs.queues.view(), View::default());
    Ok(())
}

#[tokio::test]
async fn a_batch_tells_apart_what_failed() -> Done {
    let sqs = Sqs::start(&Options::default()).await?;
    let client = client(&sqs, 1);
    send(&client, &sqs, "lead-1", "g").await?;
    let received = client.receive_message().queue_url(sqs.queue_url()).send().await?;
    let receipt = received.messages()[0].receipt_handle().unwrap_or_default();
    let entry =
        |id: &str, receipt: &str| DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(receipt).build();
    let batch = client.delete_message_batch().queue_url(sqs.queue_url());
    let deleted = batch.entries(entry("a", receipt)?).entries(entry("b", "no receipt")?).send().await?;
    assert_eq!(deleted.successful()[0].id(), "a");
    assert_eq!((deleted.failed()[0].id(), deleted.failed()[0].code()), ("b", "ReceiptHandleIsInvalid"));
    Ok(())
}

#[tokio::test]
async fn a_long_poll_ends_with_the_first_message() -> Done {
    let sqs = Sqs::start(&Options::default()).await?;
    let client = client(&sqs, 1);
    let poll = client.receive_message().queue_url(sqs.queue_url()).wait_time_seconds(10).send();
    let write = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        send(&client, &sqs, "lead-1", "g").await
    };
    let started = Instant::now();
    let (received, sent) = tokio::join!(poll, write);
    sent?;
    assert_eq!(received?.messages().len(), 1);
    assert!(started.elapsed() < Duration::from_secs(5));
    Ok(())
}

#[tokio::test]
async fn a_message_that_keeps_failing_is_a_dead_letter_until_it_is_redriven() -> Done {
    let options = Options { visibility: Duration::from_millis(50), max_receive_count: 2, ..Options::default() };
    let sqs = Sqs::start(&options).await?;
    let client = client(&sqs, 1);
    send(&client, &sqs, "lead-1", "g").await?;
    for _ in 0..2 {
        let received = client.receive_message().queue_url(sqs.queue_url()).wait_time_seconds(2).send().await?;
        assert_eq!(received.messages().len(), 1);
    }
    let received = client.receive_message().queue_url(sqs.queue_url()).wait_time_seconds(1).send().await?;
    assert!(received.messages().is_empty());
    let dead = &sqs.queues.view().dead;
    assert_eq!((dead.len(), dead[0].body.as_str(), dead[0].receives), (1, "lead-1", 2));
    let depth = client
        .get_queue_attributes()
        .queue_url(sqs.dlq_url())
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .send()
        .await?;
    let depth = depth.attributes().ok_or("no attributes")?;
    assert_eq!(depth[&QueueAttributeName::ApproximateNumberOfMessages], "1");

    client.start_message_move_task().source_arn(arn(DEAD_LETTER_QUEUE)).send().await?;
    let view = sqs.queues.view();
    assert_eq!((view.waiting.len(), view.waiting[0].receives, view.dead.len()), (1, 0, 0));
    Ok(())
}

#[tokio::test]
async fn errors_are_those_the_sdk_knows() -> Done {
    let sqs = Sqs::start(&Options::default()).await?;
    let client = client(&sqs, 1);
    let no_queue = client.receive_message().queue_url("http://localhost/0/other.fifo").send().await;
    let error = no_queue.err().ok_or("it was answered")?.into_service_error();
    assert!(error.is_queue_does_not_exist());
    let no_group = client.send_message().queue_url(sqs.queue_url()).message_body("x").send().await;
    let error = no_group.err().ok_or("it was answered")?.into_service_error();
    assert_eq!(error.code(), Some("MissingParameter"));
    let unknown = client.purge_queue().queue_url(sqs.queue_url()).send().await;
    let error = unknown.err().ok_or("it was answered")?.into_service_error();
    assert_eq!(error.code(), Some("InvalidAction"), "nothing is served that the program does not call");
    Ok(())
}

#[tokio::test]
async fn a_send_whose_answer_was_lost_is_made_again_without_a_second_message() -> Done {
    let sqs = Sqs::start(&Options::default()).await?;
    sqs.faults().add("SendMessage", When::Times(1), Fault::LoseAnswer);
    sqs.faults().add("SendMessage", When::Times(1), Fault::TooMany { retry_after: 1 });
    send(&client(&sqs, 3), &sqs, "lead-1", "g").await?;
    assert_eq!(sqs.faults().counts()["SendMessage"], 3);
    assert_eq!(sqs.queues.view().waiting.len(), 1);
    Ok(())
}

#[tokio::test]
async fn messages_survive_a_crash_and_are_still_in_flight() -> Done {
    let folder = tempfile::tempdir()?;
    let options = Options { journal: Some(folder.path().join("sqs.jsonl")), ..Options::default() };
    let sqs = Sqs::start(&options).await?;
    let first = client(&sqs, 1);
    for lead in ["lead-1", "lead-2", "lead-3"] {
        send(&first, &sqs, lead, lead).await?;
    }
    let received = first.receive_message().queue_url(sqs.queue_url()).max_number_of_messages(2).send().await?;
    let receipt = |index: usize| received.messages()[index].receipt_handle().unwrap_or_default();
    delete(&first, &sqs, receipt(0)).await?;
    sqs.stop().await;

    let sqs = Sqs::start(&options).await?;
    let view = sqs.queues.view();
    let bodies = |items: &[Item]| items.iter().map(|item| item.body.clone()).collect::<Vec<_>>();
    assert_eq!(
        (bodies(&view.in_flight), bodies(&view.waiting)),
        (vec!["lead-2".to_owned()], vec!["lead-3".to_owned()])
    );
    let second = client(&sqs, 1);
    delete(&second, &sqs, receipt(1)).await?;
    send(&second, &sqs, "lead-1", "lead-1").await?;
    assert_eq!(bodies(&sqs.queues.view().waiting), ["lead-3"], "the deduplication id is still known");
    Ok(())
}

#[tokio::test]
async fn messages_of_receivers_that_are_gone_can_be_had_at_once() -> Done {
    let sqs = Sqs::start(&Options { visibility: Duration::from_secs(600), ..Options::default() }).await?;
    let client = client(&sqs, 1);
    send(&client, &sqs, "lead-1", "g").await?;
    let receive = || client.receive_message().queue_url(sqs.queue_url()).send();
    assert_eq!(receive().await?.messages().len(), 1);
    assert_eq!(receive().await?.messages().len(), 0, "it is in flight");

    assert_eq!(sqs.queues.release_in_flight(), 1);
    assert_eq!(receive().await?.messages().len(), 1);
    Ok(())
}
