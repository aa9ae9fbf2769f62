//! Tracked deals: noted when their request is delivered, looked at when amoCRM says that they were moved.

use amocrm::Fallback;
use delivery::Permit;
use lead::{Lead, TrackedDeal};
use settings::{Retry, metrics};
use storage::{DealKey, SaveError, Versioned, pause_after_conflict};

use crate::CrmPush;
use crate::stop::Redeliver;

impl CrmPush {
    /// Looks at deals that were moved, and tells their customers. What fails is left to the schedule.
    pub(crate) async fn look_at_deals(&self, deal_ids: &[u64]) {
        let Some(crm) = self.crm.as_ref().filter(|_| !deal_ids.is_empty()) else { return };
        if self.incidents.load().await.permit(self.now()) != Permit::Deliver {
            tracing::info!("amoCRM is left alone: deals that were moved wait for the schedule");
            return;
        }
        if let Err(error) = self.deal_news.look_now(crm, deal_ids).await {
            metrics::count("DealLooksFailed", "by", "hook");
            tracing::warn!("deals that were moved wait for the schedule: {error}");
        }
    }

    /// Begins to track the deal of a delivered request, before the request counts as sent. A customer who left the form
    /// half-way has sent nothing, and hears nothing.
    pub(crate) async fn track_deal(&self, lead: &Lead) -> Result<(), Redeliver> {
        let Some(deal_id) = lead.progress.deal_id().filter(|_| self.crm.is_some()) else { return Ok(()) };
        if lead.request.unfinished.is_some() {
            return Ok(());
        }
        self.note_request(deal_id, lead).await.map_err(|error| {
            tracing::error!(lead_id = %lead.lead_id, deal_id, %error, "a deal cannot be tracked");
            Redeliver
        })
    }

    async fn note_request(&self, deal_id: u64, lead: &Lead) -> Result<(), SaveError> {
        let key = DealKey { deal_id, chat_id: lead.chat_id };
        let mut first_stage = None;
        let retry = Retry::SHARED_DOCUMENT;
        for tried in 1..=retry.tries {
            let known = self.deals.get(key).await?;
            let mut deal = known.unwrap_or_else(|| Versioned::new(TrackedDeal::new(deal_id, lead.chat_id)));
            if deal.value.stage().is_none() && first_stage.is_none() {
                first_stage = self.first_stage(deal_id, lead).await;
            }
            deal.value.note_request(lead.lead_id, first_stage, self.now());
            match self.deals.save(&mut deal).await {
                // It was looked at just now.
                Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
                saved => return saved,
            }
        }
        Err(SaveError::Conflict)
    }

    /// The stage in which the deal begins, which is not news. If the bot did not choose it, amoCRM is asked at once: by
    /// the next look a quick manager may have moved the deal. `None` if amoCRM does not say.
    async fn first_stage(&self, deal_id: u64, lead: &Lead) -> Option<u64> {
        let is_new = lead.completes.is_none() && !lead.progress.joined_deal;
        let as_set = self.amocrm_settings.status_id.filter(|_| !Fallback::Pipeline.applies_to(lead));
        if is_new && as_set.is_some() {
            return as_set;
        }
        let deal = match self.crm.as_ref()?.deals(&[deal_id]).await {
            Ok(deals) => deals.into_iter().next()?,
            Err(error) => {
                tracing::warn!(lead_id = %lead.lead_id, deal_id, %error, "the next look finds out where the deal begins");
                return None;
            }
        };
        let is_being_made = match self.own_requests(lead).await {
            Ok(own) => own.are_making(&deal),
            Err(error) => {
                tracing::warn!(lead_id = %lead.lead_id, deal_id, "where the deal stands is where it begins: {error}");
                false
            }
        };
        as_set.filter(|_| is_being_made).or(Some(deal.status_id))
    }

    /// The request was deleted while it was delivered: its deal is not tracked for this chat.
    pub(crate) async fn stop_tracking_deal(&self, lead: &Lead) {
        let Some(deal_id) = lead.progress.deal_id() else { return };
        let forgotten: Result<(), SaveError> = async {
            if self.leads.get(&lead.lead_id).await?.is_none()
                && let Some(mut deal) = self.deals.get(DealKey { deal_id, chat_id: lead.chat_id }).await?
            {
                deal.value.stop_tracking(self.now());
                self.deals.save(&mut deal).await?;
            }
            Ok(())
        }
        .await;
        if let Err(error) = forgotten {
            tracing::warn!(lead_id = %lead.lead_id, deal_id, %error, "a deal is tracked until it expires");
        }
    }
}
