//! A questionnaire with the answers so far.

mod contact;
mod follow_up;
mod photos;
mod room;
mod spoken;
mod stored;

use std::collections::{BTreeMap, BTreeSet};

use lead::LeadId;
use serde::{Deserialize, Serialize};
use values::Typed;

use follow_up::FollowUp;
pub(crate) use photos::{AddedPhoto, MAX_PHOTOS};
pub(crate) use spoken::Said;
use spoken::Spoken;
use stored::StoredForm;

use crate::albums::Albums;
use crate::answer::{Car, Value};
use crate::entities::Entities;
use crate::questionnaire::{Branch, Kind, Step};

/// A questionnaire with the answers so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "StoredForm", into = "StoredForm")]
pub(crate) struct Form {
    /// The id of the later request, fixed from the start.
    pub(crate) id: LeadId,
    pub(crate) branch: &'static Branch,
    /// Index of the current step.
    at: usize,
    /// Index of the furthest step so far; the number of steps once the confirmation was reached.
    furthest: usize,
    pub(crate) view: View,
    /// One answer is being changed; the confirmation comes next.
    editing: bool,
    /// By the ids of the steps.
    answers: BTreeMap<String, Value>,
    /// The words typed around an answer, for the manager, by the ids of the steps.
    remarks: BTreeMap<String, String>,
    /// An answer to the current step that the customer should confirm.
    unconfirmed: Option<Unconfirmed>,
    /// Steps with an answer from a free sentence that is not accepted yet.
    prefilled: BTreeSet<String>,
    /// Steps accepted all at once; they are not asked any more.
    settled: BTreeSet<String>,
    /// It began with a free sentence: optional questions are not asked, the confirmation offers them.
    is_short: bool,
    /// The customer's first name at Telegram, to be offered as the name.
    first_name: Option<String>,
    /// The customer does not want the name and the number of an earlier request.
    declined_profile: bool,
    /// Bytes of text that the conversation has besides the form.
    reserved: usize,
    /// Free questions asked before, for the manager.
    pub(crate) preface: Vec<String>,
    /// Albums whose photos belong to this form.
    pub(crate) albums: Albums,
    /// The update of each photo: those of an album are handled in any order.
    photo_updates: Vec<i64>,
    captions: Vec<String>,
    /// The catalogue's spelling of the answer just given is offered.
    spelling: Option<SpellingOffer>,
    last_typed: Option<TypedAnswer>,
    /// Voice messages, in the order in which they came.
    spoken: Vec<Spoken>,
    follow_up: FollowUp,
}

/// The latest answer, if it was typed: editing its message changes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TypedAnswer {
    /// Id of the step.
    step: String,
    message_id: i64,
}

/// A typed answer of which it is not certain that it was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Unconfirmed {
    value: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    remark: Option<String>,
}

/// An offer to write a car as the catalogue does. It stands beside the next question, so that the customer can ignore
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct SpellingOffer {
    /// Id of the step with the car.
    step: String,
}

/// The part of a form that is on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// The question of the step.
    Step,
    /// The same question, answered by typing instead of a button.
    Other,
    /// All answers, before sending.
    Confirm,
    /// The choice of an answer to change.
    Fields,
}

impl Form {
    /// A form at its first step.
    pub(crate) fn new(branch: &'static Branch, id: LeadId) -> Self {
        Self {
            id,
            branch,
            at: 0,
            furthest: 0,
            view: View::Step,
            editing: false,
            answers: BTreeMap::new(),
            remarks: BTreeMap::new(),
            unconfirmed: None,
            prefilled: BTreeSet::new(),
            settled: BTreeSet::new(),
            is_short: false,
            first_name: None,
            declined_profile: false,
            reserved: 0,
            preface: Vec::new(),
            albums: Albums::default(),
            photo_updates: Vec::new(),
            captions: Vec::new(),
            spelling: None,
            last_typed: None,
            spoken: Vec::new(),
            follow_up: FollowUp::default(),
        }
    }

    /// Takes answers from a free sentence. What a customer could not have typed is left out.
    pub(crate) fn prefill(&mut self, entities: &Entities, this_year: i16) {
        for step in self.branch.steps {
            if let Some(value) = entities.answer(step, this_year) {
                self.answers.insert(step.id.to_owned(), value);
                self.prefilled.insert(step.id.to_owned());
            }
        }
        self.is_short = !self.prefilled.is_empty();
    }

