//! A server of language models that speaks the chat completions API.

mod dialect;
mod form;
mod refusal;
mod request;
pub(crate) mod service;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_openai::Client;
use async_openai::error::OpenAIError;
use dealer::Fact;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

pub(crate) use form::Form;
pub(crate) use request::SYSTEM_PROMPT;

use crate::ModelCall;
use dialect::Dialect;
use request::Limits;
use service::{Refused, Server};

/// A server of models. Cheap to clone; clones share connections and what the server was found to take.
#[derive(Clone)]
pub(crate) struct Model {
    client: Client<Server>,
    limits: Limits,
    /// By the model's name.
    dialects: Arc<Mutex<HashMap<String, Dialect>>>,
}

/// What to ask, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// Name of the model.
    pub(crate) model: &'a str,
    /// What the customer wrote.
    pub(crate) text: &'a str,
    /// The dealer's facts to choose from; the model knows them by their numbers, from 1.
    pub(crate) facts: &'a [Fact],
    /// The calendar year, for «прошлогодняя».
    pub(crate) this_year: i16,
    /// How long to wait, however often the server has to be asked again.
    pub(crate) patience: Duration,
}

/// Why a call brought no answer: the kind only, never what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// No connection, or it broke.
    #[error("connection")]
    Connection,
    /// The server refused with this status.
    #[error("http_{0}")]
    Status(u16),
    /// The server's answer is not a chat completion.
    #[error("no_completion")]
    NoCompletion,
    /// The model declined to answer.
    #[error("refusal")]
    Refusal,
    /// The answer ended at the limit of tokens before the form did.
    #[error("cut_off")]
    CutOff,
    /// What the model said has no form in it.
    #[error("not_json")]
    NotJson,
    /// The form has no intent.
    #[error("empty_intent")]
    EmptyIntent,
    /// The form has an intent that does not exist.
    #[error("unknown_intent")]
    UnknownIntent,
    /// The form was filled, but the model is not sure enough of it.
    #[error("unsure")]
    Unsure,
}

impl Model {
    pub(crate) fn new(settings: &settings::OpenAi) -> Self {
        Self {
            client: service::client(&settings.base_url, settings.api_key.as_ref()),
            limits: Limits { max_tokens: settings.max_tokens, temperature: settings.temperature },
            dialects: Arc::default(),
        }
    }

    /// Asks one question: once, and again where the server refuses a parameter or the limit cuts the answer off.
    /// Answered calls are added to `calls` even when they are of no use, because they cost money.
    pub(crate) async fn ask(&self, question: &Question<'_>, calls: &mut Vec<ModelCall>) -> Result<Form, Failure> {
        let deadline = Instant::now() + question.patience;
        loop {
            let dialect = self.dialect(question.model);
            let body = request::body(question, &dialect, self.limits);
            // A plain value: compatible servers leave out fields that the library's own type insists on.
            let chat = self.client.chat();
            let answered = timeout_at(deadline, chat.create_byot::<_, Value>(body)).await;
            let (adapted, parameter) = match answered.map_err(|_| Failure::Timeout)? {
                // Routers say 200 before they know what the server behind them says.
                Ok(completion) if completion["error"].is_object() => {
                    let status = completion["error"]["code"].as_u64().and_then(|code| code.try_into().ok());
                    let status = status.unwrap_or(400);
                    let adapted = dialect.after_refusal(status, &completion.to_string());
                    adapted.ok_or(Failure::Status(status))?
                }
                Ok(completion) => {
                    calls.push(bill(question.model, &completion));
                    let form = Form::read(&completion, question.this_year);
                    let roomier = dialect.with_more_room().filter(|_| form == Err(Failure::CutOff));
                    let Some(roomier) = roomier else { return form };
                    (roomier, "limit")
                }
                Err(error) => match adapted(&dialect, &error) {
                    Some(adapted) => adapted,
                    None => return Err(failure(&error)),
                },
            };
            tracing::warn!(
                ai.model = question.model,
                ai.parameter = parameter,
                "the model's server does not take a parameter; asking again without it"
            );
            self.lock().insert(question.model.to_owned(), adapted);
        }
    }

    fn dialect(&self, model: &str) -> Dialect {
        self.lock().get(model).cloned().unwrap_or_default()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Dialect>> {
        self.dialects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bill(model: &str, completion: &Value) -> ModelCall {
    let tokens = |name: &str| completion["usage"][name].as_u64().and_then(|count| count.try_into().ok()).unwrap_or(0);
    ModelCall {
        model: model.to_owned(),
        prompt_tokens: tokens("prompt_tokens"),
        completion_tokens: tokens("completion_tokens"),
    }
}

/// How to ask again after this error, and without what; `None` if asking again does not help.
fn adapted(dialect: &Dialect, error: &OpenAIError) -> Option<(Dialect, &'static str)> {
    let refused = Refused::of(error)?;
    dialect.after_refusal(refused.status, &refused.body)
}

fn failure(error: &OpenAIError) -> Failure {
    match (Refused::of(error), error) {
        (Some(refused), _) => Failure::Status(refused.status),
        (None, OpenAIError::Reqwest(error)) if error.is_timeout() => Failure::Timeout,
        (None, OpenAIError::Reqwest(_)) => Failure::Connection,
        (None, _) => Failure::NoCompletion,
    }
}
