//! Questions in the middle of a dialog: the dealer's facts answer, and the step is asked again below.
//!
//! No model is asked here. The customer is in the middle of something: an instant answer is worth more than a better one
//! in ten seconds, and what is typed at a step counts as its answer unless it certainly is not.

use dealer::{Fact, FactId};
use values::car;

use super::message::{choice_meant, choice_named};
use super::turn::Turn;
use crate::form::{Form, View};
use crate::prompt::Interjection;
use crate::questionnaire::{Kind, Parser};
use crate::{Rules, Verdict, answer};

/// A text of up to this many words may name a subject without asking; a longer one says something else.
const MAX_KEYWORDS: usize = 2;

/// A text that is a question and no answer to the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Aside {
    /// These facts of the dealer answer it.
    Answered(Vec<FactId>),
    /// Only a manager can.
    Unanswered,
}

/// How a text fits the question of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Answer,
    /// Nearly every text can be a name or a car.
    Perhaps,
    NoAnswer,
}

/// Whether `typed` is a question rather than an answer to the step on the screen.
pub(crate) fn of(form: &Form, typed: &str, rules: &Rules, this_year: i16) -> Option<Aside> {
    let fit = fit(form, typed, rules, this_year);
    let is_question = match fit {
        Fit::Answer => false,
        Fit::Perhaps | Fit::NoAnswer => faq::is_question(typed),
    };
    // «Адрес», «график работы»: what is not an answer need not have the form of a question either.
    let is_keyword = fit == Fit::NoAnswer && typed.split_whitespace().count() <= MAX_KEYWORDS;
    if !is_question && !is_keyword {
        return None;
    }
    let answering: Vec<FactId> = rules.dealer.facts.answering(typed).into_iter().map(Fact::id).collect();
    if !answering.is_empty() {
        return Some(Aside::Answered(answering));
    }
    let is_certain = match fit {
        _ if matches!(form.view, View::Confirm | View::Fields) => false, // what is typed there changes nothing
        Fit::Perhaps => faq::begins_as_question(typed),
        Fit::Answer | Fit::NoAnswer => is_question,
    };
    is_certain.then_some(Aside::Unanswered)
}

fn fit(form: &Form, typed: &str, rules: &Rules, this_year: i16) -> Fit {
    let step = form.step();
    match (&form.view, step.kind, step.parser()) {
        (View::Confirm | View::Fields, ..) | (_, Kind::Photos, _) => Fit::NoAnswer,
        (_, _, Some(Parser::Text { .. })) => Fit::Answer,
        _ if choice_named(step, typed, rules.language).is_some() => Fit::Answer,
        (_, _, Some(Parser::Car)) if car::find(typed).is_some() && !faq::is_question(typed) => Fit::Answer,
        (_, _, Some(Parser::Car | Parser::Name)) => Fit::Perhaps,
        _ => match answer::read(step, typed, this_year) {
            Some(Ok(read)) if read.doubt.is_none() => Fit::Answer,
            Some(Ok(_)) => Fit::Perhaps,
            Some(Err(_)) | None if choice_meant(step, typed).is_some() && !faq::is_question(typed) => Fit::Answer,
            Some(Err(_)) | None => Fit::NoAnswer,
        },
    }
}

/// Answers the question, or keeps it for the manager, and asks the step again.
pub(super) fn answered(mut turn: Turn<'_>, aside: Aside, typed: &str) -> Verdict {
    turn.next.notice = None;
    match aside {
        Aside::Answered(facts) => {
            turn.prepend_message(Interjection::Facts(facts));
            turn.show()
        }
        Aside::Unanswered => {
            let is_noted = turn.next.form_mut().is_some_and(|form| form.note_question(typed));
            let notice = turn.text(if is_noted { "question-noted" } else { "question-unknown" });
            turn.hint(notice)
        }
    }
}
