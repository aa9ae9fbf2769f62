//! The queue of leads and its dead-letter queue, written to the journal.

use serde::Serialize;

use super::queue::{Message, Queue, Received, Sent, Stale, Used};
use crate::journal::{Entry, Journal};

/// One of the two queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    Main,
    Dead,
}

/// Both queues.
#[derive(Debug)]
pub(super) struct Store {
    main: Queue,
    dead: Queue,
    journal: Journal,
    max_receives: u32,
}

/// What is in the queues.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct View {
    /// Ready to be received, or waiting behind their group's messages in flight.
    pub waiting: Vec<Item>,
    /// Received and not yet deleted.
    pub in_flight: Vec<Item>,
    /// In the dead-letter queue.
    pub dead: Vec<Item>,
}

/// A message in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `MessageId`
    pub id: String,
    /// `MessageGroupId`
    pub group: String,
    /// `MessageDeduplicationId`
    pub deduplication_id: String,
    /// What was sent.
    pub body: String,
    /// How often it was received.
    pub receives: u32,
    /// Seconds since it was sent, or moved to the dead-letter queue.
    pub age_seconds: u64,
    /// Seconds until it shows again, for one in flight.
    pub hidden_seconds: u64,
}

impl Which {
    /// Kind of its messages in the journal.
    fn kind(self) -> &'static str {
        match self {
            Self::Main => "waiting",
            Self::Dead => "dead",
        }
    }

    fn used_kind(self) -> &'static str {
        match self {
            Self::Main => "used",
            Self::Dead => "dead_used",
        }
    }
}

impl Store {
    /// The queues a journal holds.
    pub(super) fn restore(journal: Journal, entries: Vec<Entry>, max_receives: u32) -> Self {
        let mut store = Self { main: Queue::default(), dead: Queue::default(), journal, max_receives };
        for Entry { kind, id, value } in entries {
            for which in [Which::Main, Which::Dead] {
                if kind == which.kind()
                    && let Ok(message) = serde_json::from_value::<Message>(value.clone())
                {
                    store.queue(which).restore(message);
                } else if kind == which.used_kind()
                    && let Ok(used) = serde_json::from_value::<Used>(value.clone())
                {
                    store.queue(which).restore_used(&id, used);
                }
            }
        }
        store
    }

    pub(super) fn send(&mut self, which: Which, body: &str, group: &str, deduplication_id: &str, now_ms: u64) -> Sent {
        for old in self.queue(which).forget_used(now_ms) {
            self.journal.remove(which.used_kind(), old);
        }
        let sent = self.queue(which).send(body, group, deduplication_id, now_ms);
        if !sent.duplicate {
            let queue = match which {
                Which::Main => &self.main,
                Which::Dead => &self.dead,
            };
            if let Some(used) = queue.used(deduplication_id) {
                self.journal.upsert(which.used_kind(), deduplication_id, used);
            }
            if let Some(message) = queue.get(sent.sequence) {
                self.journal.upsert(which.kind(), message.sequence, message);
            }
        }
        sent
    }

    /// Makes messages in flight visible again.
    pub(super) fn release(&mut self, now_ms: u64) -> usize {
        let released = self.main.release(now_ms);
        for message in &released {
            self.journal.upsert(Which::Main.kind(), message.sequence, message);
        }
        released.len()
    }

    /// Receives; what the main queue gives up on goes to the dead-letter queue.
    pub(super) fn receive(&mut self, which: Which, most: usize, hidden_ms: u64, now_ms: u64) -> Vec<Message> {
        let limit = (which == Which::Main).then_some(self.max_receives);
        let Received { messages, dead } = self.queue(which).receive(most, hidden_ms, limit, now_ms);
        for message in &messages {
            self.journal.upsert(which.kind(), message.sequence, message);
        }
        for mut message in dead {
            let sequence = message.sequence;
            message.sent_ms = now_ms;
            let moved = self.dead.append(message, now_ms);
            // First into the one, then out of the other: a kill in between leaves it in both rather than in none.
            self.journal.upsert(Which::Dead.kind(), moved.sequence, &moved);
            self.journal.remove(which.kind(), sequence);
        }
        messages
    }

    pub(super) fn delete(&mut self, which: Which, receipt: &str, now_ms: u64) -> Result<(), Stale> {
        let message = self.queue(which).delete(receipt, now_ms)?;
        self.journal.remove(which.kind(), message.sequence);
        Ok(())
    }

    /// Moves the dead letters back as new messages, and says how many.
    pub(super) fn redrive(&mut self, now_ms: u64) -> usize {
        let letters = self.dead.drain();
        let count = letters.len();
        for mut message in letters {
            let sequence = message.sequence;
            message.id = super::queue::random_uuid();
            message.sent_ms = now_ms;
            message.receives = 0;
            message.first_received_ms = 0;
            let moved = self.main.append(message, now_ms);
            self.journal.upsert(Which::Main.kind(), moved.sequence, &moved);
            self.journal.remove(Which::Dead.kind(), sequence);
        }
        count
    }

    /// How many messages wait and how many are in flight.
    pub(super) fn counts(&self, which: Which, now_ms: u64) -> (usize, usize) {
        let queue = self.shared(which);
        let in_flight = queue.messages().filter(|message| message.in_flight(now_ms)).count();
        (queue.messages().count() - in_flight, in_flight)
    }

    pub(super) fn next_visible_ms(&self, which: Which, now_ms: u64) -> Option<u64> {
        self.shared(which).next_visible_ms(now_ms)
    }

    pub(super) fn view(&self, now_ms: u64) -> View {
        let item = |message: &Message| Item {
            id: message.id.clone(),
            group: message.group.clone(),
            deduplication_id: message.deduplication_id.clone(),
            body: message.body.clone(),
            receives: message.receives,
            age_seconds: now_ms.saturating_sub(message.sent_ms) / 1000,
            hidden_seconds: message.visible_at_ms.saturating_sub(now_ms).div_ceil(1000),
        };
        let (in_flight, waiting): (Vec<&Message>, Vec<&Message>) =
            self.main.messages().partition(|message| message.in_flight(now_ms));
        View {
            waiting: waiting.into_iter().map(item).collect(),
            in_flight: in_flight.into_iter().map(item).collect(),
            dead: self.dead.messages().map(item).collect(),
        }
    }

    fn queue(&mut self, which: Which) -> &mut Queue {
        match which {
            Which::Main => &mut self.main,
            Which::Dead => &mut self.dead,
        }
    }

    fn shared(&self, which: Which) -> &Queue {
        match which {
            Which::Main => &self.main,
            Which::Dead => &self.dead,
        }
    }
}
