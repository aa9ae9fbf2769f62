//! Cards of the sales chat, sent beside the deliveries: a chat that cannot be reached holds up no deal.

use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use jobs::{JobOutcome, PAUSE};
use storage::JobId;
use tokio::time::{Instant, sleep};

use crate::CrmPush;

/// How long an invocation keeps starting new cards. The schedule sends the rest.
const TIME_FOR_CARDS: Duration = Duration::from_secs(60);
/// How often cards are tried that a hiccup has kept from being sent: the schedule comes minutes later.
const ROUNDS: usize = 3;

impl CrmPush {
    /// Sends cards one after the other, as they are planned.
    pub(crate) async fn send_cards(&self, mut planned: UnboundedReceiver<JobId>) {
        let deadline = Instant::now() + TIME_FOR_CARDS;
        let mut left = Vec::new();
        while let Some(job) = planned.next().await {
            left.extend(self.send_card(job, deadline).await);
        }
        for _ in 1..ROUNDS {
            if left.is_empty() {
                return;
            }
            sleep(Duration::from_secs(PAUSE.unsigned_abs())).await;
            for job in std::mem::take(&mut left) {
                left.extend(self.send_card(job, deadline).await);
            }
        }
    }

    /// Sends a card. Returns it if it is due again soon.
    async fn send_card(&self, job: JobId, deadline: Instant) -> Option<JobId> {
        if Instant::now() > deadline {
            tracing::warn!(%job, "a card waits for the schedule");
            return None;
        }
        match self.jobs.run(&job).await {
            Ok(JobOutcome::PutBack { due_at }) if due_at <= self.now() + PAUSE => Some(job),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%job, "a card waits: {error}");
                Some(job)
            }
        }
    }
}
