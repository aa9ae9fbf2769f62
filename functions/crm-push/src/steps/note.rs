//! The note with the answers, or several.

use amocrm::{Client, CrmError, note_items, note_parts};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;

use super::{LookUp, Step, recorded_deal};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

pub(crate) struct NoteStep {
    name: &'static str,
    /// The first note of a request that was finished before it was written is the note of the completion, too.
    may_be_there: bool,
}

/// The note of a new deal.
pub(super) const NOTE: NoteStep = NoteStep { name: "note", may_be_there: false };

/// The note that says that the customer has finished the form, with every answer.
pub(super) const COMPLETION_NOTE: NoteStep = NoteStep { name: "completion_note", may_be_there: true };

impl Step for NoteStep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn always_looks(&self) -> bool {
        self.may_be_there
    }

    /// Looks for the last part only: all parts are posted in one call.
    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async move {
            let lead = lead.lead();
            let parts = note_parts(lead, &context.dealer.calendar, context.payloads.language());
            let (Some(deal_id), Some(last)) = (lead.progress.deal_id(), parts.last()) else {
                return Ok(LookUp::Missing);
            };
            let notes = context.crm.notes(deal_id).await?;
            Ok(LookUp::of_lost_creation(notes.iter().find(|note| note.is(last)).map(|note| note.id)))
        }
        .boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        let deal_id = recorded_deal(lead);
        note_items(lead, deal_id, &context.dealer.calendar, context.payloads.language())
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        crm.create_notes(items).boxed()
    }
}
