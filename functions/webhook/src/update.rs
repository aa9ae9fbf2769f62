//! One update: decide and perform, and once more with the model's answer if a question is asked.

use dialog::{Event, Input};
use settings::metrics::{self, Unit};
use telegram::{BotCall, Recipient};
use tokio::time::Instant;
use turn::RetryLater;

use crate::Webhook;

impl Webhook {
    /// Handles an update. Returns a call for Telegram to carry out, whose result nobody needs.
    pub(crate) async fn update(&self, event: Event, topic: Option<i64>) -> Result<Option<BotCall>, RetryLater> {
        let started = Instant::now();
        let kind = kind_of(&event.input);
        let to = Recipient { chat_id: event.person.chat_id, topic };
        let webhook_reply = self.take_turns(event, to, started).await?;
        let elapsed = started.elapsed();
        metrics::put(
            &[("Updates", 1.0, Unit::Count), ("ReplyTime", elapsed.as_secs_f64() * 1000.0, Unit::Milliseconds)],
            &[("kind", kind)],
        );
        tracing::info!(kind, duration_ms = elapsed.as_millis(), "handled an update");
        Ok(webhook_reply)
    }

    async fn take_turns(
        &self,
        mut event: Event,
        to: Recipient,
        started: Instant,
    ) -> Result<Option<BotCall>, RetryLater> {
        let decided = self.bot.decide_and_save(&event, started).await?;
        let first = self.bot.perform(to, decided).await?;
        let Some(question) = first.question else { return Ok(first.webhook_reply) };
        let (answer, log_entry) = self.ask(&event, to, &question).await;
        event.input = Input::Ai(answer);
        let decided = self.bot.decide_and_save(&event, started).await?;
        // If nobody awaits it any more, the customer may have had everything deleted: a log entry would outlive that.
        let is_logged = decided.was_awaited;
        let log = async {
            if is_logged {
                self.log_question(&log_entry).await;
            }
        };
        let (answered, ()) = futures::join!(self.bot.perform(to, decided), log);
        Ok(first.webhook_reply.or(answered?.webhook_reply))
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
