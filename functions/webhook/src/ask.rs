//! Asks the model, and measures and logs what it understood.

use std::time::Duration;

use ai::Answered;
use dialog::{AiAnswer, Event};
use settings::metrics::{self, Unit};
use storage::{AiLogEntry, StorageError};
use telegram::Recipient;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::time::{Instant, timeout};

use crate::Webhook;

/// «typing…» fades after 5 s: <https://core.telegram.org/bots/api#sendchataction>.
const TYPING_INTERVAL: Duration = Duration::from_secs(4);
/// How long an answer waits for a «typing…» call that is still running.
const TYPING_TIMEOUT: Duration = Duration::from_secs(1);

impl Webhook {
    /// Finds out what the customer wants and shows «typing…» meanwhile. Also returns the entry for the AI log.
    pub(crate) async fn ask(
        &self,
        event: &Event,
        to: Recipient,
        question: &str,
        patience: Duration,
    ) -> (AiAnswer, AiLogEntry) {
        let chat_id = event.person.chat_id;
        let started = Instant::now();
        let now = (self.bot.clock)();
        let dealer = self.bot.dealer.get().await;
        let year = dealer.calendar.local(now).year();
        let understand = async {
            let max = dealer.limits.model_questions_a_day;
            let is_asked = self.has_model && may_call_model(self.bot.counters.count_model_question(now, max).await);
            let answered = if is_asked {
                self.classifier.answer_within(patience, question, year, &dealer.facts).await
            } else {
                Answered::by_rules(question, year, &dealer.facts)
            };
            (answered, is_asked, started.elapsed())
        };
        let (answered, is_asked, took) = self.typing_while(to, understand).await;
        let (answer, call) = (answered.answer, answered.call);
        if is_asked {
            // The average is the share of questions that the model was asked in vain: an alarm watches it.
            metrics::put(&[("ModelFailures", f64::from(u8::from(call.offline)), Unit::Count)], &[]);
        }
        if is_asked && call.offline {
            let noted = self.bot.counters.note_model_failure(now).await;
            let _ = noted.inspect_err(|error| tracing::warn!("a failure of the model was not counted: {error}"));
        }
        let intent = serde_json::to_value(answer.intent).ok().and_then(|intent| intent.as_str().map(str::to_owned));
        let entry = AiLogEntry {
            chat_id,
            at: format!("{}-{}", now, event.update_id),
            text: question.to_owned(),
            intent: intent.unwrap_or_default(),
            confidence: answer.confidence,
            model: call.model,
            fallback: call.fallback,
            latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            prompt_tokens: call.prompt_tokens,
            completion_tokens: call.completion_tokens,
        };
        metrics::put(
            &[
                ("AiAnswers", 1.0, Unit::Count),
                ("AiTime", took.as_secs_f64() * 1000.0, Unit::Milliseconds),
                ("AiTokens", f64::from(entry.prompt_tokens + entry.completion_tokens), Unit::Count),
                ("AiFallbacks", f64::from(u8::from(call.fallback)), Unit::Count),
                ("AiOffline", f64::from(u8::from(call.offline)), Unit::Count),
            ],
            &[("intent", &entry.intent)],
        );
        (answer, entry)
    }

    /// Appends to the AI log. A failure is only logged: the customer has the answer.
    pub(crate) async fn log_question(&self, entry: &AiLogEntry) {
        if let Err(error) = self.bot.ai_log.append(entry, (self.bot.clock)()).await {
            tracing::warn!("an AI answer was not logged: {error}");
        }
    }

    /// Shows «typing…» until the work is done, and not at all if it is done at once.
    pub(crate) async fn typing_while<T>(&self, to: Recipient, work: impl Future<Output = T>) -> T {
        let (working, mut done) = oneshot::channel::<()>();
        let work = async {
            let result = work.await;
            drop(working);
            result
        };
        let typing = async {
            while done.try_recv() == Err(TryRecvError::Empty) {
                let mut call = to.parameters();
                call["action"] = "typing".into();
                // It may finish even when the work is done: cancelling a call closes its connection, and the reply
                // would have to open another one.
                let _ = timeout(TYPING_TIMEOUT, self.bot.api.call("sendChatAction", &call)).await;
                let _ = timeout(TYPING_INTERVAL, &mut done).await;
            }
        };
        futures::join!(work, typing).0
    }
}

/// Whether a model may be called once more today. If that cannot be counted, it may not: nothing else bounds what it
/// costs.
pub(crate) fn may_call_model(counted: Result<bool, StorageError>) -> bool {
    counted.unwrap_or_else(|error| {
        tracing::warn!("a model is not asked, because that cannot be counted: {error}");
        false
    })
}
