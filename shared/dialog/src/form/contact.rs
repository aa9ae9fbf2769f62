//! The customer's name and number in a form.

use values::Typed;

use super::{Form, View};
use crate::answer::{PhoneAnswer, Value};
use crate::plain;
use crate::questionnaire::{Kind, Step};

impl Form {
    /// Offers a name from Telegram, if it is one.
    pub(crate) fn offer_first_name(&mut self, first_name: &str) {
        self.first_name = values::name::parse(&plain::cleaned(first_name)).ok();
    }

    /// The name to offer at the current step.
    pub(crate) fn first_name(&self) -> Option<&str> {
        self.first_name.as_deref().filter(|_| self.step().is_name() && self.answer(self.step()).is_none())
    }

    /// The customer's first name at Telegram, if it is one.
    pub(crate) fn name_at_telegram(&self) -> Option<&str> {
        self.first_name.as_deref()
    }

    /// Whether the current step asks for the name with the keyboard that can share the contact, which has the number
    /// too. Such a keyboard has no room for the button that takes another spelling.
    pub(crate) fn asks_for_contact(&self) -> bool {
        self.step().is_name() && !self.has_phone() && self.respelled_car().is_none()
    }

    /// Whether the name and the number of an earlier request can answer the current step.
    pub(crate) fn takes_profile(&self) -> bool {
        let is_open = |step: &Step| !self.answers.contains_key(step.id);
        let is_at_name = self.view == View::Step && self.step().is_name() && !self.editing;
        is_at_name && !self.declined_profile && is_open(self.step()) && self.phone_step().is_some_and(is_open)
    }

    pub(crate) fn decline_profile(&mut self) {
        self.declined_profile = true;
    }

    /// Answers name and phone at once and goes on. Without a name, the name stays the question.
    pub(crate) fn answer_contact(&mut self, name: Option<String>, phone: PhoneAnswer) {
        let Some(phone_step) = self.phone_step() else { return };
        self.replace_answer(phone_step, Typed::alone(phone.into()));
        self.settled.insert(phone_step.id.to_owned());
        if let Some(name) = name {
            self.answer_with(Value::Text(name));
        }
    }

    /// Whether it has the customer's name or phone, or asks for it.
    pub(crate) fn is_personal(&self) -> bool {
        let is_known = |step: &Step| step.is_personal() && self.answers.contains_key(step.id);
        self.step().is_personal() || self.branch.steps.iter().any(is_known)
    }

    /// Whether the customer has given a number.
    pub(crate) fn has_phone(&self) -> bool {
        self.phone_step().is_some_and(|step| self.answer(step).is_some())
    }

    fn phone_step(&self) -> Option<&'static Step> {
        self.branch.steps.iter().find(|step| step.kind == Kind::Phone)
    }
}
