//! Voice messages become text, by OpenAI's `/audio/transcriptions`:
//! <https://developers.openai.com/api/reference/resources/audio/subresources/transcriptions/methods/create>.

mod hints;
mod silence;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use settings::{Unread, read_within};

use crate::model::service::MAX_ANSWER;
use hints::{Hints, Language};

/// Makes and models as they are spoken. Whisper reads the last 224 tokens of a prompt only.
const PROMPT: &str = include_str!("../../prompts/voice.txt");

/// A server that turns speech into text. Cheap to clone; clones share connections, and what the server has refused.
#[derive(Clone, Debug)]
pub struct Transcriber {
    http: reqwest::Client,
    url: String,
    key: Option<SecretString>,
    model: String,
    hints: Arc<Mutex<Hints>>,
}

/// Why a voice message has no words. It holds nothing that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHeard {
    #[error("timeout")]
    Timeout,
    #[error("connection")]
    Connection,
    /// The server refused with this status.
    #[error("http_{0}")]
    Status(u16),
    /// The server's answer is not a transcription.
    #[error("no_transcription")]
    NoTranscription,
    /// Nothing was said: the model returned no words, or those it makes up for silence.
    #[error("silence")]
    Silence,
}

impl Transcriber {
    /// A client of the configured server. Build it once: it keeps connections.
    #[must_use]
    pub fn new(settings: &settings::Transcription) -> Self {
        Self {
            http: settings::http_client().connect_timeout(Duration::from_secs(5)).build().unwrap_or_default(),
            url: format!("{}/audio/transcriptions", settings.base_url.trim_end_matches('/')),
            key: settings.api_key.clone(),
            model: settings.model.clone(),
            hints: Arc::default(),
        }
    }

    /// The words of a recording, within `patience`. The server hears it once: a second time would cost as much again.
    /// It is asked once more only when it has refused a hint, which costs nothing.
    ///
    /// # Errors
    /// See [`NotHeard`].
    pub async fn words(&self, recording: Bytes, patience: Duration) -> Result<String, NotHeard> {
        let started = Instant::now();
        loop {
            let hints = *self.hints.lock().unwrap_or_else(PoisonError::into_inner);
            let answer = self.ask(recording.clone(), hints, patience.saturating_sub(started.elapsed())).await?;
            let status = answer.status().as_u16();
            let is_success = answer.status().is_success();
            let body = read_within(answer, MAX_ANSWER).await.map_err(|unread| match unread {
                Unread::Broken(error) => failure(&error),
                Unread::TooLong => NotHeard::NoTranscription,
            })?;
            if is_success {
                return words_of(&body);
            }
            let fewer = hints.after_refusal(status, &String::from_utf8_lossy(&body)).ok_or(NotHeard::Status(status))?;
            *self.hints.lock().unwrap_or_else(PoisonError::into_inner) = fewer;
        }
    }

    async fn ask(&self, recording: Bytes, hints: Hints, patience: Duration) -> Result<reqwest::Response, NotHeard> {
        let form = self.form(recording, hints).map_err(|error| failure(&error))?;
        let request = self.http.post(&self.url).timeout(patience).multipart(form);
        let request = match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret().trim()),
            None => request,
        };
        request.send().await.map_err(|error| failure(&error))
    }

    /// The server knows the format by the extension of the file's name.
    fn form(&self, recording: Bytes, hints: Hints) -> reqwest::Result<Form> {
        let length = recording.len() as u64;
        let file = Part::stream_with_length(recording, length).file_name("voice.ogg").mime_str("audio/ogg")?;
        let form = Form::new().part("file", file).text("model", self.model.clone());
        let form = match hints.language {
            Language::One => form.text("language", "ru"),
            Language::List => form.text("languages[]", "ru"),
            Language::Unsaid => form,
        };
        Ok(if hints.prompt { form.text("prompt", PROMPT.trim()) } else { form })
    }
}

fn words_of(body: &[u8]) -> Result<String, NotHeard> {
    let answer: Value = serde_json::from_slice(body).map_err(|_| NotHeard::NoTranscription)?;
    let words = answer["text"].as_str().ok_or(NotHeard::NoTranscription)?.trim();
    if silence::is_made_up(words, PROMPT) { Err(NotHeard::Silence) } else { Ok(words.to_owned()) }
}

fn failure(error: &reqwest::Error) -> NotHeard {
    if error.is_timeout() { NotHeard::Timeout } else { NotHeard::Connection }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_names_cars_of_the_catalogue() {
        let (_, cars) = PROMPT.split_once(": ").unwrap();
        let (cars, _) = cars.split_once(". ").unwrap();
        for car in cars.split(", ") {
            assert!(values::car::suggest(car).is_some() || values::car::find(car).is_some(), "{car}");
        }
    }
}
