//! `/api/v4/leads`: deals, alone or with their contact in one call, and their links to contacts.

use serde_json::{Value, json};

use super::call::{Answer, Call, now};
use super::card::{self, CardChange, SHARED_KEYS};
use super::contacts::ContactChange;
use super::model::{ContactLink, Id, Kind, LOST, Lead, WON};
use super::query::Query;
use super::reply::Reply;
use super::validation::{self, BATCH_LIMIT, COMPLEX_LIMIT, Complaints, Draft, Object};
use super::world::World;

/// How many custom fields an entity of a complex lead may have.
const COMPLEX_FIELDS: usize = 40;

/// What a write call says about a deal.
#[derive(Clone, Debug)]
struct LeadChange {
    card: CardChange,
    price: Option<i64>,
    /// Pipeline and stage.
    place: Option<(Id, Id)>,
}

impl LeadChange {
    /// Reads an item; `now_at` is where the deal is, if there is one yet.
    fn read(world: &World, object: &Object<'_>, now_at: Option<(Id, Id)>, complaints: &mut Complaints) -> Self {
        let mut known = SHARED_KEYS.to_vec();
        known.extend(["price", "pipeline_id", "status_id", "loss_reason_id", "closed_at"]);
        object.only(&known, complaints);
        let place = read_place(world, object, now_at, complaints);
        if object.get("loss_reason_id").is_some() {
            // The account has no list of reasons, so none is a valid choice.
            complaints.not_a_choice(object.at("loss_reason_id"));
        }
        let price = object.integer("price", complaints);
        if price.is_some_and(i64::is_negative) {
            complaints.wrong_type(object.at("price"), "This value should be positive or zero.");
        }
        Self { card: CardChange::read(world, Kind::Leads, object, complaints), price, place }
    }

    fn create(&self, world: &mut World, owner: Id, contacts: Vec<ContactLink>) -> Lead {
        let card = self.card.create(world, Kind::Leads, owner, now());
        let (pipeline_id, status_id) = world
            .main_pipeline()
            .and_then(|pipeline| Some((pipeline.id, pipeline.first_stage()?.id)))
            .unwrap_or_default();
        let mut lead = Lead { card, pipeline_id, status_id, contacts, ..Lead::default() };
        self.apply_own(&mut lead);
        if lead.card.name.is_empty() {
            lead.card.name = format!("Сделка #{}", lead.card.id);
        }
        lead
    }

    fn update(&self, world: &mut World, mut lead: Lead, owner: Id) -> i64 {
        self.card.apply(world, Kind::Leads, &mut lead.card, owner, now());
        self.apply_own(&mut lead);
        let updated_at = lead.card.updated_at;
        world.put_lead(lead);
        updated_at
    }

    fn apply_own(&self, lead: &mut Lead) {
        lead.price = self.price.unwrap_or(lead.price);
        if let Some((pipeline_id, status_id)) = self.place {
            (lead.pipeline_id, lead.status_id) = (pipeline_id, status_id);
        }
        let is_closed = matches!(lead.status_id, WON | LOST);
        lead.closed_at = if is_closed { lead.closed_at.or(Some(now())) } else { None };
    }
}

