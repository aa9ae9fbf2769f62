//! Which messages a killed bot was about to send, as its log says: of these nobody can know whether they were sent.

use std::collections::BTreeSet;

use lead::LeadId;

/// In the log, before and after a job.
const BEGUN: &str = "does a job job=";
const DONE: &str = "did a job job=";

/// A job about a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestJob {
    /// Such as `card`.
    kind: String,
    /// Of the request, such as `K7QX-3M9Q`.
    number: String,
}

impl RequestJob {
    pub(super) fn new(kind: &str, number: &str) -> Self {
        Self { kind: kind.to_owned(), number: number.to_owned() }
    }

    /// By the name that the log gives it.
    fn read(job: &str) -> Option<Self> {
        let (kind, lead_id) = job.split_once(':')?;
        let lead_id: LeadId = lead_id.parse().ok()?;
        Some(Self::new(kind, &lead_id.request_number()))
    }
}

/// The jobs that were begun and not finished.
pub(super) fn cut_off_jobs(log: &str) -> BTreeSet<RequestJob> {
    let mut under_way = BTreeSet::new();
    for line in log.lines() {
        let job = |mark: &str| line.split_once(mark)?.1.split_whitespace().next();
        if let Some(job) = job(BEGUN) {
            under_way.insert(job);
        } else if let Some(job) = job(DONE) {
            under_way.remove(job);
        }
    }
    under_way.into_iter().filter_map(RequestJob::read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_job_that_was_not_finished_was_cut_off() {
        let log = "\
            18:18:13.08Z  INFO does a job job=card:01JD0000000000000AK7QX3M9Q\n\
            18:18:13.09Z  INFO does a job job=escalation:01JD0000000000000AK7QX3M9R\n\
            18:18:13.10Z  INFO did a job job=card:01JD0000000000000AK7QX3M9Q outcome=Ok(Sent)\n\
            18:18:13.11Z  INFO nothing to deliver lead_id=01JD0000000000000AK7QX3M9Q refused=AlreadySent\n";
        assert_eq!(Vec::from_iter(cut_off_jobs(log)), [RequestJob::new("escalation", "K7QX-3M9R")]);
        assert!(
            cut_off_jobs(&(log.to_owned() + "INFO did a job job=escalation:01JD0000000000000AK7QX3M9R\n")).is_empty()
        );
    }
}
