//! Who answers a question: the first model, the second, or the rules.

use std::time::{Duration, Instant};

use dealer::Facts;
use dialog::MAX_QUESTION_CHARS;
use settings::time_budget::{MODEL_CALL, MODEL_CALLS};

use crate::model::{Failure, Form, Model, Question};
use crate::{Answered, CallLog, facts, offline};

/// Answers free questions, with models where they are configured and always with rules behind them.
#[derive(Clone)]
pub struct Classifier {
    model: Option<Model>,
    first: String,
    second: String,
    sure_from: f32,
    call_timeout: Duration,
}

impl Classifier {
    /// A classifier that asks the configured models; without any, only the rules answer. Build it once: it keeps
    /// connections.
    #[must_use]
    pub fn new(settings: &settings::OpenAi) -> Self {
        Self {
            model: settings.configured.then(|| Model::new(settings)),
            first: settings.model.clone(),
            second: settings.fallback_model.clone(),
            sure_from: settings.smart_fallback_confidence,
            call_timeout: Duration::from_secs(settings.timeout_seconds).min(MODEL_CALL),
        }
    }

    /// What `question` asks for, and which of the dealer's facts answer it. `this_year` is the calendar year at the
    /// dealer's. It never fails and never takes longer than [`MODEL_CALLS`]: when no model gives a usable answer, the
    /// rules do.
    pub async fn answer(&self, question: &str, this_year: i16, known: &Facts) -> Answered {
        self.answer_within(MODEL_CALLS, question, this_year, known).await
    }

    /// The same within `patience`.
    pub async fn answer_within(&self, patience: Duration, question: &str, this_year: i16, known: &Facts) -> Answered {
        let started = Instant::now();
        let question = offline::beginning(question.trim(), MAX_QUESTION_CHARS);
        let mut call = CallLog::default();
        let form = match &self.model {
            Some(model) if !question.is_empty() => {
                let first = Question {
                    model: &self.first,
                    text: question,
                    facts: known,
                    this_year,
                    patience: self.call_timeout.min(patience / 2),
                };
                self.ask_models(model, first, started + patience, &mut call).await
            }
            _ => None,
        };
        let answer = match form {
            Some((form, model)) => {
                call.model = model;
                facts::settled_by_model(form.answer, form.facts.as_deref(), question, known)
            }
            None => {
                call.model = CallLog::OFFLINE.to_owned();
                call.offline = true;
                offline::answer(question, this_year, known)
            }
        };
        call.prompt_tokens = call.calls.iter().map(|call| call.prompt_tokens).sum();
        call.completion_tokens = call.calls.iter().map(|call| call.completion_tokens).sum();

        Answered { answer, call }
    }

    /// The first model's form if it is sure, else the second's. If the second fails, the first one's, unsure as it is.
    async fn ask_models(
        &self,
        model: &Model,
        mut question: Question<'_>,
        deadline: Instant,
        log: &mut CallLog,
    ) -> Option<(Form, String)> {
        let first = self.ask_one(model, &question, log).await;
        let unsure = match first {
            Ok(form) if form.states_confidence && form.answer.confidence >= self.sure_from => {
                return Some((form, self.first.clone()));
            }
            Ok(form) => {
                log.failures.push(Failure::Unsure.to_string());
                Some(form)
            }
            Err(failure) => {
                log.failures.push(failure.to_string());
                None
            }
        };
        log.fallback = true;
        question.model = &self.second;
        question.patience = self.call_timeout.min(deadline.saturating_duration_since(Instant::now()));
        match self.ask_one(model, &question, log).await {
            Ok(form) => Some((form, self.second.clone())),
            Err(failure) => {
                log.failures.push(failure.to_string());
                unsure.map(|form| (form, self.first.clone()))
            }
        }
    }

    async fn ask_one(&self, model: &Model, question: &Question<'_>, log: &mut CallLog) -> Result<Form, Failure> {
        let form = model.ask(question, &mut log.calls).await;
        if let Err(failure) = &form {
            tracing::warn!(ai.model = question.model, ai.failure = %failure, "a model gave no usable answer");
        }
        form
    }
}
