//! The deal.

use amocrm::{Client, CrmError, Deal, Note, fault_of_field};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use lead::{CrmField, Lead, Seconds, step};
use serde_json::Value;
use settings::metrics::{self, Unit};

use super::{LookUp, Origin, Step, recorded_contact};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

/// A customer's newest deals are looked through for one whose creation was not confirmed.
const NEWEST: usize = 50;
/// amoCRM's clock and ours differ by less than this.
const CLOCK_SKEW: Seconds = 60;

pub(crate) struct DealStep;

impl Step for DealStep {
    fn name(&self) -> &'static str {
        step::DEAL
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async { Ok(LookUp::of_lost_creation(context.find_deal(lead.lead()).await?)) }.boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        vec![context.payloads.deal(lead, recorded_contact(lead))]
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        async { crm.create_deal(&items[0]).await }.boxed()
    }

    fn record<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a mut Lead,
        id: u64,
        _origin: Origin,
    ) -> BoxFuture<'a, ()> {
        lead.progress.record(step::DEAL, id);
        if lead.request.unfinished.is_none() {
            #[expect(clippy::cast_precision_loss, reason = "seconds of a delivery")]
            let seconds = (context.function.now() - lead.request.created_at).max(0) as f64;
            metrics::put(&[("SecondsToDeal", seconds, Unit::Seconds)], &[("branch", &lead.request.branch)]);
        }
        ready(()).boxed()
    }
}

impl StepContext<'_> {
    /// The deal as amoCRM has it now; `None` if it was deleted, or merged into another.
    pub(super) async fn deal(&self, lead: &Lead) -> Result<Option<Deal>, CrmError> {
        let Some(id) = lead.progress.deal_id() else { return Ok(None) };
        Ok(self.crm.deals(&[id]).await?.pop())
    }

    /// Reads the contact's deals first: reads by id are current. Then searches, which lags but does not need the link.
    async fn find_deal(&self, lead: &Lead) -> Result<Option<u64>, CrmError> {
        let Some(contact_id) = lead.progress.contact_id() else { return Ok(None) };
        let mut ids = self.crm.contact(contact_id).await?.map(|contact| contact.deal_ids()).unwrap_or_default();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.truncate(NEWEST);
        let deals = if ids.is_empty() { Vec::new() } else { self.crm.deals(&ids).await? };
        let number = lead.lead_id.request_number();
        let with_number = |deals: &[Deal]| deals.iter().find(|deal| deal.has_value(&number)).map(|deal| deal.id);
        if let Some(id) = with_number(&deals) {
            return Ok(Some(id));
        }
        if fault_of_field(lead, CrmField::RequestId).is_some() {
            return self.find_deal_without_number(lead, &deals).await;
        }
        Ok(with_number(&self.crm.search_deals(&number).await?))
    }

    /// The deal in an account without a field for the request's number: made after the request, named like it, and without
    /// the note of another request.
    async fn find_deal_without_number(&self, lead: &Lead, deals: &[Deal]) -> Result<Option<u64>, CrmError> {
        let number = lead.lead_id.request_number();
        let versions = || std::iter::once(&lead.request).chain(&lead.completes);
        let since = versions().map(|request| request.created_at).min().unwrap_or_default() - CLOCK_SKEW;
        let names: Vec<String> = versions().map(|request| self.payloads.deal_name(request)).collect();
        let is_named = |deal: &Deal| deal.name.as_ref().is_some_and(|name| names.contains(name));
        for deal in deals.iter().filter(|deal| deal.created_at >= since && is_named(deal)) {
            let notes: Vec<Note> = self.crm.notes(deal.id).await?;
            let mut numbers = notes.iter().filter_map(|note| note.request_number(self.payloads.language()));
            if numbers.all(|held| held == number) {
                return Ok(Some(deal.id));
            }
        }
        Ok(None)
    }
}
