//! The actions of SQS, with the checks of the real ones.

use std::collections::HashSet;
use std::time::Duration;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::error::SqsError;
use super::queue::{Message, Stale, random_uuid};
use super::store::Which;
use super::{DEAD_LETTER_QUEUE, Model, QUEUE, arn, queue_named};
use crate::now_ms;

/// Longest body, in bytes.
const MAX_BODY: usize = 1024 * 1024;
/// Longest time a message can be hidden, in seconds.
const MAX_HIDDEN: u64 = 43_200;

type Answer = Result<Value, SqsError>;

pub(super) fn send(model: &Model, request: &Value) -> Answer {
    let which = queue_of(request)?;
    let body = text(request, "MessageBody").ok_or_else(|| SqsError::missing("MessageBody"))?;
    if body.len() > MAX_BODY {
        return Err(SqsError::invalid(
            "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
        ));
    }
    let unfit = |letter: char| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r');
    if body.chars().any(unfit) {
        let message = "Invalid characters were found in the message body.";
        return Err(SqsError::new("InvalidMessageContents", "InvalidMessageContents", message));
    }
    if request.get("DelaySeconds").and_then(Value::as_i64).unwrap_or(0) != 0 {
        return Err(SqsError::invalid(
            "Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this \
             queue type.",
        ));
    }
    if request.get("MessageAttributes").is_some_and(|attributes| !attributes.is_null()) {
        return Err(SqsError::new(
            "UnsupportedOperation",
            "UnsupportedOperation",
            "The simulator has no message attributes.",
        ));
    }
    let group = text(request, "MessageGroupId").ok_or_else(|| SqsError::missing("MessageGroupId"))?;
    let deduplication_id = text(request, "MessageDeduplicationId").ok_or_else(|| {
        SqsError::invalid(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly",
        )
    })?;
    for (name, value) in [("MessageGroupId", group), ("MessageDeduplicationId", deduplication_id)] {
        if value.len() > 128 || !value.chars().all(|letter| letter.is_ascii_graphic()) {
            return Err(SqsError::invalid(format!(
                "Value {value} for parameter {name} is invalid. Reason: {name} can only include alphanumeric and \
                 punctuation characters. 1 to 128 in length."
            )));
        }
    }
    let sent = model.lock().send(which, body, group, deduplication_id, now_ms());
    Ok(json!({
        "MessageId": sent.message_id,
        "MD5OfMessageBody": md5_of(body),
        "SequenceNumber": sequence_number(sent.sequence),
    }))
}

/// Receives, and waits for messages if asked to.
pub(super) async fn receive(model: &Model, request: &Value) -> Answer {
    let which = queue_of(request)?;
    let most = whole(request, "MaxNumberOfMessages", 1, 1, 10)?;
    let wait = whole(request, "WaitTimeSeconds", 0, 0, 20)?;
    let default = model.visibility.as_secs();
    let hidden_ms = match request.get("VisibilityTimeout") {
        None | Some(Value::Null) => u64::try_from(model.visibility.as_millis()).unwrap_or(u64::MAX),
        Some(_) => whole(request, "VisibilityTimeout", default, 0, MAX_HIDDEN)? * 1000,
    };
    let most = usize::try_from(most).unwrap_or(10);
    let deadline = Instant::now() + Duration::from_secs(wait);
    let mut changes = model.changes.subscribe();
    loop {
        changes.mark_unchanged();
        let now = now_ms();
        let (messages, next) = {
            let mut store = model.lock();
            (store.receive(which, most, hidden_ms, now), store.next_visible_ms(which, now))
        };
        if !messages.is_empty() {
            let wanted = wanted_attributes(request);
            let messages: Vec<Value> = messages.iter().map(|message| message_json(message, &wanted)).collect();
            return Ok(json!({"Messages": messages}));
        }
        if Instant::now() >= deadline {
            return Ok(json!({}));
        }
        let shows = next.map(|at_ms| Instant::now() + Duration::from_millis(at_ms.saturating_sub(now) + 1));
        let until = shows.map_or(deadline, |shows| shows.min(deadline));
        let _ = tokio::time::timeout_at(until, changes.changed()).await;
    }
}

pub(super) fn delete_batch(model: &Model, request: &Value) -> Answer {
    let which = queue_of(request)?;
    batch(request, |entry| delete_one(model, which, entry))
}

pub(super) fn attributes(model: &Model, request: &Value) -> Answer {
    let which = queue_of(request)?;
    let names = strings(request, "AttributeNames");
    let (waiting, in_flight) = model.lock().counts(which, now_ms());
    let name = if which == Which::Main { QUEUE } else { DEAD_LETTER_QUEUE };
    let mut attributes = json!({
        "ApproximateNumberOfMessages": waiting.to_string(),
        "ApproximateNumberOfMessagesNotVisible": in_flight.to_string(),
        "ApproximateNumberOfMessagesDelayed": "0",
        "VisibilityTimeout": model.visibility.as_secs().to_string(),
        "MaximumMessageSize": MAX_BODY.to_string(),
        "MessageRetentionPeriod": "1209600",
        "DelaySeconds": "0",
        "ReceiveMessageWaitTimeSeconds": "0",
        "QueueArn": arn(name),
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    });
    if which == Which::Main {
        let policy = json!({"deadLetterTargetArn": arn(DEAD_LETTER_QUEUE), "maxReceiveCount": model.max_receive_count});
        attributes["RedrivePolicy"] = json!(policy.to_string());
    }
    if let Some(attributes) = attributes.as_object_mut()
        && !names.contains(&"All")
    {
        attributes.retain(|name, _| names.contains(&name.as_str()));
    }
    Ok(json!({"Attributes": attributes}))
}

