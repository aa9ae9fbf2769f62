//! The member who took a request in the sales chat becomes responsible for it in amoCRM: for its deal, its contact and
//! its task.
//!
//! Each change may be made twice without harm. So after a lost answer it is simply made again, by the schedule if need
//! be.

use amocrm::{Client, CrmError};
use delivery::{AdminMessage, Permit, text_of_error};
use jobs::JobOutcome;
use lead::{Lead, LeadId, Seconds};
use sales::Card;
use serde_json::json;
use storage::{PUT_OFF_UNREADABLE, SaveError, StorageError, Versioned};

use crate::CrmPush;
use crate::steps::CALL_BACK_STEP;
use crate::stop::Redeliver;

/// Seconds until a request that had no deal yet is tried again.
const NO_DEAL_PAUSE: Seconds = 300;

/// Seconds until a card that could not be updated is tried again.
const CARD_PAUSE: Seconds = 60;

/// Why the responsible user is not set.
enum NotSet {
    /// Nothing was tried.
    Wait {
        until: Seconds,
    },
    Failed(CrmError),
}

impl CrmPush {
    /// Sets the responsible user of a request that was taken, and updates its card.
    pub(crate) async fn hand_over(&self, id: LeadId) -> Result<(), Redeliver> {
        let stored = futures::join!(self.sales_chat.card(&id), self.leads.get(&id));
        let (card, lead) = match stored {
            (Ok(card), Ok(lead)) => (card, lead),
            (Ok(Some(card)), Err(error)) if error.is_shape() => return self.put_handover_off(card, &error).await,
            (Err(error), _) | (_, Err(error)) => return Err(cannot_store(id, &error)),
        };
        let Some(mut card) = card.filter(|card| card.value.handover.is_some()) else { return Ok(()) };
        let card_again_at = match self.jobs.update_card(id).await {
            Ok(JobOutcome::PutBack { due_at }) => Some(due_at),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(lead_id = %id, %error, "a card is not up to date");
                Some(self.now() + CARD_PAUSE)
            }
        };
        let set = match (&self.crm, &lead) {
            (Some(crm), Some(Versioned { value: lead, .. })) => self.set_responsible(crm, lead, &card.value).await,
            // Mock mode, or the customer was deleted.
            _ => Ok(()),
        };
        match set {
            Ok(()) => match card_again_at {
                Some(due_at) => card.value.postpone_handover(due_at),
                None => card.value.finish_handover(),
            },
            Err(NotSet::Wait { until }) => card.value.postpone_handover(until),
            Err(NotSet::Failed(error)) => self.fail_handover(&mut card.value, &error).await,
        }
        self.save_handover(&mut card).await
    }

    /// This version of the bot cannot read the request: another one may.
    async fn put_handover_off(&self, mut card: Versioned<Card>, error: &StorageError) -> Result<(), Redeliver> {
        let id = card.value.lead_id;
        tracing::error!(lead_id = %id, %error, "a handover is put off by a day");
        card.value.postpone_handover(self.now() + PUT_OFF_UNREADABLE);
        self.save_handover(&mut card).await
    }

    async fn save_handover(&self, card: &mut Versioned<Card>) -> Result<(), Redeliver> {
        match self.sales_chat.save_card(card).await {
            // Somebody else was at it, or the customer was deleted.
            Ok(()) | Err(SaveError::Conflict) => Ok(()),
            Err(SaveError::Storage(error)) => Err(cannot_store(card.value.lead_id, &error)),
        }
    }

    async fn set_responsible(&self, crm: &Client, lead: &Lead, card: &Card) -> Result<(), NotSet> {
        let Some(take) = card.taken else { return Ok(()) };
        let now = self.now();
        if let Permit::Wait { until } = self.incidents.load().await.permit(now) {
            return Err(NotSet::Wait { until });
        }
        let Some(deal_id) = lead.progress.deal_id() else { return Err(NotSet::Wait { until: now + NO_DEAL_PAUSE }) };
        let change = json!({ "responsible_user_id": take.by });
        if crm.deals(&[deal_id]).await.map_err(NotSet::Failed)?.is_empty() {
            tracing::warn!(lead_id = %lead.lead_id, deal_id, "the deal of a request that was taken is gone");
            return Ok(());
        }
        crm.update_deal(deal_id, &change).await.map_err(NotSet::Failed)?;
        if let Some(task_id) = lead.progress.id_of(CALL_BACK_STEP) {
            unless_gone(crm.update_task(task_id, &change).await, lead)?;
        }
        if let Some(contact_id) = lead.progress.contact_id().filter(|_| lead.contact_is_own()) {
            unless_gone(crm.update_contact(contact_id, &change).await, lead)?;
        }
        tracing::info!(lead_id = %lead.lead_id, deal_id, user = take.by, "set the responsible user of a taken request");
        Ok(())
    }

    /// Tries again later, unless that cannot help: then the admins hear of it.
    async fn fail_handover(&self, card: &mut Card, error: &CrmError) {
        settings::metrics::count("CrmErrors", "kind", error.kind());
        tracing::warn!(lead_id = %card.lead_id, kind = error.kind(), %error, "the responsible user is not set");
        card.fail_handover(self.now(), self.backoff, rand::random());
        let failures = card.handover.map_or(0, |handover| handover.failures);
        if !matches!(error, CrmError::Refused(_)) && failures < self.backoff.max_attempts {
            return;
        }
        let Some(take) = card.taken else { return };
        let arguments = [
            ("number", card.lead_id.request_number().into()),
            ("user", take.by.to_string().into()),
            ("reason", text_of_error(error, self.language).into()),
        ];
        let text = self.language.text_with("handover-given-up", arguments);
        // If the message cannot be written down, the next try gives up.
        if self.admins.tell(&AdminMessage { key: format!("handover-given-up:{}", card.lead_id), text }).await {
            card.finish_handover();
        }
    }
}

/// A task or a contact that was deleted or merged in amoCRM does not keep the deal from its manager.
fn unless_gone(changed: Result<(), CrmError>, lead: &Lead) -> Result<(), NotSet> {
    match changed {
        Err(error @ (CrmError::Refused(_) | CrmError::Closed { status: 404, .. })) => {
            tracing::warn!(lead_id = %lead.lead_id, %error, "a task or a contact keeps its responsible user");
            Ok(())
        }
        changed => changed.map_err(NotSet::Failed),
    }
}

fn cannot_store(id: LeadId, error: &StorageError) -> Redeliver {
    tracing::error!(lead_id = %id, %error, "a handover cannot be read or stored");
    Redeliver
}