/// Pipeline and stage: the stage must be one of the pipeline's, and not its inbox.
fn read_place(
    world: &World,
    object: &Object<'_>,
    now_at: Option<(Id, Id)>,
    complaints: &mut Complaints,
) -> Option<(Id, Id)> {
    let pipeline_id = object.id("pipeline_id", complaints);
    let status_id = object.id("status_id", complaints);
    let pipeline = match (pipeline_id, status_id) {
        (None, None) => return None,
        (Some(id), _) => {
            let pipeline = world.pipelines.get(&id);
            if pipeline.is_none() {
                complaints.not_a_choice(object.at("pipeline_id"));
            }
            pipeline?
        }
        (None, Some(WON | LOST)) => match now_at {
            Some((pipeline, _)) => world.pipelines.get(&pipeline)?,
            None => world.main_pipeline()?,
        },
        (None, Some(status)) => {
            let pipeline = world.pipelines.values().find(|pipeline| pipeline.stage(status).is_some());
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
fn read_contacts(world: &World, embedded: &Object<'_>, complaints: &mut Complaints) -> Vec<ContactLink> {
    let mut links: Vec<ContactLink> = Vec::new();
    for entry in embedded.objects("contacts", complaints) {
        entry.only(&["id", "is_main"], complaints);
        if entry.get("id").is_none() {
            complaints.missing(entry.at("id"));
        }
        let is_main = entry.flag("is_main", complaints).unwrap_or(links.is_empty());
        let Some(id) = entry.id("id", complaints) else { continue };
        if world.contacts.contains_key(&id) {
            links.push(ContactLink { id, is_main });
        } else {
            complaints.not_a_choice(entry.at("id"));
        }
    }
    links
}

/// `GET /leads`.
pub(super) fn list(world: &World, call: &Call<'_>) -> Answer {
    let mut found = card::select(world, &call.query, world.leads.values(), |lead| &lead.card)?;
    let filter = Filter::read(&call.query);
    found.retain(|lead| filter.lets_through(lead));
    call.query.page(&call.href(), "leads", &found, |lead| render(world, lead, call))
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

/// `GET /leads/{id}`.
pub(super) fn get(world: &World, call: &Call<'_>, id: Id) -> Answer {
    Ok(world.leads.get(&id).map_or_else(Reply::nothing, |lead| Reply::ok(&render(world, lead, call))))
}

/// `POST /leads`.
pub(super) fn create(world: &mut World, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        let mut contacts = Vec::new();
        if let Some(embedded) = object.object("_embedded", complaints) {
            embedded.only(&["tags", "contacts", "companies", "source"], complaints);
            refuse_companies(&embedded, complaints);
            contacts = read_contacts(world, &embedded, complaints);
        }
        Some((LeadChange::read(world, object, None, complaints), contacts))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (change, contacts) } in drafts {
        let lead = change.create(world, call.caller.user_id, contacts);
        let id = lead.card.id;
        world.put_lead(lead);
        written.push(json!({"id": id, "request_id": request_id, "_links": card::links(Kind::Leads, id, &call.base)}));
    }
    Ok(call.written("leads", written))
}

/// The account has no companies, so none can be named.
fn refuse_companies(embedded: &Object<'_>, complaints: &mut Complaints) {
    for company in embedded.objects("companies", complaints) {
        complaints.not_a_choice(company.at("id"));
    }
}

/// The contact of a complex lead.
enum Person {
    Existing(Id),
    New(Box<ContactChange>),
}

/// `POST /leads/complex`: answers a bare array. Duplicate control is off, as it is for every integration without a
/// widget, so nothing is ever merged.
pub(super) fn create_complex(world: &mut World, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, COMPLEX_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        limit_fields(object, complaints);
        let mut person = None;
        let mut is_incoming = false;
        if let Some(embedded) = object.object("_embedded", complaints) {
            embedded.only(&["tags", "contacts", "companies", "metadata", "source"], complaints);
            refuse_companies(&embedded, complaints);
            person = read_person(world, &embedded, complaints);
            is_incoming = embedded.object("metadata", complaints).is_some();
        }
        Some((LeadChange::read(world, object, None, complaints), person, is_incoming))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (change, person, is_incoming) } in drafts {
        let contact_id = person.map(|person| match person {
            Person::Existing(id) => id,
            Person::New(contact) => contact.create(world, call.caller.user_id),
        });
        let contacts = contact_id.map(|id| ContactLink { id, is_main: true }).into_iter().collect();
        let mut lead = change.create(world, call.caller.user_id, contacts);
        if is_incoming {
            // Metadata make it an incoming lead: it waits in the inbox, whatever stage was asked for.
            let inbox = world.pipelines[&lead.pipeline_id].statuses.iter().find(|stage| stage.is_inbox);
            lead.status_id = inbox.map_or(lead.status_id, |stage| stage.id);
        }
        let id = lead.card.id;
        world.put_lead(lead);
        written.push(json!({
            "id": id, "contact_id": contact_id, "company_id": null, "request_id": [request_id], "merged": false,
        }));
    }
    Ok(Reply::ok(&Value::Array(written)))
}

fn read_person(world: &World, embedded: &Object<'_>, complaints: &mut Complaints) -> Option<Person> {
    let people = embedded.objects("contacts", complaints);
    if people.len() > 1 {
        complaints.too_many(embedded.at("contacts"));
    }
    let person = people.first()?;
    if person.get("id").is_some() {
        return read_contacts(world, embedded, complaints).first().map(|link| Person::Existing(link.id));
    }
    limit_fields(person, complaints);
    Some(Person::New(Box::new(ContactChange::read(world, person, complaints))))
}

fn limit_fields(object: &Object<'_>, complaints: &mut Complaints) {
    let fields = object.get("custom_fields_values").and_then(Value::as_array);
    if fields.is_some_and(|fields| fields.len() > COMPLEX_FIELDS) {
        complaints.too_many(object.at("custom_fields_values"));
    }
}

/// `PATCH /leads`.
pub(super) fn update_many(world: &mut World, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| {
        if object.get("id").is_none() {
            complaints.missing(object.at("id"));
        }
        let lead = object.id("id", complaints).and_then(|id| world.leads.get(&id));
        if lead.is_none() {
            complaints.not_a_choice(object.at("id"));
        }
        let lead = lead?;
        Some((lead.card.id, read_update(world, object, lead, complaints)))
    })?;
    Ok(apply_updates(world, call, drafts))
}

/// `PATCH /leads/{id}`.
pub(super) fn update_one(world: &mut World, call: &Call<'_>, id: Id) -> Answer {
    let item = validation::single(call.body)?;
    let Some(lead) = world.leads.get(&id) else { return Err(Reply::problem(404, "Lead not found")) };
    let drafts = validation::drafts(std::slice::from_ref(&item), |object, complaints| {
        Some((id, read_update(world, object, lead, complaints)))
    })?;
    Ok(apply_updates(world, call, drafts))
}

/// A change of an existing deal; contacts are attached by `/link`, not here.
fn read_update(world: &World, object: &Object<'_>, lead: &Lead, complaints: &mut Complaints) -> LeadChange {
    if let Some(embedded) = object.object("_embedded", complaints) {
        embedded.only(&["tags"], complaints);
    }
    LeadChange::read(world, object, Some((lead.pipeline_id, lead.status_id)), complaints)
}

fn apply_updates(world: &mut World, call: &Call<'_>, drafts: Vec<Draft<(Id, LeadChange)>>) -> Reply {
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (id, change) } in drafts {
        let Some(lead) = world.leads.get(&id).cloned() else { continue };
        let updated_at = change.update(world, lead, call.caller.user_id);
        written.push(json!({
            "id": id, "updated_at": updated_at, "request_id": request_id,
            "_links": card::links(Kind::Leads, id, &call.base),
        }));
    }
    call.written("leads", written)
}

