//! Deleting a customer.

use futures::future::BoxFuture;
use lead::Seconds;

use crate::{Aws, SaveError, TABLES, Tables};

/// Deletes what a table holds of a chat. Must not fail when it is repeated.
pub(crate) type Forget = for<'a> fn(&'a Aws, &'a Tables, i64, Seconds) -> BoxFuture<'a, Result<(), SaveError>>;

/// Deletes everything stored about a chat: requests, the AI log, the profile, and last the conversation, so that an
/// interrupted deletion can be repeated. The conversation's counters stay, or `/delete` would lift the limits. What is
/// in amoCRM stays there.
///
/// # Errors
/// When a table cannot be read or written. Repeating is safe.
pub async fn forget_customer(aws: &Aws, tables: &Tables, chat_id: i64, now: Seconds) -> Result<(), SaveError> {
    for table in TABLES {
        if let Some(forget) = table.forget {
            forget(aws, tables, chat_id, now).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_that_knows_chats_forgets_them_and_the_conversation_is_the_last() {
        for table in TABLES {
            let mut keys = table.indexes.iter().map(|(_, key)| *key).chain([table.key]).flatten();
            assert_eq!(keys.any(|(attribute, _)| *attribute == "chat_id"), table.forget.is_some(), "{}", table.suffix);
        }
        let last = TABLES.iter().rfind(|table| table.forget.is_some());
        assert_eq!(last.map(|table| table.suffix), Some("sessions"));
    }
}
