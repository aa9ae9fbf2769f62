//! One call of a language model behind an OpenAI-compatible server.

mod form;
mod request;

use std::time::Duration;

use async_openai::Client;
use async_openai::config::Config;
use async_openai::error::OpenAIError;
use async_openai::middleware::ReqwestService;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

pub(crate) use form::Form;
pub(crate) use request::SYSTEM_PROMPT;

use crate::ModelCall;

/// A server of models. Cheap to clone; connections are kept alive between calls.
#[derive(Clone)]
pub(crate) struct Model {
    client: Client<Server>,
    max_tokens: u32,
    temperature: f32,
}

/// What to ask, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// Name of the model.
    pub(crate) model: &'a str,
    /// What the customer wrote.
    pub(crate) text: &'a str,
    /// The calendar year, for «прошлогодняя».
    pub(crate) this_year: i16,
    /// Bind the answer to a JSON schema. Some compatible servers refuse that.
    pub(crate) is_bound: bool,
    /// How long to wait.
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
    /// The server's answer is no chat completion.
    #[error("no_completion")]
    NoCompletion,
    /// The model declined to answer.
    #[error("refusal")]
    Refusal,
    /// What the model said has no JSON object in it.
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
        let http = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build().unwrap_or_default();
        let server = Server::new(settings);
        // Given a service of its own, the library does not wrap ours in its retries, which would outlast the customer.
        let client = Client::build(http.clone(), server).with_http_service(ReqwestService::new(http));
        Self { client, max_tokens: settings.max_tokens, temperature: settings.temperature }
    }

    /// Asks once. The call's tokens are counted even when its answer is of no use.
    pub(crate) async fn ask(&self, question: &Question<'_>) -> (Result<Form, Failure>, Option<ModelCall>) {
        let body = request::body(question, self.max_tokens, self.temperature);
        // A plain value: compatible servers leave out fields that the library's own type insists on.
        let chat = self.client.chat();
        let call = chat.create_byot::<_, Value>(body);
        let completion = match tokio::time::timeout(question.patience, call).await {
            Err(_) => return (Err(Failure::Timeout), None),
            Ok(Err(error)) => return (Err(failure(&error)), None),
            Ok(Ok(completion)) => completion,
        };
        let tokens =
            |name: &str| completion["usage"][name].as_u64().and_then(|count| count.try_into().ok()).unwrap_or(0);
        let call = ModelCall {
            model: question.model.to_owned(),
            prompt_tokens: tokens("prompt_tokens"),
            completion_tokens: tokens("completion_tokens"),
        };
        (Form::read(&completion, question.this_year), Some(call))
    }
}

fn failure(error: &OpenAIError) -> Failure {
    match error {
        OpenAIError::ApiError(answer) => Failure::Status(answer.status_code.as_u16()),
        OpenAIError::Reqwest(error) if error.is_timeout() => Failure::Timeout,
        OpenAIError::Reqwest(_) => Failure::Connection,
        _ => Failure::NoCompletion,
    }
}

/// Where the models are, and the key to them. The library's own configuration reads the environment behind our back and
/// panics at a key with a line break.
#[derive(Clone)]
struct Server {
    base_url: String,
    key: SecretString,
    authorization: Option<HeaderValue>,
}

impl Server {
    fn new(settings: &settings::OpenAi) -> Self {
        let key = settings.api_key.clone().unwrap_or_default();
        let bearer = format!("Bearer {}", key.expose_secret().trim());
        let authorization = HeaderValue::from_str(&bearer).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Self {
            base_url: settings.base_url.trim_end_matches('/').to_owned(),
            authorization: authorization.filter(|_| settings.api_key.is_some()),
            key,
        }
    }
}

impl Config for Server {
    fn headers(&self) -> HeaderMap {
        self.authorization.iter().map(|value| (AUTHORIZATION, value.clone())).collect()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        Vec::new()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}
