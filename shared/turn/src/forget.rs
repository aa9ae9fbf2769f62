//! Deleting a customer who has asked for it.

use sales::Card;
use storage::{LeftInCrm, forget_customer, left_in_crm};
use telegram::ApiError;

use crate::{Bot, RetryLater};

impl Bot {
    /// Deletes everything stored about a chat. Before that the admins are told what of it is in amoCRM and in the sales
    /// chat, because afterwards nobody knows.
    pub(crate) async fn forget(&self, chat_id: i64) -> Result<(), RetryLater> {
        if let Some(left) = left_in_crm(&self.aws, &self.tables, chat_id).await? {
            tracing::info!(?left, "a deleted customer is still in amoCRM");
            self.ask_admins_to_delete(&self.left_in_crm(&left)).await?;
        }
        let cards = self.relay.clear_cards(chat_id).await?;
        if !cards.is_empty() {
            let named = |card: &Card| [Some(card.lead_id.request_number()), card.message_url()].into_iter().flatten();
            let cards: Vec<String> = cards.iter().map(|card| named(card).collect::<Vec<_>>().join(" ")).collect();
            let text = self.rules.language.text_with("deleted-cards", [("cards", cards.join(", ").into())]);
            self.ask_admins_to_delete(&text).await?;
        }
        self.relay.say_farewell(chat_id).await;
        forget_customer(&self.aws, &self.tables, chat_id, (self.clock)()).await?;
        tracing::info!("deleted a customer's data on request");
        Ok(())
    }

    fn left_in_crm(&self, left: &LeftInCrm) -> String {
        let language = self.rules.language;
        match left {
            LeftInCrm::Contact(id) => language.text_with("deleted-contact", [("id", id.to_string().into())]),
            LeftInCrm::Deals(ids) => {
                let ids = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                language.text_with("deleted-deals", [("ids", ids.into())])
            }
        }
    }

    /// A message that Telegram refuses is only logged: it must not stop the deletion.
    async fn ask_admins_to_delete(&self, text: &str) -> Result<(), RetryLater> {
        let Some(chat_id) = self.admin_chat_id else { return Ok(()) };
        let sent = match self.api.send_text(chat_id, text).await {
            Err(ApiError::Migrated { to }) => self.api.send_text(to, text).await,
            sent => sent,
        };
        match sent {
            Err(error) if error.is_temporary() => Err(error.into()),
            Err(error) => {
                tracing::error!("the admins cannot be told what of a deleted customer to delete by hand: {error}");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }
}
