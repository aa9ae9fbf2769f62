//! Screens of a dialog.

use texts::Language;

use super::{MAX_UTF16, RenderContext, home, noted};
use crate::action::Action;
use crate::answer::{self, Car};
use crate::form::{Form, View};
use crate::plain::{cut, isolated};
use crate::profile::Profile;
use crate::prompt::Notice;
use crate::questionnaire::{Choice, Kind, Step};
use crate::{Button, Keyboard, ReplyButton, Screen, Style, Text};

/// Longest typed text on a button, in characters.
const MAX_ON_BUTTON: usize = 30;

/// Longest answer above another question, in characters.
const MAX_IN_SUMMARY: usize = 60;

pub(super) fn render(
    form: &Form,
    profile: &Profile,
    notice: Option<&Notice>,
    seq: u32,
    context: &RenderContext<'_>,
) -> Screen {
    let screen = FormScreen { form, notice, seq, context, language: context.language() };
    match &form.view {
        View::Step if form.step().kind == Kind::Phone => screen.with_contact_keyboard(),
        View::Step if form.takes_profile() && profile.contact().is_some() => screen.known(profile),
        View::Step if form.asks_for_contact() => screen.with_contact_keyboard(),
        View::Step => screen.step(),
        View::Other => screen.other(),
        View::Confirm => screen.confirmation(),
        View::Fields => screen.fields(),
    }
}

struct FormScreen<'a> {
    form: &'a Form,
    notice: Option<&'a Notice>,
    seq: u32,
    context: &'a RenderContext<'a>,
    language: Language,
}

