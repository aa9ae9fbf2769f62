//! Messages in a dialog: typed answers, contacts, and what the bot does not accept.

use lead::PhoneSource;
use values::{Phone, Phrase, Typed, Wrong, name, phone, phrase};

use super::turn::Turn;
use super::{aside, press, question, talk};
use crate::answer::{self, PhoneAnswer, Value};
use crate::form::{Form, View};
use crate::place::{MenuGreeting, Question};
use crate::prompt::Interjection;
use crate::questionnaire::{Choice, Kind, Parser, Step};
use crate::{Language, Unsupported, Verdict, plain};

/// Buttons of the keyboard that shares a contact.
const CONTACT_KEYS: [&str; 5] = ["button-accept", "button-yes", "button-share", "button-back", "button-home"];

/// Id of the text about an image that is too large to download. Where photos are asked for, it says how to send it.
const LARGE_IMAGE: &str = "got-large-image";

/// Typed text: an answer in a dialog, a free question outside.
pub(super) fn text(mut turn: Turn<'_>, typed: &str) -> Verdict {
    let language = turn.language();
    let is_leftover = !turn.before.prompt.keys.are_instead_of_keyboard() && is_contact_key(typed, language);
    let form = match turn.next.form() {
        _ if turn.next.question.is_some() => return hint_expected(turn, None),
        None if is_leftover => return closed(turn),
        None => return question::asked(turn, typed),
        Some(form) => form,
    };
    let aside = aside::of(form, typed, turn.rules, turn.moment.year);
    let said = phrase::of(typed);
    let is_overview = matches!(form.view, View::Confirm | View::Fields);
    let takes_any_text = !is_overview && matches!(form.step().parser(), Some(Parser::Text { .. }));
    if said == Some(Phrase::CallPerson) && !takes_any_text {
        return talk::asked_for(turn);
    }
    if is_overview {
        return match aside {
            Some(aside) => aside::answered(turn, aside, typed),
            None => hint_expected(turn, None),
        };
    }
    if is_command(typed) {
        return hint_expected(turn, Some("hint-command"));
    }
    let step = form.step();
    let is_at_step = form.view == View::Step;
    let can_go_back = !is_at_step || form.has_back();
    let kept = form.answer(step).cloned();
    let is_doubtful = form.unconfirmed().is_some();
    turn.next.notice = None;
    let is = |button: &str| is_label(&language.text(button), typed);
    let keeps_photos = step.kind == Kind::Photos && kept.is_some();
    match (step.kind, kept) {
        _ if is("button-home") => press::home(turn),
        _ if is("button-back") && can_go_back => turn.in_form(Form::back),
        _ if is("button-yes") && is_doubtful => turn.confirm_understood(),
        _ if said == Some(Phrase::Nothing) && is_doubtful => turn.in_form(Form::drop_unconfirmed),
        _ if is("button-yes") && turn.offers_profile() => press::take_profile(turn),
        (Kind::Phone, Some(kept)) if is("button-accept") => {
            turn.prepend_message(Interjection::PhoneTaken(answer::shown(step, &kept, language)));
            turn.in_form(Form::accept)
        }
        _ if is_leftover => {
            turn.prepend_message(Interjection::KeyboardAway);
            hint_expected(turn, None)
        }
        _ if is("button-back") => hint_expected(turn, None),
        (Kind::Photos, Some(_)) if is("button-done") => turn.in_form(Form::accept),
        (Kind::Typed { .. } | Kind::Chosen { .. }, Some(_)) if is("button-accept") && is_at_step => {
            turn.in_form(Form::accept)
        }
        _ if step.has_other() && is_label(&language.text(&step.text_id("other")), typed) => {
            turn.in_form(Form::ask_other)
        }
        _ if step.optional && !keeps_photos && (is("button-skip") || said == Some(Phrase::Nothing)) => {
            turn.in_form(|form| form.answer_with(Value::Skipped))
        }
        (kind, _) => match aside {
            Some(aside) => aside::answered(turn, aside, typed),
            None if kind == Kind::Photos => hint_expected(turn, None),
            None => typed_answer(turn, step, typed),
        },
    }
}

/// A contact card, the customer's own or somebody else's.
pub(super) fn contact(turn: Turn<'_>, phone: &str, is_own: bool) -> Verdict {
    let source = if is_own { PhoneSource::OwnContact } else { PhoneSource::OtherContact };
    match turn.next.form() {
        Some(form) if turn.next.question.is_none() && form.view == View::Step && form.step().kind == Kind::Phone => {
            number(turn, phone, source)
        }
        Some(form) if turn.next.question.is_none() && form.view == View::Step && form.step().is_name() => {
            name_and_number(turn, phone, source)
        }
        Some(_) => hint_expected(turn, Some("got-contact")),
        // The conversation is no longer stored, but the keyboard that shares a contact is still there.
        None if turn.before.prompt.seq == 0 => closed(turn),
        None => hint_expected(turn, None),
    }
}

/// A button of the keyboard that shares a contact was pressed after its dialog: removes the keyboard and explains in
/// the menu.
fn closed(mut turn: Turn<'_>) -> Verdict {
    turn.prepend_message(Interjection::KeyboardAway);
    turn.open_menu(MenuGreeting::Closed)
}

/// Whether the text comes from a button of the keyboard that shares a contact, which sends its labels as text.
fn is_contact_key(typed: &str, language: Language) -> bool {
    CONTACT_KEYS.iter().any(|button| typed.trim() == language.text(button))
}