    /// The optional steps that were not asked, to be offered.
    pub(crate) fn unasked(&self) -> impl Iterator<Item = &'static Step> {
        self.branch.steps.iter().filter(|step| self.is_unasked(step))
    }

    fn is_unasked(&self, step: &Step) -> bool {
        self.is_short && step.optional && self.answer(step).is_none()
    }

    /// The current step.
    pub(crate) fn step(&self) -> &'static Step {
        &self.branch.steps[self.at]
    }

    /// Number of the current step, from one.
    pub(crate) const fn step_number(&self) -> usize {
        self.at + 1
    }

    /// Index of the furthest step so far; the number of steps once all were answered.
    pub(crate) const fn furthest(&self) -> usize {
        self.furthest
    }

    /// Whether there is a step to go back to, or a confirmation.
    pub(crate) const fn has_back(&self) -> bool {
        self.at > 0 || self.editing
    }

    /// The answer of a step; `None` if it was skipped.
    pub(crate) fn answer(&self, step: &Step) -> Option<&Value> {
        self.answers.get(step.id).filter(|value| **value != Value::Skipped)
    }

    /// The words typed around the answer of a step.
    pub(crate) fn remark(&self, step: &Step) -> Option<&str> {
        self.remarks.get(step.id).map(String::as_str)
    }

    /// The answer to the current step that waits for the customer to confirm it.
    pub(crate) fn unconfirmed(&self) -> Option<&Value> {
        self.unconfirmed.as_ref().map(|unconfirmed| &unconfirmed.value)
    }

    /// Whether the customer has answered anything.
    pub(crate) fn has_answers(&self) -> bool {
        self.answers.keys().any(|step| !self.prefilled.contains(step))
    }

    /// The number of answers that wait to be accepted, if the current step is the first of several.
    pub(crate) fn acceptable_at_once(&self) -> Option<usize> {
        let first = self.branch.steps.iter().find(|step| self.prefilled.contains(step.id));
        (self.prefilled.len() > 1 && first.is_some_and(|step| step.id == self.step().id))
            .then_some(self.prefilled.len())
    }

    fn photo_step(&self) -> Option<&'static Step> {
        self.branch.steps.iter().find(|step| step.kind == Kind::Photos)
    }

    /// Answers the current step and goes on.
    pub(crate) fn answer_with(&mut self, value: Value) {
        self.answer_read(Typed::alone(value));
    }

    /// Answers the current step with what was typed and goes on. If the catalogue spells a car differently, that
    /// spelling is offered.
    pub(crate) fn answer_read(&mut self, read: Typed<Value>) {
        self.replace_answer(self.step(), read);
        let spelling = self.spelling.take();
        self.accept();
        self.spelling = spelling;
    }

    /// Replaces the answer of a step and stays at the current one.
    pub(crate) fn replace_answer(&mut self, step: &Step, read: Typed<Value>) {
        self.unmark_spoken(step.id);
        let has_other_spelling = matches!(&read.value, Value::Car(car) if car.has_other_spelling());
        self.answers.insert(step.id.to_owned(), read.value);
        match read.remark {
            Some(remark) => drop(self.remarks.insert(step.id.to_owned(), remark)),
            None => drop(self.remarks.remove(step.id)),
        }
        self.spelling = has_other_spelling.then(|| SpellingOffer { step: step.id.to_owned() });
    }

    /// Asks whether an answer to a step was understood. If the customer has gone on since, the step comes back.
    pub(crate) fn ask_about(&mut self, step: &Step, read: Typed<Value>) {
        let has_gone_on = step.id != self.step().id || !matches!(self.view, View::Step | View::Other);
        if let Some(at) = self.branch.position(step.id).filter(|_| has_gone_on) {
            self.spelling = None;
            self.editing |= matches!(self.view, View::Confirm | View::Fields);
            self.at = at;
            self.view = View::Step;
        }
        self.unconfirmed = Some(Unconfirmed { value: read.value, remark: read.remark });
    }

    /// Takes the answer that waits for it and goes on. Editing its message still changes it.
    pub(crate) fn confirm_understood(&mut self) {
        let Some(Unconfirmed { value, remark }) = self.unconfirmed.take() else { return };
        let last_typed = self.last_typed.take();
        let spoken = self.spoken.clone();
        self.answer_read(Typed { value, remark, doubt: None });
        (self.last_typed, self.spoken) = (last_typed, spoken);
    }

    pub(crate) fn drop_unconfirmed(&mut self) {
        self.unconfirmed = None;
    }

    /// Asks for a typed answer instead of a button.
    pub(crate) fn ask_other(&mut self) {
        self.unconfirmed = None;
        self.view = View::Other;
    }

    /// Notes the message with which the customer has just answered a step.
    pub(crate) fn set_last_typed(&mut self, step: &Step, message_id: Option<i64>) {
        self.last_typed = message_id.map(|message_id| TypedAnswer { step: step.id.to_owned(), message_id });
    }

    /// The step that this message answered, if that was the latest answer.
    pub(crate) fn answered_last_by(&self, message_id: i64) -> Option<&'static Step> {
        let last = self.last_typed.as_ref().filter(|last| last.message_id == message_id)?;
        self.branch.position(&last.step).map(|at| &self.branch.steps[at])
    }

    /// The car whose spelling in the catalogue is offered.
    pub(crate) fn respelled_car(&self) -> Option<&Car> {
        match self.answers.get(&self.spelling.as_ref()?.step) {
            Some(Value::Car(car)) => Some(car),
            _ => None,
        }
    }

    /// Accepts the offered spelling.
    pub(crate) fn take_spelling(&mut self) {
        let offer = self.spelling.take();
        if let Some(Value::Car(car)) = offer.and_then(|offer| self.answers.get_mut(&offer.step)) {
            car.take_catalogue_spelling();
        }
    }

    /// Keeps the answer of the current step and goes on.
    pub(crate) fn accept(&mut self) {
        self.last_typed = None;
        self.prefilled.remove(self.step().id);
        self.go_on();
    }

    /// Keeps every answer from the free sentence and goes to the first open question.
    pub(crate) fn accept_all(&mut self) {
        self.last_typed = None;
        self.settled.append(&mut self.prefilled);
        let is_open = |step: &Step| !self.answers.contains_key(step.id) && !self.is_unasked(step);
        let open = self.branch.steps.iter().position(is_open);
        self.go_to(open);
    }

    /// Goes one step back, or from a change to the list of answers.
    pub(crate) fn back(&mut self) {
        self.spelling = None;
        self.unconfirmed = None;
        self.view = match self.view {
            View::Fields => View::Confirm,
            View::Step if self.editing => View::Fields,
            _ => {
                if self.view == View::Step {
                    let before = (0..self.at).rev().find(|at| !self.is_unasked(&self.branch.steps[*at]));
                    self.at = before.unwrap_or(self.at);
                }
                View::Step
            }
        };
        if self.view == View::Fields {
            self.editing = false;
        }
    }

    /// Goes to one answer to change it; returns false if there is no such step.
    pub(crate) fn edit(&mut self, step: &str) -> bool {
        let Some(at) = self.branch.position(step) else { return false };
        self.spelling = None;
        self.unconfirmed = None;
        self.at = at;
        self.editing = true;
        self.view = View::Step;
        true
    }

    /// Goes to the first required step without an answer; returns false if there is none.
    pub(crate) fn go_to_missing(&mut self) -> bool {
        let missing = self.branch.steps.iter().position(|step| !step.optional && self.answer(step).is_none());
        if missing.is_some() {
            self.go_to(missing);
        }
        missing.is_some()
    }

    fn go_on(&mut self) {
        let is_asked = |step: &Step| !self.settled.contains(step.id) && !self.is_unasked(step);
        let next = (self.at + 1..self.branch.steps.len()).find(|at| is_asked(&self.branch.steps[*at]));
        self.go_to(next.filter(|_| !self.editing));
    }

    /// Goes to this step, or to the confirmation.
    fn go_to(&mut self, step: Option<usize>) {
        self.spelling = None;
        self.unconfirmed = None;
        self.editing = false;
        self.view = View::Step;
        match step {
            Some(at) => {
                self.at = at;
                self.furthest = self.furthest.max(at);
            }
            None if !self.go_to_missing() => {
                self.view = View::Confirm;
                self.furthest = self.branch.steps.len();
            }
            None => {}
        }
    }
}
