//! What has become of a chat's requests, as far as it is stored: amoCRM is not asked.

use dialog::{MAX_REQUESTS, RequestState, Rules, Screen, SentRequest, requests_screen};
use lead::{Lead, Status, TrackedDeal};
use storage::{DealKey, StorageError};

use crate::Bot;

/// How many of the newest stored requests are read. Forms left half-way are among them, and are not shown.
const MAX_READ: usize = 2 * MAX_REQUESTS;

impl Bot {
    /// The newest requests that this chat has sent.
    pub(crate) async fn requests_screen(&self, chat_id: i64) -> Result<Screen, StorageError> {
        let ids: Vec<_> = self.leads.of_chat(chat_id).await?.into_iter().rev().take(MAX_READ).collect();
        let leads = self.leads.get_many(&ids).await?;
        let sent = leads.iter().map(|lead| &lead.value).filter(|lead| lead.request.unfinished.is_none());
        let sent: Vec<&Lead> = sent.take(MAX_REQUESTS).collect();
        let keys = sent.iter().filter_map(|lead| Some(DealKey { deal_id: lead.progress.deal_id()?, chat_id }));
        let deals = self.deals.get_many(&Vec::from_iter(keys)).await?;
        let deal_of =
            |lead: &Lead| deals.iter().map(|deal| &deal.value).find(|deal| deal.lead_ids.contains(&lead.lead_id));
        let requests: Vec<_> = sent.into_iter().map(|lead| sent_request(lead, deal_of(lead))).collect();
        let rules = Rules { dealer: self.dealer.get().await, ..self.rules.clone() };
        Ok(requests_screen(&requests, &rules))
    }
}

fn sent_request(lead: &Lead, deal: Option<&TrackedDeal>) -> SentRequest {
    let is_delivered = matches!(lead.status, Status::Sent { .. });
    let state = match deal {
        _ if !is_delivered => RequestState::Accepted,
        Some(deal) if deal.outcome().is_some() => RequestState::Closed,
        Some(deal) if deal.has_moved() => RequestState::InWork,
        _ => RequestState::Delivered,
    };
    SentRequest {
        id: lead.lead_id,
        service: lead.request.service.clone(),
        sent_at: lead.request.created_at,
        state,
        stage: deal.and_then(TrackedDeal::stage).filter(|_| is_delivered),
    }
}
