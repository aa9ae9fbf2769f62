//! One update: load, decide, save, perform.

use dialog::{Conversation, Effect, Event, FunnelProgress, Input, Moment, Rules, Verdict, decide};
use lead::{Lead, LeadId};
use settings::Retry;
use settings::metrics::{self, Unit};
use settings::time_budget::SAME_UPDATE;
use storage::{SaveError, StorageError, Versioned};
use telegram::{ApiError, BotCall, Recipient};
use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::Webhook;

/// The update was not handled, or the reply did not reach the customer. Telegram should deliver the update again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RetryLater {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error(transparent)]
    Telegram(#[from] ApiError),
    #[error("too many updates of one chat at once")]
    TooManyConflicts,
    #[error("another delivery of the same update is still being handled")]
    StillBusy,
}

/// A decision that is stored, with its effects still to perform.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) effects: Vec<Effect>,
    pub(crate) session: Versioned<Conversation>,
    /// The finished request, as stored.
    pub(crate) lead: Option<Versioned<Lead>>,
    /// Whether the conversation waited for the model's answer to this update.
    was_awaited: bool,
}

impl Webhook {
    /// Handles an update. Returns a call for Telegram to carry out, whose result nobody needs.
    pub(crate) async fn turn(&self, event: Event, topic: Option<i64>) -> Result<Option<BotCall>, RetryLater> {
        let started = Instant::now();
        let kind = kind_of(&event.input);
        let to = Recipient { chat_id: event.person.chat_id, topic };
        let webhook_reply = self.decide_and_perform(event, to, started).await?;
        let elapsed = started.elapsed();
        metrics::put(
            &[("Updates", 1.0, Unit::Count), ("ReplyTime", elapsed.as_secs_f64() * 1000.0, Unit::Milliseconds)],
            &[("kind", kind)],
        );
        tracing::info!(kind, duration_ms = elapsed.as_millis(), "handled an update");
        Ok(webhook_reply)
    }

    async fn decide_and_perform(
        &self,
        mut event: Event,
        to: Recipient,
        started: Instant,
    ) -> Result<Option<BotCall>, RetryLater> {
        let decided = self.decide_and_save(&event, started).await?;
        let first = self.perform(to, decided).await?;
        let Some(question) = first.question else { return Ok(first.webhook_reply) };
        let (answer, log_entry) = self.ask(&event, to, &question).await;
        event.input = Input::Ai(answer);
        let decided = self.decide_and_save(&event, started).await?;
        // If nobody awaits it any more, the customer may have had everything deleted: a log entry would outlive that.
        let is_logged = decided.was_awaited;
        let log = async {
            if is_logged {
                self.log_question(&log_entry).await;
            }
        };
        let (answered, ()) = futures::join!(self.perform(to, decided), log);
        Ok(first.webhook_reply.or(answered?.webhook_reply))
    }

    /// Decides on an update and stores the result. Decides again whenever another update of the chat was stored first.
    async fn decide_and_save(&self, event: &Event, started: Instant) -> Result<Decided, RetryLater> {
        let chat_id = event.person.chat_id;
        let mut tried = 0;
        // The time of arrival, also for later decisions. Otherwise updates that wait for each other would spread a burst
        // over several seconds, and all of it would pass the flood limit.
        let mut now = (self.clock)();
        loop {
            let (session, dealer) = futures::join!(self.sessions.load(chat_id), self.dealer.get());
            let mut session = session?;
            let year = dealer.calendar.local(now).year();
            let moment = Moment { now, year, fresh_id: LeadId(Ulid::generate()) };
            let rules = Rules { dealer, ..self.rules.clone() };
            let was_awaited = session.value.awaits_answer(event.update_id);
            let (next, request, effects) = match decide(&session.value, event, &moment, &rules) {
                Verdict::Stay(effects) => return Ok(Decided { effects, session, lead: None, was_awaited }),
                Verdict::Move { next, request, effects } => (*next, request, effects),
                Verdict::Busy if started.elapsed() > SAME_UPDATE => return Err(RetryLater::StillBusy),
                Verdict::Busy => {
                    sleep(Retry::SAME_UPDATE.first).await;
                    now = (self.clock)();
                    continue;
                }
            };
            let before = session.value.progress();
            session.value = next;
            let after = session.value.progress();
            let mut lead = request.map(|request| Versioned::new(Lead::new(*request, self.grace)));
            let saved = match &mut lead {
                Some(lead) => self.sessions.finish(&event.person, &mut session, lead).await,
                None => self.sessions.save(chat_id, &mut session).await,
            };
            match saved {
                Ok(()) => {
                    count_progress(before, after);
                    return Ok(Decided { effects, session, lead, was_awaited });
                }
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => {
                    tried += 1;
                    if !Retry::DECISION.allows_another(tried) {
                        return Err(RetryLater::TooManyConflicts);
                    }
                    // At random, so that of many updates at once each soon finds a free moment.
                    sleep(Retry::DECISION.pause(tried).mul_f64(rand::random())).await;
                }
            }
        }
    }
}

/// Counts the steps of the funnel that the dialog has reached. The first step counts dialogs started; customers left where
/// the next step has fewer.
fn count_progress(before: Option<FunnelProgress>, after: Option<FunnelProgress>) {
    let Some(progress) = after else { return };
    for step in progress.stops_since(before) {
        metrics::put(&[("StepsReached", 1.0, Unit::Count)], &[("branch", progress.branch()), ("step", step)]);
    }
}

/// For metrics and logs.
fn kind_of(input: &Input) -> &'static str {
    match input {
        Input::Command(_) => "command",
        Input::Link(_) => "link",
        Input::Text(_) => "text",
        Input::Edited(_) => "edit",
        Input::Press { .. } => "press",
        Input::Photo { .. } => "photo",
        Input::Contact { .. } => "contact",
        Input::Unsupported { .. } => "unsupported",
        Input::Ai(_) => "ai",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_dialog_waits_for_an_answer_as_long_as_the_time_budget_says() {
        assert_eq!(
            dialog::AI_ANSWER_TIMEOUT,
            lead::Seconds::try_from(settings::time_budget::QUESTION.as_secs()).unwrap()
        );
    }
}
