//! The deal: one that the request joins, or a new one.

use amocrm::{Client, CrmError, Deal, Note, fault_of_field};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use lead::{CrmField, Lead, SEARCH_LAG, Seconds, step};
use serde_json::Value;
use settings::metrics::{self, Unit};
use storage::StorageError;

use super::{LookUp, Origin, Step, recorded_contact};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;
use crate::joining::{Joining, OwnRequests};

/// How many of a customer's newest deals are looked through.
const NEWEST: usize = 50;
/// amoCRM's clock and ours differ by less than this.
const CLOCK_SKEW: Seconds = 60;

pub(crate) struct DealStep;

impl Step for DealStep {
    fn name(&self) -> &'static str {
        step::DEAL
    }

    fn always_looks(&self, context: &StepContext<'_>, _lead: &Lead) -> bool {
        context.function.joins_since(context.dealer).is_some()
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        context.find_deal(lead.lead(), in_doubt).boxed()
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
        origin: Origin,
    ) -> BoxFuture<'a, ()> {
        match origin {
            Origin::Created | Origin::CreatedUnseen => lead.progress.record(step::DEAL, id),
            Origin::Existing { responsible } => {
                lead.join(id);
                context.leave_to_manager(lead, responsible);
            }
            Origin::OfUnfinished(unfinished) => lead.take_over(id, *unfinished),
        }
        if lead.request.unfinished.is_none() {
            #[expect(clippy::cast_precision_loss, reason = "seconds of a delivery")]
            let seconds = (context.function.now() - lead.request.created_at).max(0) as f64;
            metrics::put(&[("SecondsToDeal", seconds, Unit::Seconds)], &[("branch", &lead.request.branch)]);
        }
        ready(()).boxed()
    }
}

impl StepContext<'_> {
    /// The deal as amoCRM has it now; `None` if it was deleted, or merged into another. A request that has joined it
    /// and has no note there yet does not belong to it any more when it is closed: nobody would look.
    pub(super) async fn deal_to_write(&self, lead: &Lead) -> Result<Option<Deal>, CrmError> {
        let deal = self.deal(lead).await?;
        Ok(deal.filter(|deal| deal.is_open() || !lead.progress.joined_deal || lead.is_noted()))
    }

    /// Whether the deal that the request has joined was deleted, or merged into another.
    pub(crate) async fn has_lost_joined_deal(&self, lead: &Lead) -> bool {
        lead.progress.joined_deal && matches!(self.deal(lead).await, Ok(None))
    }

    async fn deal(&self, lead: &Lead) -> Result<Option<Deal>, CrmError> {
        let Some(id) = lead.progress.deal_id() else { return Ok(None) };
        Ok(self.crm.deals(&[id]).await?.pop())
    }

    /// Looks for the request's own deal, if it is in doubt; then for one to join.
    async fn find_deal(&self, lead: &Lead, in_doubt: bool) -> Result<LookUp, CrmError> {
        let own = match self.requests_to_join(lead).await {
            Ok(own) => own,
            Err(error) => {
                tracing::error!(lead_id = %lead.lead_id, %error, "the chat's requests cannot be read");
                return Ok(LookUp::NotBefore(self.function.now() + SEARCH_LAG));
            }
        };
        if !in_doubt && own.as_ref().is_none_or(|own| !own.can_be_joined_by(lead)) {
            return Ok(LookUp::Missing);
        }
        let deals = self.deals_of_customer(lead, own.as_ref()).await?;
        if in_doubt && let Some(id) = self.find_lost_deal(lead, &deals).await? {
            return Ok(LookUp::Exists { id, origin: Origin::CreatedUnseen });
        }
        let Some(own) = own else { return Ok(LookUp::Missing) };
        Ok(match self.deal_to_join(lead, &own, &deals) {
            Some((deal, joining)) => {
                let origin = match joining {
                    Joining::Joins => Origin::Existing { responsible: Some(deal.responsible_user_id) },
                    Joining::TakesOver(unfinished) => Origin::OfUnfinished(unfinished),
                };
                LookUp::Exists { id: deal.id, origin }
            }
            None => match own.wait_until(lead, self.function.now()) {
                Some(until) => LookUp::NotBefore(until),
                None => LookUp::Missing,
            },
        })
    }

    /// The chat's requests that may have a deal to join; `None` if the dealer wants none joined.
    async fn requests_to_join(&self, lead: &Lead) -> Result<Option<OwnRequests>, StorageError> {
        match self.function.joins_since(self.dealer) {
            Some(_) => self.function.own_requests(lead).await.map(Some),
            None => Ok(None),
        }
    }

    /// The newest deals of the contact, and those of the chat's requests with this phone. Reads by id are current.
    async fn deals_of_customer(&self, lead: &Lead, own: Option<&OwnRequests>) -> Result<Vec<Deal>, CrmError> {
        let contact = self.crm.contact(recorded_contact(lead)).await?;
        let mut ids = contact.map(|contact| contact.deal_ids()).unwrap_or_default();
        ids.extend(own.into_iter().flat_map(|own| own.deals_of_phone(&lead.request.customer.phone)));
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.dedup();
        ids.truncate(NEWEST);
        if ids.is_empty() { Ok(Vec::new()) } else { self.crm.deals(&ids).await }
    }

    /// The deal that an earlier try may have created: among the customer's, else by a search, which lags but does not
    /// need the link.
    async fn find_lost_deal(&self, lead: &Lead, deals: &[Deal]) -> Result<Option<u64>, CrmError> {
        let number = lead.lead_id.request_number();
        let with_number = |deals: &[Deal]| deals.iter().find(|deal| deal.has_value(&number)).map(|deal| deal.id);
        if let Some(id) = with_number(deals) {
            return Ok(Some(id));
        }
        if fault_of_field(lead, CrmField::RequestId).is_some() {
            return self.find_deal_without_number(lead, deals).await;
        }
        Ok(with_number(&self.crm.search_deals(&number).await?))
    }

    /// The deal in an account without a field for the request's number: made after the request, named like it, and
    /// without the note of another request.
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
