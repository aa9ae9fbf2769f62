//! Messages in a dialog: typed answers, contacts, and what the bot does not take.

use values::phone;

use super::turn::Turn;
use super::{press, question};
use crate::answer::{self, Value};
use crate::conversation::{Keys, Saying, Word};
use crate::form::{Form, View};
use crate::questionnaire::{Kind, Step};
use crate::{Unsupported, Verdict, texts};

/// Buttons of the keyboard that asks for a phone number.
const PHONE_KEYS: [&str; 4] = ["button-accept", "button-share", "button-back", "button-home"];

/// Id of the text about an image that no bot can download: where photos are asked for, there is a way around.
const LARGE_IMAGE: &str = "got-large-image";

/// Typed text: an answer in a dialog, a free question outside.
pub(super) fn text(mut turn: Turn<'_>, typed: &str) -> Verdict {
    let is_leftover = turn.before.prompt.keys != Keys::Reply && is_phone_key(typed);
    let form = match turn.next.form() {
        _ if turn.next.question.is_some() => return expect(turn, None),
        None if is_leftover => return closed(turn),
        None => return question::asked(turn, typed),
        Some(form) => form,
    };
    if matches!(form.view, View::Confirm | View::Fields) {
        return expect(turn, None);
    }
    if is_command(typed) {
        return expect(turn, Some("hint-command"));
    }
    let step = form.step();
    let is_at_step = form.view == View::Step;
    let can_go_back = !is_at_step || form.has_back();
    let kept = form.answer(step).cloned();
    turn.next.notice = None;
    let is = |button: &str| reads(&texts::get(button), typed);
    let keeps_photos = step.kind == Kind::Photos && kept.is_some();
    match (step.kind, kept) {
        _ if is("button-home") => press::home(turn),
        _ if is("button-back") && can_go_back => turn.in_form(Form::back),
        (Kind::Phone, Some(kept)) if is("button-accept") => {
            turn.say_first(Saying::PhoneTaken(answer::shown(step, &kept)));
            turn.in_form(Form::accept)
        }
        _ if is_leftover => {
            turn.say_first(Saying::KeyboardAway);
            expect(turn, None)
        }
        _ if is("button-back") => expect(turn, None),
        (Kind::Phone, _) => number(turn, typed),
        (Kind::Photos, Some(_)) if is("button-done") => turn.in_form(Form::accept),
        (Kind::Typed { .. } | Kind::Chosen { .. }, Some(_)) if is("button-accept") && is_at_step => {
            turn.in_form(Form::accept)
        }
        _ if step.has_other() && reads(&texts::get(&step.text_id("other")), typed) => {
            turn.in_form(|form| form.view = View::Other)
        }
        _ if step.optional && !keeps_photos && is("button-skip") => {
            turn.in_form(|form| form.answer_with(Value::Skipped))
        }
        (Kind::Photos, _) => expect(turn, None),
        (Kind::Typed { .. } | Kind::Chosen { .. }, _) => typed_answer(turn, step, typed),
    }
}

/// A contact card, the customer's own or somebody else's.
pub(super) fn contact(turn: Turn<'_>, phone: &str) -> Verdict {
    match turn.next.form() {
        Some(form) if turn.next.question.is_none() && form.view == View::Step && form.step().kind == Kind::Phone => {
            number(turn, phone)
        }
        Some(_) => expect(turn, Some("got-contact")),
        // Nothing is remembered, but somebody was asked for a number.
        None if turn.before.prompt.seq == 0 => closed(turn),
        None => expect(turn, None),
    }
}

/// A button of the phone's keyboard outlived its dialog: the keyboard goes, the menu says what happened.
fn closed(mut turn: Turn<'_>) -> Verdict {
    turn.say_first(Saying::KeyboardAway);
    turn.open_menu(Word::Closed)
}

/// The phone's keyboard sends its buttons as text; nobody means them as an answer or a question.
fn is_phone_key(typed: &str) -> bool {
    PHONE_KEYS.iter().any(|button| typed.trim() == texts::get(button))
}

