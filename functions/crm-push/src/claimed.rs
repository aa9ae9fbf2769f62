//! A request in this worker's hands, and how an attempt to deliver it may end.

use std::fmt;

use amocrm::{CrmError, Doubt};
use delivery::{Obstacle, text_of_error};
use lead::{Failure, Lead, LeadId, SEARCH_LAG, Seconds, Trouble};
use storage::Versioned;
use texts::Language;

/// A worker's lease on a request, in seconds. The function's timeout is no longer.
pub const LEASE: Seconds = 120;

/// The longest a call to amoCRM may take with all its tries, and storing the result: a lease must last for that.
const LONGEST_CALL: Seconds = 45;

/// A request that this worker has a lease on.
pub(crate) struct ClaimedLead {
    pub(crate) stored: Versioned<Lead>,
    lease_until: Seconds,
    steps_before: usize,
}

impl ClaimedLead {
    pub(crate) fn new(stored: Versioned<Lead>, lease_until: Seconds) -> Self {
        let steps_before = stored.value.progress.steps().count();
        Self { stored, lease_until, steps_before }
    }

    pub(crate) const fn id(&self) -> LeadId {
        self.stored.value.lead_id
    }

    pub(crate) const fn lead(&self) -> &Lead {
        &self.stored.value
    }

    pub(crate) const fn lead_mut(&mut self) -> &mut Lead {
        &mut self.stored.value
    }

    /// Whether the lease lasts for this many calls to amoCRM, one after the other.
    pub(crate) const fn has_time_for(&self, calls: Seconds, now: Seconds) -> bool {
        now + calls * LONGEST_CALL <= self.lease_until
    }

    /// Whether this attempt has brought anything into amoCRM, whatever became of the rest.
    pub(crate) fn has_progressed(&self) -> bool {
        self.stored.value.progress.steps().count() > self.steps_before
    }
}

/// Why an attempt ended before everything was in amoCRM.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// It failed.
    Failed(Failed),
    /// It was not tried, or cannot be tried before then.
    PutBack { due_at: Seconds },
    /// Another worker took the request over, or the customer had it deleted.
    Lost,
    /// Its progress could not be stored: the message must come again.
    NotStored,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) trouble: Trouble,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Reason {
    Crm(CrmError),
    TooSlow,
    WorkersStopped,
}

impl Failed {
    pub(crate) fn because_of(error: CrmError) -> Self {
        Self { trouble: error.failure().trouble, reason: Reason::Crm(error) }
    }

    /// A look-up failed. Whatever amoCRM says to a look-up, it does not refuse the request. After a creation whose answer was
    /// lost (`in_doubt`), the request waits until that could be seen.
    pub(crate) fn on_lookup(error: CrmError, in_doubt: bool) -> Self {
        let mut failed = Self::because_of(error);
        let pause = match failed.trouble {
            Trouble::Later { pause, .. } => pause,
            Trouble::Never => None,
        };
        let pause = if in_doubt { Some(pause.unwrap_or(0).max(SEARCH_LAG)) } else { pause };
        failed.trouble = Trouble::Later { pause, in_doubt };
        failed
    }

    /// amoCRM answers, but too slowly for one attempt.
    pub(crate) const fn too_slow() -> Self {
        Self { trouble: LATER, reason: Reason::TooSlow }
    }

    /// Earlier workers died in the middle too often.
    pub(crate) const fn workers_stopped() -> Self {
        Self { trouble: LATER, reason: Reason::WorkersStopped }
    }

    pub(crate) fn failure(&self) -> Failure {
        Failure { trouble: self.trouble, reason: self.to_string() }
    }

    /// Why amoCRM could not take this request, and might not take others either; `None` when it was about this one only.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        match &self.reason {
            Reason::Crm(error) => Obstacle::of(error),
            Reason::TooSlow => Some(Obstacle::slow()),
            Reason::WorkersStopped => None,
        }
    }

    /// The reason as admins read it.
    pub(crate) fn text(&self, language: Language) -> String {
        match &self.reason {
            Reason::Crm(error) => text_of_error(error, language),
            Reason::TooSlow => language.text("crm-error-slow"),
            Reason::WorkersStopped => language.text("crm-error-worker-stopped"),
        }
    }
}

const LATER: Trouble = Trouble::Later { pause: None, in_doubt: false };

/// For operators.
impl fmt::Display for Failed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Crm(error) => error.fmt(out),
            Reason::TooSlow => out.write_str("amoCRM answers too slowly"),
            Reason::WorkersStopped => out.write_str("its workers were stopped in the middle"),
        }
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// Whether amoCRM may have carried out a creation that failed so.
pub(crate) fn may_have_happened(error: &CrmError) -> bool {
    error.doubt() != Doubt::No
}
