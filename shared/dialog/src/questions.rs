//! Free questions: which ones wait for an answer, and whether the answers help.

use lead::{Seconds, Voice};
use serde::{Deserialize, Serialize};

use crate::bounded::push_bounded;
use crate::{AI_ANSWER_TIMEOUT, plain};

/// Longest question that is sent to the model, in characters.
pub const MAX_QUESTION_CHARS: usize = 500;
/// Longest question that is stored, in bytes.
const MAX_BYTES: usize = 1_200;
pub(crate) const MAX_QUESTIONS_PER_MINUTE: usize = 10;
/// Most questions and voice messages of a customer that are worked on at a time: each holds an instance of the
/// function.
const MAX_IN_PROGRESS: usize = 2;
/// Latest questions that are kept for a manager.
const MAX_RECENT: usize = 3;
/// After this many unhelpful answers in a row, a person is offered.
const UNHELPFUL_FOR_PERSON: usize = 2;
/// After this many unhelpful answers in a row, a manager is offered.
const MAX_UNHELPFUL: usize = 3;

/// Free questions of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Questions {
    /// Latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
    /// The latest question, if it was spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spoken: Option<Voice>,
    /// Update of the latest question.
    #[serde(default)]
    latest: i64,
    /// When the latest questions were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asked_at: Vec<Seconds>,
    /// The latest questions, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<String>,
    /// Unhelpful answers in a row.
    #[serde(rename = "fruitless", default)]
    unhelpful_answers: usize,
    /// When the customer was warned about too many questions in a minute.
    #[serde(rename = "told_at", default, skip_serializing_if = "Option::is_none")]
    warned_at: Option<Seconds>,
    /// When the customer was asked to wait for the answers to earlier questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_to_wait_at: Option<Seconds>,
    /// When those were asked whose answers nobody awaits any more, but which may still be worked on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    abandoned: Vec<Seconds>,
}

/// Why a question or a voice message is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooMany {
    /// Earlier ones are still worked on.
    AtOnce,
    InAMinute,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    update_id: i64,
    at: Seconds,
    /// The prompt that a voice message answers, while its words are not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spoken_to: Option<u32>,
}

impl Waiting {
    const fn until(&self) -> Seconds {
        self.at + AI_ANSWER_TIMEOUT
    }
}

impl Questions {
    /// Records a question and returns the text for the model.
    pub(crate) fn ask(&mut self, update_id: i64, text: &str, now: Seconds) -> Result<String, TooMany> {
        self.count(now)?;
        Ok(self.wait_for_answer(update_id, text, None, now))
    }

    /// Records a voice message that is sent to be transcribed. `seq` is the prompt in front of the customer.
    pub(crate) fn listen(&mut self, update_id: i64, seq: u32, now: Seconds) -> Result<(), TooMany> {
        self.count(now)?;
        self.waiting.retain(|waiting| waiting.spoken_to.is_none() || now < waiting.until());
        let waiting = Waiting { update_id, at: now, spoken_to: Some(seq) };
        push_bounded(&mut self.waiting, waiting, MAX_QUESTIONS_PER_MINUTE);
        Ok(())
    }

