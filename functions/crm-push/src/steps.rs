//! The stages that create a deal, its notes and its task.

use amocrm::{Client, Clock, Created, CrmError, Deal, Shape, gave_up_field, note_items, note_parts};
use lead::{CrmField, Lead, Seconds};
use serde_json::Value;
use settings::metrics::{self, Unit};

use crate::step::Step;

/// A customer's deals looked through for one whose creation was not confirmed, the newest first.
const NEWEST: usize = 50;
/// amoCRM's clock and ours differ by less than this.
const CLOCK_SKEW: Seconds = 60;

/// The deal.
pub(crate) struct DealStep<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) clock: &'a Clock,
}

impl Step for DealStep<'_> {
    fn is_due(&self, lead: &Lead) -> bool {
        lead.progress.deal_id.is_none() && lead.progress.contact_id.is_some()
    }

    fn items(&self, lead: &Lead) -> Vec<Value> {
        lead.progress.contact_id.map(|contact_id| self.shape.deal(lead, contact_id)).into_iter().collect()
    }

    /// Through the contact, because a contact and deals read by id are always current; by search besides, which lags, but
    /// does not depend on the link.
    async fn find(&self, crm: &Client, lead: &Lead) -> Result<Option<u64>, CrmError> {
        let Some(contact_id) = lead.progress.contact_id else { return Ok(None) };
        let mut ids = crm.contact(contact_id).await?.map(|contact| contact.deal_ids()).unwrap_or_default();
        ids.sort_unstable_by(|a, b| b.cmp(a));
        ids.truncate(NEWEST);
        let deals = if ids.is_empty() { Vec::new() } else { crm.deals(&ids).await? };
        let number = lead.lead_id.request_number();
        let numbered = |deals: &[Deal]| deals.iter().find(|deal| deal.has_value(&number)).map(|deal| deal.id);
        if let Some(id) = numbered(&deals) {
            return Ok(Some(id));
        }
        if gave_up_field(lead, CrmField::RequestId).is_some() {
            return find_unnumbered(crm, lead, &deals).await;
        }
        Ok(numbered(&crm.search_deals(&number).await?))
    }

    async fn create(&self, crm: &Client, items: &[Value]) -> Result<Vec<Created>, CrmError> {
        crm.create_deals(items).await
    }

    fn record(&self, lead: &mut Lead, id: u64) {
        lead.progress.deal_id = Some(id);
        #[expect(clippy::cast_precision_loss, reason = "seconds of a delivery")]
        let seconds = ((self.clock)() - lead.request.created_at).max(0) as f64;
        metrics::put(&[("SecondsToDeal", seconds, Unit::Seconds)], &[("branch", &lead.request.branch)]);
    }
}

/// The deal of an account without a field for the request's number: made after the request, named like it, and without the
/// note of another request.
async fn find_unnumbered(crm: &Client, lead: &Lead, deals: &[Deal]) -> Result<Option<u64>, CrmError> {
    let name = lead.request.deal_name();
    let number = lead.lead_id.request_number();
    let since = lead.request.created_at - CLOCK_SKEW;
    for deal in deals.iter().filter(|deal| deal.created_at >= since && deal.name.as_deref() == Some(&name)) {
        let notes = crm.notes(deal.id).await?;
        let mut numbers = notes.iter().filter_map(amocrm::Note::request_number);
        if numbers.all(|held| held == number) {
            return Ok(Some(deal.id));
        }
    }
    Ok(None)
}

/// The note, or several.
pub(crate) struct NoteStep;

impl Step for NoteStep {
    fn is_due(&self, lead: &Lead) -> bool {
        lead.progress.note_id.is_none() && lead.progress.deal_id.is_some()
    }

    fn items(&self, lead: &Lead) -> Vec<Value> {
        lead.progress.deal_id.map(|deal_id| note_items(lead, deal_id)).unwrap_or_default()
    }

    /// All parts are posted in one call, so that the last one is there if all are.
    async fn find(&self, crm: &Client, lead: &Lead) -> Result<Option<u64>, CrmError> {
        let Some(deal_id) = lead.progress.deal_id else { return Ok(None) };
        let parts = note_parts(lead);
        let Some(last) = parts.last() else { return Ok(None) };
        Ok(crm.notes(deal_id).await?.iter().find(|note| note.is(last)).map(|note| note.id))
    }

    async fn create(&self, crm: &Client, items: &[Value]) -> Result<Vec<Created>, CrmError> {
        crm.create_notes(items).await
    }

    fn record(&self, lead: &mut Lead, id: u64) {
        lead.progress.note_id = Some(id);
    }
}

/// The call-back task.
pub(crate) struct TaskStep<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) now: Seconds,
}

impl Step for TaskStep<'_> {
    fn is_due(&self, lead: &Lead) -> bool {
        self.shape.wants_task() && lead.progress.task_id.is_none() && lead.progress.deal_id.is_some()
    }

    fn items(&self, lead: &Lead) -> Vec<Value> {
        lead.progress.deal_id.map(|deal_id| self.shape.task(lead, deal_id, self.now)).into_iter().collect()
    }

    async fn find(&self, crm: &Client, lead: &Lead) -> Result<Option<u64>, CrmError> {
        let Some(deal_id) = lead.progress.deal_id else { return Ok(None) };
        let number = lead.lead_id.request_number();
        let tasks = crm.tasks(deal_id).await?;
        Ok(tasks
            .iter()
            .find(|task| task.text.as_deref().is_some_and(|text| text.contains(&number)))
            .map(|task| task.id))
    }

    async fn create(&self, crm: &Client, items: &[Value]) -> Result<Vec<Created>, CrmError> {
        crm.create_tasks(items).await
    }

    fn record(&self, lead: &mut Lead, id: u64) {
        lead.progress.task_id = Some(id);
    }
}
