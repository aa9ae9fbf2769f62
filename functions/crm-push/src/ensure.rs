//! One step of an attempt: what it creates exists afterwards, once, whatever was lost on the way.
//!
//! Only this file decides between looking and creating. Something may exist already: its creation's answer was lost, an
//! earlier worker died in the middle, or a restored backup does not know of it. Then the step looks before it creates,
//! and keeps what it finds.
//! Contacts need more, because amoCRM's search lags: `steps/contact.rs` has that.

use amocrm::{CrmError, Doubt, Fallback, Refusal};
use delivery::read_fields_again;
use lead::step;
use serde_json::Value;
use storage::SaveError;

use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;
use crate::steps::{LookUp, Origin, Step};
use crate::stop::{FailedAttempt, Stop};

impl StepContext<'_> {
    /// Makes sure that what the step creates is in amoCRM, and that the lead has its id.
    pub(crate) async fn ensure(&self, step: &dyn Step, lead: &mut ClaimedLead) -> Result<(), Stop> {
        if lead.lead().progress.id_of(step.name()).is_some() {
            return Ok(());
        }
        let retry = self.crm.options().retry;
        let mut lost: Option<CrmError> = None;
        let mut tried = 0;
        loop {
            let mut lacking = None;
            self.check_time(step, lead, lost.as_ref())?;
            if lost.is_some() || lead.is_in_doubt() || step.always_looks(self, lead.lead()) {
                match self.look(step, lead, lost.is_some()).await? {
                    LookUp::Exists { id, origin } => return self.keep(step, lead, id, origin).await,
                    LookUp::Lacking(items) => lacking = Some(items),
                    _ => {}
                }
                match lost {
                    Some(error) if error.doubt() == Doubt::Running || !retry.allows_another(tried) => {
                        return Err(self.failed(lead, error));
                    }
                    // It was not created after all: create it again.
                    _ => lost = None,
                }
                self.check_time(step, lead, None)?;
            }
            if step.prepare(self, lead.lead_mut()).await {
                self.checkpoint(lead).await?; // which shows that the lead is ours, too
            } else {
                self.check_still_ours(lead).await?;
            }
            let items = lacking.unwrap_or_else(|| step.items(self, lead.lead()));
            match step.create(self.crm, &items).await {
                Ok(id) => return self.keep(step, lead, id, Origin::Created).await,
                Err(error) if !error.may_have_happened() && self.has_lost_joined_deal(lead.lead()).await => {
                    return Err(self.start_over(lead));
                }
                Err(CrmError::Refused(refusal)) => {
                    // Each time there is less to refuse: this comes to an end.
                    let item = items.first().unwrap_or(&Value::Null);
                    self.leave_out_refused(lead, item, refusal).await?;
                }
                Err(error) if error.may_have_happened() => {
                    step.creation_was_lost(self, lead.lead()).await;
                    if !step.shows_at_once() {
                        return Err(self.failed(lead, error));
                    }
                    tried += 1;
                    tokio::time::sleep(retry.pause(tried)).await;
                    lost = Some(error);
                }
                Err(error) => return Err(self.failed(lead, error)),
            }
        }
    }

    /// Looks for what the step creates. `was_lost`: the answer to its creation has just been lost.
    async fn look(&self, step: &dyn Step, lead: &mut ClaimedLead, was_lost: bool) -> Result<LookUp, Stop> {
        let in_doubt = was_lost || lead.is_in_doubt();
        match step.find(self, lead, in_doubt).await {
            Ok(LookUp::DealGone) => Err(self.start_over(lead)),
            Ok(LookUp::NotBefore(due_at)) => Err(Stop::PutBack { due_at }),
            Ok(LookUp::NoTime) => Err(FailedAttempt::too_slow().into()),
            Ok(looked) => Ok(looked),
            Err(error) => {
                count_error(lead, &error);
                Err(FailedAttempt::on_lookup(error, was_lost).into())
            }
        }
    }

    /// The deal is gone: the next attempt looks for one again.
    fn start_over(&self, lead: &mut ClaimedLead) -> Stop {
        tracing::warn!(lead_id = %lead.id(), "the deal is gone: the request gets another one");
        lead.lead_mut().start_over();
        Stop::PutBack { due_at: self.function.now() }
    }

    /// Records what the step left and stores it, before the next step starts.
    async fn keep(&self, step: &dyn Step, lead: &mut ClaimedLead, id: u64, origin: Origin) -> Result<(), Stop> {
        if origin != Origin::Created {
            tracing::info!(lead_id = %lead.id(), step = step.name(), id, ?origin, "found in amoCRM");
        }
        step.record(self, lead.lead_mut(), id, origin).await;
        lead.lead_mut().end_doubt();
        self.checkpoint(lead).await
    }

    /// Stores what is known of the lead so far. A lead whose lease is lost is not touched any more.
    pub(crate) async fn checkpoint(&self, lead: &mut ClaimedLead) -> Result<(), Stop> {
        match self.function.leads.save(&mut lead.stored).await {
            Ok(()) => Ok(()),
            Err(SaveError::Conflict) => {
                tracing::warn!(lead_id = %lead.id(), "the lead was taken over or deleted meanwhile");
                Err(Stop::Lost)
            }
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %lead.id(), %error, "progress cannot be stored");
                Err(Stop::StorageDown)
            }
        }
    }

    /// Ends the attempt if the lease would not last through another call. After a lost creation the attempt fails for
    /// that reason, so that the next one looks first.
    fn check_time(&self, step: &dyn Step, lead: &ClaimedLead, lost: Option<&CrmError>) -> Result<(), Stop> {
        let calls = if step.always_looks(self, lead.lead()) { 2 } else { 1 }; // to look and to create, or only to create
        if lead.has_time_for(calls, self.function.now()) {
            return Ok(());
        }
        Err(lost.map_or_else(FailedAttempt::too_slow, |error| FailedAttempt::because_of(error.clone())).into())
    }

    /// Another worker may have taken the lead over, or the customer may have had it deleted: then name and phone must
    /// not go to amoCRM any more.
    async fn check_still_ours(&self, lead: &ClaimedLead) -> Result<(), Stop> {
        match self.function.leads.get(&lead.id()).await {
            Ok(Some(stored)) if stored.version == lead.stored.version => Ok(()),
            Ok(_) => {
                tracing::info!(lead_id = %lead.id(), "the lead was taken over or deleted meanwhile");
                Err(Stop::Lost)
            }
            Err(error) => {
                tracing::error!(lead_id = %lead.id(), %error, "a lead cannot be read again");
                Err(Stop::StorageDown)
            }
        }
    }

    /// Leaves out what amoCRM refuses of an item, so that the rest may be offered again. Fails when amoCRM refuses
    /// something that the item cannot do without, or that was left out already.
    async fn leave_out_refused(&self, lead: &mut ClaimedLead, item: &Value, refusal: Box<Refusal>) -> Result<(), Stop> {
        let fallbacks = self.payloads.fallbacks(lead.lead(), item, &refusal.validation).unwrap_or_default();
        if fallbacks.contains(&Fallback::Contact) {
            return Err(forget_contact(lead, refusal));
        }
        let applied = fallbacks.iter().filter(|fallback| fallback.apply_to(lead.lead_mut())).count();
        if applied == 0 {
            return Err(self.failed(lead, CrmError::Refused(refusal)));
        }
        if fallbacks.iter().any(|fallback| matches!(fallback, Fallback::Field(..))) {
            read_fields_again(&self.function.documents).await;
        }
        if fallbacks.iter().any(|fallback| matches!(fallback, Fallback::TeamMember(_))) {
            self.choose_another_manager(lead.lead_mut()).await;
        }
        // Stored before the item is offered again: if that answer is lost, the next attempt looks for the item as it
        // was offered.
        self.checkpoint(lead).await
    }

    fn failed(&self, lead: &ClaimedLead, error: CrmError) -> Stop {
        count_error(lead, &error);
        FailedAttempt::because_of(error).into()
    }
}

/// The contact was deleted or merged into another. The next attempt looks for the customer's contact again.
fn forget_contact(lead: &mut ClaimedLead, refusal: Box<Refusal>) -> Stop {
    lead.lead_mut().progress.forget(step::CONTACT);
    FailedAttempt::on_lookup(CrmError::Refused(refusal), false).into()
}

fn count_error(lead: &ClaimedLead, error: &CrmError) {
    settings::metrics::count("CrmErrors", "kind", error.kind());
    tracing::warn!(lead_id = %lead.id(), kind = error.kind(), %error, "a lead was not delivered");
}
