//! The deal of an unfinished request gets what its customer has answered since.

use amocrm::{Client, CrmError};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;

use super::{LookUp, Step, change_deal};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

pub(crate) struct CompletionStep;

impl Step for CompletionStep {
    fn name(&self) -> &'static str {
        "completion"
    }

    fn always_looks(&self) -> bool {
        true
    }

    /// A change is not made again: a manager may have corrected something since.
    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async {
            let lead = lead.lead();
            let Some(deal) = context.deal(lead).await? else { return Ok(LookUp::DealGone) };
            let is_completed = context.payloads.is_completed(lead, &deal);
            Ok(LookUp::of_lost_creation(is_completed.then_some(deal.id)))
        }
        .boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        lead.completes.iter().map(|unfinished| context.payloads.completion(lead, unfinished)).collect()
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        change_deal(crm, &items[0]).boxed()
    }
}
