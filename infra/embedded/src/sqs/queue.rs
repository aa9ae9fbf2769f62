//! One FIFO queue, as a value: time comes in as an argument.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// How long a deduplication id is remembered, in milliseconds.
pub(super) const DEDUPLICATION_MS: u64 = 5 * 60 * 1000;

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Message {
    /// Its place in the queue.
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) body: String,
    pub(super) group: String,
    pub(super) deduplication_id: String,
    pub(super) sent_ms: u64,
    pub(super) receives: u32,
    pub(super) first_received_ms: u64,
    /// Hidden from receivers until then.
    pub(super) visible_at_ms: u64,
    /// Given with the last receive.
    pub(super) receipt: Option<String>,
}

/// A deduplication id that was used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Used {
    pub(super) message_id: String,
    pub(super) sequence: u64,
    pub(super) at_ms: u64,
}

/// What became of a send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    pub(super) message_id: String,
    pub(super) sequence: u64,
    /// The deduplication id was known: nothing was queued.
    pub(super) duplicate: bool,
}

/// Why a receipt handle is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// The message is visible again, or somebody else has it.
    Expired,
    /// No message has it: it was deleted, or there never was one.
    Unknown,
}

/// What a receive brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Received {
    /// For the receiver.
    pub(super) messages: Vec<Message>,
    /// Received too often: taken out, for the dead-letter queue.
    pub(super) dead: Vec<Message>,
}

/// A FIFO queue.
#[derive(Clone, Debug, Default)]
pub(super) struct Queue {
    messages: BTreeMap<u64, Message>,
    used: HashMap<String, Used>,
    last_sequence: u64,
}

impl Queue {
    /// Puts a message at the end, unless its deduplication id was used within five minutes.
    pub(super) fn send(&mut self, body: &str, group: &str, deduplication_id: &str, now_ms: u64) -> Sent {
        if let Some(used) = self.used.get(deduplication_id)
            && now_ms.saturating_sub(used.at_ms) < DEDUPLICATION_MS
        {
            return Sent { message_id: used.message_id.clone(), sequence: used.sequence, duplicate: true };
        }
        let message = Message {
            sequence: 0,
            id: random_uuid(),
            body: body.to_owned(),
            group: group.to_owned(),
            deduplication_id: deduplication_id.to_owned(),
            sent_ms: now_ms,
            receives: 0,
            first_received_ms: 0,
            visible_at_ms: now_ms,
            receipt: None,
        };
        let (message_id, sequence) = (message.id.clone(), self.append(message, now_ms).sequence);
        let used = Used { message_id: message_id.clone(), sequence, at_ms: now_ms };
        self.used.insert(deduplication_id.to_owned(), used);
        Sent { message_id, sequence, duplicate: false }
    }

    /// Puts a message of another queue at the end of this one, and returns it as it is now.
    pub(super) fn append(&mut self, mut message: Message, now_ms: u64) -> Message {
        // Growing with time, so that numbers go on growing after a restart.
        self.last_sequence = (self.last_sequence + 1).max(now_ms * 1000);
        message.sequence = self.last_sequence;
        message.receipt = None;
        message.visible_at_ms = now_ms;
        self.messages.insert(message.sequence, message.clone());
        message
    }

    /// Puts a message back where it was; for the journal.
    pub(super) fn restore(&mut self, message: Message) {
        self.last_sequence = self.last_sequence.max(message.sequence);
        self.messages.insert(message.sequence, message);
    }

    /// Remembers a used deduplication id; for the journal.
    pub(super) fn restore_used(&mut self, deduplication_id: &str, used: Used) {
        self.used.insert(deduplication_id.to_owned(), used);
    }

    /// Hands out up to `most` messages, in order and hidden from others for that time. A group with a message in flight
    /// is passed over. What was received `max_receives` times already is taken out instead.
    pub(super) fn receive(&mut self, most: usize, hidden_ms: u64, max_receives: Option<u32>, now_ms: u64) -> Received {
        let mut busy: HashSet<String> = self
            .messages
            .values()
            .filter(|message| message.in_flight(now_ms))
            .map(|message| message.group.clone())
            .collect();
        let mut received = Received::default();
        let sequences: Vec<u64> = self.messages.keys().copied().collect();
        for sequence in sequences {
            if received.messages.len() == most {
                break;
            }
            let Some(message) = self.messages.get_mut(&sequence) else { continue };
            if busy.contains(&message.group) {
                continue;
            }
            if message.visible_at_ms > now_ms {
                busy.insert(message.group.clone());
                continue;
            }
            if max_receives.is_some_and(|most| message.receives >= most) {
                received.dead.extend(self.messages.remove(&sequence));
                continue;
            }
            message.receives += 1;
            if message.first_received_ms == 0 {
                message.first_received_ms = now_ms;
            }
            message.visible_at_ms = now_ms + hidden_ms;
            message.receipt = Some(format!("AQEB{:032x}", rand::random::<u128>()));
            received.messages.push(message.clone());
        }
        received
    }

    /// Makes every message in flight visible again, and returns them.
    pub(super) fn release(&mut self, now_ms: u64) -> Vec<Message> {
        let in_flight = self.messages.values_mut().filter(|message| message.in_flight(now_ms));
        in_flight
            .map(|message| {
                message.visible_at_ms = now_ms;
                message.clone()
            })
            .collect()
    }

