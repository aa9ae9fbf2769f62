//! Finds out what was said in a voice message.

use dialog::{MAX_VOICE_BYTES, Voice};
use settings::time_budget::TRANSCRIPTION;
use telegram::Recipient;
use tokio::time::{Instant, timeout};

use crate::Webhook;
use crate::ask::may_call_model;

/// Why the words of a voice message are not known.
#[derive(Debug, thiserror::Error)]
enum Unheard {
    #[error("no model is configured")]
    NoModel,
    #[error("no more calls to models today")]
    TooMany,
    #[error("the recording cannot be downloaded: {0}")]
    Download(#[from] telegram::ApiError),
    #[error("the recording is too large")]
    TooLarge,
    #[error("the model was no help: {0}")]
    Model(#[from] ai::NotHeard),
    #[error("no time is left")]
    Late,
}

impl Webhook {
    /// Returns the words of a voice message and shows «typing…» meanwhile; `None` if they are not known in time.
    pub(crate) async fn listen(&self, to: Recipient, voice: &Voice) -> Option<String> {
        let started = Instant::now();
        let words = async { timeout(TRANSCRIPTION, self.words(voice, started)).await.unwrap_or(Err(Unheard::Late)) };
        let words = self.typing_while(to, words).await;
        let duration_ms = started.elapsed().as_millis();
        match &words {
            Ok(_) => tracing::info!(duration_ms, seconds = voice.seconds, "heard a voice message"),
            Err(why) => tracing::warn!(duration_ms, seconds = voice.seconds, "a voice message was not heard: {why}"),
        }
        words.ok()
    }

    async fn words(&self, voice: &Voice, started: Instant) -> Result<String, Unheard> {
        let transcriber = self.transcriber.as_ref().ok_or(Unheard::NoModel)?;
        let most_a_day = self.bot.dealer.get().await.limits.model_questions_a_day;
        let recording = self.bot.api.download(&voice.file.file_id).await?;
        if recording.len() as u64 > MAX_VOICE_BYTES {
            return Err(Unheard::TooLarge);
        }
        if !may_call_model(self.bot.counters.count_transcription((self.bot.clock)(), most_a_day).await) {
            return Err(Unheard::TooMany);
        }
        Ok(transcriber.words(recording, TRANSCRIPTION.saturating_sub(started.elapsed())).await?)
    }
}
