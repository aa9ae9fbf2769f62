//! `/api/v4/leads/notes` and the notes of one deal. There is no way to delete one.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::card;
use super::model::{Id, Kind, Note};
use super::query::Query;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// The longest text of a note, in characters.
const TEXT_LIMIT: usize = 20_000;

/// What each type of note must say.
const TYPES: [(&str, &[&str]); 9] = [
    ("common", &["text"]),
    ("service_message", &["service", "text"]),
    ("extended_service_message", &["service", "text"]),
    ("attachment", &["file_uuid", "version_uuid", "file_name"]),
    ("call_in", &["uniq", "duration", "source", "phone"]),
    ("call_out", &["uniq", "duration", "source", "phone"]),
    ("sms_in", &["text", "phone"]),
    ("sms_out", &["text", "phone"]),
    ("geolocation", &["text", "address", "longitude", "latitude"]),
];

/// A note as a write call describes it.
struct NewNote {
    entity_id: Id,
    note_type: String,
    params: Value,
    responsible_user_id: Option<Id>,
    created_by: Option<Id>,
    created_at: Option<i64>,
}

/// `POST /leads/notes`: each item names its deal.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>) -> Answer {
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let drafts = validation::drafts(&items, |object, complaints| read(state, object, complaints))?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change } in drafts {
        let owner = call.caller.user_id;
        let created_at = change.created_at.unwrap_or(state.now());
        let note = Note {
            id: state.new_id(),
            kind: Kind::Leads,
            entity_id: change.entity_id,
            note_type: change.note_type,
            params: change.params,
            responsible_user_id: change.responsible_user_id.unwrap_or(owner),
            created_by: change.created_by.unwrap_or(owner),
            created_at,
            updated_at: created_at,
        };
        written.push(json!({
            "id": note.id, "entity_id": note.entity_id, "request_id": request_id, "_links": links(&note, &call.base),
        }));
        state.put_note(note);
    }
    Ok(call.written("notes", written))
}

fn read(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Option<NewNote> {
    object.only(
        &[
            "entity_id",
            "note_type",
            "params",
            "responsible_user_id",
            "created_by",
            "created_at",
            "is_need_to_trigger_digital_pipeline",
        ],
        complaints,
    );
    object.flag("is_need_to_trigger_digital_pipeline", complaints);
    let entity_id = read_entity(state, object, complaints);
    let note_type = object.required_text("note_type", complaints)?;
    let Some((_, required)) = TYPES.iter().find(|(name, _)| *name == note_type) else {
        complaints.not_a_choice(object.at("note_type"));
        return None;
    };
    let Some(params) = object.object("params", complaints) else {
        complaints.missing(object.at("params"));
        return None;
    };
    let mut stored = object.get("params").cloned().unwrap_or_default();
    for key in *required {
        match params.get(key) {
            None => complaints.missing(params.at(key)),
            Some(Value::String(text)) if text.trim().is_empty() => complaints.missing(params.at(key)),
            Some(Value::String(text)) if text.chars().count() > TEXT_LIMIT => complaints.too_long(params.at(key)),
            Some(Value::String(text)) => stored[*key] = json!(text.trim()),
            Some(_) if matches!(*key, "duration" | "longitude" | "latitude") => {}
            Some(_) => complaints.wrong_type(params.at(key), "This value should be of type string."),
        }
    }
    let is_known_file =
        params.get("file_uuid").and_then(Value::as_str).is_none_or(|uuid| state.files.contains_key(uuid));
    if !is_known_file {
        complaints.not_a_choice(params.at("file_uuid"));
    }
    Some(NewNote {
        entity_id: entity_id?,
        note_type,
        params: stored,
        responsible_user_id: card::person(state, object, "responsible_user_id", complaints),
        created_by: card::author(state, object, "created_by", complaints),
        created_at: object.moment("created_at", complaints),
    })
}

fn read_entity(state: &AccountState, object: &Object<'_>, complaints: &mut Complaints) -> Option<Id> {
    if object.get("entity_id").is_none() {
        complaints.missing(object.at("entity_id"));
        return None;
    }
    let id = object.id("entity_id", complaints)?;
    if !state.leads.contains_key(&id) {
        complaints.not_a_choice(object.at("entity_id"));
        return None;
    }
    Some(id)
}

/// `GET /leads/{id}/notes`.
pub(super) fn list(state: &AccountState, call: &Call<'_>, lead: Id) -> Answer {
    let query: &Query = &call.query;
    let (ids, entities, types) = (query.ids("id"), query.ids("entity_id"), query.texts("note_type"));
    let updated_at = query.range("updated_at");
    let mut found: Vec<&Note> = state
        .notes
        .values()
        .filter(|note| note.kind == Kind::Leads && note.entity_id == lead)
        .filter(|note| ids.as_ref().is_none_or(|ids| ids.contains(&note.id)))
        .filter(|note| entities.as_ref().is_none_or(|ids| ids.contains(&note.entity_id)))
        .filter(|note| types.as_ref().is_none_or(|types| types.contains(&note.note_type.as_str())))
        .filter(|note| updated_at.contains(&note.updated_at))
        .collect();
    if matches!(query.order(), Some((_, true))) {
        found.reverse();
    }
    query.page(&call.href(), "notes", &found, |note| render(note, call))
}

fn links(note: &Note, base: &str) -> Value {
    json!({"self": {"href": format!("{base}/api/v4/{}/{}/notes/{}", note.kind.plural(), note.entity_id, note.id)}})
}

fn render(note: &Note, call: &Call<'_>) -> Value {
    json!({
        "id": note.id,
        "entity_id": note.entity_id,
        "created_by": note.created_by,
        "updated_by": note.created_by,
        "created_at": note.created_at,
        "updated_at": note.updated_at,
        "responsible_user_id": note.responsible_user_id,
        "group_id": 0,
        "note_type": note.note_type,
        "params": note.params,
        "account_id": super::seed::ACCOUNT_ID,
        "_links": links(note, &call.base),
    })
}
