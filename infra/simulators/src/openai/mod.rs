//! An `OpenAI` that answers chat completions, from a script or by whatever stands in for a model, and that hears in a
//! recording what it is told to.
//!
//! Requests are checked as the real API checks them, strict JSON schemas too. Connection faults come through
//! [`Faults`] (routes such as «POST /v1/chat/completions»), faults of the model itself through [`Mood`] and
//! [`OpenAi::script`].

mod audio;
mod check;
mod model;
mod refusal;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex};

use axum::extract::multipart::{Multipart, MultipartRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, Method, Uri, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::fault::Faults;
use crate::http::{Dialect, Server};
pub use audio::Recording;
use check::ApiError;
use model::Model;
use refusal::Refusal;
pub use refusal::{Parameter, Words};

/// What is heard in recordings at first.
pub const HEARD_AT_FIRST: &str = "Продаю камри две тысячи девятнадцатого, пробег восемьдесят пять тысяч";

/// The body of the 429 that an account without money gets, for [`crate::fault::Fault::Status`].
pub const QUOTA_EXCEEDED: &str = r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#;

/// Answers a question in place of a model: it gets the instructions and the question.
pub type Mind = Arc<dyn Fn(&str, &str) -> Value + Send + Sync>;

/// How a simulated `OpenAI` is set up.
#[derive(Clone)]
pub struct Options {
    /// The only key that is let in; `None` lets anybody in.
    pub api_key: Option<String>,
    /// The models there are; with none named, all are.
    pub models: Vec<String>,
    /// What answers when no script does.
    pub mind: Mind,
    /// The port to listen at; 0 for any free one.
    pub port: u16,
    /// Failures to start with.
    pub faults: Faults,
}

impl Default for Options {
    /// A mind that knows nothing.
    fn default() -> Self {
        Self {
            api_key: None,
            models: Vec::new(),
            mind: Arc::new(|_, _| json!({"intent": "unknown", "confidence": 0.9, "reply": "Не знаю."})),
            port: 0,
            faults: Faults::default(),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Options")
            .field("models", &self.models)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// What a model says to one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// This JSON.
    Json(Value),
    /// This text, whatever was asked for.
    Text(String),
    /// This JSON in a Markdown code block.
    Fenced(Value),
    /// A refusal to answer, with this reason.
    Refusal(String),
    /// This text, cut off by the limit of tokens.
    CutOff(String),
}

/// How all models are for the time being, for a page with switches.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mood {
    /// They answer well.
    #[default]
    Well,
    /// They answer text that is not JSON.
    Nonsense,
    /// They put the JSON into a Markdown code block.
    Fenced,
    /// They are this sure of themselves, whatever they say.
    Unsure {
        /// Which model; all if none.
        model: Option<String>,
        /// 0..1
        confidence: f64,
    },
}

/// A question a model was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Asked {
    /// Which model.
    pub model: String,
    /// All that was said to it but the last message of the user.
    pub instructions: String,
    /// The last message of the user.
    pub question: String,
    /// What it answered.
    pub answer: String,
    /// Milliseconds since the epoch.
    pub at_ms: u64,
}

/// A simulated `OpenAI`. Clones are the same one; it ends with [`OpenAi::stop`] or the last clone.
#[derive(Clone, Debug)]
pub struct OpenAi {
    model: Arc<Model>,
    server: Server,
}

impl OpenAi {
    /// Starts one.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let model = Arc::new(Model {
            api_key: options.api_key,
            models: options.models,
            mind: options.mind,
            faults: options.faults.clone(),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/v1/chat/completions", post(complete))
            .route("/v1/audio/transcriptions", post(transcribe).layer(DefaultBodyLimit::disable()))
            .route("/v1/models", get(list_models))
            .route("/v1/models/{model}", get(show_model))
            .fallback(no_such_path)
            .with_state(Arc::clone(&model));
        let dialect = Dialect { too_many, ..Dialect::PLAIN };
        let server = Server::start(router, options.port, options.faults, dialect).await?;
        Ok(Self { model, server })
    }

    /// What stands for `https://api.openai.com/v1`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.url())
    }

    /// The failures to come, and the calls that came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.model.faults
    }

    /// The next question without a scripted answer is answered so.
    pub fn script(&self, answer: Answer) {
        self.model.lock().script.push_back(answer);
    }

    /// How all models are from now on; a scripted answer is given as it is.
    pub fn set_mood(&self, mood: Mood) {
        self.model.lock().mood = mood;
    }

    /// From now on a parameter is refused, one at a time in the order of these calls, whatever the model.
    pub fn refuse(&self, parameter: Parameter, words: Words) {
        self.model.lock().refusals.push(Refusal { parameter, words });
    }

    /// The list of models says when this one is switched off: `2027-01-14`.
    pub fn set_shutdown_date(&self, model: &str, date: &str) {
        self.model.lock().shutdown_dates.insert(model.to_owned(), date.to_owned());
    }

    /// What is heard in every recording from now on.
    pub fn hear(&self, text: &str) {
        text.clone_into(&mut self.model.lock().heard);
    }

    /// The last thousand recordings that were in order, oldest first.
    #[must_use]
    pub fn recordings(&self) -> Vec<Recording> {
        self.model.lock().recordings.iter().cloned().collect()
    }

    /// How all models are.
    #[must_use]
    pub fn mood(&self) -> Mood {
        self.model.lock().mood.clone()
    }

    /// The last thousand questions, oldest first.
    #[must_use]
    pub fn questions(&self) -> Vec<Asked> {
        self.model.lock().asked.iter().cloned().collect()
    }

    /// Cuts every connection, as an outage would.
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

