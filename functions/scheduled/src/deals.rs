//! Deals whose hooks never came, and news that could not be sent at once.

use anyhow::Context;
use delivery::{NotLooked, Permit};
use settings::metrics;
use settings::time_budget::DEALS;

use crate::Scheduled;

impl Scheduled {
    /// Looks at the deals that are due, and sends the news that are due. Returns how many messages customers got.
    pub(crate) async fn look_after_deals(&self) -> anyhow::Result<usize> {
        let permit = self.incidents.load().await.permit((self.bot.clock)());
        let crm = self.crm.as_ref().filter(|_| permit == Permit::Deliver);
        match self.deal_news.run_due(crm, DEALS).await {
            Err(NotLooked::Crm(error)) => {
                metrics::count("DealLooksFailed", "by", "schedule");
                tracing::warn!("deals wait for the next run: {error}");
                Ok(0)
            }
            told => told.context("deals cannot be looked after"),
        }
    }
}