    /// Removes the message this receipt handle was given with, and returns it.
    pub(super) fn delete(&mut self, receipt: &str, now_ms: u64) -> Result<Message, Stale> {
        let sequence = self.find(receipt, now_ms)?;
        self.messages.remove(&sequence).ok_or(Stale::Unknown)
    }

    /// Takes everything out.
    pub(super) fn drain(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.messages).into_values().collect()
    }

    /// Forgets the deduplication ids that no longer count, and returns them.
    pub(super) fn forget_used(&mut self, now_ms: u64) -> Vec<String> {
        let old = |used: &Used| now_ms.saturating_sub(used.at_ms) >= DEDUPLICATION_MS;
        self.used.extract_if(|_, used| old(used)).map(|(id, _)| id).collect()
    }

    /// The used deduplication id, as the journal keeps it.
    pub(super) fn used(&self, deduplication_id: &str) -> Option<&Used> {
        self.used.get(deduplication_id)
    }

    /// One message.
    pub(super) fn get(&self, sequence: u64) -> Option<&Message> {
        self.messages.get(&sequence)
    }

    /// Every message, in order.
    pub(super) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// When the next hidden message shows again.
    pub(super) fn next_visible_ms(&self, now_ms: u64) -> Option<u64> {
        self.messages.values().map(|message| message.visible_at_ms).filter(|at_ms| *at_ms > now_ms).min()
    }

    fn find(&self, receipt: &str, now_ms: u64) -> Result<u64, Stale> {
        let message = self.messages.values().find(|message| message.receipt.as_deref() == Some(receipt));
        let message = message.ok_or(Stale::Unknown)?;
        if message.in_flight(now_ms) { Ok(message.sequence) } else { Err(Stale::Expired) }
    }
}

impl Message {
    /// A receiver has it.
    pub(super) fn in_flight(&self, now_ms: u64) -> bool {
        self.receipt.is_some() && self.visible_at_ms > now_ms
    }
}

/// A random id that looks like those of SQS.
pub(super) fn random_uuid() -> String {
    let digits = format!("{:032x}", rand::random::<u128>());
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(received: &Received) -> Vec<&str> {
        received.messages.iter().map(|message| message.body.as_str()).collect()
    }

    #[test]
    fn groups_keep_their_order_and_a_busy_group_waits() {
        let mut queue = Queue::default();
        for (body, group) in [("a1", "a"), ("b1", "b"), ("a2", "a"), ("b2", "b")] {
            queue.send(body, group, body, 0);
        }
        let first = queue.receive(1, 30_000, None, 0);
        assert_eq!(bodies(&first), ["a1"]);
        let second = queue.receive(10, 30_000, None, 1);
        assert_eq!(bodies(&second), ["b1", "b2"], "a2 waits for a1");
        let receipt = first.messages[0].receipt.as_deref().unwrap_or_default();
        assert_eq!(queue.delete(receipt, 2).map(|message| message.body), Ok("a1".to_owned()));
        assert_eq!(bodies(&queue.receive(10, 30_000, None, 3)), ["a2"]);
    }

    #[test]
    fn a_message_not_deleted_in_time_comes_back_before_the_later_ones_of_its_group() {
        let mut queue = Queue::default();
        queue.send("a1", "a", "1", 0);
        queue.send("a2", "a", "2", 0);
        let first = queue.receive(1, 30_000, None, 0);
        assert_eq!(queue.next_visible_ms(0), Some(30_000));
        assert!(queue.receive(10, 30_000, None, 29_999).messages.is_empty());
        let again = queue.receive(1, 30_000, None, 30_000);
        assert_eq!(bodies(&again), ["a1"]);
        assert_eq!(again.messages[0].receives, 2);
        let old = first.messages[0].receipt.as_deref().unwrap_or_default();
        assert_eq!(queue.delete(old, 30_001), Err(Stale::Unknown), "that receipt handle is no longer the message's");
        let new = again.messages[0].receipt.clone().unwrap_or_default();
        assert_eq!(queue.delete(&new, 60_000), Err(Stale::Expired));
    }

    #[test]
    fn a_message_received_too_often_is_taken_out() {
        let mut queue = Queue::default();
        queue.send("bad", "a", "1", 0);
        queue.send("good", "a", "2", 0);
        for round in 0..3 {
            assert_eq!(bodies(&queue.receive(1, 1, Some(3), round * 10)), ["bad"]);
        }
        let last = queue.receive(1, 1, Some(3), 100);
        assert_eq!(bodies(&last), ["good"]);
        assert_eq!(last.dead.len(), 1);
        assert_eq!(last.dead[0].body, "bad");
    }

    #[test]
    fn the_same_deduplication_id_counts_once_in_five_minutes() {
        let mut queue = Queue::default();
        let first = queue.send("x", "a", "1", 0);
        let again = queue.send("other text", "a", "1", DEDUPLICATION_MS - 1);
        assert_eq!((again.message_id, again.duplicate), (first.message_id, true));
        assert!(!queue.send("x", "a", "1", DEDUPLICATION_MS).duplicate);
        assert_eq!(queue.messages().count(), 2);
        assert_eq!(queue.forget_used(DEDUPLICATION_MS * 2), ["1"]);
    }
}
