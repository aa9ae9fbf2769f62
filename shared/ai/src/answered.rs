//! An answer together with how it came about.

use dealer::Facts;
use dialog::AiAnswer;

use crate::offline;

/// What was understood of a question, and how that came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// What was understood.
    pub answer: AiAnswer,
    /// For the log and the metrics.
    pub call: CallLog,
}

impl Answered {
    /// What the rules understand of `question`: the answer when no model may be asked.
    #[must_use]
    pub fn by_rules(question: &str, this_year: i16, known: &Facts) -> Self {
        Self { answer: offline::answer(question.trim(), this_year, known), call: CallLog::of_rules() }
    }
}

/// How an answer came about. It carries nothing a customer wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallLog {
    /// The model that answered; [`CallLog::OFFLINE`] when the rules did.
    pub model: String,
    /// The second model was asked.
    pub fallback: bool,
    /// The rules answered.
    pub offline: bool,

    /// Tokens of the prompts of all calls.
    pub prompt_tokens: u32,
    /// Tokens of the completions of all calls.
    pub completion_tokens: u32,
    /// Each call that a model answered, for the bill.
    pub calls: Vec<ModelCall>,
    /// What went wrong on the way, as kinds: `timeout`, `http_429`, `not_json`.
    pub failures: Vec<String>,
}

impl CallLog {
    /// Stands for a model where the rules answered.
    pub const OFFLINE: &str = "offline";

    fn of_rules() -> Self {
        Self { model: Self::OFFLINE.to_owned(), offline: true, ..Self::default() }
    }
}

/// One answered call of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelCall {
    /// Which model was asked.
    pub model: String,
    /// As the server counted them; 0 when it does not.
    pub prompt_tokens: u32,
    /// As the server counted them; 0 when it does not.
    pub completion_tokens: u32,
}
