//! What a delivery creates, step by step: a file each. A new step is a file here and a line in [`STEPS`].

mod change;
mod contact;
mod deal;
mod note;
mod task;

use amocrm::{Client, CrmError};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use lead::{Lead, Request, Seconds};
use serde_json::Value;

use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;
pub(crate) use task::CALL_BACK_STEP;

/// The steps in their order. What completes an unfinished request comes last: what an earlier attempt left in doubt is
/// then still the first step that is not recorded.
pub(crate) const STEPS: &[&dyn Step] = &[
    &contact::ContactStep,
    &deal::DealStep,
    &change::FILL,
    &note::NOTE,
    &task::CALL_BACK,
    &change::COMPLETION,
    &change::STAGE,
    &note::COMPLETION_NOTE,
];

/// The names of the steps of a lead's delivery in their order, as `lead::Progress` has them.
pub fn step_names(lead: &Lead) -> impl Iterator<Item = &'static str> + use<> {
    let steps: Vec<_> = STEPS.iter().filter(|step| step.belongs_to(lead)).map(|step| step.name()).collect();
    steps.into_iter()
}

/// Creates or changes one thing in amoCRM for a request. [`StepContext::ensure`] calls it.
pub(crate) trait Step: Sync {
    /// Under this name the lead remembers what the step left.
    fn name(&self) -> &'static str;

    /// Whether it is a step of this lead's delivery. The steps before it may decide that.
    fn belongs_to(&self, _lead: &Lead) -> bool {
        true
    }

    /// Whether the settings ask for it.
    fn is_wanted(&self, _context: &StepContext<'_>) -> bool {
        true
    }

    /// Whether it looks before it creates even without doubt: for something to use, or to find out what to create.
    fn always_looks(&self, _context: &StepContext<'_>, _lead: &Lead) -> bool {
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

    /// Looks for what exists already. `in_doubt`: an earlier try may have created it.
    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>>;

    /// Decides what has to be stored with the lead before anything is created. True if it has changed the lead.
    fn prepare<'a>(&'a self, _context: &'a StepContext<'_>, _lead: &'a mut Lead) -> BoxFuture<'a, bool> {
        ready(false).boxed()
    }

    /// What to create, at least one item, unless looking has shown it ([`LookUp::Lacking`]).
    fn items(&self, _context: &StepContext<'_>, _lead: &Lead) -> Vec<Value> {
        Vec::new()
    }

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

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookUp {
    Exists {
        id: u64,
        origin: Origin,
    },
    Missing,
    /// Not yet: create it, or change the deal, like this.
    Lacking(Vec<Value>),
    /// The deal is not there any more, or the request cannot join it any more.
    DealGone,
    /// It may exist, but cannot be seen before then.
    NotBefore(Seconds),
    /// The lease would not last through the look-up.
    NoTime,
}

impl LookUp {
    /// What an earlier attempt may have created, its answer lost.
    fn of_lost_creation(id: Option<u64>) -> Self {
        id.map_or(Self::Missing, |id| Self::Exists { id, origin: Origin::CreatedUnseen })
    }
}

/// Where something in amoCRM comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// This attempt created it.
    Created,
    /// An earlier attempt for this request created it without learning of it.
    CreatedUnseen,
    /// It was there before the request; `responsible` is whose it is, as far as amoCRM says.
    Existing { responsible: Option<u64> },
    /// It was made for this request of the same customer, who had left it unfinished.
    OfUnfinished(Box<Request>),
}

/// The lead's contact, for steps that come after it. Steps are taken in order, and each is recorded before the next one
/// starts.
fn recorded_contact(lead: &Lead) -> u64 {
    lead.progress.contact_id().unwrap_or_default()
}

/// The lead's deal, for steps that come after it.
fn recorded_deal(lead: &Lead) -> u64 {
    lead.progress.deal_id().unwrap_or_default()
}
