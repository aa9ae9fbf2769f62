//! Counts changes, so that the page reloads only what has changed.

use std::sync::Arc;

use serde::Serialize;
use tokio::sync::watch;

/// One counter for each view of the page; a view whose counter has changed must be reloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Counters {
    /// Differs for each run of the stack, so that the page reloads itself after a restart.
    pub(crate) stack: u64,
    /// Chats and messages.
    pub(crate) chats: u64,
    /// amoCRM's deals.
    pub(crate) deals: u64,
    /// Requests in the store.
    pub(crate) requests: u64,
    /// Messages on the queue.
    pub(crate) queue: u64,
    /// The stack's clock.
    pub(crate) clock: u64,
    /// Switches that simulate failures.
    pub(crate) faults: u64,
}

/// The counters. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Changes(Arc<watch::Sender<Counters>>);

impl Changes {
    /// Counters of this run.
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Counters { stack: rand::random_range(1..1 << 50), ..Counters::default() })))
    }

    /// Changes some counters: `changes.note(|now| now.deals += 1)`.
    pub(crate) fn note(&self, change: impl FnOnce(&mut Counters)) {
        self.0.send_modify(change);
    }

    /// The current counters.
    pub(crate) fn now(&self) -> Counters {
        *self.0.borrow()
    }

    /// Subscribes to every change.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Counters> {
        self.0.subscribe()
    }

    /// Changes counters whenever `source` changes, until `source` is dropped.
    pub(crate) fn follow<T: Send + Sync + 'static>(&self, mut source: watch::Receiver<T>, change: fn(&mut Counters)) {
        let changes = self.clone();
        tokio::spawn(async move {
            while source.changed().await.is_ok() {
                source.borrow_and_update();
                changes.note(change);
            }
        });
    }
}
