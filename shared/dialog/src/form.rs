//! A questionnaire being answered.

use std::collections::{BTreeMap, BTreeSet};

use lead::{LeadId, Photo};
use serde::{Deserialize, Serialize};

use crate::albums::Albums;
use crate::answer::Value;
use crate::branches;
use crate::facts::Facts;
use crate::plain;
use crate::questionnaire::{Branch, Kind, Parser, Step};

/// How many photos a request takes.
pub(crate) const MAX_PHOTOS: usize = 10;

/// Longest caption that is kept, in characters; Telegram allows 1024.
const MAX_CAPTION: usize = 300;

/// How many bytes of text a form takes, whatever alphabet: the stored conversation stays below 8 KB. Three answers of a
/// thousand Cyrillic letters and a name fit in.
const MAX_TEXT: usize = 6_400;

/// How many of these bytes a questionnaire gives up for the ids of photos, if it asks for photos.
const FOR_PHOTOS: usize = 2_100;

/// Bytes of a Cyrillic letter.
const LETTER: usize = 2;

/// A questionnaire being answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub(crate) struct Form {
    /// The id of the request it becomes, fixed from the start.
    pub(crate) id: LeadId,
    /// Which questionnaire.
    pub(crate) branch: &'static Branch,
    /// The step the customer is at.
    at: usize,
    /// How far the form has come: the furthest step so far, or the number of steps once it was at the confirmation.
    furthest: usize,
    /// What of it is on the screen.
    pub(crate) view: View,
    /// One answer is being changed: afterwards comes the confirmation.
    editing: bool,
    /// Answers by the ids of their steps.
    answers: BTreeMap<String, Value>,
    /// Steps whose answer was taken from a free sentence and not accepted yet.
    prefilled: BTreeSet<String>,
    /// Steps accepted all at once: going on passes them by.
    settled: BTreeSet<String>,
    /// Questions asked before, for the manager who answers them.
    pub(crate) preface: Vec<String>,
    /// Albums whose photos belong to this form.
    pub(crate) albums: Albums,
    /// The update that brought each photo: those of an album are handled in any order.
    photo_updates: Vec<i64>,
    /// What was written under photos.
    captions: Vec<String>,
    /// How the catalogue spells the answer just given, until the next one.
    pub(crate) spelling: Option<Spelling>,
}

/// Another spelling of an answer: offered beside the next question, so that nobody has to decide it to go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spelling {
    /// The step whose answer it is.
    step: String,
    /// What the customer typed.
    pub(crate) typed: String,
    /// What the catalogue has.
    pub(crate) suggested: String,
}

/// What of a form is on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum View {
    /// The question of the step.
    Step,
    /// The same question, to be answered by typing instead of its buttons.
    Other,
    /// All answers, before sending.
    Confirm,
    /// Which answer to change.
    Fields,
}