    /// Records that a voice message is listened to again, because its words are late.
    pub(crate) fn listen_again(&mut self, update_id: i64, seq: u32, now: Seconds) {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.update_id == update_id) {
            waiting.at = now;
            waiting.spoken_to.get_or_insert(seq);
        }
    }

    /// Records that the words of a voice message are known. Returns the prompt to which it was spoken; `None` if nobody
    /// waits for them.
    pub(crate) fn heard(&mut self, update_id: i64) -> Option<u32> {
        let is_it = |waiting: &Waiting| waiting.update_id == update_id && waiting.spoken_to.is_some();
        let at = self.waiting.iter().position(is_it)?;
        self.waiting.remove(at).spoken_to
    }

    /// Records the words of a voice message as a question, which was counted before. Returns the text for the model.
    pub(crate) fn ask_spoken(&mut self, update_id: i64, text: &str, voice: &Voice, now: Seconds) -> String {
        self.wait_for_answer(update_id, text, Some(voice.clone()), now)
    }

    /// Records that a spoken question is asked again, because its answer is late. Returns the text for the model;
    /// `None` if it is not known.
    pub(crate) fn heard_again(&mut self, update_id: i64, now: Seconds) -> Option<String> {
        let is_heard = |waiting: &Waiting| waiting.update_id == update_id && waiting.spoken_to.is_none();
        let is_latest = self.latest == update_id && self.waiting.iter().any(is_heard);
        let words = self.recent.last().filter(|_| is_latest)?.clone();
        Some(self.ask_again(update_id, &words, now))
    }

    /// The latest question, if it was spoken, and its words.
    pub(crate) fn spoken(&self) -> Option<(&Voice, &str)> {
        Some((self.spoken.as_ref()?, self.recent.last()?))
    }

    /// Counts a paid call.
    fn count(&mut self, now: Seconds) -> Result<(), TooMany> {
        self.asked_at.retain(|at| now < at + 60);
        if self.asked_at.len() >= MAX_QUESTIONS_PER_MINUTE {
            return Err(TooMany::InAMinute);
        }
        if self.in_progress(now).count() >= MAX_IN_PROGRESS {
            return Err(TooMany::AtOnce);
        }
        push_bounded(&mut self.asked_at, now, MAX_QUESTIONS_PER_MINUTE);
        Ok(())
    }

    /// When the questions that may still be worked on were asked. One whose worker has died counts until its answer is
    /// late.
    fn in_progress(&self, now: Seconds) -> impl Iterator<Item = Seconds> {
        let awaited = self.waiting.iter().map(|waiting| waiting.at);
        awaited.chain(self.abandoned.iter().copied()).filter(move |at| now < at + AI_ANSWER_TIMEOUT)
    }

    fn wait_for_answer(&mut self, update_id: i64, text: &str, spoken: Option<Voice>, now: Seconds) -> String {
        self.latest = update_id;
        self.spoken = spoken;
        push_bounded(&mut self.waiting, Waiting { update_id, at: now, spoken_to: None }, MAX_QUESTIONS_PER_MINUTE);
        let mut stored = plain::cut(text, MAX_QUESTION_CHARS, MAX_BYTES);
        while plain::stored_len(&stored) > MAX_BYTES {
            stored = plain::cut(&stored, MAX_QUESTION_CHARS, stored.len() - 100);
        }
        push_bounded(&mut self.recent, stored, MAX_RECENT);
        for_model(text)
    }

    /// Whether the customer should be told now: once a minute, or once while the same questions are worked on.
    pub(crate) fn should_tell(&mut self, why: TooMany, now: Seconds) -> bool {
        let oldest = self.in_progress(now).min().unwrap_or(now);
        let (told_at, again_if_before) = match why {
            TooMany::AtOnce => (&mut self.asked_to_wait_at, oldest),
            TooMany::InAMinute => (&mut self.warned_at, now - 59),
        };
        let should_tell = told_at.is_none_or(|told_at| told_at < again_if_before);
        if should_tell {
            *told_at = Some(now);
        }
        should_tell
    }

    #[cfg(test)]
    pub(crate) fn told_lately(&self, now: Seconds) -> bool {
        [TooMany::AtOnce, TooMany::InAMinute].into_iter().any(|why| !self.clone().should_tell(why, now))
    }

    /// When waiting for the answer to this question ends; `None` if it is not awaited.
    pub(crate) fn waits_until(&self, update_id: i64) -> Option<Seconds> {
        self.waiting.iter().find(|waiting| waiting.update_id == update_id).map(Waiting::until)
    }

    /// Records that the question is asked again, because its answer is late. Returns the text for the model.
    pub(crate) fn ask_again(&mut self, update_id: i64, text: &str, now: Seconds) -> String {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.update_id == update_id) {
            waiting.at = now;
        }
        for_model(text)
    }

    /// Records that the question is answered. Returns whether it was the latest one; `None` if it was not awaited.
    pub(crate) fn answered(&mut self, update_id: i64) -> Option<bool> {
        let is_it = |waiting: &Waiting| waiting.update_id == update_id && waiting.spoken_to.is_none();
        let at = self.waiting.iter().position(is_it)?;
        self.waiting.remove(at);
        Some(update_id == self.latest)
    }

    /// Counts the latest answer; returns true when a manager should be offered.
    pub(crate) fn record_answer(&mut self, helpful: bool) -> bool {
        self.unhelpful_answers = if helpful { 0 } else { (self.unhelpful_answers + 1).min(MAX_UNHELPFUL) };
        self.unhelpful_answers >= MAX_UNHELPFUL
    }

    /// Whether a person should be offered.
    pub(crate) const fn need_a_person(&self) -> bool {
        self.unhelpful_answers >= UNHELPFUL_FOR_PERSON
    }

    /// The latest questions, oldest first.
    pub(crate) fn recent(&self) -> &[String] {
        &self.recent
    }

    /// Without questions: answers that arrive later are not awaited. The rate, and what is worked on, stay counted.
    pub(crate) fn counters_only(&self) -> Self {
        let mut asked: Vec<Seconds> = self.abandoned.clone();
        asked.extend(self.waiting.iter().map(|waiting| waiting.at));
        asked.sort_unstable();
        Self {
            latest: self.latest,
            asked_at: self.asked_at.clone(),
            warned_at: self.warned_at,
            asked_to_wait_at: self.asked_to_wait_at,
            abandoned: asked.split_off(asked.len().saturating_sub(MAX_IN_PROGRESS)),
            ..Self::default()
        }
    }
}

fn for_model(text: &str) -> String {
    text.chars().take(MAX_QUESTION_CHARS).collect()
}
