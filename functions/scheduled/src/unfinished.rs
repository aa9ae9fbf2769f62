//! Forms left half-way: the reminder, and the request that goes to the CRM unfinished.

use anyhow::Context;
use settings::metrics::{self, Unit};
use settings::time_budget::UNFINISHED_FORMS;
use tokio::time::Instant;
use tracing::Instrument;
use turn::{DueTurn, RetryLater};

use crate::Scheduled;

/// Chats looked at in one run at most.
const MAX_PER_RUN: i32 = 100;
/// After this many failed sends Telegram counts as down: the remaining reminders wait for the next run.
const MAX_FAILED_SENDS: usize = 3;

impl Scheduled {
    /// Does what is due in chats with a form left half-way, the longest waiting first. Returns in how many chats something
    /// was done.
    pub(crate) async fn look_after_unfinished(&self) -> anyhow::Result<usize> {
        let started = Instant::now();
        let due = self.bot.sessions.due((self.bot.clock)(), MAX_PER_RUN).await;
        let (mut done, mut failed_sends) = (0, 0);
        for chat_id in due.context("forms left half-way cannot be listed")? {
            if failed_sends == MAX_FAILED_SENDS || started.elapsed() > UNFINISHED_FORMS {
                break;
            }
            let span = tracing::info_span!("due", chat_id);
            match self.bot.take_due_turn(chat_id).instrument(span.clone()).await {
                Ok(DueTurn::Skipped) => {}
                Ok(DueTurn::Silent | DueTurn::TalkOver) => done += 1,
                Ok(DueTurn::Reminded) => {
                    done += 1;
                    metrics::put(&[("RemindersSent", 1.0, Unit::Count)], &[]);
                    span.in_scope(|| tracing::info!("reminded a customer of a form"));
                }
                Err(error) => {
                    failed_sends += usize::from(matches!(error, RetryLater::Telegram(_)));
                    span.in_scope(|| tracing::warn!("a form left half-way: {error}"));
                }
            }
        }
        Ok(done)
    }
}
