//! `/api/v4/contacts`.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::card::{self, CardChange, SHARED_KEYS};
use super::model::{Contact, Id, Kind};
use super::reply::Reply;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// What a write call says about a contact.
#[derive(Clone, Debug)]
struct ContactChange {
    card: CardChange,
    first_name: Option<String>,
    last_name: Option<String>,
}

impl ContactChange {
    /// Reads an item of a write call.
    fn read(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        let mut known = SHARED_KEYS.to_vec();
        known.extend(["first_name", "last_name"]);
        object.only(&known, complaints);
        if let Some(embedded) = object.object("_embedded", complaints) {
            embedded.only(&["tags"], complaints);
        }
        Self {
            card: CardChange::read(state, Kind::Contacts, object, complaints),
            first_name: object.text("first_name", complaints),
            last_name: object.text("last_name", complaints),
        }
    }

    /// Makes the contact; nothing is looked for, a second one with the same phone is made as readily.
    fn create(&self, state: &mut AccountState, owner: Id) -> Id {
        let now = state.now();
        let card = self.card.create(state, Kind::Contacts, owner, now);
        let mut contact = Contact { card, ..Contact::default() };
        self.apply_names(&mut contact);
        let id = contact.card.id;
        state.put_contact(contact);
        id
    }

    /// Changes the contact and returns its name and the moment of the change.
    fn update(&self, state: &mut AccountState, mut contact: Contact, owner: Id) -> (String, i64) {
        let now = state.now();
        self.card.apply(state, Kind::Contacts, &mut contact.card, owner, now);
        self.apply_names(&mut contact);
        let now_is = (contact.card.name.clone(), contact.card.updated_at);
        state.put_contact(contact);
        now_is
    }

    /// The name follows its parts; a name given as a whole is the first name.
    fn apply_names(&self, contact: &mut Contact) {
        if let Some(name) = &self.card.name {
            contact.first_name.clone_from(name);
            contact.last_name.clear();
        }
        if self.first_name.is_none() && self.last_name.is_none() {
            return;
        }
        if let Some(first_name) = &self.first_name {
            contact.first_name.clone_from(first_name);
        }
        if let Some(last_name) = &self.last_name {
            contact.last_name.clone_from(last_name);
        }
        contact.card.name = format!("{} {}", contact.first_name, contact.last_name).trim().to_owned();
    }
}

/// `GET /contacts`.
pub(super) fn list(state: &AccountState, call: &Call<'_>) -> Answer {
    let found = card::select(state, &call.query, state.contacts.values(), |contact| &contact.card)?;
    call.query.page(&call.href(), "contacts", &found, |contact| render(state, contact, call))
}

/// `GET /contacts/{id}`.
pub(super) fn get(state: &AccountState, call: &Call<'_>, id: Id) -> Answer {
    Ok(state.contacts.get(&id).map_or_else(Reply::nothing, |contact| Reply::ok(&render(state, contact, call))))
}

/// `POST /contacts`.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| Some(ContactChange::read(state, object, complaints)))?;
    let written = drafts.iter().map(|Draft { request_id, change }| {
        let id = change.create(state, call.caller.user_id);
        json!({
            "id": id, "is_deleted": false, "is_unsorted": false, "request_id": request_id,
            "_links": card::links(Kind::Contacts, id, &call.base),
        })
    });
    Ok(call.written("contacts", written.collect()))
}

/// `PATCH /contacts/{id}`.
pub(super) fn update(state: &mut AccountState, call: &Call<'_>, id: Id) -> Answer {
    let item = validation::single(call.body)?;
    let Some(contact) = state.contacts.get(&id).cloned() else {
        return Err(Reply::problem(404, "Contact not found"));
    };
    let drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        Some(ContactChange::read(state, object, complaints))
    })?;
    let written = drafts.iter().map(|Draft { request_id, change }| {
        let (name, updated_at) = change.update(state, contact.clone(), call.caller.user_id);
        json!({
            "id": id, "name": name, "updated_at": updated_at, "is_unsorted": false, "request_id": request_id,
            "_links": card::links(Kind::Contacts, id, &call.base),
        })
    });
    Ok(call.written("contacts", written.collect()))
}

fn render(state: &AccountState, contact: &Contact, call: &Call<'_>) -> Value {
    let mut shown = card::render(state, Kind::Contacts, &contact.card, &call.base);
    shown["first_name"] = json!(contact.first_name);
    shown["last_name"] = json!(contact.last_name);
    shown["is_unsorted"] = json!(false);
    shown["_embedded"] = json!({"tags": card::render_tags(state, &contact.card.tags), "companies": []});
    if call.query.with("leads") {
        let leads = state.leads.values().filter(|lead| lead.contacts.iter().any(|link| link.id == contact.card.id));
        shown["_embedded"]["leads"] = leads
            .map(|lead| json!({"id": lead.card.id, "_links": card::links(Kind::Leads, lead.card.id, &call.base)}))
            .collect();
    }
    shown
}
