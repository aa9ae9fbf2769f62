//! A form that went to amoCRM half-way, and that its customer finished later.

use crate::progress::step;
use crate::{Lead, Request, SEARCH_LAG, Seconds, Status};

impl Lead {
    /// Puts the finished request in the place of the unfinished one of the same id. It has to be delivered again: if its
    /// message is lost, it is due after `grace` seconds. A lead whose request is finished stays as it is.
    ///
    /// What amoCRM has stays recorded, so only missing steps are taken. If the deal may be there, `completes` asks for
    /// those that bring it up to date. What was in doubt stays in doubt. A worker that is delivering the unfinished
    /// request cannot store it any more and stops; nobody else delivers before its lease is over, because what it was
    /// creating is in doubt.
    pub fn complete(&mut self, request: Request, now: Seconds, grace: Seconds) {
        if self.request.unfinished.is_none() {
            return;
        }
        let due_at = now + grace;
        let retry =
            |in_doubt, not_before: Seconds| Status::Retry { due_at: due_at.max(not_before), in_doubt, not_before };
        self.status = match self.status {
            Status::Pending { .. } | Status::Sent { .. } => Status::Pending { due_at },
            Status::Sending { lease_until, .. } => retry(true, lease_until),
            Status::Retry { in_doubt, not_before, .. } => retry(in_doubt, not_before),
            Status::Dead { at } => retry(true, at + SEARCH_LAG), // what its last attempt left behind is not known
        };
        (self.attempts, self.error, self.error_text, self.photo_job) = (0, None, None, None);
        let unfinished = std::mem::replace(&mut self.request, request);
        self.keep_uploaded_files(&unfinished);
        let may_have_deal =
            self.progress.deal_id().is_some() || (self.progress.contact_id().is_some() && self.is_in_doubt());
        self.completes = may_have_deal.then_some(unfinished);
    }

    /// The request takes the deal that was made for `unfinished`, which nobody has touched: its customer has left that
    /// form and has sent this one instead.
    pub fn take_over(&mut self, deal_id: u64, unfinished: Request) {
        self.progress.record(step::DEAL, deal_id);
        self.completes = Some(unfinished);
    }

    /// The request joins a deal that was there before it.
    pub fn join(&mut self, deal_id: u64) {
        self.progress.record(step::DEAL, deal_id);
        self.progress.joined_deal = true;
    }

    /// Whether the note with the request's newest answers is written.
    #[must_use]
    pub fn is_noted(&self) -> bool {
        let note = if self.completes.is_some() { step::COMPLETION_NOTE } else { step::NOTE };
        self.progress.id_of(note).is_some()
    }

    /// The deal that was to be changed is gone, or was closed before the request that joined it was written there: the
    /// request looks for its deal again, and that gets everything that belongs to one.
    pub fn start_over(&mut self) {
        self.completes = None;
        self.progress.keep_only(step::CONTACT);
        self.progress.joined_deal = false;
        self.progress.photos_done = false; // those uploaded are attached to the new deal
    }

    /// Files that are uploaded are not uploaded again: they stand first, as `progress` has them. One that the customer
    /// took back meanwhile stays, because the deal has it.
    fn keep_uploaded_files(&mut self, unfinished: &Request) {
        let Self { request, progress, .. } = self;
        let photos =
            uploaded_first(&mut request.photos, &unfinished.photos, progress.files.len(), |photo| &photo.unique_id);
        let voices = uploaded_first(&mut request.voices, &unfinished.voices, progress.voice_files.len(), |voice| {
            &voice.unique_id
        });
        progress.photos_done &= photos == 0 && voices == 0;
    }
}

