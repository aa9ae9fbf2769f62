//! Deleting a customer.

use futures::future::try_join_all;
use lead::Seconds;

use crate::{AiLog, Customers, Leads, SaveError, Sessions};

/// The number of items deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Requests, delivered or not.
    pub leads: usize,
    /// Entries of the AI log.
    pub ai_log: usize,
}

/// Deletes everything stored about a chat: requests, the AI log, the profile, and last the conversation, so that an
/// interrupted deletion can be repeated. The conversation's counters stay, or `/delete` would lift the limits. What is in
/// amoCRM stays there.
///
/// # Errors
/// When a table cannot be read or written. Repeating is safe.
pub async fn forget_customer(
    chat_id: i64,
    leads: &Leads,
    ai_log: &AiLog,
    customers: &Customers,
    sessions: &Sessions,
    now: Seconds,
) -> Result<Forgotten, SaveError> {
    let ids = leads.of_chat(chat_id).await?;
    try_join_all(ids.iter().map(|id| leads.delete(id))).await?;
    let entries = ai_log.forget(chat_id).await?;
    customers.delete(chat_id).await?;
    sessions.forget(chat_id, now).await?;
    Ok(Forgotten { leads: ids.len(), ai_log: entries })
}
