//! One decision in the making: the conversation as it will be, and the effects that follow from how it changed.

use lead::Request;

use crate::action::Action;
use crate::conversation::{Conversation, Keys, Outside, Prompt, Reply, Saying, Word};
use crate::form::Form;
use crate::render::{Light, render, say};
use crate::{Effect, Event, Input, Keyboard, Moment, Rules, Screen, Target, Verdict, texts};

/// One decision in the making.
pub(super) struct Turn<'a> {
    pub(super) before: &'a Conversation,
    pub(super) event: &'a Event,
    pub(super) moment: &'a Moment,
    pub(super) rules: &'a Rules,
    /// The conversation as it will be.
    pub(super) next: Conversation,
    /// Messages before the next screen.
    sayings: Vec<Saying>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(before: &'a Conversation, event: &'a Event, moment: &'a Moment, rules: &'a Rules) -> Self {
        Self { before, event, moment, rules, next: before.clone(), sayings: Vec::new() }
    }

    /// What screens depend on.
    pub(super) fn light(&self) -> Light<'a> {
        Light { year: self.moment.year, rules: self.rules }
    }

    /// Puts a line above the next screen.
    pub(super) fn note(&mut self, notice: String) {
        self.next.notice = Some(notice);
    }

    /// Sends a message before the next screen.
    pub(super) fn say_first(&mut self, saying: Saying) {
        self.sayings.push(saying);
    }

    /// Goes to the menu and shows it.
    pub(super) fn open_menu(mut self, word: Word) -> Verdict {
        self.next.leave_to(Outside::Menu(word));
        self.show()
    }

    /// The same screen again, with a line above it.
    pub(super) fn hint(mut self, notice: String) -> Verdict {
        self.note(notice);
        self.show()
    }

    /// Changes the open form and shows what has become of it.
    pub(super) fn in_form(mut self, change: impl FnOnce(&mut Form)) -> Verdict {
        if let Some(form) = self.next.form_mut() {
            change(form);
        }
        self.show()
    }

    /// Stores the conversation and shows its screen.
    pub(super) fn show(self) -> Verdict {
        self.show_with(None, None)
    }

    /// Stores the conversation together with a request, and shows its screen.
    pub(super) fn submit(self, request: Request) -> Verdict {
        self.show_with(Some(Effect::Submit(Box::new(request))), None)
    }

    /// Shows the screen and has everything about the customer deleted.
    pub(super) fn forget(mut self) -> Verdict {
        self.next.forget();
        self.show_with(None, Some(Effect::ForgetCustomer))
    }

    /// Stores the conversation and sends one message; the screen stays.
    pub(super) fn say(mut self, effect: Effect) -> Verdict {
        self.touch();
        Verdict::Move(Box::new(self.next), vec![effect])
    }

    /// Stores the conversation and performs these effects; the screen stays.
    pub(super) fn store(mut self, effects: Vec<Effect>) -> Verdict {
        self.touch();
        Verdict::Move(Box::new(self.next), effects)
    }

    /// A dead button: an alert. Its message loses its buttons if they were left there; the current prompt is shown as it
    /// should look, for a reply that was late may have put an older screen over it. Nothing is stored, unless no session is
    /// live: then the menu says what happened, if anything was open.
    pub(super) fn stale(self) -> Verdict {
        if self.before.is_live(self.moment.now) {
            let prompt = self.before.prompt;
            let mended = match (prompt.message_id, self.pressed_message()) {
                (Some(current), Some(pressed)) if current != pressed => {
                    Some(Effect::DropKeyboard { message_id: pressed })
                }
                (Some(message_id), Some(_)) if prompt.keys == Keys::Inline => Some(Effect::Show {
                    screen: render(self.before, &self.light()),
                    target: Target::Edit { message_id },
                    seq: prompt.seq,
                }),
                _ => None,
            };
            return Verdict::Stay(mended.into_iter().chain(self.answer_press(Some("stale"), true)).collect());
        }
        let word = match self.before.prompt.seq {
            0 => Word::Closed,
            _ if self.before.is_cut_short(self.moment.now) => Word::Expired,
            _ => Word::Plain,
        };
        self.open_menu(word)
    }

    /// What the pressed button does; `None` if it is dead or the event is no press. Those of the current screen live as
    /// long as the session, and longer if nothing was open: a menu takes nothing for granted.
    pub(super) fn pressed_action(&self) -> Option<Action<'a>> {
        let Input::Press { data, .. } = &self.event.input else { return None };
        let (seq, action) = Action::parse(data)?;
        let prompt = self.before.prompt;
        (seq == prompt.seq && prompt.seq != 0 && !self.before.is_cut_short(self.moment.now)).then_some(action)
    }

    /// The answer to a press, with this text; `None` if the event is no press.
    pub(super) fn answer_press(&self, text: Option<&str>, alert: bool) -> Option<Effect> {
        match &self.event.input {
            Input::Press { callback_id, .. } => {
                Some(Effect::AnswerPress { callback_id: callback_id.clone(), text: text.map(texts::get), alert })
            }
            _ => None,
        }
    }

    fn touch(&mut self) {
        self.next.touch(self.event.update_id, self.moment.now, self.rules.session_ttl);
    }

    fn show_with(mut self, first: Option<Effect>, last: Option<Effect>) -> Verdict {
        self.touch();
        let old = self.before.prompt;
        self.next.prompt.seq = old.next_seq(self.moment.now);
        let seq = self.next.prompt.seq;
        let screen = render(&self.next, &self.light());
        let keys = Keys::of(&screen.keyboard);
        let target = self.target(keys);
        if old.keys == Keys::Reply && keys != Keys::Reply {
            self.say_keyboard_away();
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
            sayings: self.sayings.clone(),
        });
        let mut effects: Vec<Effect> = first.into_iter().collect();
        effects.extend(said(&self.sayings, &self.light()));
        effects.push(Effect::Show { screen, target, seq });
        effects.extend(self.answer_to_press());
        effects.extend(self.dead_keyboards(message_id));
        effects.extend(last);
        Verdict::Move(Box::new(self.next), effects)
    }

    /// A live press changes its own message, unless a reply keyboard comes or goes: that takes a new message.
    fn target(&self, keys: Keys) -> Target {
        let in_place = keys != Keys::Reply && self.before.prompt.keys != Keys::Reply && self.sayings.is_empty();
        match self.pressed_message() {
            Some(message_id) if in_place && self.pressed_action().is_some() => Target::Edit { message_id },
            _ => Target::New,
        }
    }

    /// The message with the pressed button. Telegram says which; if not, it is the current prompt.
    fn pressed_message(&self) -> Option<i64> {
        match self.event.input {
            Input::Press { message_id, .. } => message_id.or(self.before.prompt.message_id),
            _ => None,
        }
    }

    fn answer_to_press(&self) -> Option<Effect> {
        if self.pressed_action().is_some() {
            self.answer_press(None, false)
        } else {
            self.answer_press(Some("stale"), true)
        }
    }

    /// Messages whose buttons have died because the prompt is now a new message, or the edited one. There can be two: a
    /// prompt whose first sending was taken for lost is there twice.
    fn dead_keyboards(&self, edited: Option<i64>) -> Vec<Effect> {
        let old = self.before.prompt;
        let prompt = old.message_id.filter(|_| old.keys == Keys::Inline);
        let pressed = self.pressed_message().filter(|pressed| Some(*pressed) != prompt);
        let dead = prompt.into_iter().chain(pressed).filter(|message_id| Some(*message_id) != edited);
        dead.map(|message_id| Effect::DropKeyboard { message_id }).collect()
    }

    fn say_keyboard_away(&mut self) {
        let takes_it_away = |saying: &Saying| matches!(saying, Saying::PhoneTaken(_) | Saying::KeyboardAway);
        if !self.sayings.iter().any(takes_it_away) {
            self.sayings.push(Saying::KeyboardAway);
        }
    }
}

/// The messages before a screen.
pub(super) fn said(sayings: &[Saying], light: &Light<'_>) -> Vec<Effect> {
    sayings
        .iter()
        .map(|saying| {
            let Screen { text, keyboard } = say(saying, light);
            debug_assert!(!matches!(keyboard, Keyboard::Inline(_)), "such a message keeps no buttons");
            Effect::Say(Screen { text, keyboard })
        })
        .collect()
}
