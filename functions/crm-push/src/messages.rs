//! A batch of queue messages, and which of them failed.

use std::collections::HashSet;

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lead::LeadId;
use storage::QueueMessage;

/// The batch in the order of the queue.
pub(crate) struct Batch {
    messages: Vec<Message>,
}

struct Message {
    id: String,
    group: String,
    /// `None` for a body that is none of ours: it goes to the dead letters.
    lead_id: Option<LeadId>,
    failed: bool,
}

impl Batch {
    pub(crate) fn read(event: &SqsEvent) -> Self {
        let messages = event.records.iter().map(|record| {
            let id = record.message_id.clone().unwrap_or_default();
            let body = serde_json::from_str::<QueueMessage>(record.body.as_deref().unwrap_or_default());
            if body.is_err() {
                tracing::error!(message_id = id, "a message cannot be read and goes to the dead letters");
            }
            Message {
                id,
                group: record.attributes.get("MessageGroupId").cloned().unwrap_or_default(),
                failed: body.is_err(),
                lead_id: body.ok().map(|body| body.lead_id),
            }
        });
        Self { messages: messages.collect() }
    }

    /// Position and lead of every message to act on. A lead that is named twice counts once; what stands behind a failed
    /// message of its group waits with it.
    pub(crate) fn wanted(&self) -> Vec<(usize, LeadId)> {
        let mut seen = HashSet::new();
        let mut stopped = HashSet::new();
        let mut wanted = Vec::new();
        for (position, message) in self.messages.iter().enumerate() {
            match message.lead_id {
                _ if stopped.contains(&message.group) => {}
                Some(id) if !message.failed => {
                    if seen.insert(id) {
                        wanted.push((position, id));
                    }
                }
                _ => {
                    stopped.insert(&message.group);
                }
            }
        }
        wanted
    }

    /// The message at `position` is to be delivered again.
    pub(crate) fn fail(&mut self, position: usize) {
        self.messages[position].failed = true;
    }

    /// The failed messages, each with the rest of its group: a FIFO queue keeps its order only that way.
    pub(crate) fn response(self) -> SqsBatchResponse {
        let mut stopped = HashSet::new();
        let mut response = SqsBatchResponse::default();
        for message in self.messages {
            if message.failed || stopped.contains(&message.group) {
                stopped.insert(message.group);
                response.add_failure(message.id);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "01JD0000000000000AK7QX3M9Q";
    const B: &str = "01JD0000000000000AK7QX3M9R";

    fn batch(messages: &[(&str, &str, &str)]) -> Batch {
        let records: Vec<_> = messages
            .iter()
            .map(|(id, group, lead)| {
                json!({ "messageId": id, "attributes": { "MessageGroupId": group },
                        "body": format!(r#"{{"lead_id":"{lead}"}}"#) })
            })
            .collect();
        Batch::read(&serde_json::from_value(json!({ "Records": records })).unwrap())
    }

    fn failures(batch: Batch) -> Vec<String> {
        batch.response().batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    #[test]
    fn the_rest_of_a_failed_group_fails_and_other_groups_do_not() {
        let mut batch = batch(&[("1", "g", A), ("2", "h", B), ("3", "g", B), ("4", "h", A)]);
        batch.fail(0);
        assert_eq!(failures(batch), ["1", "3"]);
    }

    #[test]
    fn a_message_of_somebody_elses_stops_its_group_and_fails() {
        let batch = batch(&[("1", "g", A), ("2", "g", "nonsense"), ("3", "g", B)]);
        assert_eq!(batch.wanted(), [(0, A.parse().unwrap())]);
        assert_eq!(failures(batch), ["2", "3"]);
    }

    #[test]
    fn a_lead_named_twice_is_delivered_once() {
        let batch = batch(&[("1", "g", A), ("2", "g", A)]);
        assert_eq!(batch.wanted().len(), 1);
        assert_eq!(failures(batch), [""; 0]);
    }
}
