//! Free questions and what was understood of them.

use super::message::{expect, is_command};
use super::turn::Turn;
use crate::conversation::Outside;
use crate::form::Facts;
use crate::{AiAnswer, Effect, MANAGER_BRANCH, Text, Verdict, plain, texts};

/// From which confidence on a service is offered without doubt.
const SURE: f32 = 0.7;
/// Longest reply that is shown, in characters and in bytes.
const MAX_REPLY: (usize, usize) = (600, 1_500);
/// Longest fact that is taken over, in characters.
const MAX_FACT: usize = 60;

/// A text outside any dialog.
pub(super) fn asked(mut turn: Turn<'_>, typed: &str) -> Verdict {
    let text = plain::cleaned(typed);
    if is_command(&text) {
        return expect(turn, Some("hint-command"));
    }
    if text.trim().is_empty() {
        return expect(turn, None);
    }
    match turn.next.questions.ask(turn.event.update_id, text.trim(), turn.moment.now) {
        Some(question) => turn.store(vec![Effect::AskAi { question }]),
        None if turn.next.questions.tells(turn.moment.now) => {
            turn.say(Effect::say(Text::plain(texts::get("too-many-questions"))))
        }
        None => Verdict::Stay(Vec::new()),
    }
}

/// The answer to such a text. Who has begun a dialog meanwhile is not disturbed.
pub(super) fn answered(mut turn: Turn<'_>, answer: &AiAnswer) -> Verdict {
    let Some(is_latest) = turn.next.questions.answered(turn.event.update_id) else {
        return Verdict::Stay(Vec::new());
    };
    if turn.next.form().is_some() {
        return Verdict::Stay(Vec::new());
    }
    let text = harmless(&answer.reply);
    if !is_latest || turn.next.question.is_some() {
        return turn.say(Effect::say(Text::plain(text)));
    }
    let service = answer.intent.branch();
    let needs_a_person = turn.next.questions.led_somewhere(service.is_some());
    let offer = service.or(needs_a_person.then_some(MANAGER_BRANCH)).map(str::to_owned);
    let is_sure = answer.confidence >= SURE;
    let menu = service.is_none() || !is_sure;
    turn.next.notice = None;
    turn.next.leave_to(Outside::Answer { text, offer, facts: facts(answer), menu });
    turn.show()
}

/// The reply as plain text without anything live, whatever the model was talked into.
fn harmless(reply: &str) -> String {
    let reply = plain::unlinked(plain::cleaned(reply).trim());
    if reply.is_empty() {
        return texts::get("reply-empty");
    }
    plain::isolated(&plain::cut(&reply, MAX_REPLY.0, MAX_REPLY.1))
}

fn facts(answer: &AiAnswer) -> Facts {
    let fact =
        |text: &str| Some(text.trim().chars().take(MAX_FACT).collect::<String>()).filter(|text| !text.is_empty());
    let model = answer.model.as_deref().unwrap_or_default().trim();
    let brand = answer.brand.as_deref().map(str::trim).filter(|brand| !begins_with(model, brand)).unwrap_or_default();
    let car = format!("{brand} {model}");
    let fact_of = |text: &Option<String>| text.as_deref().and_then(fact);
    Facts {
        car: fact(&car),
        year: fact_of(&answer.year),
        money: fact_of(&answer.budget),
        mileage: fact_of(&answer.mileage),
    }
}

/// Whether a model is named with its brand: «Toyota Camry».
fn begins_with(model: &str, brand: &str) -> bool {
    let (model, brand) = (model.to_lowercase(), brand.to_lowercase());
    model.strip_prefix(&brand).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}