/// Id of the text that says what came instead of something the bot takes.
pub(super) const fn name_of(kind: Unsupported) -> &'static str {
    match kind {
        Unsupported::Voice => "got-voice",
        Unsupported::Sticker => "got-sticker",
        Unsupported::Video => "got-video",
        Unsupported::Document => "got-document",
        Unsupported::Location => "got-location",
        Unsupported::LargeImage => LARGE_IMAGE,
        Unsupported::Other => "got-other",
    }
}

/// Says what is expected instead of what came; nothing else changes.
pub(super) fn expect(mut turn: Turn<'_>, got: Option<&str>) -> Verdict {
    let expected = texts::get(match turn.next.form() {
        _ if turn.next.question.is_some() => "hint-screen",
        Some(form) if got == Some(LARGE_IMAGE) && expected_by(form) == "hint-photo" => "got-large-image.as-photo",
        Some(form) => expected_by(form),
        None => "hint-outside",
    });
    turn.note(match got {
        Some(got) => format!("{} {expected}", texts::get(got)),
        None => expected,
    });
    let is_outside = turn.next.form().is_none() && turn.next.question.is_none();
    if is_outside { turn.open_menu(Word::Plain) } else { turn.show() }
}

/// Whether a text is a command the bot does not have: nobody's name or car begins like that.
pub(super) fn is_command(typed: &str) -> bool {
    typed.trim_start().strip_prefix('/').is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_alphabetic()))
}

fn expected_by(form: &Form) -> &'static str {
    match (&form.view, form.step().kind) {
        (View::Confirm, _) => "hint-confirm",
        (View::Fields, _) => "hint-screen",
        (_, Kind::Photos) => "hint-photo",
        (_, Kind::Phone) => "hint-phone",
        (_, Kind::Chosen { typed: None, .. }) => "hint-button",
        (View::Step, Kind::Chosen { .. }) => "hint-button-or-text",
        (_, Kind::Typed { .. } | Kind::Chosen { .. }) => "hint-text",
    }
}

fn number(mut turn: Turn<'_>, typed: &str) -> Verdict {
    match phone::parse(typed) {
        Ok(phone) => {
            turn.next.notice = None;
            turn.say_first(Saying::PhoneTaken(phone.show()));
            turn.in_form(|form| form.answer_with(Value::Phone(phone)))
        }
        Err(wrong) => turn.hint(answer::complaint(None, wrong)),
    }
}

fn typed_answer(mut turn: Turn<'_>, step: &Step, typed: &str) -> Verdict {
    if let Some(choice) = step.choices().iter().find(|choice| reads(&texts::get(&step.text_id(choice.id)), typed)) {
        return turn.in_form(|form| form.answer_with(Value::Choice(choice.id.to_owned())));
    }
    let Some(parser) = step.parser() else { return expect(turn, None) };
    let value = match answer::parse(parser, typed, turn.moment.year) {
        Ok(value) => value,
        Err(wrong) => return turn.hint(answer::complaint(Some(parser), wrong)),
    };
    if turn.next.form().is_some_and(|form| !form.has_room_for(&value)) {
        return turn.hint(texts::get("wrong-total"));
    }
    if let Value::Text(typed) = &value
        && let Some(suggested) = answer::suggestion(parser, typed)
    {
        let typed = typed.clone();
        return turn.in_form(|form| form.answer_as_typed(typed, suggested));
    }
    if let Some(notice) = answer::notice(&value, typed) {
        turn.note(notice);
    }
    turn.in_form(|form| form.answer_with(value))
}

/// Whether somebody typed what is on a button, in any case and without its emoji.
fn reads(button: &str, typed: &str) -> bool {
    let words = |text: &str| text.trim_matches(|char: char| !char.is_alphanumeric()).to_lowercase();
    !words(typed).is_empty() && words(button) == words(typed)
}
