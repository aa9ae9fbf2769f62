//! Where the sales chat is.

use dealer::Dealer;
use storage::StorageError;

use crate::Bot;

impl Bot {
    /// The sales chat's id; `None` if the dealer has none.
    ///
    /// # Errors
    /// When it cannot be read whether the group has become a supergroup.
    pub async fn sales_group(&self, dealer: &Dealer) -> Result<Option<i64>, StorageError> {
        let Some(chat) = &dealer.sales_chat else { return Ok(None) };
        Ok(Some(self.groups.group(chat.chat_id).await?.value.current_id()))
    }

    /// Whether the team can talk to customers in topics of the sales chat. If that is not known, the answer is no, and
    /// customers leave their number.
    pub(crate) async fn has_topics(&self, dealer: &Dealer) -> bool {
        let group = match self.sales_group(dealer).await {
            Ok(Some(group)) => group,
            Ok(None) => return false,
            Err(error) => {
                tracing::warn!("where the sales chat is cannot be read: {error}");
                return false;
            }
        };
        self.relay.has_topics(group).await.unwrap_or_else(|error| {
            tracing::warn!("whether the sales chat has topics is not known: {error}");
            false
        })
    }
}
