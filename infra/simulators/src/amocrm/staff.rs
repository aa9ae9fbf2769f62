//! What people do in the account, past its API.

use serde_json::json;

use super::api::lock;
use super::hooks;
use super::model::{Card, Contact, ContactLink, FieldValue, FilledField, Id, LOST, Lead, WON};
use super::seed;
use super::state::AccountState;
use super::{ADMIN, Amocrm};

/// A deal that a manager makes by hand.
#[derive(Clone, Debug)]
pub struct NewDeal<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its pipeline.
    pub pipeline: u64,
    /// Its stage.
    pub stage: u64,
    /// Its contacts, the main one first.
    pub contacts: &'a [u64],
    /// How many days ago it was made.
    pub days_old: i64,
}

/// How a deal ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The customer has paid.
    Won,
    /// It came to nothing, for this reason of [`super::LOSS_REASONS`].
    Lost(u64),
}

impl Amocrm {
    /// A manager makes a contact and returns its id. Searches find it after the usual lag.
    pub fn add_contact(&self, name: &str, phones: &[&str]) -> u64 {
        let mut state = lock(&self.state);
        let phone = state.fields.values().find(|field| field.code.as_deref() == Some("PHONE")).cloned();
        let values = |sort| phones.iter().map(|phone| FieldValue { value: json!(phone), enum_id: sort }).collect();
        let fields = phone
            .filter(|_| !phones.is_empty())
            .map(|field| FilledField { field_id: field.id, values: values(field.enums.first().map(|sort| sort.id)) });
        let card = Card { fields: fields.into_iter().collect(), ..new_card(&mut state, name) };
        let id = card.id;
        state.put_contact(Contact { card, first_name: name.to_owned(), last_name: String::new() });
        id
    }

    /// A manager makes a deal and returns its id.
    pub fn add_deal(&self, new: &NewDeal<'_>) -> u64 {
        let mut state = lock(&self.state);
        let mut card = new_card(&mut state, new.name);
        card.created_at -= new.days_old * 24 * 3600;
        let id = card.id;
        let contacts =
            new.contacts.iter().enumerate().map(|(place, id)| ContactLink { id: *id, is_main: place == 0 }).collect();
        let (pipeline_id, status_id) = (new.pipeline, new.stage);
        state.put_lead(Lead { card, pipeline_id, status_id, contacts, ..Lead::default() });
        id
    }

    /// A manager moves a deal to another stage of its pipeline.
    pub fn move_deal(&self, deal: u64, stage: u64) {
        self.change_deal(deal, |lead, _| lead.status_id = stage);
    }

    /// A manager moves a deal to a stage of another pipeline.
    pub fn move_deal_to_pipeline(&self, deal: u64, pipeline: u64, stage: u64) {
        self.change_deal(deal, |lead, _| (lead.pipeline_id, lead.status_id) = (pipeline, stage));
    }

    /// A manager closes a deal.
    pub fn close_deal(&self, deal: u64, closing: Closing) {
        self.change_deal(deal, |lead, now| {
            (lead.status_id, lead.loss_reason) = match closing {
                Closing::Won => (WON, None),
                Closing::Lost(reason) => (LOST, Some(reason)),
            };
            lead.closed_at = Some(now);
        });
    }

    /// A deal is given to somebody else.
    pub fn give_deal(&self, deal: u64, user: u64) {
        self.change_deal(deal, |lead, _| lead.card.responsible_user_id = user);
    }

    /// A contact is given to somebody else.
    pub fn give_contact(&self, contact: u64, user: u64) {
        let mut state = lock(&self.state);
        if let Some(mut contact) = state.contacts.get(&contact).cloned() {
            contact.card.responsible_user_id = user;
            contact.card.updated_at = state.now();
            state.put_contact(contact);
        }
    }

    /// A manager merges a deal into another: contacts, notes, tasks and files go to that one, and it is gone.
    pub fn merge_deals(&self, kept: u64, merged: u64) {
        let mut state = lock(&self.state);
        let (Some(mut into), Some(from)) = (state.leads.get(&kept).cloned(), state.leads.get(&merged).cloned()) else {
            return;
        };
        for link in from.contacts {
            if into.contacts.iter().all(|known| known.id != link.id) {
                into.contacts.push(ContactLink { is_main: false, ..link });
            }
        }
        into.files.extend(from.files);
        into.card.updated_at = state.now();
        state.put_lead(into);
        state.hand_over(merged, kept);
        state.delete_lead(merged);
    }

    /// A manager deletes a deal; the API has no method for it.
    pub fn delete_deal(&self, id: u64) {
        lock(&self.state).delete_lead(id);
    }

    /// Somebody new works in the account, unless it has a user with this id.
    pub fn hire(&self, user: u64, name: &str) {
        lock(&self.state).hire(user, name);
    }

    /// A user leaves: the account refuses to give them anything.
    pub fn dismiss(&self, user: u64) {
        lock(&self.state).dismiss(user);
    }

    /// Whatever happens to deals is posted to this address from now on, and to no other.
    pub fn subscribe(&self, destination: &str) {
        lock(&self.state).subscribe(destination);
    }

    /// A hook that amoCRM never sent, of this deal at this stage, goes to every subscriber.
    pub fn forge_hook(&self, deal: u64, stage: u64) {
        let state = lock(&self.state);
        let unknown = Lead { card: Card { id: deal, ..Card::default() }, ..Lead::default() };
        let body = hooks::forged(&state, state.leads.get(&deal).unwrap_or(&unknown), stage);
        for hook in state.hooks.values() {
            state.post.send(hook.destination.clone(), body.clone());
        }
    }

    /// Waits until every hook has been tried once.
    pub async fn settle_hooks(&self) {
        let post = lock(&self.state).post.clone();
        post.settle().await;
    }

    fn change_deal(&self, deal: u64, change: impl FnOnce(&mut Lead, i64)) {
        let mut state = lock(&self.state);
        if let Some(mut lead) = state.leads.get(&deal).cloned() {
            let now = state.now();
            change(&mut lead, now);
            if !matches!(lead.status_id, WON | LOST) {
                (lead.closed_at, lead.loss_reason) = (None, None);
            }
            (lead.card.updated_at, lead.card.updated_by) = (now, ADMIN);
            state.put_lead(lead);
        }
    }
}

/// A card that the administrator makes now.
fn new_card(state: &mut AccountState, name: &str) -> Card {
    let now = state.now();
    Card {
        id: state.new_id(),
        name: name.to_owned(),
        responsible_user_id: ADMIN,
        created_by: ADMIN,
        updated_by: ADMIN,
        created_at: now,
        updated_at: now,
        fields: Vec::new(),
        tags: Vec::new(),
    }
}

/// Name of a reason why deals are lost.
pub(super) fn loss_reason(id: Id) -> Option<&'static str> {
    seed::LOSS_REASONS.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
}
