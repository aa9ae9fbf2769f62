//! Due requests back onto the queue.

use futures::{StreamExt, stream};
use lead::{BACKOFF_CAP, Lead, LeadId, Seconds, Status};
use storage::{Leads, Queue, SaveError, StorageError};

/// Requests handled at once.
const AT_ONCE: usize = 8;
/// Among so many due requests the oldest are looked for: one page of the index.
const LOOKED_AT: i32 = 1000;

/// Which requests to queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The time now: a lease that lasts longer is somebody's.
    pub now: Seconds,
    /// Those due by then.
    pub due_by: Seconds,
    /// When they are due again, should their message be lost. Until then no other run queues them.
    pub again_at: Seconds,
    /// At most so many.
    pub limit: usize,
    /// Those only if there are no others.
    pub last: Vec<LeadId>,
}

impl Wanted {
    /// Whoever waits, however long a pause is left, oldest first: for when amoCRM takes requests again. `interval` is the
    /// schedule's, which takes care of more than `limit`.
    #[must_use]
    pub const fn everybody(now: Seconds, interval: Seconds, limit: usize) -> Self {
        Self { now, due_by: now + interval * BACKOFF_CAP, again_at: now + 2 * interval, limit, last: Vec::new() }
    }

    /// Whether the lead is due, and nobody is delivering it.
    fn takes(&self, lead: &Lead) -> bool {
        let by = if matches!(lead.status, Status::Sending { .. }) { self.now } else { self.due_by };
        lead.due_at().is_some_and(|due_at| due_at <= by)
    }
}

/// Puts the wanted requests onto the queue, the oldest first, and counts them.
///
/// # Errors
/// When the table cannot be read. A request that cannot be queued is logged: it is found again when it is due again.
pub async fn requeue(leads: &Leads, queue: &Queue, wanted: Wanted) -> Result<usize, StorageError> {
    let mut ids = leads.due(wanted.due_by, LOOKED_AT).await?;
    // Ids begin with the time at which the dialog did.
    ids.sort_unstable_by_key(|id| (wanted.last.contains(id), *id));
    ids.truncate(wanted.limit);
    let queued = stream::iter(ids).map(|id| requeue_one(leads, queue, id, &wanted)).buffered(AT_ONCE);
    Ok(queued.filter(|queued| std::future::ready(*queued)).count().await)
}

async fn requeue_one(leads: &Leads, queue: &Queue, id: LeadId, wanted: &Wanted) -> bool {
    let done = async {
        let Some(mut lead) = leads.get(&id).await? else { return Ok(false) };
        // The index lags behind the table: somebody may have taken it meanwhile.
        if !wanted.takes(&lead.value) {
            return Ok(false);
        }
        let held_until = lead.value.held_until(wanted.now);
        lead.value.postpone(held_until.unwrap_or(wanted.again_at));
        match leads.save(&mut lead).await {
            Ok(()) => {}
            Err(SaveError::Conflict) => return Ok(false),
            Err(SaveError::Storage(error)) => return Err(error),
        }
        // Who has to wait is due when the wait is over, and found by the schedule then.
        match held_until {
            Some(_) => Ok(false),
            None => queue.enqueue(&lead).await.map(|()| true),
        }
    };
    let done: Result<bool, StorageError> = done.await;
    done.unwrap_or_else(|error| {
        tracing::error!(lead_id = %id, %error, "a request cannot be queued");
        false
    })
}

#[cfg(test)]
mod tests {
    use lead::Request;

    use super::*;

    fn lead(status: Status) -> Lead {
        Lead { status, ..Lead::new(Request::example(), 0) }
    }

    #[test]
    fn what_is_due_later_may_be_wanted_now_but_not_out_of_a_living_workers_hands() {
        let wanted = Wanted { now: 100, due_by: 400, again_at: 700, limit: 1, last: vec![] };
        let sending = |lease_until| Status::Sending { lease_until, worker: "w".to_owned(), in_doubt: false };
        assert!(wanted.takes(&lead(Status::Retry { due_at: 400, in_doubt: false, not_before: 0 })));
        assert!(!wanted.takes(&lead(Status::Retry { due_at: 401, in_doubt: false, not_before: 0 })));
        assert!(!wanted.takes(&lead(sending(101))), "its lease lasts");
        assert!(wanted.takes(&lead(sending(100))));
        assert!(!wanted.takes(&lead(Status::Sent { at: 1 })));
    }
}
