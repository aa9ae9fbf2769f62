//! Changes to a deal that is there. The deal is read first, so that nothing is changed twice: a manager may have
//! corrected something since.

use amocrm::{Client, CrmError, Deal, PayloadBuilder};
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::Lead;
use serde_json::Value;

use super::{LookUp, Origin, Step};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;

/// A kind of change.
pub(crate) struct ChangeStep {
    name: &'static str,
    belongs_to: fn(&Lead) -> bool,
    /// The change to make; `None`: the deal is as it should be.
    lacking: fn(&PayloadBuilder, &Lead, &Deal) -> Option<Value>,
}

/// A deal that the request has joined gets what it lacks.
pub(super) const FILL: ChangeStep =
    ChangeStep { name: "fill", belongs_to: |lead| lead.progress.joined_deal, lacking: PayloadBuilder::gaps };

/// The deal of an unfinished request gets what its customer has answered since.
pub(super) const COMPLETION: ChangeStep =
    ChangeStep { name: "completion", belongs_to: |lead| lead.completes.is_some(), lacking: PayloadBuilder::completion };

/// The deal of a request that is finished now leaves the stage of unfinished ones.
pub(super) const STAGE: ChangeStep = ChangeStep {
    name: "stage",
    belongs_to: |lead| lead.completes.is_some() && !lead.progress.joined_deal,
    lacking: PayloadBuilder::move_to_usual_stage,
};

impl Step for ChangeStep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn belongs_to(&self, lead: &Lead) -> bool {
        (self.belongs_to)(lead)
    }

    fn always_looks(&self, _context: &StepContext<'_>, _lead: &Lead) -> bool {
        true
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        _in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        async {
            let lead = lead.lead();
            let Some(deal) = context.deal_to_write(lead).await? else { return Ok(LookUp::DealGone) };
            Ok(match (self.lacking)(context.payloads, lead, &deal) {
                Some(change) => LookUp::Lacking(vec![change]),
                None => LookUp::Exists { id: deal.id, origin: Origin::Existing { responsible: None } },
            })
        }
        .boxed()
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        async {
            let id = items[0]["id"].as_u64().unwrap_or_default();
            crm.update_deal(id, &items[0]).await?;
            Ok(id)
        }
        .boxed()
    }
}
