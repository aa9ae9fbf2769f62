//! How long a request is kept.

use crate::{Lead, Seconds, Status};

const DAY: Seconds = 24 * 3600;

/// How long a delivered lead is kept before DynamoDB deletes it, in seconds (30 days).
pub const RETENTION_AFTER_SENT: Seconds = 30 * DAY;

/// When the admins are told that a dead lead will be deleted, in seconds after it was given up (23 days).
const NOTICE_AFTER_DEATH: Seconds = 23 * DAY;

/// How long a dead lead is kept after they were told, in seconds (7 days).
const RETENTION_AFTER_NOTICE: Seconds = 7 * DAY;

impl Lead {
    /// When DynamoDB may delete it; `None` while it is not delivered, unless the admins were told that it will go.
    #[must_use]
    pub fn expires_at(&self) -> Option<Seconds> {
        match self.status {
            Status::Sent { at } => Some(at + RETENTION_AFTER_SENT),
            Status::Dead { .. } => self.expiry_told_at.map(|told_at| told_at + RETENTION_AFTER_NOTICE),
            Status::Pending { .. } | Status::Sending { .. } | Status::Retry { .. } => None,
        }
    }

    /// When the admins should be told that a dead lead will be deleted; `None` if there is nothing to tell.
    #[must_use]
    pub fn expiry_notice_due_at(&self) -> Option<Seconds> {
        match self.status {
            Status::Dead { at } if self.expiry_told_at.is_none() => Some(at + NOTICE_AFTER_DEATH),
            _ => None,
        }
    }

    /// The admins were told: from now on the lead expires, if nobody revives it.
    pub fn note_expiry_told(&mut self, now: Seconds) {
        self.expiry_told_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Backoff, Failure, Repeat, Request};

    #[test]
    fn a_dead_lead_expires_a_week_after_the_admins_were_told() {
        let refused = Failure { repeat: Repeat::Never, reason: "amoCRM refuses it".to_owned() };
        let backoff = Backoff { first: 1, longest: 9, max_attempts: 9 };
        let mut lead = Lead::new(Request::example(), 0);
        assert_eq!(lead.expiry_notice_due_at(), None);
        lead.fail(&refused, 100, backoff, 0.0);
        assert_eq!((lead.expires_at(), lead.expiry_notice_due_at()), (None, Some(100 + 23 * DAY)));
        lead.note_expiry_told(24 * DAY);
        assert_eq!((lead.expires_at(), lead.expiry_notice_due_at()), (Some(31 * DAY), None));

        assert!(lead.revive(25 * DAY));
        assert_eq!((lead.expires_at(), lead.expiry_notice_due_at()), (None, None), "it is tried again");
        lead.fail(&refused, 26 * DAY, backoff, 0.0);
        assert_eq!((lead.expires_at(), lead.expiry_notice_due_at()), (None, Some(49 * DAY)), "told once more");
    }
}
