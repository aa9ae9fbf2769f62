//! The work on one decision: the next state, and the effects that follow from its changes.

use ::talk::Line;
use lead::Request;
use texts::Language;
use values::Typed;

use super::{consent, due, talk};
use crate::action::Action;
use crate::answer::{self, Value};
use crate::conversation::Conversation;
use crate::form::Form;
use crate::place::{IdleScreen, MenuGreeting, Question};
use crate::prompt::{Interjection, Keys, Notice, Prompt, Reply};
use crate::questionnaire::Step;
use crate::render::{RenderContext, render, render_interjection};
use crate::{Effect, Event, Input, Keyboard, Moment, Rules, Screen, Target, Text, Verdict};

/// What the customer sees for a moment after pressing a button: nothing, or the text of this id.
#[derive(Clone, Copy, Debug)]
pub(super) enum PressAnswer {
    Nothing,
    /// A line that fades by itself.
    Line(&'static str),
    /// A window that the customer has to close.
    Window(&'static str),
}

pub(super) struct Turn<'a> {
    pub(super) before: &'a Conversation,
    pub(super) event: &'a Event,
    pub(super) moment: &'a Moment,
    pub(super) rules: &'a Rules,
    pub(super) next: Conversation,
    request: Option<Box<Request>>,
    /// Messages before the next screen.
    interjections: Vec<Interjection>,
    /// What the team reads.
    relayed: Vec<Effect>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(before: &'a Conversation, event: &'a Event, moment: &'a Moment, rules: &'a Rules) -> Self {
        Self {
            before,
            event,
            moment,
            rules,
            next: before.clone(),
            request: None,
            interjections: Vec::new(),
            relayed: Vec::new(),
        }
    }

    pub(super) fn context(&self) -> RenderContext<'a> {
        RenderContext { year: self.moment.year, now: self.moment.now, rules: self.rules }
    }

    pub(super) const fn language(&self) -> Language {
        self.rules.language
    }

    pub(super) fn text(&self, id: &str) -> String {
        self.language().text(id)
    }

    /// Puts a line above the next screen.
    pub(super) fn set_notice(&mut self, notice: String) {
        self.next.notice = Some(Notice::Line(notice));
    }

    /// Sends a message before the next screen.
    pub(super) fn prepend_message(&mut self, message: Interjection) {
        self.interjections.push(message);
    }

    /// Passes a line on to the team, after what the customer sees.
    pub(super) fn relay(&mut self, line: Line) {
        let title = talk::title_of(&self.event.person);
        self.relayed.push(Effect::Relay { line: Box::new(line), title });
    }

    /// Shows the menu.
    pub(super) fn open_menu(mut self, greeting: MenuGreeting) -> Verdict {
        self.next.leave_to(IdleScreen::Menu(greeting));
        self.show()
    }

    /// Shows the same screen again, with a line above it.
    pub(super) fn hint(mut self, notice: String) -> Verdict {
        self.set_notice(notice);
        self.show()
    }

    /// Whether the screen offers name and phone of an earlier request.
    pub(super) fn offers_profile(&self) -> bool {
        self.next.question.is_none()
            && self.next.form().is_some_and(Form::takes_profile)
            && self.next.profile.contact().is_some()
    }

    /// Shows the same screen again: an answer does not fit beside the others.
    pub(super) fn hint_too_long(self) -> Verdict {
        let notice = self.text("wrong-total");
        self.hint(notice)
    }

    /// Changes the open form and shows it.
    pub(super) fn in_form(mut self, change: impl FnOnce(&mut Form)) -> Verdict {
        if let Some(form) = self.next.form_mut() {
            change(form);
        }
        self.show()
    }

    /// Answers the current step of the form and goes on.
    pub(super) fn answer(mut self, read: Typed<Value>) -> Verdict {
        let message_id = self.event.message_id;
        self.comment_on(&read.value);
        self.in_form(|form| {
            let step = form.step();
            form.answer_read(read);
            form.set_last_typed(step, message_id);
        })
    }