impl FormScreen<'_> {
    fn step(&self) -> Screen {
        let (form, step) = (self.form, self.form.step());
        let answered = form.answer(step).is_some();
        let mut rows = Vec::from_iter(self.spelling_button());
        if form.unconfirmed().is_some() {
            rows.push(vec![self.button(Action::Yes, "button-yes")]);
        } else if answered {
            let label = if step.kind == Kind::Photos { "button-done" } else { "button-accept" };
            rows.push(vec![self.button(Action::Accept, label)]);
        }
        if let Some(count) = form.acceptable_at_once().filter(|_| form.unconfirmed().is_none()) {
            let label = self.language.text_with("button-accept-all", [("count", count.into())]);
            rows.push(vec![Action::AcceptAll.button(self.seq, label)]);
        }
        if let Some(name) = form.first_name() {
            rows.push(vec![Action::FirstName.button(self.seq, name)]);
        }
        rows.extend(self.choices(step));
        if answered && step.kind == Kind::Photos {
            rows.push(vec![self.button(Action::Clear, "button-clear")]);
        } else if step.optional {
            rows.push(vec![self.button(Action::Skip, "button-skip")]);
        }
        rows.push(if form.has_back() { vec![self.back(), self.home()] } else { vec![self.home()] });
        Screen { text: self.question(), keyboard: Keyboard::Inline(rows) }
    }

    /// Offers name and phone of an earlier request.
    fn known(&self, profile: &Profile) -> Screen {
        let known = profile.contact().map(|(name, phone)| {
            let arguments = [("name", isolated(name).into()), ("phone", phone.number.show().into())];
            self.language.text_with("known", arguments)
        });
        let mut rows = Vec::from_iter(self.spelling_button());
        rows.push(vec![self.button(Action::Yes, "button-yes")]);
        rows.push(vec![self.button(Action::Other, "button-other-contact")]);
        rows.push(if self.form.has_back() { vec![self.back(), self.home()] } else { vec![self.home()] });
        Screen { text: self.header_and_notice().push(&known.unwrap_or_default()), keyboard: Keyboard::Inline(rows) }
    }

    /// A question with a reply keyboard: only such a keyboard can share a contact.
    fn with_contact_keyboard(&self) -> Screen {
        let key = |id: &str| ReplyButton { text: self.language.text(id), request_contact: false };
        let mut rows = Vec::new();
        if self.form.unconfirmed().is_some() {
            rows.push(vec![key("button-yes")]);
        } else if self.form.answer(self.form.step()).is_some() {
            rows.push(vec![key("button-accept")]);
        }
        rows.push(vec![ReplyButton { text: self.language.text("button-share"), request_contact: true }]);
        if let Some(name) = self.form.first_name() {
            rows.push(vec![ReplyButton { text: name.to_owned(), request_contact: false }]);
        }
        let home = key("button-home");
        rows.push(if self.form.has_back() { vec![key("button-back"), home] } else { vec![home] });
        Screen { text: self.question(), keyboard: Keyboard::Reply(rows) }
    }

    fn other(&self) -> Screen {
        let mut rows = Vec::from_iter(self.spelling_button());
        let question = match self.question_about_unconfirmed() {
            Some(question) => {
                rows.push(vec![self.button(Action::Yes, "button-yes")]);
                question
            }
            None => self.language.text(&self.form.step().text_id("other-question")),
        };
        rows.push(vec![self.back(), self.home()]);
        Screen { text: self.header_and_notice().push(&question), keyboard: Keyboard::Inline(rows) }
    }

    fn confirmation(&self) -> Screen {
        let mut rows = Vec::from_iter(self.spelling_button());
        rows.push(vec![self.button(Action::Send, "button-send")]);
        let add = |step: &Step| self.button(Action::Field(step.id), &step.text_id("add"));
        let unasked: Vec<Button> = self.form.unasked().map(add).collect();
        rows.extend(unasked.chunks(2).map(<[Button]>::to_vec));
        rows.push(vec![self.button(Action::Change, "button-change"), self.button(Action::Cancel, "button-cancel")]);
        // Long answers are shortened until the message fits, whatever was typed.
        let text = [usize::MAX, 1000, 600, 300, 150]
            .into_iter()
            .map(|max_chars| self.all_answers(max_chars))
            .find(|text| text.len_utf16() <= MAX_UTF16)
            .unwrap_or_else(|| self.all_answers(60));
        Screen { text, keyboard: Keyboard::Inline(rows) }
    }

    fn fields(&self) -> Screen {
        let header = self.with_service("fields");
        let label = |step: &Step| self.language.text(&step.text_id("label"));
        let steps = self.form.branch.steps.iter();
        let buttons: Vec<Button> = steps.map(|step| Action::Field(step.id).button(self.seq, label(step))).collect();
        let mut rows: Vec<Vec<Button>> = buttons.chunks(2).map(<[Button]>::to_vec).collect();
        rows.push(vec![self.back(), self.home()]);
        let notice = self.notice_text().map(|notice| format!("\n\n{notice}")).unwrap_or_default();
        Screen { text: Text::default().bold(&header).push(&notice), keyboard: Keyboard::Inline(rows) }
    }

    /// The header, the notice, the question and the answer so far.
    fn question(&self) -> Text {
        let (form, step) = (self.form, self.form.step());
        let mut text = self.header_and_notice();
        if let Some(question) = self.question_about_unconfirmed() {
            return text.push(&question);
        }
        if let Some(count) = form.acceptable_at_once() {
            text = text.push(&self.language.text_with("prefilled", [("count", count.into())])).push("\n\n");
        }
        let question = if form.asks_for_contact() { "name.or-contact" } else { step.text };
        text = text.push(&self.language.text(question));
        // The notice about new photos already says how many there are. For an album, only the first is counted by then.
        let is_counted_in_notice = step.kind == Kind::Photos && matches!(self.notice, Some(Notice::Line(_)));
        if let Some(value) = form.answer(step).filter(|_| !is_counted_in_notice) {
            let value = isolated(&answer::shown_in_full(step, value, form.remark(step), self.language));
            text = text.push("\n\n").push(&self.language.text_with("current", [("value", value.into())]));
        }
        text
    }

    /// Asks whether the doubtful answer was understood, if there is one.
    fn question_about_unconfirmed(&self) -> Option<String> {
        let value = self.form.unconfirmed()?;
        Some(answer::question_about(self.form.step(), value, self.language))
    }

    fn header_and_notice(&self) -> Text {
        let form = self.form;
        let header = self.language.text_with(
            "step",
            [
                ("service", self.language.text(form.branch.id).into()),
                ("step", form.step_number().into()),
                ("steps", form.branch.steps.len().into()),
            ],
        );
        self.below(&header)
    }

    /// A header, and the notices below it.
    fn below(&self, header: &str) -> Text {
        let notice = noted(self.notice_text().as_deref()).text;
        Text::default().bold(header).push("\n\n").push(&notice).push(&self.spelling_line())
    }

    fn notice_text(&self) -> Option<String> {
        match self.notice? {
            Notice::Line(line) => Some(line.clone()),
            Notice::Answers => self.answers_so_far(),
        }
    }

    /// The answers to other questions than the current one, one a line.
    fn answers_so_far(&self) -> Option<String> {
        let form = self.form;
        let others = form.branch.steps.iter().filter(|step| step.id != form.step().id);
        let line = |step: &Step| {
            let shown = cut(&answer::shown(step, form.answer(step)?, self.language), MAX_IN_SUMMARY, usize::MAX);
            Some(format!("{}: {}", self.language.text(&step.text_id("label")), isolated(&shown)))
        };
        let lines: Vec<String> = others.filter_map(line).collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }

    fn choices(&self, step: &Step) -> Vec<Vec<Button>> {
        let named = |choice: &Choice| self.button(Action::Choose(choice.id), &step.text_id(choice.id));
        let (mut buttons, columns): (Vec<Button>, usize) = match step.kind {
            Kind::Typed { instead, .. } => (instead.iter().map(named).collect(), 1),
            Kind::Chosen { options, .. } => {
                let years = options.years.iter().map(|offset| self.context.year + offset);
                let years = years.map(|year| Action::Year(year).button(self.seq, year.to_string()));
                (years.chain(options.choices.iter().map(named)).collect(), options.columns)
            }
            Kind::Photos | Kind::Phone => (Vec::new(), 1),
        };
        if step.has_other() {
            buttons.push(self.button(Action::Other, &step.text_id("other")));
        }
        buttons.chunks(columns).map(<[Button]>::to_vec).collect()
    }

    /// The button that accepts the catalogue's spelling of a car, if it is offered.
    fn spelling_button(&self) -> Option<Vec<Button>> {
        let spelling = cut(&self.form.respelled_car()?.catalogue_spelling(), MAX_ON_BUTTON, usize::MAX);
        let text = self.language.text_with("button-take", [("car", spelling.into())]);
        Some(vec![Action::Take.button(self.seq, text)])
    }

    /// The line that explains that button.
    fn spelling_line(&self) -> String {
        let line = |car: &Car| {
            let typed = isolated(&cut(&car.typed(), MAX_ON_BUTTON, usize::MAX));
            let arguments = [("typed", typed.into()), ("car", car.catalogue_spelling().into())];
            format!("{}\n\n", self.language.text_with("suggestion", arguments))
        };
        self.form.respelled_car().map(line).unwrap_or_default()
    }

    fn all_answers(&self, max_chars: usize) -> Text {
        let language = self.language;
        let mut text = self.below(&self.with_service("confirm"));
        for question in &self.form.preface {
            text = answer_line(text, &language.text("chat-question"), question, max_chars);
        }
        for step in self.form.branch.steps {
            let shown = match self.form.answer(step) {
                Some(value) => answer::shown_in_full(step, value, self.form.remark(step), language),
                None => language.text("nothing"),
            };
            text = answer_line(text, &language.text(&step.text_id("label")), &shown, max_chars);
        }
        let text = text.push("\n");
        let consent = language.text("consent.link");
        match &self.context.rules.privacy_policy_url {
            Some(url) => text.push(&language.text("consent.before")).styled(&consent, Style::Link(url.clone())),
            None => text.push(&language.text("consent")).push(&consent),
        }
        .push(".")
    }

    /// A text that names the service.
    fn with_service(&self, id: &str) -> String {
        self.language.text_with(id, [("service", self.language.text(self.form.branch.id).into())])
    }

    fn button(&self, action: Action<'_>, text_id: &str) -> Button {
        action.button(self.seq, self.language.text(text_id))
    }

    fn back(&self) -> Button {
        self.button(Action::Back, "button-back")
    }

    fn home(&self) -> Button {
        home(self.seq, self.language)
    }
}

fn answer_line(text: Text, label: &str, value: &str, max_chars: usize) -> Text {
    text.bold(&format!("{label}:")).push(" ").push(&isolated(&cut(value, max_chars, usize::MAX))).push("\n")
}
