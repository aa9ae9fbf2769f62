//! What stands behind the API: the models, what they were asked, and what they answer.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::response::Response;
use http::{HeaderMap, header};
use serde_json::{Value, json};

use super::audio::{Recording, Upload};
use super::check::{self, Accepted, ApiError};
use super::refusal::Refusal;
use super::{Answer, Asked, HEARD_AT_FIRST, Mind, Mood};
use crate::fault::{Faults, now_ms};

/// Questions kept for [`super::OpenAi::questions`], and recordings for [`super::OpenAi::recordings`].
const QUESTIONS_KEPT: usize = 1000;

/// Everything behind the API.
pub(super) struct Model {
    pub(super) api_key: Option<String>,
    pub(super) models: Vec<String>,
    pub(super) mind: Mind,
    pub(super) faults: Faults,
    pub(super) state: Mutex<Minds>,
}

/// What tests and pages set, and what was asked.
pub(super) struct Minds {
    pub(super) script: VecDeque<Answer>,
    pub(super) mood: Mood,
    pub(super) asked: VecDeque<Asked>,
    count: u64,
    /// In the order in which they are made.
    pub(super) refusals: Vec<Refusal>,
    /// By model.
    pub(super) shutdown_dates: BTreeMap<String, String>,
    /// What is heard in every recording.
    pub(super) heard: String,
    pub(super) recordings: VecDeque<Recording>,
}

impl Default for Minds {
    fn default() -> Self {
        Self {
            script: VecDeque::new(),
            mood: Mood::default(),
            asked: VecDeque::new(),
            count: 0,
            refusals: Vec::new(),
            shutdown_dates: BTreeMap::new(),
            heard: HEARD_AT_FIRST.to_owned(),
            recordings: VecDeque::new(),
        }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Model").field("models", &self.models).finish_non_exhaustive()
    }
}

impl Model {
    pub(super) fn lock(&self) -> MutexGuard<'_, Minds> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        let Some(key) = &self.api_key else { return Ok(()) };
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        if given == Some(key) { Ok(()) } else { Err(ApiError::wrong_key(given.is_some())) }
    }

    pub(super) fn know(&self, model: &str) -> Result<(), ApiError> {
        let known = self.models.is_empty() || self.models.iter().any(|known| known == model);
        if known { Ok(()) } else { Err(ApiError::no_such_model(model)) }
    }

    pub(super) fn refusal(&self, request: &Value) -> Option<Response> {
        let refusals = self.lock().refusals.clone();
        refusals.into_iter().find_map(|refusal| refusal.of(request))
    }

    pub(super) fn listed(&self, name: &str) -> Value {
        let shutdown = self.lock().shutdown_dates.get(name).cloned();
        json!({
            "id": name, "object": "model", "created": 1_721_172_741, "owned_by": "system", "shutdown_date": shutdown
        })
    }

    pub(super) fn listen(&self, upload: Upload) -> String {
        let mut state = self.lock();
        let text = state.heard.clone();
        if state.recordings.len() == QUESTIONS_KEPT {
            state.recordings.pop_front();
        }
        let Upload { model, language, languages, prompt, file_name, content } = upload;
        let (size, text_of_it) = (content.len(), text.clone());
        let recording = Recording { model, language, languages, prompt, file_name, size, text: text_of_it };
        state.recordings.push_back(recording);
        text
    }

    fn think(&self, request: &Accepted) -> Answer {
        let (scripted, mood) = {
            let mut state = self.lock();
            (state.script.pop_front(), state.mood.clone())
        };
        if let Some(scripted) = scripted {
            return scripted;
        }
        let mut answer = (self.mind)(&request.instructions, &request.question);
        if let Some(schema) = &request.schema {
            answer = check::shaped(&answer, schema);
        }
        match mood {
            Mood::Well => Answer::Json(answer),
            Mood::Nonsense => Answer::Text("Конечно! Вот что я думаю об этом: {intent: sell".to_owned()),
            Mood::Fenced => Answer::Fenced(answer),
            Mood::Unsure { model, confidence } => {
                if model.is_none_or(|model| model == request.model) {
                    answer["confidence"] = json!(confidence);
                }
                Answer::Json(answer)
            }
        }
    }

    pub(super) fn completion(&self, request: &Accepted) -> Value {
        let answer = self.think(request);
        let (content, refusal, mut finish) = match answer {
            Answer::Json(value) => (value.to_string(), None, "stop"),
            Answer::Text(text) => (text, None, "stop"),
            Answer::Fenced(value) => (format!("```json\n{value}\n```"), None, "stop"),
            Answer::Refusal(reason) => (String::new(), Some(reason), "stop"),
            Answer::CutOff(text) => (text, None, "length"),
        };
        let mut completion_tokens = tokens(&content);
        let mut content = content;
        if let Some(most) = request.max_tokens.filter(|most| completion_tokens > *most) {
            let letters = usize::try_from(most * 3).unwrap_or(usize::MAX);
            content = content.chars().take(letters).collect();
            completion_tokens = most;
            finish = "length";
        }
        let prompt_tokens = tokens(&request.instructions) + tokens(&request.question);
        let number = {
            let mut state = self.lock();
            if state.asked.len() == QUESTIONS_KEPT {
                state.asked.pop_front();
            }
            state.asked.push_back(Asked {
                model: request.model.clone(),
                instructions: request.instructions.clone(),
                question: request.question.clone(),
                answer: content.clone(),
                at_ms: now_ms(),
            });
            state.count += 1;
            state.count
        };
        let content = if refusal.is_some() { Value::Null } else { Value::String(content) };
        json!({
            "id": format!("chatcmpl-{number:029}"),
            "object": "chat.completion",
            "created": now_ms() / 1000,
            "model": request.model,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": content, "refusal": refusal, "annotations": []},
                "logprobs": null,
                "finish_reason": finish,
            }],
            "usage": {
                "prompt_tokens": prompt_tokens,
                "completion_tokens": completion_tokens,
                "total_tokens": prompt_tokens + completion_tokens,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            },
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        })
    }
}

/// About as many as a tokenizer makes of Russian text: three letters each.
fn tokens(text: &str) -> u64 {
    u64::try_from(text.chars().count().div_ceil(3)).unwrap_or(u64::MAX)
}
