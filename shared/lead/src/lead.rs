//! The state of a lead's delivery, and what may follow what.
//!
//! ```text
//! pending ─┐                                   ┌─> sent ─ complete ─> pending …
//!          ├─ claim ─> sending (under a lease) ┼─> retry (next attempt at …) ─> claim …
//! dead ────┘ revive                            └─> dead (told to the admin)
//! ```
//! A lease that ran out means that the worker died in the middle: the lead may be claimed again, and whatever the last
//! worker was creating is in doubt. [`Lead::complete`] is for a form that was stored unfinished.

use serde::{Deserialize, Serialize};

use crate::{LeadId, PhoneSource, PhotoJob, Progress, Request, Seconds};

/// A request and the state of its delivery; the item of the Leads table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Key of the table, the request's id.
    pub lead_id: LeadId,
    /// Key of the by-chat index.
    pub chat_id: i64,
    /// What the customer asked for.
    pub request: Request,
    /// The same request as it was when the customer had left it half-way, if amoCRM may have its deal: `request`
    /// completes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completes: Option<Request>,
    /// Where the delivery stands.
    pub status: Status,
    /// The user of amoCRM who gets contact, deal and task: chosen from the dealer's team once, before anything is
    /// created. `None`: not chosen yet, or nobody of the team takes the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub responsible: Option<u64>,
    /// Deliveries begun so far.
    #[serde(default)]
    pub attempts: u32,
    /// What amoCRM has already.
    #[serde(default)]
    pub progress: Progress,
    /// Photos that are still to be brought to the deal; the request counts as sent without them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub photo_job: Option<PhotoJob>,
    /// Why the last attempt failed, for the operator: no personal data, no tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same as admins read it, in their language. The caller sets it after [`Self::fail`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_text: Option<String>,
    /// When the admins were told that this dead lead will be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expiry_told_at: Option<Seconds>,
}

/// Where the delivery stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Status {
    /// Stored, and not tried since. The queue carries its id; if that message is lost, it is due at `due_at`.
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
        /// It must not be tried earlier: amoCRM asked for a pause, or what may have been created cannot be seen yet.
        #[serde(default)]
        not_before: Seconds,
    },
    /// Everything is in amoCRM.
    Sent { at: Seconds },
    /// amoCRM refuses it, or it failed too often; a person must act (`carquery leads retry`).
    Dead {
        /// When it was given up.
        at: Seconds,
    },
}

/// Why a lead cannot be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It is in amoCRM already.
    AlreadySent,
    /// It waits for the operator.
    IsDead,
    /// Another worker's lease still lasts.
    Leased { until: Seconds },
    /// Its pause still lasts.
    TooEarly { until: Seconds },
}

/// How an attempt failed. Whether it may be repeated is a type, never a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// A line for the operator: no personal data, no tokens.
    pub reason: String,
}

/// Whether a failed attempt may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
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
    /// The first pause; each doubles the one before.
    pub first: Seconds,
    pub longest: Seconds,
    /// After this many attempts a lead that still fails is dead (`LEAD_MAX_ATTEMPTS`).
    pub max_attempts: u32,
}

/// Seconds for which an empty search does not prove that there is no such contact. amoCRM's search does not know a new
/// one for up to 30 s; this adds a margin.
pub const SEARCH_LAG: Seconds = 45;

/// Seconds for which a creation may still be carried out after its caller died: a little longer than a call's timeout.
const SETTLING: Seconds = 12;

/// No lead is held for longer, in seconds. A later time was written while the clock was ahead.
const MAX_HOLD: Seconds = 3600;

impl Backoff {
    /// Seconds before attempt number `attempts + 1`; `jitter` in 0..1 spreads a crowd over the last quarter.
    #[must_use]
    pub fn pause(&self, attempts: u32, jitter: f64) -> Seconds {
        let factor = 1_i64.checked_shl(attempts.saturating_sub(1)).filter(|factor| *factor > 0).unwrap_or(Seconds::MAX);
        let full = self.first.saturating_mul(factor).min(self.longest);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "minutes, not aeons")]
        let spread = (full as f64 * 0.25 * jitter.clamp(0.0, 1.0)) as Seconds;
        (full - spread).max(1)
    }
}

