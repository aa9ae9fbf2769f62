//! `/api/v4/leads`: deals.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::card::{self, CardChange, SHARED_KEYS};
use super::model::{ContactLink, Id, Kind, LOST, Lead, WON};
use super::query::Query;
use super::reply::Reply;
use super::seed;
use super::staff;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// What a write call says about a deal.
#[derive(Clone, Debug)]
struct LeadChange {
    card: CardChange,
    price: Option<i64>,
    /// Pipeline and stage.
    place: Option<(Id, Id)>,
    loss_reason: Option<Id>,
}

impl LeadChange {
    fn read(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        let mut known = SHARED_KEYS.to_vec();
        known.extend(["price", "pipeline_id", "status_id", "loss_reason_id", "closed_at"]);
        object.only(&known, complaints);
        let place = read_place(state, object, complaints);
        let loss_reason = object.id("loss_reason_id", complaints);
        if loss_reason.is_some_and(|id| staff::loss_reason(id).is_none()) {
            complaints.not_a_choice(object.at("loss_reason_id"));
        }
        let price = object.integer("price", complaints);
        if price.is_some_and(i64::is_negative) {
            complaints.wrong_type(object.at("price"), "This value should be positive or zero.");
        }
        Self { card: CardChange::read(state, Kind::Leads, object, complaints), price, place, loss_reason }
    }

    fn create(&self, state: &mut AccountState, owner: Id, contacts: Vec<ContactLink>) -> Lead {
        let now = state.now();
        let card = self.card.create(state, Kind::Leads, owner, now);
        let (pipeline_id, status_id) = state
            .main_pipeline()
            .and_then(|pipeline| Some((pipeline.id, pipeline.first_stage()?.id)))
            .unwrap_or_default();
        let mut lead = Lead { card, pipeline_id, status_id, contacts, ..Lead::default() };
        self.apply_own(&mut lead, now);
        if lead.card.name.is_empty() {
            lead.card.name = format!("Сделка #{}", lead.card.id);
        }
        lead
    }

    /// Changes the deal and returns the moment of the change.
    fn update(&self, state: &mut AccountState, mut lead: Lead, owner: Id) -> i64 {
        let now = state.now();
        self.card.apply(state, Kind::Leads, &mut lead.card, owner, now);
        self.apply_own(&mut lead, now);
        let updated_at = lead.card.updated_at;
        state.put_lead(lead);
        updated_at
    }

    fn apply_own(&self, lead: &mut Lead, now: i64) {
        lead.price = self.price.unwrap_or(lead.price);
        if let Some((pipeline_id, status_id)) = self.place {
            (lead.pipeline_id, lead.status_id) = (pipeline_id, status_id);
        }
        let is_closed = matches!(lead.status_id, WON | LOST);
        lead.closed_at = if is_closed { lead.closed_at.or(Some(now)) } else { None };
        lead.loss_reason = self.loss_reason.or(lead.loss_reason).filter(|_| lead.status_id == LOST);
    }
}