async fn complete(State(model): State<Arc<Model>>, headers: HeaderMap, body: Bytes) -> Response {
    let admitted = model.admit(&headers);
    if admitted.is_ok()
        && let Ok(request) = serde_json::from_slice(&body)
        && let Some(refusal) = model.refusal(&request)
    {
        return refusal;
    }
    let outcome = admitted.and_then(|()| check::request(&body)).and_then(|request| {
        model.know(&request.model)?;
        Ok(model.completion(&request))
    });
    outcome.map_or_else(IntoResponse::into_response, |completion| Json(completion).into_response())
}

async fn transcribe(
    State(model): State<Arc<Model>>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let upload = async {
        model.admit(&headers)?;
        let form = form.map_err(|_| ApiError::unnamed("Could not parse multipart form"))?;
        let upload = audio::upload(form).await?;
        model.know(&upload.model)?;
        Ok::<_, ApiError>(upload)
    };
    match upload.await {
        Ok(upload) => {
            let languages = Some(&upload.languages).filter(|languages| !languages.is_empty());
            let hints = json!({ "prompt": upload.prompt, "language": upload.language, "languages": languages });
            let refusal = model.refusal(&hints);
            refusal.unwrap_or_else(|| Json(json!({ "text": model.listen(upload) })).into_response())
        }
        Err(error) => error.into_response(),
    }
}

async fn list_models(State(model): State<Arc<Model>>, headers: HeaderMap) -> Response {
    let listed: Vec<Value> = model.models.iter().map(|name| model.listed(name)).collect();
    let outcome = model.admit(&headers).map(|()| Json(json!({"object": "list", "data": listed})));
    outcome.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

async fn show_model(State(model): State<Arc<Model>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let outcome = model.admit(&headers).and_then(|()| model.know(&name)).map(|()| Json(model.listed(&name)));
    outcome.map_or_else(IntoResponse::into_response, IntoResponse::into_response)
}

async fn no_such_path(method: Method, uri: Uri) -> Response {
    ApiError::no_such_path(method.as_str(), uri.path()).into_response()
}

fn too_many(retry_after: u64) -> Response {
    let mut response = ApiError::rate_limited(retry_after).into_response();
    response.headers_mut().insert(header::RETRY_AFTER, retry_after.into());
    response
}