/// What became of a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is kept; so many are, now.
    Kept(usize),
    /// It is there already.
    Repeated,
    /// There are as many as a request takes.
    Full,
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
            prefilled: BTreeSet::new(),
            settled: BTreeSet::new(),
            preface: Vec::new(),
            albums: Albums::default(),
            photo_updates: Vec::new(),
            captions: Vec::new(),
            spelling: None,
        }
    }

    /// Takes over what a free sentence told; what a customer could not have typed is left out.
    pub(crate) fn prefill(&mut self, facts: &Facts, this_year: i16) {
        for step in self.branch.steps {
            if let Some(value) = facts.answer(step, this_year) {
                self.answers.insert(step.id.to_owned(), value);
                self.prefilled.insert(step.id.to_owned());
            }
        }
    }

    /// The step the customer is at.
    pub(crate) fn step(&self) -> &'static Step {
        &self.branch.steps[self.at]
    }

    /// Which step that is, counted from one.
    pub(crate) const fn step_number(&self) -> usize {
        self.at + 1
    }

    /// The furthest step so far, counted from zero; as many as there are steps once all were answered.
    pub(crate) const fn furthest(&self) -> usize {
        self.furthest
    }

    /// Whether there is a step to go back to, or a confirmation.
    pub(crate) const fn has_back(&self) -> bool {
        self.at > 0 || self.editing
    }

    /// The answer of a step; none if it was skipped.
    pub(crate) fn answer(&self, step: &Step) -> Option<&Value> {
        self.answers.get(step.id).filter(|value| **value != Value::Skipped)
    }

    /// Whether the customer has answered anything.
    pub(crate) fn has_answers(&self) -> bool {
        self.answers.keys().any(|step| !self.prefilled.contains(step))
    }

    /// How many answers wait to be accepted, if this is the first of several.
    pub(crate) fn acceptable_at_once(&self) -> Option<usize> {
        let first = self.branch.steps.iter().find(|step| self.prefilled.contains(step.id));
        (self.prefilled.len() > 1 && first.is_some_and(|step| step.id == self.step().id))
            .then_some(self.prefilled.len())
    }

    /// Whether a text has room among the other answers.
    pub(crate) fn has_room_for(&self, value: &Value) -> bool {
        let others = |step: &Step| if step.id == self.step().id { 0 } else { self.size_of(step) };
        size(value) == 0 || size(value) <= self.room_beside(others)
    }

    /// How many bytes of text there is room for when each step's answer takes so many.
    fn room_beside(&self, size_of: impl Fn(&Step) -> usize) -> usize {
        let steps = self.branch.steps;
        let besides = self.preface.iter().chain(&self.captions).map(|text| plain::stored_len(text));
        let taken: usize = steps.iter().map(size_of).chain(besides).sum();
        let for_photos = if self.photo_step().is_some() { FOR_PHOTOS } else { 0 };
        (MAX_TEXT - for_photos).saturating_sub(taken)
    }

    /// How many bytes of text the answer of this step takes.
    fn size_of(&self, step: &Step) -> usize {
        self.answers.get(step.id).map_or(0, size)
    }

    fn photo_step(&self) -> Option<&'static Step> {
        self.branch.steps.iter().find(|step| step.kind == Kind::Photos)
    }

    /// Answers the step and goes on.
    pub(crate) fn answer_with(&mut self, value: Value) {
        self.answers.insert(self.step().id.to_owned(), value);
        self.accept();
    }

    /// Answers the step with what was typed, goes on, and offers another spelling of it there, if there is room for it.
    pub(crate) fn answer_as_typed(&mut self, typed: String, suggested: String) {
        let step = self.step().id.to_owned();
        self.answer_with(Value::Text(typed.clone()));
        let both = plain::stored_len(&typed) + plain::stored_len(&suggested);
        if both <= self.room_beside(|step| self.size_of(step)) {
            self.spelling = Some(Spelling { step, typed, suggested });
        }
    }

    /// Takes the other spelling that was offered.
    pub(crate) fn take_spelling(&mut self) {
        if let Some(Spelling { step, suggested, .. }) = self.spelling.take() {
            self.answers.insert(step, Value::Text(suggested));
        }
    }

    /// Keeps the answer that is there and goes on.
    pub(crate) fn accept(&mut self) {
        self.prefilled.remove(self.step().id);
        self.go_on();
    }

    /// Keeps every answer taken from a free sentence and goes to the first open question.
    pub(crate) fn accept_all(&mut self) {
        self.settled.append(&mut self.prefilled);
        let open = self.branch.steps.iter().position(|step| !self.answers.contains_key(step.id));
        self.go_to(open);
    }

    /// One step back; from a change, to the list of answers.
    pub(crate) fn back(&mut self) {
        self.spelling = None;
        self.view = match self.view {
            View::Fields => View::Confirm,
            View::Step if self.editing => View::Fields,
            _ => {
                if self.view == View::Step {
                    self.at = self.at.saturating_sub(1);
                }
                View::Step
            }
        };
        if self.view == View::Fields {
            self.editing = false;
        }
    }

    /// Goes to one answer to change it. False if there is no such step.
    pub(crate) fn edit(&mut self, step: &str) -> bool {
        let Some(at) = self.branch.position(step) else { return false };
        self.spelling = None;
        self.at = at;
        self.editing = true;
        self.view = View::Step;
        true
    }

    /// Adds a photo to the step that asks for photos, in the order of the updates that brought them.
    pub(crate) fn add_photo(&mut self, photo: Photo, update_id: i64, caption: Option<&str>) -> Added {
        let Some(step) = self.photo_step() else { return Added::Full };
        let entry = self.answers.entry(step.id.to_owned()).or_insert(Value::Skipped);
        if !matches!(entry, Value::Photos(_)) {
            *entry = Value::Photos(Vec::new());
            self.photo_updates.clear();
        }
        let Value::Photos(photos) = entry else { return Added::Full };
        if photos.iter().any(|known| known.unique_id == photo.unique_id) {
            return Added::Repeated;
        }
        if photos.len() >= MAX_PHOTOS {
            return Added::Full;
        }
        // A form stored before updates were noted knows none.
        self.photo_updates.resize(photos.len(), i64::MIN);
        let at = self.photo_updates.partition_point(|known| *known < update_id);
        self.photo_updates.insert(at, update_id);
        photos.insert(at, photo);
        let count = photos.len();
        self.keep_caption(caption);
        Added::Kept(count)
    }

    /// Keeps what was written under a photo, as far as there is room: the photo itself is what was asked for, and a name
    /// and a comment of full length must still fit in.
    fn keep_caption(&mut self, caption: Option<&str>) {
        let caption = plain::cut(plain::cleaned(caption.unwrap_or_default()).trim(), MAX_CAPTION, usize::MAX);
        let to_come = |step: &Step| {
            let longest = match step.parser() {
                Some(Parser::Text { max }) => max * LETTER,
                Some(Parser::Name) => values::name::MAX_CHARS * LETTER,
                _ => 0,
            };
            longest.max(self.size_of(step))
        };
        let has_room = plain::stored_len(&caption) <= self.room_beside(to_come);
        if !caption.is_empty() && self.captions.len() < MAX_PHOTOS && has_room {
            self.captions.push(caption);
        }
    }

    /// What was written under photos.
    pub(crate) fn captions(&self) -> &[String] {
        if self.photos().is_empty() { &[] } else { &self.captions }
    }

    /// The photos so far.
    pub(crate) fn photos(&self) -> &[Photo] {
        match self.photo_step().and_then(|step| self.answers.get(step.id)) {
            Some(Value::Photos(photos)) => photos,
            _ => &[],
        }
    }

    /// Throws the photos away and stays at the step.
    pub(crate) fn clear_photos(&mut self) {
        self.albums.clear();
        self.photo_updates.clear();
        self.captions.clear();
        self.answers.remove(self.step().id);
    }

    /// Goes to the first required step without an answer. False if there is none.
    pub(crate) fn go_to_missing(&mut self) -> bool {
        let missing = self.branch.steps.iter().position(|step| !step.optional && self.answer(step).is_none());
        if missing.is_some() {
            self.go_to(missing);
        }
        missing.is_some()
    }

    fn go_on(&mut self) {
        let next = (self.at + 1..self.branch.steps.len()).find(|at| !self.settled.contains(self.branch.steps[*at].id));
        self.go_to(next.filter(|_| !self.editing));
    }

    /// To this step, or to the confirmation.
    fn go_to(&mut self, step: Option<usize>) {
        self.spelling = None;
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

/// How many bytes of text an answer takes.
fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => plain::stored_len(text),
        _ => 0,
    }
}