    /// Asks whether a doubtful answer to a step was understood.
    pub(super) fn ask_about(self, step: &'static Step, read: Typed<Value>) -> Verdict {
        let message_id = self.event.message_id;
        self.in_form(|form| {
            form.ask_about(step, read);
            form.set_last_typed(step, message_id);
        })
    }

    /// Takes the answer that the customer has just confirmed.
    pub(super) fn confirm_understood(mut self) -> Verdict {
        let value = self.next.form().and_then(Form::unconfirmed).cloned();
        if let Some(value) = value {
            self.comment_on(&value);
        }
        self.in_form(Form::confirm_understood)
    }

    /// Says what there is to say of an accepted answer: a warning, or that the number is taken and its keyboard goes
    /// away.
    fn comment_on(&mut self, value: &Value) {
        let language = self.language();
        self.next.notice = answer::warning(value, language).map(Notice::Line);
        if let Value::Phone(phone) = value {
            self.prepend_message(Interjection::PhoneTaken(phone.number.show()));
        }
    }

    /// Stores the conversation and shows its screen.
    pub(super) fn show(self) -> Verdict {
        self.show_then(None)
    }

    /// Stores the conversation together with a request, and shows its screen.
    pub(super) fn submit(mut self, request: Request) -> Verdict {
        self.request = Some(Box::new(request));
        self.show()
    }

    /// Shows the screen and has everything about the customer deleted.
    pub(super) fn forget(mut self) -> Verdict {
        self.next.forget(self.moment.now);
        self.show_then(Some(Effect::ForgetCustomer))
    }

    /// Stores the conversation and sends one message; the screen stays.
    pub(super) fn send(self, text: String) -> Verdict {
        self.store(vec![Effect::Send(Screen { text: Text::plain(text), keyboard: Keyboard::None })])
    }

    /// Stores the conversation and performs these effects; the screen stays.
    pub(super) fn store(mut self, mut effects: Vec<Effect>) -> Verdict {
        let now = self.moment.now;
        effects.append(&mut self.relayed);
        self.next.touch(self.event.update_id, now, self.rules.session_ttl);
        if let Some(form) = self.next.form_mut() {
            form.note_activity(&self.event.person, now, &self.rules.dealer);
        }
        self.next.due_at = due::due_at(&self.next, self.rules, now);
        Verdict::Move { next: Box::new(self.next), request: self.request, effects }
    }

    /// Answers a dead button with an alert. If the session is live, nothing is stored: the old message loses its
    /// buttons, and the current prompt is shown again, because a late reply may have overwritten it with an older
    /// screen. If no session is live, the menu explains what happened, or the form that waits to be continued is shown.
    /// So is a form with a reminder above it: the press may have been meant for the question before.
    pub(super) fn stale(self) -> Verdict {
        if self.before.is_live(self.moment.now) && self.before.question != Some(Question::Remind) {
            let prompt = self.before.prompt;
            let repair = match (prompt.message_id, self.pressed_message()) {
                (Some(current), Some(pressed)) if current != pressed => {
                    Some(Effect::DropKeyboard { message_id: pressed })
                }
                (Some(message_id), Some(_)) if prompt.keys.are_under_message() => Some(Effect::Show {
                    screen: render(self.before, &self.context()),
                    target: Target::Edit { message_id },
                    seq: prompt.seq,
                }),
                _ => None,
            };
            return Verdict::Stay(repair.into_iter().chain(self.answer_press(PressAnswer::Window("stale"))).collect());
        }
        if self.next.form().is_some() {
            return self.show();
        }
        let greeting = match self.before.prompt.seq {
            0 => MenuGreeting::Closed,
            _ if self.before.is_cut_short(self.moment.now) => MenuGreeting::Expired,
            _ => MenuGreeting::Plain,
        };
        self.open_menu(greeting)
    }

