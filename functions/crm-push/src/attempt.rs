//! One attempt to deliver one lead: claim it, take its steps, close it.

use amocrm::{Client, PayloadBuilder};
use dealer::Dealer;
use delivery::{Incident, Permit, account_fields};
use lead::LeadId;
use storage::{JobId, SaveError};
use tokio::sync::OnceCell;

use crate::CrmPush;
use crate::claimed::{ClaimedLead, LEASE};
use crate::steps::steps_of;
use crate::stop::{FailedAttempt, Redeliver, Stop};

/// What every step needs.
pub(crate) struct StepContext<'a> {
    pub(crate) function: &'a CrmPush,
    pub(crate) crm: &'a Client,
    pub(crate) payloads: &'a PayloadBuilder,
    pub(crate) dealer: &'a Dealer,
}

impl CrmPush {
    /// Makes one attempt. Its result is stored with the lead; only if that fails, the message has to come again. Returns the
    /// card that the sales chat is to get.
    /// `payloads` is one builder for the whole batch: the first attempt makes it, and its permit decides whether the account's
    /// fields are read.
    pub(crate) async fn deliver_request(
        &self,
        id: LeadId,
        payloads: &OnceCell<PayloadBuilder>,
    ) -> Result<Option<JobId>, Redeliver> {
        let (claimed, incident, dealer) = futures::join!(self.claim(id), self.incidents.load(), self.dealer.get());
        let Some(mut lead) = claimed? else { return Ok(None) };
        let result = match &self.crm {
            Some(crm) => self.attempt(crm, payloads, &mut lead, &incident, &dealer).await,
            None => self.pretend(&mut lead),
        };
        self.close(lead, result, &incident).await
    }

    /// Takes the steps, as far as the circuit breaker allows.
    async fn attempt(
        &self,
        crm: &Client,
        payloads: &OnceCell<PayloadBuilder>,
        lead: &mut ClaimedLead,
        incident: &Incident,
        dealer: &Dealer,
    ) -> Result<(), Stop> {
        if lead.lead().attempts > self.backoff.max_attempts {
            // A lead that kills its worker never reaches `close`. Here it is given up.
            return Err(FailedAttempt::workers_stopped().into());
        }
        let permit = self.incidents.take_permit(incident).await;
        if let Permit::Wait { until } = permit {
            tracing::info!(lead_id = %lead.id(), until, "amoCRM is left alone");
            return Err(Stop::PutBack { due_at: until });
        }
        let payloads = payloads.get_or_init(|| self.payload_builder(crm, permit, dealer)).await;
        let result = StepContext { function: self, crm, payloads, dealer }.take_steps(lead).await;
        if let Err(Stop::Failed(failed)) = &result
            && permit == Permit::Probe
            && failed.obstacle().is_some()
            && !lead.has_progressed()
        {
            // A probe that finds amoCRM still down does not come nearer to being given up.
            lead.lead_mut().uncount_attempt();
        }
        result
    }

    /// A builder for the account's fields, as far as they are known. An account in trouble is not asked for them.
    async fn payload_builder(&self, crm: &Client, permit: Permit, dealer: &Dealer) -> PayloadBuilder {
        let fields = match permit {
            Permit::Deliver => {
                account_fields(&self.documents, crm, &self.amocrm_settings, self.amocrm_settings.language, self.now())
                    .await
            }
            Permit::Probe | Permit::Wait { .. } => None,
        };
        PayloadBuilder::new(&self.amocrm_settings, fields, self.amocrm_settings.language)
            .with_unfinished_stage(dealer.unfinished.status_id)
    }

    /// Claims a lead; `None` if nothing is to be delivered, or another worker has it.
    async fn claim(&self, id: LeadId) -> Result<Option<ClaimedLead>, Redeliver> {
        let stored = self.leads.get(&id).await.map_err(|error| {
            tracing::error!(lead_id = %id, %error, "a lead cannot be read");
            Redeliver
        })?;
        let Some(mut stored) = stored else { return Ok(None) };
        let now = self.now();
        if let Err(refused) = stored.value.claim(&self.worker, now, LEASE) {
            tracing::info!(lead_id = %id, ?refused, "nothing to deliver");
            return Ok(None);
        }
        match self.leads.save(&mut stored).await {
            Ok(()) => Ok(Some(ClaimedLead::new(stored, now + LEASE))),
            Err(SaveError::Conflict) => {
                tracing::info!(lead_id = %id, "another worker was faster");
                Ok(None)
            }
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %id, %error, "a lead cannot be claimed");
                Err(Redeliver)
            }
        }
    }

    /// Mock mode: the lead looks as if amoCRM had taken it.
    fn pretend(&self, lead: &mut ClaimedLead) -> Result<(), Stop> {
        for step in steps_of(lead.lead()) {
            if lead.lead().progress.id_of(step.name()).is_none() {
                lead.lead_mut().progress.record(step.name(), self.next_mock_id());
            }
        }
        tracing::info!(lead_id = %lead.id(), "AMOCRM_MOCK_MODE: taken for delivered");
        Ok(())
    }
}

impl StepContext<'_> {
    async fn take_steps(&self, lead: &mut ClaimedLead) -> Result<(), Stop> {
        if self.payloads.remember_misfits(lead.lead_mut()) {
            // A later attempt must look for the deal as it is offered now.
            self.checkpoint(lead).await?;
        }
        for step in steps_of(lead.lead()) {
            if step.is_wanted(self) {
                self.ensure(step, lead).await?;
            }
        }
        Ok(())
    }
}