pub(super) fn start_move(model: &Model, request: &Value) -> Answer {
    let source = text(request, "SourceArn").ok_or_else(|| SqsError::missing("SourceArn"))?;
    let not_found =
        || SqsError::new("ResourceNotFoundException", "ResourceNotFoundException", "The resource does not exist.");
    if queue_named(source).map_err(|_| not_found())? != Which::Dead {
        return Err(SqsError::invalid("Source queue must be configured as a Dead Letter Queue."));
    }
    if let Some(destination) = text(request, "DestinationArn") {
        queue_named(destination).map_err(|_| not_found())?;
    }
    model.lock().redrive(now_ms());
    Ok(json!({"TaskHandle": random_uuid()}))
}

fn delete_one(model: &Model, which: Which, entry: &Value) -> Answer {
    let receipt = receipt_of(entry)?;
    match model.lock().delete(which, receipt, now_ms()) {
        // Deleting twice is not an error.
        Ok(()) | Err(Stale::Unknown) => Ok(json!({"Id": text(entry, "Id")})),
        Err(Stale::Expired) => Err(SqsError::invalid(format!(
            "Value {receipt} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        ))),
    }
}

/// Does `one` for each entry of a batch; what fails alone is told apart.
fn batch(request: &Value, one: impl Fn(&Value) -> Answer) -> Answer {
    let simple = |shape, code, message: &str| SqsError::new(shape, code, message);
    let entries = request.get("Entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if entries.is_empty() {
        let message = "There should be at least one entry in the request.";
        return Err(simple("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", message));
    }
    if entries.len() > 10 {
        let message = "Maximum number of entries per request are 10.";
        return Err(simple(
            "TooManyEntriesInBatchRequest",
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            message,
        ));
    }
    let mut ids = HashSet::new();
    for entry in entries {
        let id = text(entry, "Id").ok_or_else(|| SqsError::missing("Id"))?;
        let fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
        if id.len() > 80 || !id.chars().all(fit) {
            let message = "A batch entry id can only contain alphanumeric characters, hyphens and underscores.";
            return Err(simple("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", message));
        }
        if !ids.insert(id) {
            let message = format!("Id {id} repeated.");
            return Err(simple(
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                &message,
            ));
        }
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for entry in entries {
        match one(entry) {
            Ok(answer) => done.push(answer),
            Err(error) => failed.push(error.as_batch_entry(text(entry, "Id").unwrap_or_default())),
        }
    }
    Ok(json!({"Successful": done, "Failed": failed}))
}

fn message_json(message: &Message, wanted: &[&str]) -> Value {
    let mut attributes = json!({
        "SenderId": "AIDASIMULATED",
        "SentTimestamp": message.sent_ms.to_string(),
        "ApproximateReceiveCount": message.receives.to_string(),
        "ApproximateFirstReceiveTimestamp": message.first_received_ms.to_string(),
        "SequenceNumber": sequence_number(message.sequence),
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group,
    });
    if let Some(attributes) = attributes.as_object_mut()
        && !wanted.contains(&"All")
    {
        attributes.retain(|name, _| wanted.contains(&name.as_str()));
    }
    let mut json = json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": md5_of(&message.body),
        "Body": message.body,
    });
    if attributes.as_object().is_some_and(|attributes| !attributes.is_empty()) {
        json["Attributes"] = attributes;
    }
    json
}

fn wanted_attributes(request: &Value) -> Vec<&str> {
    let mut names = strings(request, "MessageSystemAttributeNames");
    names.extend(strings(request, "AttributeNames"));
    names
}

fn queue_of(request: &Value) -> Result<Which, SqsError> {
    queue_named(text(request, "QueueUrl").ok_or_else(|| SqsError::missing("QueueUrl"))?)
}

fn receipt_of(entry: &Value) -> Result<&str, SqsError> {
    let receipt = text(entry, "ReceiptHandle").ok_or_else(|| SqsError::missing("ReceiptHandle"))?;
    if !receipt.starts_with("AQEB") {
        let message = format!("The input receipt handle \"{receipt}\" is not a valid receipt handle.");
        return Err(SqsError::new("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message));
    }
    Ok(receipt)
}

fn text<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

fn strings<'a>(object: &'a Value, name: &str) -> Vec<&'a str> {
    object.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn whole(object: &Value, name: &str, default: u64, least: u64, most: u64) -> Result<u64, SqsError> {
    let Some(value) = object.get(name).filter(|value| !value.is_null()) else { return Ok(default) };
    let fit = value.as_u64().filter(|number| (least..=most).contains(number));
    fit.ok_or_else(|| {
        SqsError::invalid(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))
    })
}

fn md5_of(body: &str) -> String {
    Md5::digest(body).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Twenty digits, as SQS numbers FIFO messages.
fn sequence_number(sequence: u64) -> String {
    format!("{sequence:020}")
}
