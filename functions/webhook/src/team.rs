//! What happens in the dealer's group: only in the sales chat of the dealer's file, and only by people of its team.
//! Anything else that happens in groups is ignored, and nothing of it is stored.

use dealer::{Dealer, Member, SalesChat};
use lead::{LeadId, Seconds};
use sales::{CardMessage, CardPress, Take, Taken, taken_by};
use serde_json::json;
use settings::Retry;
use storage::{SaveError, StorageError, Versioned, pause_after_conflict};
use telegram::{BotCall, TeamEvent, TeamInput};
use turn::RetryLater;

use crate::Webhook;

/// Seconds after which `scheduled` queues a handover again whose queue message was lost.
const GRACE: Seconds = 60;

/// A press on «Взять» by a member of the team.
struct Press<'a> {
    member: &'a Member,
    lead_id: LeadId,
    message: CardMessage,
    callback_id: &'a str,
}

impl Webhook {
    /// Handles something that happened in a group. Returns a call for Telegram to carry out.
    pub(crate) async fn team_event(&self, event: TeamEvent) -> Result<Option<BotCall>, RetryLater> {
        let dealer = self.bot.dealer.known().await?;
        let Some(chat) = &dealer.sales_chat else {
            tracing::info!("ignored what happened in a group: there is no sales chat");
            return Ok(None);
        };
        if !self.is_sales_chat(chat, event.chat_id).await? {
            tracing::info!("ignored what happened in another group than the sales chat");
            return Ok(None);
        }
        match &event.input {
            TeamInput::Press { callback_id, data, has_photo } => {
                let Some(member) = event.from.and_then(|id| dealer.team.by_telegram_id(id)) else {
                    tracing::info!("somebody who is not on the team pressed a button");
                    return Ok(Some(self.alert(callback_id, "take-not-in-team")));
                };
                let (Ok(CardPress::Take(lead_id)), Some(message_id)) = (data.parse(), event.message_id) else {
                    return Ok(Some(answer_press(callback_id, &PressAnswer::Nothing)));
                };
                let message = CardMessage { group_id: event.chat_id, message_id, has_photo: *has_photo };
                let press = Press { member, lead_id, message, callback_id };
                self.take(press, &dealer, chat).await.map(Some)
            }
            TeamInput::Migrated { to } => {
                self.follow(chat, *to).await?;
                Ok(None)
            }
            TeamInput::Command(_) | TeamInput::Written { .. } | TeamInput::Edited(_) => {
                let member = event.from.and_then(|id| dealer.team.by_telegram_id(id));
                self.in_topic(&event, member).await
            }
            TeamInput::Other => Ok(None),
        }
    }

    /// Whether it is the group of the dealer's file, or the supergroup that this group has become.
    async fn is_sales_chat(&self, chat: &SalesChat, chat_id: i64) -> Result<bool, StorageError> {
        if chat_id == chat.chat_id {
            return Ok(true);
        }
        let group = self.sales_chat.group(chat.chat_id).await?;
        Ok(group.value.moved_to() == Some(chat_id))
    }

    /// Notes where the group is from now on. The admins are told with the next card.
    async fn follow(&self, chat: &SalesChat, to: i64) -> Result<(), RetryLater> {
        let mut group = self.sales_chat.group(chat.chat_id).await?;
        if group.value.moved_to() == Some(to) {
            return Ok(());
        }
        group.value.follow(to);
        self.sales_chat.save_group(&mut group).await?;
        tracing::warn!(to, "the sales chat has become a supergroup");
        Ok(())
    }

    /// One press wins; crm-push makes its changes in amoCRM.
    async fn take(&self, press: Press<'_>, dealer: &Dealer, chat: &SalesChat) -> Result<BotCall, RetryLater> {
        let Press { member, lead_id, message, callback_id } = press;
        let now = (self.bot.clock)();
        let mut tried = 0;
        loop {
            let Some(mut card) = self.sales_chat.card(&lead_id).await? else {
                return Ok(self.alert(callback_id, "take-gone"));
            };
            match card.value.take(member.amocrm_user_id, message, now, GRACE) {
                Taken::Now => match self.sales_chat.save_card(&mut card).await {
                    Ok(()) => {
                        tracing::info!(%lead_id, by = member.amocrm_user_id, "a request was taken");
                        futures::join!(self.show(&card, dealer, chat), self.hand_over(&card));
                        return Ok(answer_press(callback_id, &PressAnswer::Notice(&self.language.text("take-done"))));
                    }
                    Err(SaveError::Conflict) => {}
                    Err(error) => return Err(error.into()),
                },
                Taken::Before(take) => {
                    // There was still a button to press: the card is not up to date.
                    self.show(&card, dealer, chat).await;
                    return Ok(self.taken_before(callback_id, take, member, dealer));
                }
            }
            tried += 1;
            if !Retry::DECISION.allows_another(tried) {
                return Err(RetryLater::TooManyConflicts);
            }
            pause_after_conflict(Retry::DECISION, tried).await;
        }
    }

    fn taken_before(&self, callback_id: &str, take: Take, member: &Member, dealer: &Dealer) -> BotCall {
        if take.by == member.amocrm_user_id {
            return answer_press(callback_id, &PressAnswer::Notice(&self.language.text("take-yours-already")));
        }
        let name = taken_by(take.by, &dealer.team, self.language);
        answer_press(
            callback_id,
            &PressAnswer::Alert(&self.language.text_with("take-too-late", [("name", name.into())])),
        )
    }

    /// Shows in the group who has taken the request. If that fails, crm-push does it.
    async fn show(&self, card: &Versioned<sales::Card>, dealer: &Dealer, chat: &SalesChat) {
        let card = &card.value;
        let shown: Result<(), RetryLater> = async {
            let Some(lead) = self.bot.leads.get(&card.lead_id).await? else { return Ok(()) };
            let Some(message) = card.message else { return Ok(()) };
            let view = card.view(&lead.value, &dealer.team, chat.show_phone, self.language);
            Ok(self.bot.api.edit_card(message, &view).await?)
        }
        .await;
        if let Err(error) = shown {
            tracing::warn!(lead_id = %card.lead_id, "a card is not up to date: {error}");
        }
    }

    /// If this fails, the schedule finds the card in the table.
    async fn hand_over(&self, card: &Versioned<sales::Card>) {
        if let Err(error) = self.bot.queue.enqueue_handover(card).await {
            tracing::warn!(lead_id = %card.value.lead_id, "a handover waits for the schedule: {error}");
        }
    }

    fn alert(&self, callback_id: &str, text: &str) -> BotCall {
        answer_press(callback_id, &PressAnswer::Alert(&self.language.text(text)))
    }
}

/// What the person who pressed a button sees.
pub(crate) enum PressAnswer<'a> {
    Nothing,
    /// A line that fades.
    Notice(&'a str),
    /// A window that has to be closed.
    Alert(&'a str),
}

/// The answer to a press: <https://core.telegram.org/bots/api#answercallbackquery>.
pub(crate) fn answer_press(callback_id: &str, answer: &PressAnswer<'_>) -> BotCall {
    let mut parameters = json!({ "callback_query_id": callback_id });
    if let PressAnswer::Notice(text) | PressAnswer::Alert(text) = answer {
        parameters["text"] = (*text).into();
        parameters["show_alert"] = matches!(answer, PressAnswer::Alert(_)).into();
    }
    BotCall { method: "answerCallbackQuery".to_owned(), parameters }
}
