//! `POST /v1/audio/transcriptions`: what `OpenAI` refuses in a recording, and what it hears in it.

use axum::extract::multipart::{Field, Multipart};
use bytes::Bytes;
use serde::Serialize;

use super::check::ApiError;

/// Largest file, in bytes: <https://help.openai.com/en/articles/7031512-whisper-api-faq>.
const MAX_FILE: usize = 25 * 1024 * 1024;

/// Extensions of the formats, as the error message lists them.
const FORMATS: [&str; 10] = ["flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm"];

/// Fields of the form that a transcription may have.
const FIELDS: [&str; 12] = [
    "file",
    "model",
    "language",
    "languages[]",
    "prompt",
    "keywords[]",
    "response_format",
    "temperature",
    "stream",
    "chunking_strategy",
    "include[]",
    "timestamp_granularities[]",
];

/// A recording that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recording {
    pub model: String,
    pub language: Option<String>,
    /// In place of `language`, from gpt-transcribe on.
    pub languages: Vec<String>,
    pub prompt: Option<String>,
    pub file_name: String,
    /// Its size in bytes.
    pub size: usize,
    /// What was heard.
    pub text: String,
}

/// A request that is in order.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pub(super) model: String,
    pub(super) language: Option<String>,
    pub(super) languages: Vec<String>,
    pub(super) prompt: Option<String>,
    pub(super) file_name: String,
    pub(super) content: Bytes,
}

/// Reads a request, or says what is wrong with it.
pub(super) async fn upload(mut form: Multipart) -> Result<Upload, ApiError> {
    let mut upload = Upload::default();
    let mut has_file = false;
    while let Some(field) = form.next_field().await.map_err(|_| unparsed())? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => {
                has_file = true;
                upload.file_name = field.file_name().unwrap_or_default().to_owned();
                upload.content = field.bytes().await.map_err(|_| unparsed())?;
            }
            "model" => upload.model = text(field).await?,
            "language" => upload.language = Some(text(field).await?),
            "languages[]" => upload.languages.push(text(field).await?),
            "prompt" => upload.prompt = Some(text(field).await?),
            "response_format" if text(field).await? != "json" => {
                return Err(ApiError::coded(
                    "unsupported_value",
                    "response_format",
                    "The simulator returns JSON only.",
                ));
            }
            known if FIELDS.contains(&known) => {}
            other => {
                let message = format!("Unknown parameter: '{other}'.");
                return Err(ApiError::coded("unknown_parameter", other, message));
            }
        }
    }
    if !has_file {
        return Err(ApiError::invalid("file", "you must provide a file parameter"));
    }
    if upload.model.is_empty() {
        return Err(ApiError::invalid("model", "you must provide a model parameter"));
    }
    check_file(&upload)?;
    for language in upload.language.iter().chain(&upload.languages) {
        check_language(language)?;
    }
    if upload.language.is_some() && !upload.languages.is_empty() {
        return Err(ApiError::invalid("languages", "You cannot send both 'language' and 'languages'."));
    }
    Ok(upload)
}

/// The format is known by the extension of the file's name; then the content is decoded.
fn check_file(upload: &Upload) -> Result<(), ApiError> {
    let size = upload.content.len();
    if size > MAX_FILE {
        return Err(ApiError::too_large(format!(
            "Maximum content size limit ({MAX_FILE}) exceeded ({size} bytes read)"
        )));
    }
    let extension = upload.file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !FORMATS.contains(&extension.to_lowercase().as_str()) {
        let formats = FORMATS.map(|format| format!("'{format}'")).join(", ");
        return Err(ApiError::unnamed(format!("Invalid file format. Supported formats: [{formats}]")));
    }
    if size == 0 {
        let message = "Audio file is too short. Minimum audio length is 0.1 seconds.";
        return Err(ApiError::coded("audio_too_short", "file", message));
    }
    if !is_audio(&upload.content) {
        return Err(ApiError::coded("invalid_value", "file", "Audio file might be corrupted or unsupported"));
    }
    Ok(())
}

/// ISO-639-1, two letters.
fn check_language(language: &str) -> Result<(), ApiError> {
    if language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return Ok(());
    }
    let message = format!("Invalid language '{language}'. Language parameter must be specified in ISO-639-1 format.");
    Err(ApiError::coded("invalid_language_format", "language", message))
}

/// Whether it begins as a file of one of the formats does.
fn is_audio(content: &[u8]) -> bool {
    let beginnings: [&[u8]; 6] = [b"OggS", b"RIFF", b"fLaC", b"ID3", b"\x1a\x45\xdf\xa3", b"\xff\xfb"];
    beginnings.iter().any(|beginning| content.starts_with(beginning)) || content.get(4..8) == Some(b"ftyp")
}

async fn text(field: Field<'_>) -> Result<String, ApiError> {
    field.text().await.map_err(|_| unparsed())
}

fn unparsed() -> ApiError {
    ApiError::unnamed("Could not parse multipart form")
}
