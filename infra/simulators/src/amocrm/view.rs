//! The account as a dealer sees it, and what must never be there twice.

use std::collections::HashMap;

use serde::Serialize;

use super::drive;
use super::model::{self, Card, Id, Kind};
use super::staff;
use super::state::AccountState;

/// A deal with everything in its card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Deal {
    /// Its id.
    pub id: u64,
    /// «Продажа авто — Toyota Camry — Анна».
    pub name: String,
    /// Whole roubles.
    pub price: i64,
    /// Name of the pipeline.
    pub pipeline: String,
    /// Id of the pipeline.
    pub pipeline_id: u64,
    /// Name of the stage.
    pub stage: String,
    /// Id of the stage.
    pub stage_id: u64,
    /// Why it was lost.
    pub loss_reason: Option<String>,
    /// Name of the responsible manager.
    pub responsible: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its filled custom fields.
    pub fields: Vec<FieldShown>,
    /// Its main contact.
    pub contact: Option<ContactShown>,
    /// Ids of all its contacts.
    pub contacts: Vec<u64>,
    /// Texts of its notes, oldest first.
    pub notes: Vec<String>,
    /// Its tasks, oldest first.
    pub tasks: Vec<TaskShown>,
    /// Its files, in the order attached.
    pub files: Vec<FileShown>,
    /// Unix seconds.
    pub created_at: i64,
    /// Unix seconds.
    pub updated_at: i64,
}

impl Deal {
    /// The value of the field with this code, such as `REQUEST_ID`.
    #[must_use]
    pub fn field(&self, code: &str) -> Option<&str> {
        field(&self.fields, code)
    }
}

/// A stage where a deal can be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StageShown {
    /// Its id.
    pub id: u64,
    /// As the manager sees it.
    pub name: String,
}

/// A contact's card.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ContactShown {
    /// Its id.
    pub id: u64,
    /// Full name.
    pub name: String,
    /// Phones as they are stored.
    pub phones: Vec<String>,
    /// Name of the responsible manager.
    pub responsible: String,
    /// Its other filled fields.
    pub fields: Vec<FieldShown>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Ids of its deals.
    pub deals: Vec<u64>,
}

impl ContactShown {
    /// The value of the field with this code, such as `TELEGRAM_ID`.
    #[must_use]
    pub fn field(&self, code: &str) -> Option<&str> {
        field(&self.fields, code)
    }
}

/// A filled field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldShown {
    /// As the manager sees it.
    pub name: String,
    /// Its code, if it has one.
    pub code: Option<String>,
    /// Its values, joined by commas.
    pub value: String,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskShown {
    /// What is to be done.
    pub text: String,
    /// Until when, Unix seconds.
    pub due: i64,
    /// By whom.
    pub responsible: String,
    /// Whether it is done.
    pub done: bool,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileShown {
    /// Its name.
    pub name: String,
    /// Where its bytes are; no token is asked for.
    pub url: String,
}

/// What is there more than once: how many deals, contacts, notes and tasks are one too many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Twins {
    /// Deals whose `REQUEST_ID` another deal has too.
    pub deals: usize,
    /// Contacts with a phone that another contact has too.
    pub contacts: usize,
    /// Notes whose text the same deal has in another note.
    pub notes: usize,
    /// Tasks whose text the same deal has in another task.
    pub tasks: usize,
}

impl Twins {
    /// Nothing is there twice.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// All deals, newest first.
pub(super) fn deals(state: &AccountState, base: &str) -> Vec<Deal> {
    let links = Links::of(state);
    state.leads.values().rev().map(|lead| deal(state, &links, lead, base)).collect()
}

/// The stages of a pipeline, without its inbox.
pub(super) fn stages(state: &AccountState, pipeline: Id) -> Vec<StageShown> {
    let stages = state.pipelines.get(&pipeline).into_iter().flat_map(|pipeline| &pipeline.statuses);
    let shown = |stage: &model::Stage| StageShown { id: stage.id, name: stage.name.clone() };
    stages.filter(|stage| !stage.is_inbox).map(shown).collect()
}

/// All contacts, newest first.
pub(super) fn contacts(state: &AccountState) -> Vec<ContactShown> {
    let links = Links::of(state);
    state.contacts.values().rev().map(|contact| contact_shown(state, &links, contact)).collect()
}

/// What belongs to what, gathered in one pass so that a long list of deals stays quick to show.
#[derive(Default)]
struct Links<'w> {
    notes_of_lead: HashMap<Id, Vec<&'w model::Note>>,
    tasks_of_lead: HashMap<Id, Vec<&'w model::Task>>,
    leads_of_contact: HashMap<Id, Vec<Id>>,
}

impl<'w> Links<'w> {
    fn of(state: &'w AccountState) -> Self {
        let mut links = Self::default();
        for note in state.notes.values().filter(|note| note.kind == Kind::Leads) {
            links.notes_of_lead.entry(note.entity_id).or_default().push(note);
        }
        for task in state.tasks.values().filter(|task| task.kind == Some(Kind::Leads)) {
            links.tasks_of_lead.entry(task.entity_id.unwrap_or_default()).or_default().push(task);
        }
        for lead in state.leads.values() {
            for link in &lead.contacts {
                links.leads_of_contact.entry(link.id).or_default().push(lead.card.id);
            }
        }
        links
    }
}

