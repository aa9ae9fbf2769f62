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
/// Most voice messages of a customer that are listened to at a time.
const MAX_LISTENED_TO: usize = 3;
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
    /// When the customer was warned about too many questions.
    #[serde(rename = "told_at", default, skip_serializing_if = "Option::is_none")]
    warned_at: Option<Seconds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    update_id: i64,
    at: Seconds,
    /// Of a voice message whose words are not known yet: the number of the prompt to which it was spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spoken_to: Option<u32>,
}

impl Waiting {
    const fn until(&self) -> Seconds {
        self.at + AI_ANSWER_TIMEOUT
    }
}

impl Questions {
    /// Records a question and returns the text for the model; `None` above the limit.
    pub(crate) fn ask(&mut self, update_id: i64, text: &str, now: Seconds) -> Option<String> {
        self.count(now).then(|| self.wait_for_answer(update_id, text, None, now))
    }

    /// Records a voice message whose words are to be found out; false above the limit. `seq` is the prompt in front of
    /// the customer.
    pub(crate) fn listen(&mut self, update_id: i64, seq: u32, now: Seconds) -> bool {
        let listened_to =
            self.waiting.iter().filter(|waiting| waiting.spoken_to.is_some() && now < waiting.until()).count();
        let is_taken = listened_to < MAX_LISTENED_TO && self.count(now);
        if is_taken {
            self.waiting.retain(|waiting| waiting.spoken_to.is_none() || now < waiting.until());
            let waiting = Waiting { update_id, at: now, spoken_to: Some(seq) };
            push_bounded(&mut self.waiting, waiting, MAX_QUESTIONS_PER_MINUTE);
        }
        is_taken
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

    /// Counts a paid call; false above the limit.
    fn count(&mut self, now: Seconds) -> bool {
        self.asked_at.retain(|at| now < at + 60);
        if self.asked_at.len() >= MAX_QUESTIONS_PER_MINUTE {
            return false;
        }
        push_bounded(&mut self.asked_at, now, MAX_QUESTIONS_PER_MINUTE);
        true
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

    /// Whether the customer should be warned now: once a minute.
    pub(crate) fn should_warn(&mut self, now: Seconds) -> bool {
        let should_warn = self.warned_at.is_none_or(|warned_at| now >= warned_at + 60);
        if should_warn {
            self.warned_at = Some(now);
        }
        should_warn
    }

    #[cfg(test)]
    pub(crate) fn warned_recently(&self, now: Seconds) -> bool {
        self.warned_at.is_some_and(|warned_at| now < warned_at + 60)
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

    /// Without questions: answers that arrive later are not awaited. The rate stays counted.
    pub(crate) fn counters_only(&self) -> Self {
        Self { latest: self.latest, asked_at: self.asked_at.clone(), warned_at: self.warned_at, ..Self::default() }
    }
}

fn for_model(text: &str) -> String {
    text.chars().take(MAX_QUESTION_CHARS).collect()
}
