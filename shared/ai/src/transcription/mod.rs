//! Voice messages become text, by OpenAI's `/audio/transcriptions`:
//! <https://developers.openai.com/api/reference/resources/audio/subresources/transcriptions/methods/create>.

mod silence;

use std::time::Duration;

use bytes::Bytes;
use reqwest::multipart::{Form, Part};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Makes and models as they are spoken. Whisper reads the last 224 tokens of a prompt only.
const PROMPT: &str = include_str!("../../prompts/voice.txt");

/// A server that turns speech into text. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Transcriber {
    http: reqwest::Client,
    url: String,
    key: Option<SecretString>,
    model: String,
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
            http: reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).build().unwrap_or_default(),
            url: format!("{}/audio/transcriptions", settings.base_url.trim_end_matches('/')),
            key: settings.api_key.clone(),
            model: settings.model.clone(),
        }
    }

    /// The words of a recording, within `patience`. The server is asked once: a second call would cost as much again.
    ///
    /// # Errors
    /// See [`NotHeard`].
    pub async fn words(&self, recording: Bytes, patience: Duration) -> Result<String, NotHeard> {
        let form = self.form(recording).map_err(|error| failure(&error))?;
        let request = self.http.post(&self.url).timeout(patience).multipart(form);
        let request = match &self.key {
            Some(key) => request.bearer_auth(key.expose_secret().trim()),
            None => request,
        };
        let answer = request.send().await.map_err(|error| failure(&error))?;
        if !answer.status().is_success() {
            return Err(NotHeard::Status(answer.status().as_u16()));
        }
        let body = answer.bytes().await.map_err(|error| failure(&error))?;
        let answer: Value = serde_json::from_slice(&body).map_err(|_| NotHeard::NoTranscription)?;
        let words = answer["text"].as_str().ok_or(NotHeard::NoTranscription)?.trim();
        if silence::is_made_up(words, PROMPT) { Err(NotHeard::Silence) } else { Ok(words.to_owned()) }
    }

    /// The server knows the format by the extension of the file's name.
    fn form(&self, recording: Bytes) -> reqwest::Result<Form> {
        let length = recording.len() as u64;
        let file = Part::stream_with_length(recording, length).file_name("voice.ogg").mime_str("audio/ogg")?;
        Ok(Form::new()
            .part("file", file)
            .text("model", self.model.clone())
            .text("language", "ru")
            .text("prompt", PROMPT.trim()))
    }
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
