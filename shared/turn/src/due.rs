//! What the clock does in a chat with a form left half-way.

use dialog::{DueChat, Effect, Verdict, decide_due};
use storage::{FinishError, SaveError};

use crate::decide::Decided;
use crate::{Bot, RetryLater};

/// The result of a turn that the clock has caused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueTurn {
    /// The customer got the reminder.
    Reminded,
    /// A talk in which nobody said anything is over.
    TalkOver,
    /// There was nothing to say: the form went to the CRM, or the reminder was dropped.
    Silent,
    /// Nothing was due any more, or the customer is writing just now.
    Skipped,
}

/// Whether the form may become a request.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Requests {
    Taken,
    /// There were too many lately.
    Refused,
}

impl Bot {
    /// Does what is due in a chat. It is stored first and then sent, so a message that cannot be sent does not come
    /// later.
    ///
    /// # Errors
    /// Nothing was stored, or it is not known whether the customer got the message.
    pub async fn take_due_turn(&self, chat_id: i64) -> Result<DueTurn, RetryLater> {
        let decided = match self.decide_due_and_save(chat_id, Requests::Taken).await {
            Err(FinishError::TooMany) => self.decide_due_and_save(chat_id, Requests::Refused).await,
            decided => decided,
        };
        let decided = match decided {
            Ok(Some(decided)) => decided,
            Ok(None) | Err(FinishError::TooMany | FinishError::Save(SaveError::Conflict)) => {
                return Ok(DueTurn::Skipped);
            }
            Err(FinishError::Save(error)) => return Err(error.into()),
        };
        let is_talk_over = decided.effects.iter().any(|effect| matches!(effect, Effect::Relay { .. }));
        let is_told = self.perform_unasked(chat_id, decided).await?;
        Ok(match is_told {
            _ if is_talk_over => DueTurn::TalkOver,
            true => DueTurn::Reminded,
            false => DueTurn::Silent,
        })
    }

    /// `None` if nothing is due.
    async fn decide_due_and_save(&self, chat_id: i64, requests: Requests) -> Result<Option<Decided>, FinishError> {
        let now = (self.clock)();
        let (session, customer, (mut moment, rules)) =
            futures::join!(self.sessions.load(chat_id), self.customers.get(chat_id), self.circumstances(now));
        moment.takes_requests = requests == Requests::Taken;
        let mut session = session?;
        let may_write = !customer?.is_some_and(|customer| customer.blocked);
        let verdict = decide_due(&session.value, &DueChat { chat_id, may_write }, &moment, &rules);
        let Verdict::Move { next, request, effects } = verdict else {
            let is_read = session.value.due_at().is_some();
            if !is_read && self.sessions.put_off(chat_id, now).await? {
                // Otherwise many such chats would keep the others from their turn.
                tracing::warn!("the conversation cannot be read: what is due is put off by a day");
            }
            return Ok(None);
        };
        let person = session.value.person(chat_id);
        let lead = self.save(&person, &mut session, *next, request).await?;
        Ok(Some(Decided { effects, session, lead, source_progress: None, was_awaited: false }))
    }
}
