//! Screens of a dialog.

use super::{Light, MAX_UTF16, home, noted};
use crate::action::Action;
use crate::answer;
use crate::form::{Form, View};
use crate::plain::{cut, isolated};
use crate::questionnaire::{Kind, Step};
use crate::{Button, Keyboard, ReplyButton, Screen, Style, Text, texts};

/// Longest typed text on a button, in characters.
const MAX_ON_BUTTON: usize = 30;

/// The screen.
pub(super) fn render(form: &Form, notice: Option<&str>, seq: u32, light: &Light<'_>) -> Screen {
    match &form.view {
        View::Step if form.step().kind == Kind::Phone => phone(form, notice),
        View::Step => step(form, notice, seq, light.year),
        View::Other => other(form, notice, seq),
        View::Confirm => confirm(form, notice, seq, light.rules.privacy_policy_url.as_deref()),
        View::Fields => fields(form, notice, seq),
    }
}

fn step(form: &Form, notice: Option<&str>, seq: u32, year: i16) -> Screen {
    let step = form.step();
    let answered = form.answer(step).is_some();
    let mut rows = Vec::from_iter(spelling(form, seq));
    if answered {
        let label = if step.kind == Kind::Photos { "button-done" } else { "button-accept" };
        rows.push(vec![Action::Accept.button(seq, texts::get(label))]);
    }
    if let Some(count) = form.acceptable_at_once() {
        let label = texts::with("button-accept-all", [("count", count.into())]);
        rows.push(vec![Action::AcceptAll.button(seq, label)]);
    }
    rows.extend(options(step, seq, year));
    if answered && step.kind == Kind::Photos {
        rows.push(vec![Action::Clear.button(seq, texts::get("button-clear"))]);
    } else if step.optional {
        rows.push(vec![Action::Skip.button(seq, texts::get("button-skip"))]);
    }
    rows.push(navigation(form, seq));
    Screen { text: question(form, notice), keyboard: Keyboard::Inline(rows) }
}

/// The header, the notice, the question and the answer that is there.
fn question(form: &Form, notice: Option<&str>) -> Text {
    let step = form.step();
    let mut text = headed(form, notice);
    if let Some(count) = form.acceptable_at_once() {
        text = text.push(&texts::with("prefilled", [("count", count.into())])).push("\n\n");
    }
    text = text.push(&texts::get(step.text));
    // A word on photos just sent says what there is; of an album, only the first has been counted by then.
    let told = step.kind == Kind::Photos && notice.is_some();
    if let Some(value) = form.answer(step).filter(|_| !told) {
        let value = isolated(&answer::shown_with_doubts(step, value));
        text = text.push("\n\n").push(&texts::with("current", [("value", value.into())]));
    }
    text
}

fn headed(form: &Form, notice: Option<&str>) -> Text {
    let header = texts::with(
        "step",
        [
            ("service", texts::get(form.branch.id).into()),
            ("step", form.step_number().into()),
            ("steps", form.branch.steps.len().into()),
        ],
    );
    Text::default().bold(&header).push("\n\n").push(&noted(notice).text).push(&spelling_line(form))
}

fn options(step: &Step, seq: u32, year: i16) -> Vec<Vec<Button>> {
    let named = |choice: &crate::questionnaire::Choice| {
        Action::Choose(choice.id).button(seq, texts::get(&step.text_id(choice.id)))
    };
    let (mut buttons, columns): (Vec<Button>, usize) = match step.kind {
        Kind::Typed { instead, .. } => (instead.iter().map(named).collect(), 1),
        Kind::Chosen { options, .. } => {
            let years = options.years.iter().map(|offset| year + offset);
            let years = years.map(|year| Action::Year(year).button(seq, year.to_string()));
            (years.chain(options.choices.iter().map(named)).collect(), options.columns)
        }
        Kind::Photos | Kind::Phone => (Vec::new(), 1),
    };
    if step.has_other() {
        buttons.push(Action::Other.button(seq, texts::get(&step.text_id("other"))));
    }
    buttons.chunks(columns).map(<[Button]>::to_vec).collect()
}

fn navigation(form: &Form, seq: u32) -> Vec<Button> {
    let mut row = Vec::new();
    if form.has_back() {
        row.push(back(seq));
    }
    row.push(home(seq));
    row
}

fn back(seq: u32) -> Button {
    Action::Back.button(seq, texts::get("button-back"))
}

