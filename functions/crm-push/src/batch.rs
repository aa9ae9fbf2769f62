//! A batch of queue messages, taken apart into groups.

use std::collections::{BTreeSet, HashSet};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use lead::LeadId;
use storage::{LeadPart, QueueMessage};

/// The batch in the order of the queue.
pub(crate) struct Batch {
    messages: Vec<Message>,
}

struct Message {
    id: String,
    group: String,
    /// `None` for a body that cannot be read: it goes to the dead letters.
    body: Option<QueueMessage>,
}

/// What a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// In the batch.
    pub(crate) position: usize,
    pub(crate) lead_id: LeadId,
}

impl Batch {
    pub(crate) fn read(event: &SqsEvent) -> Self {
        let messages = event.records.iter().map(|record| {
            let id = record.message_id.clone().unwrap_or_default();
            let body = serde_json::from_str(record.body.as_deref().unwrap_or_default()).ok();
            if body.is_none() {
                tracing::error!(message_id = id, "a message cannot be read and goes to the dead letters");
            }
            Message { id, group: record.attributes.get("MessageGroupId").cloned().unwrap_or_default(), body }
        });
        Self { messages: messages.collect() }
    }

    /// The requests to deliver, by group, in order.
    pub(crate) fn requests(&self) -> Vec<Vec<Delivery>> {
        self.deliveries(LeadPart::Request)
    }

    /// The photos to deliver, in order.
    pub(crate) fn photos(&self) -> Vec<Delivery> {
        self.deliveries(LeadPart::Photos).concat()
    }

    /// The requests that were taken in the sales chat.
    pub(crate) fn handovers(&self) -> Vec<Delivery> {
        self.deliveries(LeadPart::Handover).concat()
    }

    /// The deals to look at, each once.
    pub(crate) fn deals(&self) -> Vec<u64> {
        let named = self.messages.iter().filter_map(|message| match &message.body {
            Some(QueueMessage::Deals { deal_ids }) => Some(deal_ids),
            _ => None,
        });
        BTreeSet::from_iter(named.flatten().copied()).into_iter().collect()
    }

    /// A lead that is named twice counts once. Messages behind an unreadable one of the same group wait with it.
    fn deliveries(&self, wanted: LeadPart) -> Vec<Vec<Delivery>> {
        let mut seen = HashSet::new();
        let mut stopped = HashSet::new();
        let mut groups: Vec<(&str, Vec<Delivery>)> = Vec::new();
        for (position, Message { group, body, .. }) in self.messages.iter().enumerate() {
            let lead_id = match body {
                Some(QueueMessage::Lead { lead_id, part }) if *part == wanted => *lead_id,
                Some(_) => continue,
                None => {
                    stopped.insert(group);
                    continue;
                }
            };
            if stopped.contains(group) || !seen.insert(lead_id) {
                continue;
            }
            let delivery = Delivery { position, lead_id };
            match groups.iter_mut().find(|(name, _)| name == group) {
                Some((_, deliveries)) => deliveries.push(delivery),
                None => groups.push((group, vec![delivery])),
            }
        }
        groups.into_iter().map(|(_, deliveries)| deliveries).collect()
    }

    /// The failed messages, each with the rest of its group: a FIFO queue keeps its order only that way.
    pub(crate) fn response(self, failed: &[usize]) -> SqsBatchResponse {
        let mut stopped = HashSet::new();
        let mut response = SqsBatchResponse::default();
        for (position, message) in self.messages.into_iter().enumerate() {
            let has_failed = message.body.is_none() || failed.contains(&position);
            if has_failed || stopped.contains(&message.group) {
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
    const C: &str = "01JD0000000000000AK7QX3M9S";

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

    fn failures(batch: Batch, failed: &[usize]) -> Vec<String> {
        batch.response(failed).batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
    }

    #[test]
    fn the_rest_of_a_failed_group_fails_and_other_groups_do_not() {
        let batch = batch(&[("1", "g", A), ("2", "h", B), ("3", "g", B), ("4", "h", A)]);
        assert_eq!(failures(batch, &[0]), ["1", "3"]);
    }

    #[test]
    fn an_unreadable_message_stops_its_group_and_fails() {
        let batch = batch(&[("1", "g", A), ("2", "g", "nonsense"), ("3", "g", B)]);
        assert_eq!(batch.requests(), [[Delivery { position: 0, lead_id: A.parse().unwrap() }]]);
        assert_eq!(failures(batch, &[]), ["2", "3"]);
    }

    #[test]
    fn a_lead_named_twice_is_delivered_once() {
        let batch = batch(&[("1", "g", A), ("2", "g", A)]);
        assert_eq!(batch.requests().concat().len(), 1);
        assert_eq!(failures(batch, &[]), [""; 0]);
    }

    #[test]
    fn requests_are_grouped_in_the_order_of_the_queue_and_photos_are_apart() {
        let mut batch = batch(&[("1", "g", A), ("2", "h", B), ("3", "g", C), ("4", "photos", A)]);
        batch.messages[3].body = Some(QueueMessage::Lead { lead_id: A.parse().unwrap(), part: LeadPart::Photos });
        let positions = |groups: Vec<Vec<Delivery>>| -> Vec<Vec<usize>> {
            groups.iter().map(|group| group.iter().map(|delivery| delivery.position).collect()).collect()
        };
        assert_eq!(positions(batch.requests()), [vec![0, 2], vec![1]]);
        assert_eq!(positions(vec![batch.photos()]), [[3]]);
        assert_eq!(batch.deals(), [0; 0]);
    }

    #[test]
    fn deals_are_named_by_messages_of_their_own() {
        let mut batch = batch(&[("1", "g", A), ("2", "deals", A), ("3", "deals", A)]);
        for (position, body) in [(1, r#"{"deal_ids":[8002,8001]}"#), (2, r#"{"deal_ids":[8001]}"#)] {
            batch.messages[position].body = serde_json::from_str(body).ok();
        }
        assert_eq!(batch.deals(), [8001, 8002]);
        assert_eq!(batch.requests().concat().len(), 1);
        assert_eq!(failures(batch, &[0]), ["1"]);
    }
}