fn deal(state: &AccountState, links: &Links<'_>, lead: &model::Lead, base: &str) -> Deal {
    let id = lead.card.id;
    let pipeline = state.pipelines.get(&lead.pipeline_id);
    let stage = pipeline.and_then(|pipeline| pipeline.stage(lead.status_id));
    let contact = lead.main_contact().and_then(|id| state.contacts.get(&id));
    let files = lead.files.iter().filter_map(|uuid| state.files.get(uuid));
    Deal {
        id,
        name: lead.card.name.clone(),
        price: lead.price,
        pipeline: pipeline.map(|pipeline| pipeline.name.clone()).unwrap_or_default(),
        pipeline_id: lead.pipeline_id,
        stage: stage.map(|stage| stage.name.clone()).unwrap_or_default(),
        stage_id: lead.status_id,
        loss_reason: lead.loss_reason.and_then(staff::loss_reason).map(str::to_owned),
        responsible: user_name(state, lead.card.responsible_user_id),
        tags: tags(state, &lead.card),
        fields: fields_shown(state, &lead.card, |_| true),
        contact: contact.map(|contact| contact_shown(state, links, contact)),
        contacts: lead.contacts.iter().map(|link| link.id).collect(),
        notes: links.notes_of_lead.get(&id).into_iter().flatten().map(|note| note_text(note)).collect(),
        tasks: links.tasks_of_lead.get(&id).into_iter().flatten().map(|task| task_shown(state, task)).collect(),
        files: files
            .map(|file| FileShown { name: file.name.clone(), url: format!("{base}{}", drive::download_path(file)) })
            .collect(),
        created_at: lead.card.created_at,
        updated_at: lead.card.updated_at,
    }
}

fn contact_shown(state: &AccountState, links: &Links<'_>, contact: &model::Contact) -> ContactShown {
    ContactShown {
        id: contact.card.id,
        name: contact.card.name.clone(),
        phones: phones(state, &contact.card),
        responsible: user_name(state, contact.card.responsible_user_id),
        fields: fields_shown(state, &contact.card, |code| code != Some("PHONE")),
        tags: tags(state, &contact.card),
        deals: links.leads_of_contact.get(&contact.card.id).cloned().unwrap_or_default(),
    }
}

fn task_shown(state: &AccountState, task: &model::Task) -> TaskShown {
    TaskShown {
        text: task.text.clone(),
        due: task.complete_till,
        responsible: user_name(state, task.responsible_user_id),
        done: task.is_completed,
    }
}

fn note_text(note: &model::Note) -> String {
    let text = note.params.get("text").or_else(|| note.params.get("file_name"));
    text.and_then(|text| text.as_str()).unwrap_or_default().to_owned()
}

fn tags(state: &AccountState, card: &Card) -> Vec<String> {
    card.tags.iter().filter_map(|id| state.tags.get(id)).map(|tag| tag.name.clone()).collect()
}

fn phones(state: &AccountState, card: &Card) -> Vec<String> {
    let is_phone = |id| state.fields.get(&id).is_some_and(|field| field.code.as_deref() == Some("PHONE"));
    let values = card.fields.iter().filter(|field| is_phone(field.field_id)).flat_map(|field| &field.values);
    values.map(model::FieldValue::shown).collect()
}

fn fields_shown(state: &AccountState, card: &Card, is_wanted: impl Fn(Option<&str>) -> bool) -> Vec<FieldShown> {
    let known = card.fields.iter().filter_map(|filled| Some((state.fields.get(&filled.field_id)?, filled)));
    known
        .filter(|(field, _)| is_wanted(field.code.as_deref()))
        .map(|(field, filled)| FieldShown {
            name: field.name.clone(),
            code: field.code.clone(),
            value: filled.values.iter().map(model::FieldValue::shown).collect::<Vec<_>>().join(", "),
        })
        .collect()
}

fn field<'f>(fields: &'f [FieldShown], code: &str) -> Option<&'f str> {
    fields.iter().find(|field| field.code.as_deref() == Some(code)).map(|field| field.value.as_str())
}

fn user_name(state: &AccountState, id: Id) -> String {
    state.user(id).map(|user| user.name).unwrap_or_default()
}

/// Counts what is there twice.
pub(super) fn twins(state: &AccountState) -> Twins {
    let requests = state.leads.values().flat_map(|lead| {
        fields_shown(state, &lead.card, |code| code == Some("REQUEST_ID")).into_iter().map(|field| field.value)
    });
    let phones = state.contacts.values().flat_map(|contact| {
        let mut own: Vec<String> = phones(state, &contact.card).iter().map(|phone| significant_digits(phone)).collect();
        own.sort_unstable();
        own.dedup();
        own
    });
    let notes = state.notes.values().map(|note| (note.entity_id, note.note_type.clone(), note_text(note)));
    let tasks = state.tasks.values().map(|task| (task.entity_id, task.text.clone()));
    Twins { deals: surplus(requests), contacts: surplus(phones), notes: surplus(notes), tasks: surplus(tasks) }
}

/// How many of the things are there again.
fn surplus<T: std::hash::Hash + Eq>(things: impl Iterator<Item = T>) -> usize {
    let mut counts: HashMap<T, usize> = HashMap::new();
    for thing in things {
        *counts.entry(thing).or_default() += 1;
    }
    counts.values().map(|count| count - 1).sum()
}

/// The last ten digits of a phone, which are the same with +7, with 8, with spaces and dashes.
fn significant_digits(phone: &str) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(10)..].iter().collect()
}