impl Lead {
    /// A new lead, for the transaction that ends the dialog. It is due after `grace` seconds, if its queue message is lost.
    #[must_use]
    pub fn new(request: Request, grace: Seconds) -> Self {
        let due_at = request.created_at + grace;
        Self {
            lead_id: request.id,
            chat_id: request.customer.chat_id,
            request,
            completes: None,
            status: Status::Pending { due_at },
            responsible: None,
            attempts: 0,
            progress: Progress::default(),
            photo_job: None,
            error: None,
            error_text: None,
            expiry_told_at: None,
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

    /// Claims the lead for `worker` until `now + lease`.
    ///
    /// # Errors
    /// When it is delivered, dead, under another worker's lease, or has to wait.
    pub fn claim(&mut self, worker: &str, now: Seconds, lease: Seconds) -> Result<(), Refused> {
        let in_doubt = match self.status {
            Status::Pending { .. } => false,
            Status::Retry { not_before, .. } if not_before > now => {
                return Err(Refused::TooEarly { until: not_before });
            }
            Status::Retry { in_doubt, .. } => in_doubt,
            Status::Sending { lease_until, .. } if lease_until <= now => true,
            Status::Sending { lease_until, .. } => return Err(Refused::Leased { until: lease_until }),
            Status::Sent { .. } => return Err(Refused::AlreadySent),
            Status::Dead { .. } => return Err(Refused::IsDead),
        };
        self.attempts += 1;
        self.status = Status::Sending { lease_until: now + lease, worker: worker.to_owned(), in_doubt };
        Ok(())
    }

    /// Whether what the first unfinished step creates may exist in amoCRM already: look before creating.
    #[must_use]
    pub const fn is_in_doubt(&self) -> bool {
        matches!(self.status, Status::Sending { in_doubt: true, .. } | Status::Retry { in_doubt: true, .. })
    }

    /// The step in doubt is known to be done, and the next one was never begun.
    pub const fn end_doubt(&mut self) {
        if let Status::Sending { in_doubt, .. } = &mut self.status {
            *in_doubt = false;
        }
    }

    /// The request is in amoCRM. Its photos, if it has any, follow as work of their own: if their message is lost, they
    /// are due after `grace` seconds.
    pub fn succeed(&mut self, now: Seconds, grace: Seconds) {
        self.status = Status::Sent { at: now };
        (self.error, self.error_text) = (None, None);
        self.begin_photos(now + grace);
    }

    /// The attempt failed: wait for the next one, or give up.
    pub fn fail(&mut self, failure: &Failure, now: Seconds, backoff: Backoff, jitter: f64) {
        self.error = Some(failure.reason.clone());
        self.error_text = None;
        self.expiry_told_at = None;
        let was_in_doubt = self.is_in_doubt();
        self.status = match failure.repeat {
            Repeat::Never => Status::Dead { at: now },
            Repeat::Later { .. } if self.attempts >= backoff.max_attempts => Status::Dead { at: now },
            Repeat::Later { pause, in_doubt } => {
                let not_before = pause.map_or(0, |pause| now + pause);
                let due_at = (now + backoff.pause(self.attempts, jitter)).max(not_before);
                Status::Retry { due_at, in_doubt: in_doubt || was_in_doubt, not_before }
            }
        };
    }

    /// Gives the lead back untried, as when amoCRM is known to be down: the attempt does not count.
    pub fn put_back(&mut self, due_at: Seconds) {
        let in_doubt = self.is_in_doubt();
        self.uncount_attempt();
        self.status = Status::Retry { due_at, in_doubt, not_before: 0 };
    }

    /// The attempt that failed does not count.
    pub fn uncount_attempt(&mut self) {
        self.attempts = self.attempts.saturating_sub(1);
    }

    /// Makes an undelivered lead due at `due_at`, or when its pause is over. A worker whose lease ran out is taken for
    /// dead.
    pub fn postpone(&mut self, due_at: Seconds) {
        self.status = match &self.status {
            Status::Pending { .. } => Status::Pending { due_at },
            Status::Retry { in_doubt, not_before, .. } => {
                Status::Retry { due_at: due_at.max(*not_before), in_doubt: *in_doubt, not_before: *not_before }
            }
            Status::Sending { .. } => Status::Retry { due_at, in_doubt: true, not_before: 0 },
            settled @ (Status::Sent { .. } | Status::Dead { .. }) => settled.clone(),
        };
    }

    /// Whether the contact is certainly the customer's own: a number that was only typed may have led to a stranger's.
    #[must_use]
    pub fn contact_is_own(&self) -> bool {
        self.progress.created_contact || self.request.customer.phone_source == PhoneSource::OwnContact
    }

    /// Nobody may try the lead before then; `None` if anybody may now.
    #[must_use]
    pub fn held_until(&self, now: Seconds) -> Option<Seconds> {
        match self.status {
            Status::Retry { not_before, .. } if not_before > now => Some(not_before),
            _ => None,
        }
    }

    /// Makes an undelivered lead due as soon as possible, even one under a lease. Only for a caller that knows that no
    /// worker is alive. What a dead worker was creating may still be created for a moment; a contact is due to be
    /// looked for when amoCRM's search would find it.
    pub fn release(&mut self, now: Seconds) {
        match &mut self.status {
            Status::Pending { due_at } => *due_at = now,
            Status::Retry { due_at, not_before, .. } => {
                *not_before = (*not_before).min(now + MAX_HOLD);
                *due_at = (*not_before).max(now);
            }
            Status::Sending { lease_until, .. } => {
                let settled = now + if self.progress.contact_id().is_some() { SETTLING } else { SEARCH_LAG };
                *lease_until = (*lease_until).min(settled);
            }
            Status::Sent { .. } | Status::Dead { .. } => {}
        }
    }

    /// The operator's «try again»: a dead or waiting lead is due at once, with its attempts forgotten. False when it is
    /// delivered or being delivered.
    pub fn revive(&mut self, now: Seconds) -> bool {
        let (in_doubt, not_before) = match self.status {
            Status::Dead { at } => (true, at + SEARCH_LAG), // what its last attempt left behind is not known
            Status::Retry { in_doubt, not_before, .. } => (in_doubt, not_before),
            Status::Pending { .. } => (false, 0),
            Status::Sending { .. } | Status::Sent { .. } => return false,
        };
        self.attempts = 0;
        self.status = Status::Retry { due_at: now.max(not_before), in_doubt, not_before };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lead(status: Status, contact_id: Option<u64>) -> Lead {
        let mut progress = Progress::default();
        if let Some(id) = contact_id {
            progress.record(crate::step::CONTACT, id);
        }
        Lead { status, progress, ..Lead::new(Request::example(), 0) }
    }

    #[test]
    fn a_released_lead_waits_only_for_what_cannot_be_seen_yet() {
        let sending = |lease_until| Status::Sending { lease_until, worker: "w".to_owned(), in_doubt: false };
        let retry = |due_at, in_doubt, not_before| Status::Retry { due_at, in_doubt, not_before };
        for (status, contact_id, due_at) in [
            (Status::Pending { due_at: 900 }, None, 100),
            (retry(900, false, 0), None, 100),
            (retry(900, false, 130), None, 130),
            (sending(900), Some(7), 100 + SETTLING),
            (sending(900), None, 100 + SEARCH_LAG),
            (retry(900, true, 145), None, 145),
            (retry(900, true, 145), Some(7), 145),
            (retry(110, true, 50), None, 100),
            (retry(90_000, true, 90_000), None, 3700), // by a clock that was ahead
        ] {
            let mut lead = lead(status.clone(), contact_id);
            lead.release(100);
            assert_eq!(lead.due_at(), Some(due_at), "{status:?}");
            assert_eq!(lead.claim("w", due_at, 9).err(), None, "{status:?}");
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_a_quarter_of_each_is_random() {
        let backoff = Backoff { first: 300, longest: 21_600, max_attempts: 20 };
        assert_eq!(
            [1, 2, 3, 7, 8, 200].map(|attempts| backoff.pause(attempts, 0.0)),
            [300, 600, 1200, 19_200, 21_600, 21_600]
        );
        assert_eq!(backoff.pause(1, 1.0), 225);
    }

    #[test]
    fn what_a_dead_worker_was_creating_is_in_doubt() {
        let retry = |in_doubt, not_before| Status::Retry { due_at: 99, in_doubt, not_before };
        for (status, expected) in [
            (Status::Sending { lease_until: 10, worker: "w".to_owned(), in_doubt: false }, retry(true, 0)),
            (Status::Pending { due_at: 1 }, Status::Pending { due_at: 99 }),
            (Status::Retry { due_at: 1, in_doubt: true, not_before: 7 }, retry(true, 7)),
            (Status::Sent { at: 1 }, Status::Sent { at: 1 }),
            (Status::Dead { at: 1 }, Status::Dead { at: 1 }),
        ] {
            let mut lead = lead(status, None);
            lead.postpone(99);
            assert_eq!(lead.status, expected);
        }
    }

    #[test]
    fn a_lead_in_doubt_is_not_tried_before_what_it_left_could_be_seen() {
        let mut lead = lead(Status::Pending { due_at: 0 }, Some(7));
        let backoff = Backoff { first: 1, longest: 1, max_attempts: 9 };
        lead.claim("w", 100, 120).expect("it is free");
        let repeat = Repeat::Later { pause: Some(SEARCH_LAG), in_doubt: true };
        let failure = Failure { repeat, reason: "no answer".to_owned() };
        lead.fail(&failure, 110, backoff, 0.0);
        assert_eq!(lead.due_at(), Some(110 + SEARCH_LAG), "whatever the backoff");
        // A message that was late on its way, and somebody in a hurry.
        assert_eq!(lead.claim("w", 111, 120), Err(Refused::TooEarly { until: 110 + SEARCH_LAG }));
        assert!(lead.revive(112));
        assert_eq!(lead.due_at(), Some(110 + SEARCH_LAG));
        lead.postpone(120);
        assert_eq!(lead.due_at(), Some(110 + SEARCH_LAG));
        assert_eq!(lead.claim("w", 110 + SEARCH_LAG, 120), Ok(()));
        assert!(lead.is_in_doubt());
    }
}