/// Puts the first `uploaded` of the earlier files in front of those that are not among them. Returns how many of these
/// there are.
fn uploaded_first<T: Clone>(files: &mut Vec<T>, earlier: &[T], uploaded: usize, id: impl Fn(&T) -> &str) -> usize {
    let uploaded = &earlier[..uploaded.min(earlier.len())];
    files.retain(|file| uploaded.iter().all(|known| id(known) != id(file)));
    let new = files.len();
    files.splice(..0, uploaded.iter().cloned());
    new
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Photo, Refused, Voice};

    const NOW: Seconds = 10_000;
    const GRACE: Seconds = 60;

    fn unfinished() -> Request {
        Request { unfinished: Some("Цена".to_owned()), price: None, ..Request::example() }
    }

    fn lead(status: Status, steps: &[&str]) -> Lead {
        let mut lead = Lead { status, attempts: 3, ..Lead::new(unfinished(), GRACE) };
        for (step, id) in steps.iter().zip(501..) {
            lead.progress.record(step, id);
        }
        lead
    }

    fn photo(id: &str) -> Photo {
        Photo { file_id: format!("file-{id}"), unique_id: id.to_owned() }
    }

    fn sending(lease_until: Seconds) -> Status {
        Status::Sending { lease_until, worker: "w".to_owned(), in_doubt: false }
    }

    const fn retry(due_at: Seconds, in_doubt: bool, not_before: Seconds) -> Status {
        Status::Retry { due_at, in_doubt, not_before }
    }

    #[test]
    fn a_completed_lead_is_due_again_and_keeps_its_doubt() {
        let fresh = Status::Pending { due_at: NOW + GRACE };
        for (status, expected) in [
            (Status::Pending { due_at: 1 }, fresh.clone()),
            (Status::Sent { at: 1 }, fresh),
            (retry(NOW + 900, false, 0), retry(NOW + GRACE, false, 0)),
            (retry(NOW + 900, true, NOW + 30), retry(NOW + GRACE, true, NOW + 30)),
            (retry(NOW + 900, true, NOW + 500), retry(NOW + 500, true, NOW + 500)),
            (sending(NOW + 100), retry(NOW + 100, true, NOW + 100)),
            (Status::Dead { at: NOW - 5 }, retry(NOW + GRACE, true, NOW - 5 + SEARCH_LAG)),
        ] {
            let mut lead = lead(status.clone(), &["contact", "deal"]);
            lead.complete(Request::example(), NOW, GRACE);
            assert_eq!((&lead.status, lead.attempts), (&expected, 0), "{status:?}");
            assert_eq!((lead.request, lead.completes), (Request::example(), Some(unfinished())), "{status:?}");
            assert_eq!(lead.progress.deal_id(), Some(502), "{status:?}");
        }
    }

    #[test]
    fn nobody_delivers_while_the_worker_of_the_unfinished_request_may_be_creating_something() {
        let mut lead = lead(sending(NOW + 100), &["contact"]);
        lead.complete(Request::example(), NOW, GRACE);
        assert_eq!(lead.claim("other", NOW + 99, 120), Err(Refused::TooEarly { until: NOW + 100 }));
        assert_eq!(lead.claim("other", NOW + 100, 120), Ok(()));
        assert!(lead.is_in_doubt());
    }

    #[test]
    fn there_is_something_to_complete_only_if_amocrm_may_have_the_deal() {
        let contact: &[&str] = &["contact"];
        for (status, steps, may_have_deal) in [
            (Status::Pending { due_at: 1 }, &[] as &[&str], false),
            (Status::Sent { at: 1 }, &["contact", "deal", "note"], true),
            (retry(1, false, 0), contact, false),
            (retry(1, true, 0), contact, true),
            (retry(1, true, 0), &[], false),
            (retry(1, false, 0), &["contact", "deal"], true),
            (sending(NOW + 9), contact, true),
            (sending(NOW + 9), &[], false),
            (Status::Dead { at: 1 }, contact, true),
            (Status::Dead { at: 1 }, &[], false),
        ] {
            let mut lead = lead(status.clone(), steps);
            lead.complete(Request::example(), NOW, GRACE);
            assert_eq!(lead.completes.is_some(), may_have_deal, "{status:?} {steps:?}");
        }
    }

    #[test]
    fn completing_twice_is_completing_once() {
        let mut lead = lead(Status::Sent { at: 1 }, &["contact", "deal"]);
        lead.complete(Request::example(), NOW, GRACE);
        let completed = lead.clone();
        lead.complete(Request::example(), NOW + 5, GRACE);
        assert_eq!(lead, completed);
    }

    #[test]
    fn photos_are_added_and_none_is_uploaded_twice() {
        let mut lead = lead(Status::Pending { due_at: 1 }, &["contact", "deal"]);
        lead.request.photos = ["a", "b"].map(photo).to_vec();
        lead.succeed(1, GRACE);
        lead.progress.files = ["uuid-a", "uuid-b"].map(|uuid| Some(uuid.to_owned())).to_vec();
        lead.finish_photos();
        let mut finished = Request::example();
        finished.photos = ["c", "a"].map(photo).to_vec();
        lead.complete(finished, NOW, GRACE);
        assert_eq!(lead.request.photos, ["a", "b", "c"].map(photo));
        assert!(!lead.has_photos_left(), "they follow the request");
        lead.succeed(NOW, GRACE);
        assert!(lead.has_photos_left());
        assert_eq!(lead.progress.files.len(), 2, "only the third is left to upload");
    }

    #[test]
    fn photos_that_a_worker_has_not_uploaded_yet_are_those_of_the_finished_request() {
        let mut lead = lead(Status::Pending { due_at: 1 }, &["contact", "deal"]);
        lead.request.photos = ["a", "b"].map(photo).to_vec();
        lead.succeed(1, GRACE);
        assert!(lead.claim_photos(2, 120));
        lead.progress.files = vec![Some("uuid-a".to_owned())];
        let mut finished = Request::example();
        finished.photos = ["b", "a"].map(photo).to_vec();
        lead.complete(finished, NOW, GRACE);
        assert_eq!(lead.request.photos, ["a", "b"].map(photo));
    }

    #[test]
    fn without_new_photos_those_at_the_deal_are_done() {
        let mut lead = lead(Status::Sent { at: 1 }, &["contact", "deal"]);
        lead.request.photos = vec![photo("a")];
        lead.progress.files = vec![Some("uuid-a".to_owned())];
        lead.finish_photos();
        lead.complete(Request { photos: vec![photo("a")], ..Request::example() }, NOW, GRACE);
        lead.succeed(NOW, GRACE);
        assert!(lead.is_complete());
    }

    #[test]
    fn a_request_whose_deal_is_gone_starts_over_with_its_contact() {
        let mut lead = lead(Status::Sent { at: 1 }, &["contact", "deal", "note", "task"]);
        lead.progress.photos_done = true;
        lead.complete(Request::example(), NOW, GRACE);
        lead.start_over();
        assert_eq!(lead.progress.steps().collect::<Vec<_>>(), [("contact", 501)]);
        assert_eq!((lead.completes, lead.progress.photos_done), (None, false));
    }

    #[test]
    fn a_request_that_has_joined_a_deal_can_start_over_too() {
        let mut lead = lead(Status::Sent { at: 1 }, &["contact"]);
        lead.join(8001);
        assert_eq!((lead.progress.deal_id(), lead.progress.joined_deal), (Some(8001), true));
        lead.start_over();
        assert_eq!((lead.progress.deal_id(), lead.progress.joined_deal), (None, false));
    }

    #[test]
    fn the_note_of_a_completed_request_is_that_of_its_completion() {
        let mut lead = lead(Status::Sent { at: 1 }, &["contact", "deal"]);
        assert!(!lead.is_noted());
        lead.progress.record(step::NOTE, 1);
        assert!(lead.is_noted());
        lead.complete(Request::example(), NOW, GRACE);
        assert!(!lead.is_noted());
        lead.progress.record(step::COMPLETION_NOTE, 2);
        assert!(lead.is_noted());
    }

    #[test]
    fn voice_messages_that_are_uploaded_stand_first_too() {
        let voice = |id: &str| Voice { file_id: format!("file-{id}"), unique_id: id.to_owned() };
        let mut lead = lead(Status::Sent { at: 1 }, &["contact", "deal", "note"]);
        lead.request.photos = vec![photo("a")];
        lead.request.voices = ["x", "y"].map(voice).to_vec();
        (lead.progress.files, lead.progress.voice_files) =
            (vec![Some("uuid-a".to_owned())], vec![Some("uuid-x".to_owned())]);
        lead.progress.photos_done = true;
        let voices = ["z", "x"].map(voice).to_vec();
        lead.complete(Request { photos: vec![photo("a")], voices, ..Request::example() }, NOW, GRACE);
        assert_eq!((lead.request.photos, lead.request.voices), (vec![photo("a")], ["x", "z"].map(voice).to_vec()));
        assert!(!lead.progress.photos_done, "one is left to upload");
    }
}
