//! Free questions, and the model's answers to them.

use values::{Phrase, phrase};

use super::message::{hint_expected, is_command};
use super::turn::Turn;
use super::{command, talk};
use crate::event::{MAX_REPLY_CHARS, SURE};
use crate::place::{IdleScreen, MenuGreeting};
use crate::questions::TooMany;
use crate::render::words_of;
use crate::{AiAnswer, AnsweredBy, BotCommand, Effect, Intent, Language, MANAGER_BRANCH, Verdict, plain};

/// Longest reply that is stored, in bytes.
const MAX_REPLY_BYTES: usize = 1_500;

/// A text outside any dialog.
pub(super) fn asked(mut turn: Turn<'_>, typed: &str) -> Verdict {
    let text = plain::cleaned(typed);
    if is_command(&text) {
        return hint_expected(turn, Some("hint-command"));
    }
    if text.trim().is_empty() {
        return hint_expected(turn, None);
    }
    match phrase::of(&text) {
        Some(Phrase::Greeting) => return turn.open_menu(MenuGreeting::Welcome),
        Some(Phrase::Thanks) => return turn.open_menu(MenuGreeting::Thanked),
        Some(Phrase::Noted) => return turn.open_menu(MenuGreeting::Noted),
        Some(Phrase::WhoIsThis) => return command::given(turn, BotCommand::Help),
        Some(Phrase::CallPerson) => return talk::asked_for(turn),
        Some(Phrase::CallBack) => return talk::to_manager(turn),
        Some(Phrase::Any | Phrase::Nothing) | None => {}
    }
    match turn.next.questions.ask(turn.event.update_id, text.trim(), turn.moment.now) {
        Ok(question) => turn.store(vec![Effect::AskAi { question }]),
        Err(too_many) => refuse(turn, too_many),
    }
}

/// A question or a voice message above a limit: the customer is told once.
pub(super) fn refuse(mut turn: Turn<'_>, too_many: TooMany) -> Verdict {
    if !turn.next.questions.should_tell(too_many, turn.moment.now) {
        return Verdict::Stay(Vec::new());
    }
    let told = turn.text(match too_many {
        TooMany::AtOnce => "too-many-questions.at-once",
        TooMany::InAMinute => "too-many-questions",
    });
    turn.send(told)
}

/// The model's answer to such a text. A customer who has begun a dialog meanwhile does not get it.
pub(super) fn answered(mut turn: Turn<'_>, answer: &AiAnswer) -> Verdict {
    let Some(is_latest) = turn.next.questions.answered(turn.event.update_id) else {
        return Verdict::Stay(Vec::new());
    };
    if turn.next.form().is_some() || turn.next.is_in_talk(turn.moment.now) {
        return Verdict::Stay(Vec::new());
    }
    let text = harmless(&answer.reply, turn.language());
    let answered_by = match &answer.answered_by {
        AnsweredBy::Dealer(facts) => facts.clone(),
        AnsweredBy::Nobody | AnsweredBy::Bot => Vec::new(),
    };
    let dealers_words = words_of(&answered_by, turn.rules);
    if !is_latest || turn.next.question.is_some() {
        return turn.send(dealers_words.unwrap_or(text));
    }
    let service = answer.intent.branch();
    let is_answered = dealers_words.is_some() || answer.answered_by == AnsweredBy::Bot;
    let leads_nowhere = turn.next.questions.record_answer(service.is_some() || is_answered);
    let needs_a_person = leads_nowhere || answer.intent == Intent::Faq && !is_answered;
    let offer = service.or(needs_a_person.then_some(MANAGER_BRANCH)).map(str::to_owned);
    let is_sure = answer.confidence >= SURE;
    let menu = service.is_none() || !is_sure || is_answered;
    let has_manager = offer.as_deref() == Some(MANAGER_BRANCH) && turn.rules.dealer.sales_chat.is_none();
    let person = turn.next.questions.need_a_person() && !has_manager;
    let entities = answer.entities.shortened();
    turn.next.notice = None;
    turn.next.leave_to(IdleScreen::Answer { text, answered_by, offer, entities, menu, person });
    turn.show()
}

/// The reply as plain text without links, mentions or commands, whatever the model was tricked into.
fn harmless(reply: &str, language: Language) -> String {
    let unformatted = plain::cleaned(reply).replace(['*', '`'], "");
    let reply = plain::unlinked(unformatted.trim());
    if reply.is_empty() {
        return language.text("reply-empty");
    }
    plain::isolated(&plain::cut(&reply, MAX_REPLY_CHARS, MAX_REPLY_BYTES))
}
