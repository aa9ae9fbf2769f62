//! The funnel of the metrics: how many dialogs reach each step.

use lead::LeadId;
use texts::Language;

use crate::branches;
use crate::form::Form;
use crate::questionnaire::Branch;

/// The stop after the last question: all answers, before sending.
pub const CONFIRMATION: &str = "confirm";

/// How far an open dialog has come, whatever is on the screen now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunnelProgress {
    dialog: LeadId,
    branch: &'static Branch,
    /// Index of the furthest stop.
    furthest: usize,
}

impl FunnelProgress {
    pub(crate) fn of(form: &Form) -> Self {
        Self { dialog: form.id, branch: form.branch, furthest: form.furthest() }
    }

    /// Id of the questionnaire.
    #[must_use]
    pub const fn branch(&self) -> &'static str {
        self.branch.id
    }

    /// What the dialog asked last: the step's label, in a few words.
    #[must_use]
    pub fn last_stop(self, language: Language) -> String {
        self.branch
            .steps
            .get(self.furthest)
            .map_or_else(|| language.text("digest-confirmation"), |step| language.text(&format!("{}.label", step.text)))
    }

    /// The milestones that the dialog has reached, in order.
    pub fn milestones(self) -> impl Iterator<Item = Milestone> {
        self.milestones_since(None)
    }

    /// The milestones that the dialog has reached since `before`, in order.
    pub(crate) fn milestones_since(self, before: Option<Self>) -> impl Iterator<Item = Milestone> {
        let first = self.branch.steps[0].id;
        let name = self.branch.steps.iter().find(|step| step.is_name()).map(|step| step.id);
        self.stops_since(before).flat_map(move |stop| {
            let at = |is_there: bool, milestone| is_there.then_some(milestone);
            [
                at(stop == first, Milestone::Started),
                at(Some(stop) == name, Milestone::Name),
                at(stop == CONFIRMATION, Milestone::Confirmation),
            ]
            .into_iter()
            .flatten()
        })
    }

    /// The stops that the dialog has reached since `before`, in order. Each stop counts once in a dialog, also one that
    /// was passed because a free sentence answered it.
    pub fn stops_since(self, before: Option<Self>) -> impl Iterator<Item = &'static str> {
        let known = before.filter(|before| before.dialog == self.dialog).map_or(0, |before| before.furthest + 1);
        stops(self.branch).skip(known).take((self.furthest + 1).saturating_sub(known))
    }
}

/// A stop that every questionnaire has, so that dialogs of different ones can be counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Milestone {
    /// The first question.
    Started,
    /// The question for the name, the first personal one.
    Name,
    /// All answers, before sending.
    Confirmation,
}

/// What the dialog of a customer who came by a link has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceProgress {
    /// The name of the source.
    pub source: String,
    /// At least one.
    pub milestones: Vec<Milestone>,
}

/// Every questionnaire in the order of the menu, with its stops in order: the ids of its steps, then [`CONFIRMATION`].
pub fn funnel() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    branches::ALL.into_iter().map(|branch| (branch.id, stops(branch).collect()))
}

/// The id of the text that names a stop of [`funnel`]. `None` for [`CONFIRMATION`], which is not a question.
#[must_use]
pub fn stop_text(branch: &str, stop: &str) -> Option<String> {
    let branch = branches::ALL.into_iter().find(|known| known.id == branch)?;
    Some(branch.steps.iter().find(|step| step.id == stop)?.text_id("label"))
}

fn stops(branch: &'static Branch) -> impl Iterator<Item = &'static str> {
    branch.steps.iter().map(|step| step.id).chain([CONFIRMATION])
}
