//! What a person sees of the bot.

use std::time::Duration;

use super::Person;
use crate::telegram::view::{Alert, ChatView, Fresh, MessageView};

impl Person {
    /// The chat as the customer sees it.
    #[must_use]
    pub fn view(&self) -> Option<ChatView> {
        self.telegram.chat(self.chat)
    }

    /// The newest message of the bot.
    #[must_use]
    pub fn last_from_bot(&self) -> Option<MessageView> {
        self.view()?.messages.into_iter().rev().find(|message| message.from == "bot")
    }

    /// What the bot did since this was last asked, oldest first.
    #[must_use]
    pub fn take_new(&self) -> Vec<Fresh> {
        let mut state = self.model().lock();
        state.chats.get_mut(&self.chat).map(|chat| std::mem::take(&mut chat.fresh)).unwrap_or_default()
    }

    /// Waits for the next thing the bot does; `None` if it does nothing within `patience`.
    pub async fn take_next(&self, patience: Duration) -> Option<Fresh> {
        let mut changes = self.telegram.changes();
        let next = async {
            loop {
                changes.mark_unchanged();
                {
                    let mut state = self.model().lock();
                    let fresh = &mut state.chats.get_mut(&self.chat)?.fresh;
                    if !fresh.is_empty() {
                        return Some(fresh.remove(0));
                    }
                }
                changes.changed().await.ok()?;
            }
        };
        tokio::time::timeout(patience, next).await.ok().flatten()
    }

    /// What presses brought up since this was last asked, oldest first.
    #[must_use]
    pub fn take_alerts(&self) -> Vec<Alert> {
        let mut state = self.model().lock();
        state.chats.get_mut(&self.id).map(|chat| std::mem::take(&mut chat.alerts)).unwrap_or_default()
    }
}
