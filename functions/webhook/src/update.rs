//! One update: decide and perform, and again with what a model has found out meanwhile.

use std::time::Duration;

use dialog::{Event, Input};
use settings::metrics::{self, Unit};
use settings::time_budget::MODEL_CALLS;
use storage::AiLogEntry;
use telegram::{BotCall, Recipient};
use tokio::time::Instant;
use turn::{Inquiry, Performed, RetryLater};

use crate::Webhook;

impl Webhook {
    /// Handles an update. Returns a call for Telegram to carry out, whose result nobody needs.
    pub(crate) async fn update(&self, event: Event, topic: Option<i64>) -> Result<Option<BotCall>, RetryLater> {
        let started = Instant::now();
        let kind = kind_of(&event.input);
        let to = Recipient { chat_id: event.person.chat_id, topic };
        let performed = self.take_turns(event, to, started).await?;
        let elapsed = started.elapsed();
        if performed.is_relayed {
            metrics::count("Updates", "kind", kind);
            put_relay_time(elapsed, "customer");
        } else {
            metrics::put(
                &[("Updates", 1.0, Unit::Count), ("ReplyTime", milliseconds(elapsed), Unit::Milliseconds)],
                &[("kind", kind)],
            );
        }
        tracing::info!(kind, duration_ms = elapsed.as_millis(), "handled an update");
        Ok(performed.webhook_reply)
    }

    async fn take_turns(&self, mut event: Event, to: Recipient, started: Instant) -> Result<Performed, RetryLater> {
        let mut webhook_reply = None;
        let mut asked: Option<AiLogEntry> = None;
        let mut inquiring_since = None;
        loop {
            let decided = self.bot.decide_and_save(&event, started).await?;
            // If nobody awaits it any more, the customer may have had everything deleted: a log entry would outlive
            // that.
            let asked_and_awaited = asked.take().filter(|_| decided.was_awaited);
            let log = async {
                if let Some(entry) = &asked_and_awaited {
                    self.log_question(entry).await;
                }
            };
            let (performed, ()) = futures::join!(self.bot.perform(to, decided), log);
            let performed = performed?;
            webhook_reply = webhook_reply.or(performed.webhook_reply);
            let since = *inquiring_since.get_or_insert_with(Instant::now);
            event.input = match performed.inquiry {
                None => return Ok(Performed { webhook_reply, inquiry: None, is_relayed: performed.is_relayed }),
                Some(Inquiry::Recording(voice)) => {
                    let words = self.listen(to, &voice).await;
                    Input::Heard { voice, words }
                }
                Some(Inquiry::Question(question)) => {
                    let patience = MODEL_CALLS.saturating_sub(since.elapsed());
                    let (answer, entry) = self.ask(&event, to, &question, patience).await;
                    asked = Some(entry);
                    Input::Ai(answer)
                }
            };
        }
    }
}

/// How long it took until a line of a talk reached its reader. This is not a reply time: lines are gathered for a
/// moment first.
pub(crate) fn put_relay_time(elapsed: Duration, from: &str) {
    metrics::put(&[("RelayTime", milliseconds(elapsed), Unit::Milliseconds)], &[("from", from)]);
}

fn milliseconds(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1000.0
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
        Input::Voice(_) | Input::Heard { .. } => "voice",
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
