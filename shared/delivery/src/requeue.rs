//! Due leads back onto the queue.

use futures::{StreamExt, stream};
use lead::{Lead, LeadId, Seconds, Status};
use sales::Card;
use storage::{Leads, Queue, SalesChat, SaveError, StorageError, Versioned};

/// Leads handled at once.
const AT_ONCE: usize = 8;
/// The oldest are looked for among this many due leads: one page of the index.
const LOOKED_AT: i32 = 1000;

/// Which leads to queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequeueFilter {
    /// The time now: a lease that lasts longer belongs to a living worker.
    pub now: Seconds,
    /// Those due by then.
    pub due_by: Seconds,
    /// When they are due again, in case their message is lost. Until then no other run queues them.
    pub again_at: Seconds,
    pub limit: usize,
    /// These only if there are no others.
    pub last: Vec<LeadId>,
}

impl RequeueFilter {
    /// Every unsent lead, however long its pause would still last: for when amoCRM takes requests again.
    /// `retry_interval` is the schedule's, which takes care of more than `limit`.
    #[must_use]
    pub const fn all_unsent(now: Seconds, retry_interval: Seconds, limit: usize) -> Self {
        Self { now, due_by: Seconds::MAX, again_at: now + 2 * retry_interval, limit, last: Vec::new() }
    }

    /// Whether the lead is due, and nobody is delivering it.
    fn takes(&self, lead: &Lead) -> bool {
        let by = if matches!(lead.status, Status::Sending { .. }) { self.now } else { self.due_by };
        lead.due_at().is_some_and(|due_at| due_at <= by)
    }
}

/// Puts the leads that the filter takes onto the queue, the oldest first, and counts them.
///
/// # Errors
/// When the table cannot be read. A lead that cannot be queued is logged: it is found again when it is due again.
pub async fn requeue(leads: &Leads, queue: &Queue, filter: RequeueFilter) -> Result<usize, StorageError> {
    let mut ids = leads.due(filter.due_by, LOOKED_AT).await?;
    // Ids begin with the time at which the dialog started.
    ids.sort_unstable_by_key(|id| (filter.last.contains(id), *id));
    ids.truncate(filter.limit);
    let queued = stream::iter(ids).map(|id| requeue_one(leads, queue, id, &filter)).buffered(AT_ONCE);
    Ok(queued.filter(|queued| std::future::ready(*queued)).count().await)
}

async fn requeue_one(leads: &Leads, queue: &Queue, id: LeadId, filter: &RequeueFilter) -> bool {
    let done = async {
        let Some(mut lead) = leads.get_due(&id, filter.now).await? else { return Ok(false) };
        // The index lags behind the table: somebody may have taken it meanwhile.
        if !filter.takes(&lead.value) {
            return Ok(false);
        }
        let held_until = lead.value.held_until(filter.now);
        lead.value.postpone(held_until.unwrap_or(filter.again_at));
        match leads.save(&mut lead).await {
            Ok(()) => {}
            Err(SaveError::Conflict) => return Ok(false),
            Err(SaveError::Storage(error)) => return Err(error),
        }
        // A lead that has to wait is due when the wait is over, and found by the schedule then.
        match held_until {
            Some(_) => Ok(false),
            None => queue.enqueue(&lead).await.map(|()| true),
        }
    };
    let done: Result<bool, StorageError> = done.await;
    done.unwrap_or_else(|error| {
        tracing::error!(lead_id = %id, %error, "a lead cannot be queued");
        false
    })
}

/// Puts photos that are due by `now` onto the queue, and counts them. They are due again at `again_at`, in case their
/// message is lost.
///
/// # Errors
/// When the table cannot be read. Photos that cannot be queued are logged: they are found again when they are due
/// again.
pub async fn requeue_photos(
    leads: &Leads,
    queue: &Queue,
    now: Seconds,
    again_at: Seconds,
    limit: usize,
) -> Result<usize, StorageError> {
    let mut count = 0;
    for id in leads.photos_due(now, LOOKED_AT).await?.into_iter().take(limit) {
        let queued: Result<bool, StorageError> = async {
            let Some(mut lead) = leads.get_due(&id, now).await? else { return Ok(false) };
            if lead.value.photos_due_at().is_none_or(|due_at| due_at > now) {
                return Ok(false);
            }
            lead.value.put_photos_back(again_at);
            match leads.save(&mut lead).await {
                Ok(()) => queue.enqueue_photos(&lead).await.map(|()| true),
                Err(SaveError::Conflict) => Ok(false),
                Err(SaveError::Storage(error)) => Err(error),
            }
        }
        .await;
        match queued {
            Ok(queued) => count += usize::from(queued),
            Err(error) => tracing::error!(lead_id = %id, %error, "photos cannot be queued"),
        }
    }
    Ok(count)
}

/// Puts handovers that are due by `now` onto the queue, and counts them. They are due again at `again_at`, in case
/// their message is lost.
///
/// # Errors
/// When the table cannot be read. Handovers that cannot be queued are logged: they are found again when they are due
/// again.
pub async fn requeue_handovers(
    sales_chat: &SalesChat,
    queue: &Queue,
    now: Seconds,
    again_at: Seconds,
    limit: i32,
) -> Result<usize, StorageError> {
    let mut count = 0;
    for id in sales_chat.handovers_due(now, limit).await? {
        let queued: Result<bool, StorageError> = async {
            let card = sales_chat.card_due(&id, now).await?;
            let is_due = |card: &Versioned<Card>| card.value.handover.is_some_and(|handover| handover.due_at <= now);
            let Some(mut card) = card.filter(is_due) else { return Ok(false) };
            card.value.postpone_handover(again_at);
            match sales_chat.save_card(&mut card).await {
                Ok(()) => queue.enqueue_handover(&card).await.map(|()| true),
                Err(SaveError::Conflict) => Ok(false),
                Err(SaveError::Storage(error)) => Err(error),
            }
        }
        .await;
        match queued {
            Ok(queued) => count += usize::from(queued),
            Err(error) => tracing::error!(lead_id = %id, %error, "a handover cannot be queued"),
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use lead::Request;

    use super::*;

    fn lead(status: Status) -> Lead {
        Lead { status, ..Lead::new(Request::example(), 0) }
    }

    #[test]
    fn what_is_due_later_may_be_taken_now_but_not_out_of_a_living_workers_hands() {
        let filter = RequeueFilter { now: 100, due_by: 400, again_at: 700, limit: 1, last: vec![] };
        let sending = |lease_until| Status::Sending { lease_until, worker: "w".to_owned(), in_doubt: false };
        assert!(filter.takes(&lead(Status::Retry { due_at: 400, in_doubt: false, not_before: 0 })));
        assert!(!filter.takes(&lead(Status::Retry { due_at: 401, in_doubt: false, not_before: 0 })));
        assert!(!filter.takes(&lead(sending(101))), "its lease lasts");
        assert!(filter.takes(&lead(sending(100))));
        assert!(!filter.takes(&lead(Status::Sent { at: 1 })));
    }
}
