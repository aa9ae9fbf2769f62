//! A lead in this worker's hands.

use amocrm::{Concession, CrmError, FieldError, Shape};
use delivery::Obstacle;
use lead::{Failure, Lead, LeadId, Progress, Seconds, Trouble};
use serde_json::Value;
use storage::Versioned;
use telegram::ApiError;

/// A worker's lease on a lead, in seconds. The function's timeout is no longer.
pub const LEASE: Seconds = 120;

/// The longest a call to amoCRM may take with all its tries, and storing the result: a lease must last for that.
const LONGEST_CALL: Seconds = 45;

/// A claimed lead on its way through amoCRM.
pub(crate) struct Work {
    pub(crate) lead: Versioned<Lead>,
    /// Position of its message in the batch.
    pub(crate) message: usize,
    /// What the first unfinished step creates may exist unseen.
    pub(crate) in_doubt: bool,
    lease_until: Seconds,
    /// What amoCRM had when it was claimed.
    claimed: Progress,
    /// Why it goes no further; `None` while it does.
    pub(crate) end: Option<End>,
    /// Something failed that the steps after it need not wait for.
    pub(crate) late: Option<Failed>,
}

/// Why a lead goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The attempt failed.
    Failed(Failed),
    /// It was not tried; it is due then.
    PutBack { due_at: Seconds },
    /// It is another worker's now, or deleted.
    Lost,
    /// Its progress could not be stored: the message must come again.
    Unsaved,
}

/// A failed attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failed {
    pub(crate) failure: Failure,
    /// Why amoCRM could not take it, and might not take others either; `None` when it was about this request only.
    pub(crate) obstacle: Option<Obstacle>,
}

impl Failed {
    pub(crate) fn of(error: &CrmError) -> Self {
        Self { failure: error.failure(), obstacle: Obstacle::of(error) }
    }

    pub(crate) fn by_telegram(error: &ApiError) -> Self {
        Self::unfinished(&format!("a photo cannot be read: {error}"))
    }

    /// amoCRM answers, but too slowly for one attempt.
    pub(crate) fn slow() -> Self {
        let reason = "amoCRM answers too slowly";
        Self { obstacle: Some(Obstacle::passing(reason)), ..Self::unfinished(reason) }
    }

    /// The attempt ended before everything was done, and not through amoCRM's fault.
    pub(crate) fn unfinished(reason: &str) -> Self {
        let trouble = Trouble::Later { pause: None, in_doubt: false };
        Self { failure: Failure { trouble, reason: reason.to_owned() }, obstacle: None }
    }
}

impl Work {
    pub(crate) fn new(lead: Versioned<Lead>, message: usize, in_doubt: bool, lease_until: Seconds) -> Self {
        let claimed = lead.value.progress.clone();
        Self { lead, message, in_doubt, lease_until, claimed, end: None, late: None }
    }

    /// Whether this attempt has brought anything into amoCRM, whatever became of the rest.
    pub(crate) fn has_got_on(&self) -> bool {
        let ids = |progress: &Progress| {
            let Progress { contact_id, deal_id, note_id, task_id, files, .. } = progress;
            ([*contact_id, *deal_id, *note_id, *task_id].into_iter().flatten().count(), files.len())
        };
        ids(&self.lead.value.progress) > ids(&self.claimed)
    }

    pub(crate) fn id(&self) -> LeadId {
        self.lead.value.lead_id
    }

    pub(crate) fn is_active(&self) -> bool {
        self.end.is_none()
    }

    /// What follows from the attempt, if it failed.
    pub(crate) fn trouble(&mut self) -> Option<&mut Trouble> {
        match &mut self.end {
            Some(End::Failed(failed)) => Some(&mut failed.failure.trouble),
            _ => None,
        }
    }

    /// Gives an untried lead back.
    pub(crate) fn put_back(&mut self, due_at: Seconds) {
        if self.is_active() {
            self.end = Some(End::PutBack { due_at });
        }
    }

    /// Whether the lease may end before another call does.
    pub(crate) fn is_late(&self, now: Seconds) -> bool {
        self.seconds_left(now) < 0
    }

    /// Whether the lease may end before a contact that is looked for now could be created and recorded.
    pub(crate) fn is_late_to_look(&self, now: Seconds) -> bool {
        self.seconds_left(now) < LONGEST_CALL
    }

    /// How long this worker has had the lead.
    pub(crate) fn seconds_held(&self, now: Seconds) -> Seconds {
        now - (self.lease_until - LEASE)
    }

    /// How long another call may still be begun.
    pub(crate) fn seconds_left(&self, now: Seconds) -> Seconds {
        self.lease_until - LONGEST_CALL - now
    }

    pub(crate) fn is_stopped_by_crm(&self) -> bool {
        matches!(&self.end, Some(End::Failed(failed)) if failed.obstacle.is_some()) && !self.has_got_on()
    }

    /// Gives up what of `item` amoCRM refuses. False when it refuses something that the item cannot do without, or that was
    /// given up already.
    pub(crate) fn concede(&mut self, shape: &Shape, item: &Value, errors: &[FieldError]) -> bool {
        let Some(concessions) = shape.concessions(&self.lead.value, item, errors) else { return false };
        let progress = &mut self.lead.value.progress;
        let before = progress.refused_fields.len();
        for concession in concessions {
            if concession == Concession::Contact {
                // The contact was deleted or merged: the next attempt looks for the customer's contact again.
                progress.contact_id = None;
                return false;
            }
            let key = concession.key();
            if progress.refused_fields.iter().all(|held| *held != key) {
                progress.refused_fields.push(key.into_owned());
            }
        }
        progress.refused_fields.len() > before
    }
}
