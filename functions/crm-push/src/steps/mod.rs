//! What a delivery creates, step by step: a file each. A new step is a file here and a line in [`STEPS`].

mod completion;
mod contact;
mod deal;
mod note;
mod stage;
mod task;

use amocrm::{Client, CrmError};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use lead::{Lead, Seconds};
use serde_json::Value;

use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;
pub(crate) use task::CALL_BACK_STEP;

/// The steps in their order.
const STEPS: &[&dyn Step] = &[&contact::ContactStep, &deal::DealStep, &note::NOTE, &task::CALL_BACK];

/// What follows when the customer has finished an unfinished request. These come last: what an earlier attempt left in doubt
/// is then still the first step that is not recorded.
const COMPLETION: &[&dyn Step] = &[&completion::CompletionStep, &stage::StageStep, &note::COMPLETION_NOTE];

/// The steps of a lead's delivery in their order.
pub(crate) fn steps_of(lead: &Lead) -> impl Iterator<Item = &'static dyn Step> + use<> {
    let completion = if lead.completes.is_some() { COMPLETION } else { &[] };
    STEPS.iter().chain(completion).copied()
}

/// The names of the steps of a lead's delivery in their order, as `lead::Progress` has them.
pub fn step_names(lead: &Lead) -> impl Iterator<Item = &'static str> + use<> {
    steps_of(lead).map(Step::name)
}

/// Creates or changes one thing in amoCRM for a request. [`StepContext::ensure`] calls it.
pub(crate) trait Step: Sync {
    /// Under this name the lead remembers what the step left.
    fn name(&self) -> &'static str;

    /// Whether the settings ask for it.
    fn is_wanted(&self, _context: &StepContext<'_>) -> bool {
        true
    }

    /// Whether it looks for something to use before it creates, even without doubt.
    fn always_looks(&self) -> bool {
        false
    }

    /// Whether what was created can be found at once. If not, an attempt that lost the answer ends.
    fn shows_at_once(&self) -> bool {
        true
    }

    /// Whether it creates a task.
    fn leaves_task(&self) -> bool {
        false
    }

    /// Looks for what exists already.
    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>>;

    /// Decides what has to be stored with the lead before anything is created. True if it has changed the lead.
    fn prepare<'a>(&'a self, _context: &'a StepContext<'_>, _lead: &'a mut Lead) -> BoxFuture<'a, bool> {
        ready(false).boxed()
    }

    /// What to create, at least one item; or the change to make.
    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value>;

    /// Creates the items, or makes the change; returns the id of the first.
    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>>;

    /// The answer to a creation was lost: others may have to know.
    fn creation_was_lost<'a>(&'a self, _context: &'a StepContext<'_>, _lead: &'a Lead) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }

    /// Writes into the lead what there is now.
    fn record<'a>(
        &'a self,
        _context: &'a StepContext<'_>,
        lead: &'a mut Lead,
        id: u64,
        _origin: Origin,
    ) -> BoxFuture<'a, ()> {
        lead.progress.record(self.name(), id);
        ready(()).boxed()
    }
}

/// What looking came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    Exists {
        id: u64,
        origin: Origin,
    },
    Missing,
    /// The deal that the step would change is not there any more.
    DealGone,
    /// It may exist, and cannot be seen before then.
    NotBefore(Seconds),
    /// The lease would not last.
    NoTime,
}

impl LookUp {
    /// What an earlier attempt may have created, its answer lost.
    fn of_lost_creation(id: Option<u64>) -> Self {
        id.map_or(Self::Missing, |id| Self::Exists { id, origin: Origin::CreatedUnseen })
    }
}

/// Where something in amoCRM comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This attempt created it.
    Created,
    /// An earlier attempt for this request created it without learning of it.
    CreatedUnseen,
    /// It was there before the request. Of a contact: the user of amoCRM whose it is.
    Existing { responsible: Option<u64> },
}

/// The lead's contact, for steps that come after it. Steps are taken in order, and each is recorded before the next one starts.
fn recorded_contact(lead: &Lead) -> u64 {
    lead.progress.contact_id().unwrap_or_default()
}

/// The lead's deal, for steps that come after it.
fn recorded_deal(lead: &Lead) -> u64 {
    lead.progress.deal_id().unwrap_or_default()
}

/// Makes `change` to the deal that it names; returns its id.
async fn change_deal(crm: &Client, change: &Value) -> Result<u64, CrmError> {
    let id = change["id"].as_u64().unwrap_or_default();
    crm.update_deal(id, change).await?;
    Ok(id)
}
