//! The note with the answers, or several.

use amocrm::{Client, CrmError, Difference, note_items, note_parts};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::{Lead, step};
use serde_json::Value;

use super::{LookUp, Step, recorded_deal};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

pub(crate) struct NoteStep {
    name: &'static str,
    belongs_to: fn(&Lead) -> bool,
    /// If the request was finished before its first note was written, that note is the completion's, too.
    may_be_there: bool,
}

/// The note of a request.
pub(super) const NOTE: NoteStep = NoteStep { name: step::NOTE, belongs_to: |_| true, may_be_there: false };

/// The note that says that the customer has finished the form, with every answer.
pub(super) const COMPLETION_NOTE: NoteStep =
    NoteStep { name: step::COMPLETION_NOTE, belongs_to: |lead| lead.completes.is_some(), may_be_there: true };

impl Step for NoteStep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn belongs_to(&self, lead: &Lead) -> bool {
        (self.belongs_to)(lead)
    }

    fn always_looks(&self, _context: &StepContext<'_>, lead: &Lead) -> bool {
        self.may_be_there || lead.progress.joined_deal
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async move {
            let lead = lead.lead();
            if (in_doubt || self.may_be_there)
                && let Some(id) = context.find_note(lead).await?
            {
                return Ok(LookUp::of_lost_creation(Some(id)));
            }
            if !lead.progress.joined_deal {
                return Ok(LookUp::Missing);
            }
            let Some(deal) = context.deal_to_write(lead).await? else { return Ok(LookUp::DealGone) };
            Ok(LookUp::Lacking(context.note(lead, &context.payloads.differences(lead, &deal))))
        }
        .boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        context.note(lead, &[])
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        crm.create_notes(items).boxed()
    }
}

impl StepContext<'_> {
    fn note(&self, lead: &Lead, differences: &[Difference]) -> Vec<Value> {
        let parts = note_parts(lead, differences, &self.dealer.calendar, self.payloads.language());
        note_items(lead, recorded_deal(lead), parts)
    }

    /// Looks for the last part only: all parts are posted in one call.
    async fn find_note(&self, lead: &Lead) -> Result<Option<u64>, CrmError> {
        let parts = note_parts(lead, &[], &self.dealer.calendar, self.payloads.language());
        let Some(last) = parts.last() else { return Ok(None) };
        let notes = self.crm.notes(recorded_deal(lead)).await?;
        Ok(notes.iter().find(|note| note.is(last)).map(|note| note.id))
    }
}
