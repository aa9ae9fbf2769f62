//! Deleting a customer.

use futures::future::try_join_all;

use crate::{AiLog, Customers, Leads, Sessions, StorageError};

/// What was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forgotten {
    /// Requests, delivered or not.
    pub leads: usize,
    /// Entries of the AI log.
    pub ai_log: usize,
}

/// Deletes everything stored about a chat: requests, the AI log, the profile, and last the conversation, so that a
/// deletion cut short can be asked for again. What is in amoCRM stays there.
///
/// # Errors
/// When a table cannot be read or written; repeating is safe.
pub async fn forget_customer(
    chat_id: i64,
    leads: &Leads,
    ai_log: &AiLog,
    customers: &Customers,
    sessions: &Sessions,
) -> Result<Forgotten, StorageError> {
    let ids = leads.of_chat(chat_id).await?;
    try_join_all(ids.iter().map(|id| leads.delete(id))).await?;
    let entries = ai_log.forget(chat_id).await?;
    customers.delete(chat_id).await?;
    sessions.delete(chat_id).await?;
    Ok(Forgotten { leads: ids.len(), ai_log: entries })
}
