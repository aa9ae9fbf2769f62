//! Voice messages that gave answers: the sound for the deal, and the words for the note.

use lead::Voice;
use serde::{Deserialize, Serialize};

use super::Form;
use crate::answer::Value;
use crate::plain;

/// Most voice messages of a request.
const MAX_SPOKEN: usize = 5;

/// Longest words that are stored beside the answer, in characters.
const MAX_WORDS: usize = 300;

/// Bytes of a voice message beside its ids and words, as stored.
const AROUND: usize = 60;

/// A voice message, as far as the form needs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spoken {
    #[serde(flatten)]
    pub(crate) voice: Voice,
    /// Id of the step that it answered, as long as that answer stands; `None` if it came before the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<String>,
    /// What was heard, unless the answer has the same words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<String>,
}

/// What was said in answer to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said<'a> {
    /// The answer itself.
    AsAnswered,
    /// Other words, which the answer does not have.
    InWords(&'a str),
}

impl Spoken {
    /// Bytes of it, as stored.
    pub(super) fn stored_len(&self) -> usize {
        let ids = [&self.voice.file_id, &self.voice.unique_id].map(String::len).into_iter().sum::<usize>();
        let texts = self.step.iter().chain(&self.words).map(|text| plain::stored_len(text)).sum::<usize>();
        AROUND + ids + texts
    }
}

impl Form {
    /// Keeps a voice message with which the form began, if there is room. `words` are left out if the form has them.
    pub(crate) fn begin_spoken(&mut self, voice: &Voice, words: Option<&str>) {
        self.keep(voice, None, words);
    }

    /// Keeps a voice message if it has changed the answer of the step that was open `before`, or was a question for the
    /// manager.
    pub(crate) fn keep_if_answered(&mut self, before: &Self, voice: &Voice, words: &str) {
        let step = before.step();
        if self.preface.len() > before.preface.len() {
            self.keep(voice, None, None);
        } else if self.unconfirmed != before.unconfirmed && self.unconfirmed.is_some() {
            self.keep(voice, Some(step.id), Some(words));
        } else if self.answers.get(step.id) != before.answers.get(step.id) {
            let is_said_by_answer = matches!(self.answer(step), Some(Value::Text(text)) if text == words);
            self.keep(voice, Some(step.id), Some(words).filter(|_| !is_said_by_answer));
        }
    }

    /// Forgets that this step was answered by voice. The sound stays.
    pub(super) fn unmark_spoken(&mut self, step: &str) {
        for spoken in self.spoken.iter_mut().filter(|spoken| spoken.step.as_deref() == Some(step)) {
            (spoken.step, spoken.words) = (None, None);
        }
    }

    /// The voice messages, in the order in which they came.
    pub(crate) fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.spoken.iter().map(|spoken| &spoken.voice)
    }

    /// What was said before the form.
    pub(crate) fn said_before(&self) -> impl Iterator<Item = &str> {
        self.spoken.iter().filter(|spoken| spoken.step.is_none()).filter_map(|spoken| spoken.words.as_deref())
    }

    /// What was said in answer to a step; `None` if the answer was not spoken.
    pub(crate) fn said_at(&self, step: &str) -> Option<Said<'_>> {
        let last = self.spoken.iter().rfind(|spoken| spoken.step.as_deref() == Some(step))?;
        Some(last.words.as_deref().map_or(Said::AsAnswered, Said::InWords))
    }

    fn keep(&mut self, voice: &Voice, step: Option<&str>, words: Option<&str>) {
        if let Some(step) = step {
            self.unmark_spoken(step);
        }
        let words = words.map(|words| plain::cut(words, MAX_WORDS, usize::MAX));
        let spoken = Spoken { voice: voice.clone(), step: step.map(str::to_owned), words };
        if self.spoken.len() < MAX_SPOKEN && self.has_room_for_voice(spoken.stored_len()) {
            self.spoken.push(spoken);
        }
    }
}
