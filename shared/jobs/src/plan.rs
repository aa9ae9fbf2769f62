//! Which jobs follow a request that amoCRM has.

use dealer::Dealer;
use lead::{Lead, Seconds};
use storage::{Job, JobId, JobKind, Planned, StorageError};

use crate::Runner;

/// A card that is late by this many seconds is dropped.
const CARD_LIFE: Seconds = 6 * 3600;
/// Nobody is told that a request was not taken later than this many seconds after it was due.
const ESCALATION_LIFE: Seconds = 2 * 3600;

impl Runner {
    /// Plans what the sales chat hears of a request that has a deal now. Returns the job to do at once.
    ///
    /// # Errors
    /// When the jobs cannot be stored.
    pub async fn plan_card(&self, lead: &Lead) -> Result<Option<JobId>, StorageError> {
        let dealer = self.dealer.known().await?;
        if dealer.sales_chat.is_none() {
            return Ok(None);
        }
        let now = self.now();
        let lead_id = lead.lead_id;
        let job = |kind, due_at, life| Job { kind, due_at, drop_after: due_at + life, chat_id: Some(lead.chat_id) };
        if let Some(due_at) = escalation_due(lead, &dealer, now) {
            self.jobs.plan(&job(JobKind::Escalation { lead_id }, due_at, ESCALATION_LIFE)).await?;
        }
        let mut kind = JobKind::Card { lead_id };
        let planned = self.jobs.plan(&job(kind, now, CARD_LIFE)).await?;
        if planned == Planned::Known && lead.completes.is_some() {
            kind = JobKind::CardUpdate { lead_id };
            self.jobs.plan(&job(kind, now, CARD_LIFE)).await?;
        }
        Ok(Some(kind.id()))
    }
}

/// When somebody is told that the request was not taken; never about a form left half-way.
fn escalation_due(lead: &Lead, dealer: &Dealer, now: Seconds) -> Option<Seconds> {
    let escalation = dealer.sales_chat.as_ref()?.escalation.as_ref()?;
    let is_finished = lead.request.unfinished.is_none();
    is_finished.then(|| dealer.calendar.add_working_time(now, escalation.after))?
}