/// `POST /leads/{id}/link`.
pub(super) fn link(world: &mut World, call: &Call<'_>, id: Id) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let Some(lead) = world.leads.get(&id) else { return Err(Reply::problem(404, "Lead not found")) };
    let mut lead = lead.clone();
    let drafts = validation::drafts(&items, |object, complaints| {
        object.only(&["to_entity_id", "to_entity_type", "metadata"], complaints);
        if object.required_text("to_entity_type", complaints).is_some_and(|kind| kind != "contacts") {
            complaints.not_a_choice(object.at("to_entity_type"));
        }
        if object.get("to_entity_id").is_none() {
            complaints.missing(object.at("to_entity_id"));
        }
        let contact = object.id("to_entity_id", complaints)?;
        if !world.contacts.contains_key(&contact) {
            complaints.not_a_choice(object.at("to_entity_id"));
        }
        let metadata = object.object("metadata", complaints);
        let is_main = metadata.and_then(|metadata| metadata.flag("is_main", complaints)).unwrap_or(false);
        Some(ContactLink { id: contact, is_main })
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { change: new, .. } in drafts {
        lead.contacts.retain(|link| link.id != new.id);
        let is_main = new.is_main || lead.contacts.is_empty();
        if is_main {
            lead.contacts.iter_mut().for_each(|link| link.is_main = false);
        }
        lead.contacts.push(ContactLink { id: new.id, is_main });
        written.push(json!({
            "entity_id": id, "entity_type": "leads", "to_entity_id": new.id, "to_entity_type": "contacts",
            "metadata": {"main_contact": is_main},
        }));
    }
    world.put_lead(lead);
    Ok(call.written("links", written))
}

/// `GET /leads/{id}/links`.
pub(super) fn links(world: &World, call: &Call<'_>, id: Id) -> Answer {
    let Some(lead) = world.leads.get(&id) else { return Ok(Reply::nothing()) };
    call.query.page(&call.href(), "links", &lead.contacts, |link| {
        json!({"to_entity_id": link.id, "to_entity_type": "contacts", "metadata": {"main_contact": link.is_main}})
    })
}

fn render(world: &World, lead: &Lead, call: &Call<'_>) -> Value {
    let mut shown = card::render(world, Kind::Leads, &lead.card, &call.base);
    shown["price"] = json!(lead.price);
    shown["pipeline_id"] = json!(lead.pipeline_id);
    shown["status_id"] = json!(lead.status_id);
    shown["closed_at"] = json!(lead.closed_at);
    shown["loss_reason_id"] = Value::Null;
    shown["_embedded"] = json!({"tags": card::render_tags(world, &lead.card.tags), "companies": []});
    if call.query.with("contacts") {
        let contacts = lead.contacts.iter().map(|link| {
            json!({"id": link.id, "is_main": link.is_main, "_links": card::links(Kind::Contacts, link.id, &call.base)})
        });
        shown["_embedded"]["contacts"] = contacts.collect();
    }
    shown
}