/// Id of the text that names what the bot does not accept.
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

/// Hints at what is expected instead of what came; nothing else changes. `got` is the id of a text about what came.
pub(super) fn hint_expected(mut turn: Turn<'_>, got: Option<&str>) -> Verdict {
    let expected = turn.text(match turn.next.form() {
        _ if turn.next.question == Some(Question::Consent) => "hint-consent",
        _ if turn.next.question.is_some() => "hint-screen",
        Some(form) if got == Some(LARGE_IMAGE) && expected_by(form) == "hint-photo" => "got-large-image.as-photo",
        Some(form) => expected_by(form),
        None => "hint-outside",
    });
    turn.set_notice(match got {
        Some(got) => format!("{} {expected}", turn.text(got)),
        None => expected,
    });
    let is_outside = turn.next.form().is_none() && turn.next.question.is_none();
    if is_outside { turn.open_menu(MenuGreeting::Plain) } else { turn.show() }
}

/// Whether a text is an unknown command. No name or car begins like one.
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

fn number(turn: Turn<'_>, phone: &str, source: PhoneSource) -> Verdict {
    match read_card(phone, source) {
        Ok(number) => turn.answer(Typed::alone(PhoneAnswer { number, source }.into())),
        Err(wrong) => {
            let error = answer::error_text(None, wrong, turn.language());
            turn.hint(error)
        }
    }
}

/// A contact at the question for the name: the own one has both.
fn name_and_number(mut turn: Turn<'_>, phone: &str, source: PhoneSource) -> Verdict {
    let number = match read_card(phone, source) {
        Ok(number) => number,
        Err(wrong) => {
            let error = answer::error_text(None, wrong, turn.language());
            return turn.hint(error);
        }
    };
    let name = plain::cleaned(&turn.event.person.first_name);
    let name = name::parse(&name).ok().filter(|_| source == PhoneSource::OwnContact);
    let fits = |name: &String| {
        let read = Typed::alone(Value::Text(name.clone()));
        turn.next.form().is_some_and(|form| form.has_room_for(form.step(), &read))
    };
    let name = name.filter(fits);
    turn.next.notice = None;
    turn.prepend_message(Interjection::PhoneTaken(number.show()));
    turn.in_form(|form| form.answer_contact(name, PhoneAnswer { number, source }))
}

fn read_card(phone: &str, source: PhoneSource) -> Result<Phone, Wrong> {
    let own = if source == PhoneSource::OwnContact { own_number(phone) } else { None };
    own.map_or_else(|| phone::parse(phone), Ok)
}

/// The number of the customer's own card: Telegram has it in E.164, but may leave the «+» out. It must not be taken for
/// a Russian number dialled at home.
fn own_number(phone: &str) -> Option<Phone> {
    let e164 = format!("+{}", phone.trim_start_matches('+'));
    Phone::try_from(e164).ok().filter(|number| number.country().is_some())
}

/// A typed answer to a step. A doubtful one is taken when the customer has confirmed it.
pub(super) fn typed_answer(mut turn: Turn<'_>, step: &'static Step, typed: &str) -> Verdict {
    if let Some(form) = turn.next.form_mut() {
        form.drop_unconfirmed();
    }
    match read_answer(&turn, step, typed) {
        Ok(read) if read.doubt.is_some() => turn.ask_about(step, read),
        Ok(read) => turn.answer(read),
        Err(None) => hint_expected(turn, None),
        Err(Some(error)) => turn.hint(error),
    }
}

/// Reads a typed text as the answer to a step of the open form. The error says what is wrong with the text; `None` if
/// the step takes no text.
pub(super) fn read_answer(turn: &Turn<'_>, step: &Step, typed: &str) -> Result<Typed<Value>, Option<String>> {
    let language = turn.language();
    if let Some(choice) = choice_named(step, typed, language) {
        return Ok(Typed::alone(Value::Choice(choice.id.to_owned())));
    }
    let read = match answer::read(step, typed, turn.moment.year) {
        Some(Ok(read)) => read,
        refused => {
            let error = |wrong| answer::error_text(step.parser(), wrong, language);
            let choice = choice_meant(step, typed).ok_or_else(|| refused.and_then(Result::err).map(error))?;
            return Ok(Typed::alone(Value::Choice(choice.id.to_owned())));
        }
    };
    if turn.next.form().is_some_and(|form| !form.has_room_for(step, &read)) {
        return Err(Some(turn.text("wrong-total")));
    }
    Ok(read)
}

/// The choice whose button's label was typed, or that it does not matter.
pub(super) fn choice_named(step: &Step, typed: &str, language: Language) -> Option<&'static Choice> {
    let label_of = |choice: &Choice| language.text(&step.text_id(choice.id));
    step.choices().iter().find(|choice| is_label(&label_of(choice), typed) || choice.is_said_by(typed))
}

/// The only choice that the typed words mean: «коробка автомат», «хочу полный привод».
pub(super) fn choice_meant(step: &Step, typed: &str) -> Option<&'static Choice> {
    let mut meant = step.choices().iter().filter(|choice| choice.is_named_in(typed));
    meant.next().filter(|_| meant.next().is_none())
}

/// Whether the customer typed the label of a button, in any case and without its emoji.
fn is_label(button: &str, typed: &str) -> bool {
    let words = |text: &str| text.trim_matches(|char: char| !char.is_alphanumeric()).to_lowercase();
    !words(typed).is_empty() && words(button) == words(typed)
}
