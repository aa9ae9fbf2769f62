//! One attempt to deliver one lead: claim it, take its steps, close it.

use std::collections::BTreeSet;

use amocrm::{Client, PayloadBuilder};
use dealer::Dealer;
use delivery::{Incident, Permit, account_fields, active_users};
use lead::LeadId;
use storage::{JobId, SaveError};
use tokio::sync::OnceCell;

use crate::CrmPush;
use crate::claimed::{ClaimedLead, LEASE};
use crate::steps::{STEPS, step_names};
use crate::stop::{FailedAttempt, Redeliver, Stop};

/// What every step needs.
pub(crate) struct StepContext<'a> {
    pub(crate) function: &'a CrmPush,
    pub(crate) crm: &'a Client,
    pub(crate) payloads: &'a PayloadBuilder,
    /// Users of amoCRM who can be made responsible; `None` while they are not known.
    pub(crate) active_users: Option<&'a BTreeSet<u64>>,
    pub(crate) dealer: &'a Dealer,
}

/// What is known of the account.
pub(crate) struct Account {
    payloads: PayloadBuilder,
    active_users: Option<BTreeSet<u64>>,
}

impl CrmPush {
    /// Makes one attempt and stores its result with the lead. Only if that fails does the message have to come again.
    /// Returns the card to send to the sales chat. `account` is for the whole batch: the first attempt fills it, and
    /// its permit decides whether anything is read.
    pub(crate) async fn deliver_request(
        &self,
        id: LeadId,
        account: &OnceCell<Account>,
    ) -> Result<Option<JobId>, Redeliver> {
        let dealer = self.dealer.known().await.map_err(|error| {
            tracing::error!(lead_id = %id, %error, "a request waits for the dealer's file");
            Redeliver
        })?;
        let (claimed, incident) = futures::join!(self.claim(id), self.incidents.load());
        let Some(mut lead) = claimed? else { return Ok(None) };
        let result = match &self.crm {
            Some(crm) => self.attempt(crm, account, &mut lead, &incident, &dealer).await,
            None => self.pretend(&mut lead, &dealer).await,
        };
        self.close(lead, result, &incident).await
    }

    /// Takes the steps, as far as the circuit breaker allows.
    async fn attempt(
        &self,
        crm: &Client,
        account: &OnceCell<Account>,
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
        let Account { payloads, active_users } = account.get_or_init(|| self.read_account(crm, permit, dealer)).await;
        let active_users = active_users.as_ref();
        let result = StepContext { function: self, crm, payloads, active_users, dealer }.take_steps(lead).await;
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

    /// What is known of the account. While amoCRM is in trouble, it is not asked.
    async fn read_account(&self, crm: &Client, permit: Permit, dealer: &Dealer) -> Account {
        let (documents, settings, now) = (&self.documents, &self.amocrm_settings, self.now());
        let may_ask = permit == Permit::Deliver;
        let fields = async {
            if may_ask { account_fields(documents, crm, settings, settings.language, now).await } else { None }
        };
        let active_users = async {
            let has_team = dealer.team.members().len() > 0;
            if may_ask && has_team { active_users(documents, crm, now).await } else { None }
        };
        let (fields, active_users) = futures::join!(fields, active_users);
        let payloads =
            PayloadBuilder::new(settings, fields, settings.language).with_unfinished_stage(dealer.unfinished.status_id);
        Account { payloads, active_users }
    }

    /// Claims a lead; `None` if there is nothing to deliver, or another worker has it.
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
            Ok(()) => {
                let is_from_backup = self.restored_at.is_some_and(|at| id.started_at() <= at);
                Ok(Some(ClaimedLead::new(stored, now + LEASE, is_from_backup)))
            }
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
    async fn pretend(&self, lead: &mut ClaimedLead, dealer: &Dealer) -> Result<(), Stop> {
        if lead.lead().progress.deal_id().is_none()
            && let Some(since) = self.joins_since(dealer)
            && let Ok(own) = self.own_requests(lead.lead()).await
            && let Some(deal_id) = own.mock_deal_to_join(lead.lead(), since)
        {
            lead.lead_mut().join(deal_id);
        }
        for step in step_names(lead.lead()) {
            if lead.lead().progress.id_of(step).is_none() {
                lead.lead_mut().progress.record(step, self.next_mock_id());
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
        for step in STEPS {
            if step.belongs_to(lead.lead()) && step.is_wanted(self) {
                self.ensure(*step, lead).await?;
            }
        }
        Ok(())
    }
}