/// The question for a phone number brings a keyboard of its own: only such a one can share a contact.
fn phone(form: &Form, notice: Option<&str>) -> Screen {
    let key = |id: &str| ReplyButton { text: texts::get(id), request_contact: false };
    let mut rows = Vec::new();
    if form.answer(form.step()).is_some() {
        rows.push(vec![key("button-accept")]);
    }
    rows.push(vec![ReplyButton { text: texts::get("button-share"), request_contact: true }]);
    let mut navigation = Vec::new();
    if form.has_back() {
        navigation.push(key("button-back"));
    }
    navigation.push(key("button-home"));
    rows.push(navigation);
    Screen { text: question(form, notice), keyboard: Keyboard::Reply(rows) }
}

fn other(form: &Form, notice: Option<&str>, seq: u32) -> Screen {
    let question = texts::get(&form.step().text_id("other-question"));
    let mut rows = Vec::from_iter(spelling(form, seq));
    rows.push(vec![back(seq), home(seq)]);
    Screen { text: headed(form, notice).push(&question), keyboard: Keyboard::Inline(rows) }
}

/// The button that takes the other spelling of the answer before, if there is one.
fn spelling(form: &Form, seq: u32) -> Option<Vec<Button>> {
    let suggested = cut(&form.spelling.as_ref()?.suggested, MAX_ON_BUTTON, usize::MAX);
    Some(vec![Action::Take.button(seq, texts::with("button-take", [("car", suggested.into())]))])
}

/// The line that goes with that button.
fn spelling_line(form: &Form) -> String {
    form.spelling.as_ref().map_or_else(String::new, |spelling| {
        let typed = isolated(&cut(&spelling.typed, MAX_ON_BUTTON, usize::MAX));
        let line = texts::with("suggestion", [("typed", typed.into()), ("car", spelling.suggested.as_str().into())]);
        format!("{line}\n\n")
    })
}

fn confirm(form: &Form, notice: Option<&str>, seq: u32, policy: Option<&str>) -> Screen {
    let mut rows = Vec::from_iter(spelling(form, seq));
    rows.extend([
        vec![Action::Send.button(seq, texts::get("button-send"))],
        vec![
            Action::Change.button(seq, texts::get("button-change")),
            Action::Cancel.button(seq, texts::get("button-cancel")),
        ],
    ]);
    // Long answers are shortened together, so that the message fits whatever was typed.
    let text = [usize::MAX, 1000, 600, 300, 150]
        .into_iter()
        .map(|max_chars| all_answers(form, notice, policy, max_chars))
        .find(|text| text.len_utf16() <= MAX_UTF16)
        .unwrap_or_else(|| all_answers(form, notice, policy, 60));
    Screen { text, keyboard: Keyboard::Inline(rows) }
}

fn all_answers(form: &Form, notice: Option<&str>, policy: Option<&str>, max_chars: usize) -> Text {
    let header = texts::with("confirm", [("service", texts::get(form.branch.id).into())]);
    let mut text = Text::default().bold(&header).push("\n\n").push(&noted(notice).text).push(&spelling_line(form));
    for question in &form.preface {
        text = line(text, &texts::get("chat-question"), question, max_chars);
    }
    for step in form.branch.steps {
        let value = form.answer(step);
        let shown = value.map_or_else(|| texts::get("nothing"), |value| answer::shown_with_doubts(step, value));
        text = line(text, &texts::get(&step.text_id("label")), &shown, max_chars);
    }
    let consent = texts::get("consent.link");
    let text = text.push("\n").push(&texts::get("consent"));
    match policy {
        Some(url) => text.styled(&consent, Style::Link(url.to_owned())),
        None => text.push(&consent),
    }
    .push(".")
}

fn line(text: Text, label: &str, value: &str, max_chars: usize) -> Text {
    text.bold(&format!("{label}:")).push(" ").push(&isolated(&cut(value, max_chars, usize::MAX))).push("\n")
}

fn fields(form: &Form, notice: Option<&str>, seq: u32) -> Screen {
    let header = texts::with("fields", [("service", texts::get(form.branch.id).into())]);
    let buttons: Vec<Button> = form
        .branch
        .steps
        .iter()
        .map(|step| Action::Field(step.id).button(seq, texts::get(&step.text_id("label"))))
        .collect();
    let mut rows: Vec<Vec<Button>> = buttons.chunks(2).map(<[Button]>::to_vec).collect();
    rows.push(vec![back(seq), home(seq)]);
    Screen {
        text: Text::default().bold(&header).push(&notice.map(|notice| format!("\n\n{notice}")).unwrap_or_default()),
        keyboard: Keyboard::Inline(rows),
    }
}
