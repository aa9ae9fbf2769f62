//! Free questions: which wait for an answer, and whether the answers help.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::conversation::remember;
use crate::{AI_PATIENCE, plain};

/// Longest question that is passed on, in characters.
pub const MAX_QUESTION_CHARS: usize = 500;
/// Longest question that is remembered, in bytes.
const MAX_BYTES: usize = 1_200;
/// How many questions a minute are passed on.
pub(crate) const A_MINUTE: usize = 10;
/// How many questions are remembered for a manager, and after how many useless answers one is offered.
const RECENT: usize = 3;

/// Free questions of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Questions {
    /// Those that wait for an answer, latest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<Waiting>,
    /// The latest one's update.
    #[serde(default)]
    latest: i64,
    /// When the latest were asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    asked_at: Vec<Seconds>,
    /// The latest themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    recent: Vec<String>,
    /// How many answers in a row led nowhere.
    #[serde(default)]
    fruitless: usize,
    /// When the customer was told that there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_at: Option<Seconds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    update_id: i64,
    at: Seconds,
}

impl Questions {
    /// Notes a question and returns what of it is passed on; `None` if there were too many in a minute.
    pub(crate) fn ask(&mut self, update_id: i64, text: &str, now: Seconds) -> Option<String> {
        self.asked_at.retain(|at| now < at + 60);
        if self.asked_at.len() >= A_MINUTE {
            return None;
        }
        remember(&mut self.asked_at, now, A_MINUTE);
        self.latest = update_id;
        remember(&mut self.waiting, Waiting { update_id, at: now }, A_MINUTE);
        let mut stored = plain::cut(text, MAX_QUESTION_CHARS, MAX_BYTES);
        while plain::stored_len(&stored) > MAX_BYTES {
            stored = plain::cut(&stored, MAX_QUESTION_CHARS, stored.len() - 100);
        }
        remember(&mut self.recent, stored, RECENT);
        Some(passed_on(text))
    }

    /// Whether the customer is to be told that there are too many: once in a minute.
    pub(crate) fn tells(&mut self, now: Seconds) -> bool {
        let tells = self.told_at.is_none_or(|told_at| now >= told_at + 60);
        if tells {
            self.told_at = Some(now);
        }
        tells
    }

    /// Whether the customer was told so in the last minute.
    #[cfg(test)]
    pub(crate) fn has_told(&self, now: Seconds) -> bool {
        self.told_at.is_some_and(|told_at| now < told_at + 60)
    }

    /// Until when the answer to this question is waited for; `None` if it is not.
    pub(crate) fn waits_until(&self, update_id: i64) -> Option<Seconds> {
        self.waiting.iter().find(|waiting| waiting.update_id == update_id).map(|waiting| waiting.at + AI_PATIENCE)
    }

    /// Asks again, because nobody is waiting any more. Returns what is passed on.
    pub(crate) fn ask_again(&mut self, update_id: i64, text: &str, now: Seconds) -> String {
        for waiting in self.waiting.iter_mut().filter(|waiting| waiting.update_id == update_id) {
            waiting.at = now;
        }
        passed_on(text)
    }

    /// The answer to this question is there: `None` if it was not waited for, else whether it was the latest question.
    pub(crate) fn answered(&mut self, update_id: i64) -> Option<bool> {
        let at = self.waiting.iter().position(|waiting| waiting.update_id == update_id)?;
        self.waiting.remove(at);
        Some(update_id == self.latest)
    }

    /// Notes whether the latest answer led somewhere. True when so many in a row did not that a manager should help.
    pub(crate) fn led_somewhere(&mut self, somewhere: bool) -> bool {
        self.fruitless = if somewhere { 0 } else { (self.fruitless + 1).min(RECENT) };
        self.fruitless >= RECENT
    }

    /// The latest questions, oldest first.
    pub(crate) fn recent(&self) -> &[String] {
        &self.recent
    }

    /// The customer has gone on to something else: answers that come now are not waited for. The rate stays counted.
    pub(crate) fn forget_dialogue(&mut self) {
        self.waiting.clear();
        self.recent.clear();
        self.fruitless = 0;
    }
}

fn passed_on(text: &str) -> String {
    text.chars().take(MAX_QUESTION_CHARS).collect()
}