/// How a form is stored: branch and step by their ids, which outlive a change of the questionnaire.
#[derive(Clone, Serialize, Deserialize)]
struct Stored {
    id: LeadId,
    branch: String,
    at: String,
    #[serde(default)]
    furthest: usize,
    view: View,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    editing: bool,
    answers: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    prefilled: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    settled: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    preface: Vec<String>,
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    albums: Albums,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    photo_updates: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    captions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spelling: Option<Spelling>,
}

/// The questionnaire has changed since the form was stored.
#[derive(Debug, thiserror::Error)]
#[error("there is no step {step} in a questionnaire {branch}")]
struct Outdated {
    branch: String,
    step: String,
}

impl From<Form> for Stored {
    fn from(form: Form) -> Self {
        Self {
            id: form.id,
            branch: form.branch.id.to_owned(),
            at: form.step().id.to_owned(),
            furthest: form.furthest,
            view: form.view,
            editing: form.editing,
            answers: form.answers,
            prefilled: form.prefilled,
            settled: form.settled,
            preface: form.preface,
            albums: form.albums,
            photo_updates: form.photo_updates,
            captions: form.captions,
            spelling: form.spelling,
        }
    }
}

impl TryFrom<Stored> for Form {
    type Error = Outdated;

    fn try_from(stored: Stored) -> Result<Self, Outdated> {
        let branch = branches::find(&stored.branch);
        let found = branch.and_then(|branch| branch.position(&stored.at).map(|at| (branch, at)));
        let Some((branch, at)) = found else { return Err(Outdated { branch: stored.branch, step: stored.at }) };
        Ok(Self {
            id: stored.id,
            branch,
            at,
            furthest: stored.furthest.clamp(at, branch.steps.len()),
            view: stored.view,
            editing: stored.editing,
            answers: stored.answers,
            prefilled: stored.prefilled,
            settled: stored.settled,
            preface: stored.preface,
            albums: stored.albums,
            photo_updates: stored.photo_updates,
            captions: stored.captions,
            spelling: stored.spelling,
        })
    }
}
