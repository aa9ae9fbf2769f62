//! The deal of a request that is finished now leaves the stage of unfinished ones.

use amocrm::{Client, CrmError};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;

use super::{LookUp, Origin, Step, change_deal};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

pub(crate) struct StageStep;

impl Step for StageStep {
    fn name(&self) -> &'static str {
        "stage"
    }

    fn always_looks(&self) -> bool {
        true
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async {
            let lead = lead.lead();
            let Some(deal) = context.deal(lead).await? else { return Ok(LookUp::DealGone) };
            Ok(if context.payloads.is_to_be_moved(lead, &deal) {
                LookUp::Missing
            } else {
                LookUp::Exists { id: deal.id, origin: Origin::Existing { responsible: None } }
            })
        }
        .boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        vec![context.payloads.usual_stage(lead)]
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        change_deal(crm, &items[0]).boxed()
    }
}
