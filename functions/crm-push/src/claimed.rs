//! A lead in this worker's hands.

use lead::{Lead, LeadId, Seconds};
use storage::Versioned;

/// A worker's lease on a lead, in seconds. It lasts at least as long as the function's timeout.
pub const LEASE: Seconds = 120;

/// The longest that a call to amoCRM takes with all its tries, including storing the result. A lease must last for it.
const MAX_CALL_SECONDS: Seconds = 45;

/// A lead that this worker has a lease on.
pub(crate) struct ClaimedLead {
    pub(crate) stored: Versioned<Lead>,
    lease_until: Seconds,
    steps_before: usize,
    /// The lead was read from a restored backup: what was done for it since the backup is not known.
    is_from_backup: bool,
}

impl ClaimedLead {
    pub(crate) fn new(stored: Versioned<Lead>, lease_until: Seconds, is_from_backup: bool) -> Self {
        let steps_before = stored.value.progress.steps().count();
        Self { stored, lease_until, steps_before, is_from_backup }
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

    /// Whether what the first unfinished step creates may exist in amoCRM already. For a lead from a backup that is true
    /// of every step.
    pub(crate) const fn is_in_doubt(&self) -> bool {
        self.is_from_backup || self.lead().is_in_doubt()
    }

    /// Whether the lease lasts for this many calls to amoCRM, one after the other.
    pub(crate) const fn has_time_for(&self, calls: Seconds, now: Seconds) -> bool {
        now + calls * MAX_CALL_SECONDS <= self.lease_until
    }

    /// Whether this attempt has recorded a step: then amoCRM has answered, whatever became of the rest.
    pub(crate) fn has_progressed(&self) -> bool {
        self.stored.value.progress.steps().count() > self.steps_before
    }
}