    /// The action of the pressed button; `None` if the button is dead or the event is not a press. Buttons of the
    /// current screen work until the session ends, and longer if nothing is open that ends with it.
    pub(super) fn pressed_action(&self) -> Option<Action<'a>> {
        let Input::Press { data, .. } = &self.event.input else { return None };
        let (seq, action) = Action::parse(data)?;
        let prompt = self.before.prompt;
        (seq == prompt.seq && prompt.seq != 0 && !self.before.is_cut_short(self.moment.now)).then_some(action)
    }

    /// The answer to a press; `None` if the event is not a press.
    pub(super) fn answer_press(&self, answer: PressAnswer) -> Option<Effect> {
        let Input::Press { callback_id, .. } = &self.event.input else { return None };
        let (text_id, alert) = match answer {
            PressAnswer::Nothing => (None, false),
            PressAnswer::Line(id) => (Some(id), false),
            PressAnswer::Window(id) => (Some(id), true),
        };
        let text = text_id.map(|id| self.text(id));
        Some(Effect::AnswerPress { callback_id: callback_id.clone(), text, alert })
    }

    fn show_then(mut self, last: Option<Effect>) -> Verdict {
        consent::ask_if_missing(&mut self);
        talk::warn_of_typing(&mut self);
        let old = self.before.prompt;
        self.next.prompt.seq = old.next_seq(self.moment.now);
        let seq = self.next.prompt.seq;
        let screen = render(&self.next, &self.context());
        let keys = Keys::of(&screen.keyboard);
        let target = self.target(keys);
        if old.keys.are_instead_of_keyboard() && keys != Keys::Reply {
            self.remove_reply_keyboard();
        }
        let message_id = match target {
            Target::Edit { message_id } => Some(message_id),
            Target::New => None,
        };
        self.next.prompt = Prompt { seq, message_id, keys };
        self.next.reply = Some(Reply {
            update_id: self.event.update_id,
            at: self.moment.now,
            edited: message_id.is_some(),
            interjections: self.interjections.clone(),
        });
        let mut effects = messages_before(&self.interjections, &self.context());
        effects.push(Effect::Show { screen, target, seq });
        effects.extend(self.answer_to_press());
        effects.extend(self.dead_keyboards(message_id));
        effects.extend(last);
        self.store(effects)
    }

    /// A live press edits its own message, unless a reply keyboard comes or goes: that takes a new message.
    fn target(&self, keys: Keys) -> Target {
        let keeps_keyboard = keys != Keys::Reply && !self.before.prompt.keys.are_instead_of_keyboard();
        let in_place = keeps_keyboard && self.interjections.is_empty();
        match self.pressed_message() {
            Some(message_id) if in_place && self.pressed_action().is_some() => Target::Edit { message_id },
            _ => Target::New,
        }
    }

    /// The message with the pressed button: the one Telegram names, or else the current prompt.
    fn pressed_message(&self) -> Option<i64> {
        match self.event.input {
            Input::Press { message_id, .. } => message_id.or(self.before.prompt.message_id),
            _ => None,
        }
    }

    fn answer_to_press(&self) -> Option<Effect> {
        if self.pressed_action().is_some() {
            self.answer_press(PressAnswer::Nothing)
        } else {
            self.answer_press(PressAnswer::Window("stale"))
        }
    }

    /// Removes the buttons of messages that are not the prompt any more. There can be two: if the id of a prompt was
    /// lost, the prompt was sent twice.
    fn dead_keyboards(&self, edited: Option<i64>) -> Vec<Effect> {
        let old = self.before.prompt;
        let prompt = old.message_id.filter(|_| old.keys.are_under_message());
        let pressed = self.pressed_message().filter(|pressed| Some(*pressed) != prompt);
        let dead = prompt.into_iter().chain(pressed).filter(|message_id| Some(*message_id) != edited);
        dead.map(|message_id| Effect::DropKeyboard { message_id }).collect()
    }

    fn remove_reply_keyboard(&mut self) {
        let removes_it =
            |message: &Interjection| matches!(message, Interjection::PhoneTaken(_) | Interjection::KeyboardAway);
        if !self.interjections.iter().any(removes_it) {
            self.interjections.push(Interjection::KeyboardAway);
        }
    }
}

/// The messages before a screen.
pub(super) fn messages_before(interjections: &[Interjection], context: &RenderContext<'_>) -> Vec<Effect> {
    interjections.iter().map(|message| render_interjection(message, context)).collect()
}
