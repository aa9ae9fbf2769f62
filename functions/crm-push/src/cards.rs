//! Cards of the sales chat, sent beside the deliveries: a chat that cannot be reached holds up no deal.

use std::time::Duration;

use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use storage::JobId;
use tokio::time::Instant;

use crate::CrmPush;

/// How long an invocation begins with one more card. The schedule sends the others.
const TIME_FOR_CARDS: Duration = Duration::from_secs(60);

impl CrmPush {
    /// Sends cards one after the other as they are planned.
    pub(crate) async fn send_cards(&self, mut planned: UnboundedReceiver<JobId>) {
        let deadline = Instant::now() + TIME_FOR_CARDS;
        while let Some(job) = planned.next().await {
            if Instant::now() > deadline {
                tracing::warn!(%job, "a card waits for the schedule");
            } else if let Err(error) = self.jobs.run(&job).await {
                tracing::warn!(%job, "a card waits for the schedule: {error}");
            }
        }
    }
}
