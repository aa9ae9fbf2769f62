//! Tells the admins which requests that amoCRM has refused will be deleted: personal data are not kept for ever.

use anyhow::Context;
use delivery::AdminMessage;
use storage::SaveError;

use crate::Scheduled;

/// Messages about requests in one run at most.
const MAX_PER_RUN: i32 = 5;

impl Scheduled {
    /// A request expires only after the message about it is written down. Returns how many will expire from now on.
    pub(crate) async fn look_after_dead(&self) -> anyhow::Result<usize> {
        let now = (self.bot.clock)();
        let leads = &self.bot.leads;
        let due = leads.expiry_notices_due(now, MAX_PER_RUN).await.context("dead requests cannot be listed")?;
        let mut told = 0;
        for mut lead in leads.get_many_due(&due, now).await.context("dead requests cannot be read")? {
            let id = lead.value.lead_id;
            let arguments = [("number", id.request_number().into()), ("id", id.to_string().into())];
            let text = self.language.text_with("request-expires", arguments);
            let message = AdminMessage { key: format!("expires:{id}"), text };
            anyhow::ensure!(self.admins.tell(&message).await, "a message about a dead request cannot be written down");
            lead.value.note_expiry_told(now);
            match leads.save(&mut lead).await {
                Ok(()) => told += 1,
                Err(SaveError::Conflict) => {} // an operator has revived it
                Err(error) => return Err(error).context("a dead request cannot be stored"),
            }
        }
        Ok(told)
    }
}
