//! Where the group is, and what the admins hear of it: once when cards cannot reach it, and once when they do again.

use dealer::{Dealer, SalesChat};
use delivery::AdminMessage;
use lead::Seconds;
use sales::Group;
use settings::Retry;
use storage::{SaveError, pause_after_conflict};
use telegram::ApiError;

use crate::Runner;

/// The admins are not told of trouble that has lasted this many seconds: they know.
const NEWS: Seconds = 24 * 3600;

impl Runner {
    /// Where the group is now; if that cannot be read, where the dealer's file says.
    pub(crate) async fn group_id(&self, chat: &SalesChat) -> i64 {
        match self.sales_chat.group(chat.chat_id).await {
            Ok(group) => {
                if let Some(to) = group.value.moved_to() {
                    self.tell_moved(chat.chat_id, to).await;
                }
                group.value.current_id()
            }
            Err(error) => {
                tracing::error!("where the sales chat is cannot be read: {error}");
                chat.chat_id
            }
        }
    }

    /// The group has become a supergroup.
    pub(crate) async fn follow(&self, chat: &SalesChat, to: i64) {
        self.change_group(chat, |group| group.follow(to)).await;
        self.tell_moved(chat.chat_id, to).await;
    }

    /// Notes whether Telegram took a card.
    pub(crate) async fn note_result(&self, chat: &SalesChat, refused: Option<&ApiError>, dealer: &Dealer) {
        match refused {
            None => {
                let Some(since) = self.change_group(chat, Group::note_success).await.flatten() else { return };
                let duration = self.language.duration(self.now() - since);
                let text = self.language.text_with("sales-chat-works", [("duration", duration.into())]);
                self.admins.tell(&AdminMessage { key: format!("sales-chat-works:{since}"), text }).await;
            }
            Some(error @ (ApiError::Blocked | ApiError::Refused { .. })) => {
                let now = self.now();
                let Some(since) = self.change_group(chat, |group| group.note_failure(now)).await else { return };
                tracing::warn!("a card does not get into the sales chat: {error}");
                if now - since < NEWS {
                    self.tell_failing(error, since, dealer).await;
                }
            }
            // Telegram itself is in trouble, or wants a pause.
            Some(_) => {}
        }
    }

    async fn tell_failing(&self, error: &ApiError, since: Seconds, dealer: &Dealer) {
        let time = dealer.calendar.local(since).strftime("%H:%M").to_string();
        let text = match error {
            ApiError::Refused { .. } => "sales-chat-refuses",
            _ => "sales-chat-gone",
        };
        let text = self.language.text_with(text, [("time", time.into())]);
        self.admins.tell(&AdminMessage { key: format!("sales-chat-fails:{since}"), text }).await;
    }

    async fn tell_moved(&self, from: i64, to: i64) {
        let text = self.language.text_with("sales-chat-moved", [("to", to.to_string().into())]);
        self.admins.tell(&AdminMessage { key: format!("sales-chat-moved:{from}:{to}"), text }).await;
    }

    /// Changes what is known of the group. A failure to store it is logged and returns `None`.
    async fn change_group<T>(&self, chat: &SalesChat, change: impl Fn(&mut Group) -> T) -> Option<T> {
        let changed: Result<T, SaveError> = async {
            let retry = Retry::SHARED_DOCUMENT;
            for tried in 1..=retry.tries {
                let mut group = self.sales_chat.group(chat.chat_id).await?;
                let before = group.value;
                let result = change(&mut group.value);
                if group.value == before {
                    return Ok(result);
                }
                match self.sales_chat.save_group(&mut group).await {
                    Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
                    saved => return saved.map(|()| result),
                }
            }
            Err(SaveError::Conflict)
        }
        .await;
        changed.inspect_err(|error| tracing::error!("what is known of the sales chat was not stored: {error}")).ok()
    }
}
