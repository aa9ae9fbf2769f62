//! How a form is stored.

use std::collections::{BTreeMap, BTreeSet};

use lead::LeadId;
use serde::{Deserialize, Serialize};

use super::follow_up::FollowUp;
use super::spoken::Spoken;
use super::{Form, SpellingOffer, TypedAnswer, Unconfirmed, View};
use crate::albums::Albums;
use crate::answer::Value;
use crate::branches;

/// A form as stored: branch and step by their ids, which stay the same when the questionnaire changes.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct StoredForm {
    id: LeadId,
    branch: String,
    at: String,
    #[serde(default)]
    furthest: usize,
    view: View,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    editing: bool,
    answers: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    remarks: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unconfirmed: Option<Unconfirmed>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    prefilled: BTreeSet<String>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    settled: BTreeSet<String>,
    #[serde(rename = "short", default, skip_serializing_if = "std::ops::Not::not")]
    is_short: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_name: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    declined_profile: bool,
    #[serde(default)]
    reserved: usize,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    preface: Vec<String>,
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    albums: Albums,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    photo_updates: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    captions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spelling: Option<SpellingOffer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_typed: Option<TypedAnswer>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spoken: Vec<Spoken>,
    #[serde(default)]
    follow_up: FollowUp,
}

/// The questionnaire has changed since the form was stored.
#[derive(Debug, thiserror::Error)]
#[error("there is no step {step} in a questionnaire {branch}")]
pub(super) struct Outdated {
    branch: String,
    step: String,
}

impl From<Form> for StoredForm {
    fn from(form: Form) -> Self {
        Self {
            id: form.id,
            branch: form.branch.id.to_owned(),
            at: form.step().id.to_owned(),
            furthest: form.furthest,
            view: form.view,
            editing: form.editing,
            answers: form.answers,
            remarks: form.remarks,
            unconfirmed: form.unconfirmed,
            prefilled: form.prefilled,
            settled: form.settled,
            is_short: form.is_short,
            first_name: form.first_name,
            declined_profile: form.declined_profile,
            reserved: form.reserved,
            preface: form.preface,
            albums: form.albums,
            photo_updates: form.photo_updates,
            captions: form.captions,
            spelling: form.spelling,
            last_typed: form.last_typed,
            spoken: form.spoken,
            follow_up: form.follow_up,
        }
    }
}

impl TryFrom<StoredForm> for Form {
    type Error = Outdated;

    fn try_from(stored: StoredForm) -> Result<Self, Outdated> {
        let branch = branches::find(&stored.branch);
        let found = branch.and_then(|branch| branch.position(&stored.at).map(|at| (branch, at)));
        let Some((branch, at)) = found else { return Err(Outdated { branch: stored.branch, step: stored.at }) };
        let answers = stored.answers.into_iter().map(|(id, value)| match branch.position(&id) {
            Some(at) => (id, value.upgraded(&branch.steps[at])),
            None => (id, value),
        });
        Ok(Self {
            id: stored.id,
            branch,
            at,
            furthest: stored.furthest.clamp(at, branch.steps.len()),
            view: stored.view,
            editing: stored.editing,
            answers: answers.collect(),
            remarks: stored.remarks,
            unconfirmed: stored.unconfirmed,
            prefilled: stored.prefilled,
            settled: stored.settled,
            is_short: stored.is_short,
            first_name: stored.first_name,
            declined_profile: stored.declined_profile,
            reserved: stored.reserved,
            preface: stored.preface,
            albums: stored.albums,
            photo_updates: stored.photo_updates,
            captions: stored.captions,
            spelling: stored.spelling,
            last_typed: stored.last_typed,
            spoken: stored.spoken,
            follow_up: stored.follow_up,
        })
    }
}
