//! The files of a delivered request, which are its photos and voice messages: work of their own, so that large files
//! never hold up a deal.

use serde::{Deserialize, Serialize};

use crate::{Backoff, Lead, Seconds, Status};

/// Photos on their way to the deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhotoJob {
    /// When `scheduled` puts it on the queue again, in case its message is lost.
    pub due_at: Seconds,
    /// A worker is uploading until then.
    #[serde(default)]
    pub lease_until: Seconds,
    /// Attempts that failed.
    #[serde(default)]
    pub failures: u32,
    /// Bytes uploaded so far.
    #[serde(default)]
    pub bytes: u64,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Lead {
    /// Whether photos are left to be brought to the deal.
    #[must_use]
    pub fn has_photos_left(&self) -> bool {
        self.photo_job.is_some()
    }

    /// When `scheduled` should put the photos on the queue; `None` when nothing is to be done.
    #[must_use]
    pub fn photos_due_at(&self) -> Option<Seconds> {
        self.photo_job.as_ref().map(|job| job.due_at)
    }

    /// Claims the photos until `now + lease`. False when there are none left, or another worker has them.
    pub fn claim_photos(&mut self, now: Seconds, lease: Seconds) -> bool {
        let Some(job) = self.photo_job.as_mut().filter(|job| job.lease_until <= now) else { return false };
        job.lease_until = now + lease;
        job.due_at = now + lease;
        true
    }

    /// Gives the photos back: they are due at `due_at`.
    pub fn put_photos_back(&mut self, due_at: Seconds) {
        if let Some(job) = &mut self.photo_job {
            (job.due_at, job.lease_until) = (due_at, 0);
        }
    }

    /// An attempt failed. False when it failed too often: then the photos are given up.
    pub fn fail_photos(&mut self, reason: &str, now: Seconds, backoff: Backoff, jitter: f64) -> bool {
        let Some(job) = &mut self.photo_job else { return false };
        job.failures += 1;
        job.error = Some(reason.to_owned());
        (job.due_at, job.lease_until) = (now + backoff.pause(job.failures, jitter), 0);
        job.failures < backoff.max_attempts
    }

    /// The photos are at the deal, or it is settled that they cannot be.
    pub fn finish_photos(&mut self) {
        self.photo_job = None;
        self.progress.photos_done = true;
    }

    /// Begins the work on photos once everything else is in amoCRM.
    pub(crate) fn begin_photos(&mut self, due_at: Seconds) {
        let wanted = self.request.file_count() > 0 && !self.progress.photos_done;
        self.photo_job = wanted.then_some(PhotoJob { due_at, lease_until: 0, failures: 0, bytes: 0, error: None });
    }

    /// Whether everything of the request, photos included, is in amoCRM.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        matches!(self.status, Status::Sent { .. }) && self.photo_job.is_none()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent_with_photos() -> Lead {
        let mut lead: Lead = serde_json::from_value(json!({
            "lead_id": "01JD0000000000000AK7QX3M01", "chat_id": 1, "status": { "is": "pending", "due_at": 0 },
            "request": {
                "id": "01JD0000000000000AK7QX3M01", "branch": "sell", "service": "", "topic": "", "fields": {},
                "customer": { "chat_id": 1, "name": "Анна", "phone": "+79001234567" }, "answers": [], "created_at": 1,
                "photos": [{ "file_id": "a", "unique_id": "b" }]
            }
        }))
        .unwrap();
        lead.succeed(100, 60);
        lead
    }

    #[test]
    fn photos_follow_a_sent_request_and_are_had_by_one_worker_at_a_time() {
        let mut lead = sent_with_photos();
        assert_eq!((lead.due_at(), lead.photos_due_at(), lead.is_complete()), (None, Some(160), false));
        assert!(lead.claim_photos(101, 120));
        assert!(!lead.claim_photos(220, 120), "another worker has them");
        assert!(lead.claim_photos(221, 120), "that one died");
        lead.put_photos_back(230);
        assert!(lead.claim_photos(231, 120));
        lead.finish_photos();
        assert!(lead.is_complete() && !lead.claim_photos(999, 120));
    }

    #[test]
    fn photos_that_fail_too_often_are_given_up() {
        let mut lead = sent_with_photos();
        let backoff = Backoff { first: 300, longest: 300, max_attempts: 2 };
        assert!(lead.fail_photos("no answer", 200, backoff, 0.0));
        assert_eq!(lead.photos_due_at(), Some(500));
        assert!(!lead.fail_photos("no answer", 600, backoff, 0.0));
    }
}
