//! The state of a request's delivery, and what may follow what.
//!
//! ```text
//! pending ─┐                                   ┌─> sent
//!          ├─ claim ─> sending (under a lease) ┼─> retry (next attempt at …) ─> claim …
//! dead ────┘ revive                            └─> dead (told to the admin)
//! ```
//! A lease that ran out means that the worker died in the middle: the lead may be claimed again, and whatever the last
//! worker was creating is in doubt.

use serde::{Deserialize, Serialize};

use crate::{LeadId, RETENTION_AFTER_SENT, Request, Seconds};

/// A request and the state of its delivery; the item of the Leads table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Key of the table, the request's id.
    pub lead_id: LeadId,
    /// Key of the by-chat index.
    pub chat_id: i64,
    /// What the customer asked for.
    pub request: Request,
    /// Where the delivery stands.
    pub status: Status,
    /// Deliveries begun so far.
    #[serde(default)]
    pub attempts: u32,
    /// What amoCRM has already.
    #[serde(default)]
    pub progress: Progress,
    /// Why the last attempt failed, for the operator: no personal data, no tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Where the delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Status {
    /// Stored, never tried. The queue carries its id; if that message is lost, it is due at `due_at`.
    Pending {
        /// When `scheduled` puts it on the queue again.
        due_at: Seconds,
    },
    /// A worker is delivering it.
    Sending {
        /// From then on another worker may claim it.
        lease_until: Seconds,
        /// Whose lease it is.
        worker: String,
        /// The creation that was running when the lease began may have happened unseen.
        in_doubt: bool,
    },
    /// It failed for now.
    Retry {
        /// When it is tried again.
        due_at: Seconds,
        /// Something may have been created whose answer was lost: look before creating.
        in_doubt: bool,
    },
    /// Everything is in amoCRM.
    Sent {
        /// When.
        at: Seconds,
    },
    /// amoCRM refuses it; a person must act (`carquery leads retry`).
    Dead {
        /// When it was given up.
        at: Seconds,
    },
}

/// What amoCRM has of a lead already, step by step. A step's id is stored before the next step starts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_id: Option<u64>,
    /// The deal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deal_id: Option<u64>,
    /// Values that amoCRM refused as custom fields; the note carries them instead.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_fields: Vec<String>,
    /// The note with the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note_id: Option<u64>,
    /// amoCRM's uuid of each photo uploaded so far, in the order of [`Request::photos`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The photos are attached to the deal, or it is settled that they cannot be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub photos_done: bool,
    /// The call-back task; 0 when switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<u64>,
}

/// A claimed lead: what a worker may rely on while its lease lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Something of an earlier attempt may exist unseen in amoCRM: look before creating.
    pub in_doubt: bool,
}

/// Why a lead cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is in amoCRM already.
    AlreadySent,
    /// It waits for the operator.
    IsDead,
    /// Another worker's lease still lasts.
    Leased {
        /// Until then.
        until: Seconds,
    },
}

/// How an attempt failed. Whether it may be repeated is this type, never a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What follows from it.
    pub trouble: Trouble,
    /// A line for the operator: no personal data, no tokens.
    pub reason: String,
}

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// amoCRM cannot take anything now (429, 5xx, no connection, no valid token): try again later.
    Later {
        /// Not before this many seconds, where amoCRM asked for a pause.
        pause: Option<Seconds>,
        /// Something may have been created although no answer came.
        in_doubt: bool,
    },
    /// amoCRM refuses this lead and will refuse it again.
    Never,
}

/// How long to wait between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first pause, `RETRY_INTERVAL_SECONDS`; it doubles up to [`BACKOFF_CAP`] times itself.
    pub base: Seconds,
    /// After so many attempts a lead that still fails is dead (`LEAD_MAX_ATTEMPTS`).
    pub max_attempts: u32,
}

/// amoCRM's search does not know a new contact for up to 30 s; so long, with a margin, nobody may conclude from an empty
/// search that there is none.
pub const SEARCH_LAG: Seconds = 45;

/// The longest pause, in multiples of the first: 5 min grow to 360 min.
pub const BACKOFF_CAP: Seconds = 72;

impl Backoff {
    /// Seconds before attempt number `attempts + 1`; `jitter` in 0..1 spreads a crowd over the last quarter.
    #[must_use]
    pub fn pause(&self, attempts: u32, jitter: f64) -> Seconds {
        let factor = 1_i64.checked_shl(attempts.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(BACKOFF_CAP);
        let full = self.base.saturating_mul(factor.min(BACKOFF_CAP));
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "minutes, not aeons")]
        let spread = (full as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as Seconds;
        (full - spread).max(1)
    }
}

impl Lead {
    /// A lead as it is born, in the transaction that ends the dialog.
    #[must_use]
    pub fn new(request: Request, grace: Seconds) -> Self {
        let due_at = request.created_at + grace;
        Self {
            lead_id: request.id,
            chat_id: request.customer.chat_id,
            request,
            status: Status::Pending { due_at },
            attempts: 0,
            progress: Progress::default(),
            error: None,
        }
    }

    /// When `scheduled` should put the lead on the queue; `None` when nothing is to be done. Key of the `due` index.
    #[must_use]
    pub fn due_at(&self) -> Option<Seconds> {
        match self.status {
            Status::Pending { due_at } | Status::Retry { due_at, .. } => Some(due_at),
            Status::Sending { lease_until, .. } => Some(lease_until),
            Status::Sent { .. } | Status::Dead { .. } => None,
        }
    }