/// Pipeline and stage: the stage must be one of the pipeline's, and not its inbox.
fn read_place(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Option<(Id, Id)> {
    let pipeline_id = object.id("pipeline_id", complaints);
    let status_id = object.id("status_id", complaints);
    let pipeline = match (pipeline_id, status_id) {
        (None, None) => return None,
        (Some(id), _) => {
            let pipeline = state.pipelines.get(&id);
            if pipeline.is_none() {
                complaints.not_a_choice(object.at("pipeline_id"));
            }
            pipeline?
        }
        (None, Some(WON | LOST)) => state.main_pipeline()?,
        (None, Some(status)) => {
            let pipeline = state.pipelines.values().find(|pipeline| pipeline.stage(status).is_some());
            if pipeline.is_none() {
                complaints.not_a_choice(object.at("status_id"));
            }
            pipeline?
        }
    };
    let stage = match status_id {
        Some(id) => pipeline.stage(id).filter(|stage| !stage.is_inbox),
        None => pipeline.first_stage(),
    };
    if stage.is_none() {
        complaints.not_a_choice(object.at("status_id"));
    }
    Some((pipeline.id, stage?.id))
}

/// `_embedded.contacts` of a new deal: existing contacts only.
fn read_contacts(state: &AccountState, embedded: &Object<'_>, complaints: &mut Complaints) -> Vec<ContactLink> {
    let mut links: Vec<ContactLink> = Vec::new();
    for entry in embedded.objects("contacts", complaints) {
        entry.only(&["id", "is_main"], complaints);
        if entry.get("id").is_none() {
            complaints.missing(entry.at("id"));
        }
        let is_main = entry.flag("is_main", complaints).unwrap_or(links.is_empty());
        let Some(id) = entry.id("id", complaints) else { continue };
        if state.contacts.contains_key(&id) {
            links.push(ContactLink { id, is_main });
        } else {
            complaints.not_a_choice(entry.at("id"));
        }
    }
    links
}

/// `GET /leads`.
pub(super) fn list(state: &AccountState, call: &Call<'_>) -> Answer {
    let mut found = card::select(state, &call.query, state.leads.values(), |lead| &lead.card)?;
    let filter = Filter::read(&call.query);
    found.retain(|lead| filter.lets_through(lead));
    call.query.page(&call.href(), "leads", &found, |lead| render(state, lead, call))
}

/// `GET /leads/{id}`.
pub(super) fn get(state: &AccountState, call: &Call<'_>, id: Id) -> Answer {
    Ok(state.leads.get(&id).map_or_else(Reply::nothing, |lead| Reply::ok(&render(state, lead, call))))
}

/// `GET /leads/loss_reasons`.
pub(super) fn loss_reasons(call: &Call<'_>) -> Answer {
    call.query.page(&call.href(), "loss_reasons", &seed::LOSS_REASONS, |(id, name)| json!({"id": id, "name": name}))
}

/// The filters that only deals have.
struct Filter {
    pipelines: Option<Vec<Id>>,
    statuses: Option<Vec<(Option<Id>, Option<Id>)>>,
    price: std::ops::RangeInclusive<i64>,
    closed_at: std::ops::RangeInclusive<i64>,
    asks_closed: bool,
}

impl Filter {
    fn read(query: &Query) -> Self {
        Self {
            pipelines: query.ids("pipeline_id"),
            statuses: query.statuses(),
            price: query.range("price"),
            closed_at: query.range("closed_at"),
            asks_closed: query.filters_by("closed_at"),
        }
    }

    fn lets_through(&self, lead: &Lead) -> bool {
        let is_at = |(pipeline, status): &(Option<Id>, Option<Id>)| {
            pipeline.is_none_or(|id| id == lead.pipeline_id) && status.is_none_or(|id| id == lead.status_id)
        };
        self.pipelines.as_ref().is_none_or(|ids| ids.contains(&lead.pipeline_id))
            && self.statuses.as_ref().is_none_or(|pairs| pairs.iter().any(is_at))
            && self.price.contains(&lead.price)
            && (!self.asks_closed || lead.closed_at.is_some_and(|at| self.closed_at.contains(&at)))
    }
}

/// `POST /leads`.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        let mut contacts = Vec::new();
        if let Some(embedded) = object.object("_embedded", complaints) {
            embedded.only(&["tags", "contacts", "companies", "source"], complaints);
            refuse_companies(&embedded, complaints);
            contacts = read_contacts(state, &embedded, complaints);
        }
        Some((LeadChange::read(state, object, complaints), contacts))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (change, contacts) } in drafts {
        let lead = change.create(state, call.caller.user_id, contacts);
        let id = lead.card.id;
        state.put_lead(lead);
        written.push(json!({"id": id, "request_id": request_id, "_links": card::links(Kind::Leads, id, &call.base)}));
    }
    Ok(call.written("leads", written))
}

/// `PATCH /leads/{id}`. Contacts are linked by another method.
pub(super) fn update(state: &mut AccountState, call: &Call<'_>, id: Id) -> Answer {
    let item = validation::single(call.body)?;
    let Some(lead) = state.leads.get(&id).cloned() else {
        return Err(Reply::problem(404, "Lead not found"));
    };
    let drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        if let Some(embedded) = object.object("_embedded", complaints) {
            embedded.only(&["tags"], complaints);
        }
        Some(LeadChange::read(state, object, complaints))
    })?;
    let written = drafts.iter().map(|Draft { request_id, change }| {
        let updated_at = change.update(state, lead.clone(), call.caller.user_id);
        json!({
            "id": id, "updated_at": updated_at, "request_id": request_id,
            "_links": card::links(Kind::Leads, id, &call.base),
        })
    });
    Ok(call.written("leads", written.collect()))
}

/// The account has no companies, so none can be named.
fn refuse_companies(embedded: &Object<'_>, complaints: &mut Complaints) {
    for company in embedded.objects("companies", complaints) {
        complaints.not_a_choice(company.at("id"));
    }
}

fn render(state: &AccountState, lead: &Lead, call: &Call<'_>) -> Value {
    let mut shown = card::render(state, Kind::Leads, &lead.card, &call.base);
    shown["price"] = json!(lead.price);
    shown["pipeline_id"] = json!(lead.pipeline_id);
    shown["status_id"] = json!(lead.status_id);
    shown["closed_at"] = json!(lead.closed_at);
    shown["loss_reason_id"] = json!(lead.loss_reason);
    shown["_embedded"] = json!({"tags": card::render_tags(state, &lead.card.tags), "companies": []});
    if call.query.with("contacts") {
        let contacts = lead.contacts.iter().map(|link| {
            json!({"id": link.id, "is_main": link.is_main, "_links": card::links(Kind::Contacts, link.id, &call.base)})
        });
        shown["_embedded"]["contacts"] = contacts.collect();
    }
    if call.query.with("loss_reason") {
        let reason = lead.loss_reason.and_then(|id| Some(json!({"id": id, "name": staff::loss_reason(id)?})));
        shown["_embedded"]["loss_reason"] = reason.into_iter().collect();
    }
    shown
}
