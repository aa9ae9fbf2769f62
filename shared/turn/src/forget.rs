//! Deleting a customer who has asked for it.

use storage::{LeftInCrm, forget_customer, left_in_crm};
use telegram::ApiError;

use crate::{Bot, RetryLater};

impl Bot {
    /// Deletes everything stored about a chat. The admins are told before that what of it is in amoCRM, because nobody
    /// knows it afterwards.
    pub(crate) async fn forget(&self, chat_id: i64) -> Result<(), RetryLater> {
        if let Some(left) = left_in_crm(&self.aws, &self.tables, chat_id).await? {
            self.ask_admins_to_delete(&left).await?;
        }
        self.relay.say_farewell(chat_id).await;
        forget_customer(&self.aws, &self.tables, chat_id, (self.clock)()).await?;
        tracing::info!("deleted a customer's data on request");
        Ok(())
    }

    /// What cannot be told is logged: it must not stand in the way of the deletion.
    async fn ask_admins_to_delete(&self, left: &LeftInCrm) -> Result<(), RetryLater> {
        let language = self.rules.language;
        let text = match left {
            LeftInCrm::Contact(id) => language.text_with("deleted-contact", [("id", id.to_string().into())]),
            LeftInCrm::Deals(ids) => {
                let ids = ids.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
                language.text_with("deleted-deals", [("ids", ids.into())])
            }
        };
        let sent = match self.admin_chat_id {
            Some(chat_id) => match self.api.send_text(chat_id, &text).await {
                Err(ApiError::Migrated { to }) => self.api.send_text(to, &text).await.map(drop),
                sent => sent.map(drop),
            },
            None => Ok(()),
        };
        match sent {
            Err(error) if error.is_temporary() => return Err(error.into()),
            Err(error) => tracing::error!(?left, "the admins cannot be told what to delete in amoCRM: {error}"),
            Ok(()) => tracing::info!(?left, "a deleted customer is still in amoCRM"),
        }
        Ok(())
    }
}