    /// When DynamoDB may delete it; `None` while it is not delivered.
    #[must_use]
    pub fn expires_at(&self) -> Option<Seconds> {
        match self.status {
            Status::Sent { at } => Some(at + RETENTION_AFTER_SENT),
            _ => None,
        }
    }

    /// Claims the lead for `worker` until `now + lease`.
    ///
    /// # Errors
    /// When it is delivered, dead, or under another worker's lease.
    pub fn claim(&mut self, worker: &str, now: Seconds, lease: Seconds) -> Result<Attempt, Refused> {
        let in_doubt = match self.status {
            Status::Pending { .. } => false,
            Status::Retry { in_doubt, .. } => in_doubt,
            Status::Sending { lease_until, .. } if lease_until <= now => true,
            Status::Sending { lease_until, .. } => return Err(Refused::Leased { until: lease_until }),
            Status::Sent { .. } => return Err(Refused::AlreadySent),
            Status::Dead { .. } => return Err(Refused::IsDead),
        };
        self.attempts += 1;
        self.status = Status::Sending { lease_until: now + lease, worker: worker.to_owned(), in_doubt };
        Ok(Attempt { in_doubt })
    }

    /// Everything is in amoCRM.
    pub fn succeed(&mut self, now: Seconds) {
        self.status = Status::Sent { at: now };
        self.error = None;
    }

    /// The attempt failed: wait for the next one, or give up.
    pub fn fail(&mut self, failure: &Failure, now: Seconds, backoff: Backoff, jitter: f64) {
        self.error = Some(failure.reason.clone());
        self.status = match failure.trouble {
            Trouble::Never => Status::Dead { at: now },
            Trouble::Later { .. } if self.attempts >= backoff.max_attempts => Status::Dead { at: now },
            Trouble::Later { pause, in_doubt } => {
                Status::Retry { due_at: now + backoff.pause(self.attempts, jitter).max(pause.unwrap_or(0)), in_doubt }
            }
        };
    }

    /// Gives the lead back untried, as when amoCRM is known to be down: the attempt does not count.
    pub fn put_back(&mut self, due_at: Seconds) {
        let in_doubt = matches!(self.status, Status::Sending { in_doubt: true, .. });
        self.attempts = self.attempts.saturating_sub(1);
        self.status = Status::Retry { due_at, in_doubt };
    }

    /// Makes an undelivered lead due at once, even one under a lease. Only for whoever knows that no worker is alive. One
    /// whose contact a dead worker may just have created is due when amoCRM's search would find it.
    pub fn release(&mut self, now: Seconds) {
        let search_knows = if self.progress.contact_id.is_some() { now } else { now + SEARCH_LAG };
        match &mut self.status {
            Status::Pending { due_at } | Status::Retry { due_at, in_doubt: false } => *due_at = now,
            Status::Retry { due_at, .. } => *due_at = (*due_at).min(search_knows),
            Status::Sending { lease_until, .. } => *lease_until = (*lease_until).min(search_knows),
            Status::Sent { .. } | Status::Dead { .. } => {}
        }
    }

    /// The operator's «try again»: a dead or waiting lead is due at once, with its attempts forgotten. False when it is
    /// delivered or being delivered.
    pub fn revive(&mut self, now: Seconds) -> bool {
        let in_doubt = match self.status {
            Status::Dead { .. } => true, // what its last attempt left behind is not known
            Status::Retry { in_doubt, .. } => in_doubt,
            Status::Pending { .. } => false,
            Status::Sending { .. } | Status::Sent { .. } => return false,
        };
        self.attempts = 0;
        self.status = Status::Retry { due_at: now, in_doubt };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Customer;

    fn lead(status: Status, contact_id: Option<u64>) -> Lead {
        let request = Request {
            id: "01JD0000000000000AK7QX3M9Q".parse().expect("it is an id"),
            branch: String::new(),
            service: String::new(),
            topic: String::new(),
            customer: Customer { chat_id: 1, username: None, name: String::new(), phone: String::new() },
            price: None,
            fields: std::collections::BTreeMap::new(),
            answers: Vec::new(),
            photos: Vec::new(),
            created_at: 0,
        };
        let progress = Progress { contact_id, ..Progress::default() };
        Lead { status, progress, ..Lead::new(request, 0) }
    }

    #[test]
    fn a_released_lead_waits_only_for_a_contact_that_search_may_not_know_yet() {
        let sending = |lease_until| Status::Sending { lease_until, worker: "w".to_owned(), in_doubt: false };
        let doubtful = |due_at| Status::Retry { due_at, in_doubt: true };
        for (status, contact_id, due_at) in [
            (Status::Pending { due_at: 900 }, None, 100),
            (Status::Retry { due_at: 900, in_doubt: false }, None, 100),
            (sending(900), Some(7), 100),
            (sending(900), None, 100 + SEARCH_LAG),
            (doubtful(900), None, 100 + SEARCH_LAG),
            (doubtful(110), None, 110),
        ] {
            let mut lead = lead(status.clone(), contact_id);
            lead.release(100);
            assert_eq!(lead.due_at(), Some(due_at), "{status:?}");
        }
    }
}
