//! What leads and contacts share: fields, tags, people, and how lists of them are filtered and ordered.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::model::{Card, Id, Kind};
use super::query::Query;
use super::reply::Reply;
use super::seed;
use super::state::AccountState;
use super::validation::{Complaints, Object};
use super::values::{self, FieldChange};

/// The keys of a card that leads and contacts share.
pub(super) const SHARED_KEYS: [&str; 11] = [
    "id",
    "name",
    "responsible_user_id",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "custom_fields_values",
    "tags_to_add",
    "tags_to_delete",
    "_embedded",
];

/// What a write call says about the shared part of a card. `None` leaves what is there.
#[derive(Clone, Debug, Default)]
pub(super) struct CardChange {
    pub(super) name: Option<String>,
    pub(super) responsible_user_id: Option<Id>,
    created_by: Option<Id>,
    updated_by: Option<Id>,
    created_at: Option<i64>,
    updated_at: Option<i64>,
    pub(super) fields: Vec<FieldChange>,
    tags: TagChange,
}

/// What happens to the tags of a card.
#[derive(Clone, Debug, Default)]
struct TagChange {
    /// `_embedded.tags`: the whole set is replaced.
    replace: Option<Vec<TagRef>>,
    add: Vec<TagRef>,
    delete: Vec<TagRef>,
}

/// A tag as write calls name it.
#[derive(Clone, Debug)]
enum TagRef {
    Id(Id),
    Name(String),
}

impl CardChange {
    /// Reads the shared part of an item.
    pub(super) fn read(state: &AccountState, kind: Kind, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        Self {
            name: object.text("name", complaints),
            responsible_user_id: person(state, object, "responsible_user_id", complaints),
            created_by: author(state, object, "created_by", complaints),
            updated_by: author(state, object, "updated_by", complaints),
            created_at: object.moment("created_at", complaints),
            updated_at: object.moment("updated_at", complaints),
            fields: values::read(state, kind, object, complaints),
            tags: TagChange::read(state, kind, object, complaints),
        }
    }

    /// Makes a card.
    pub(super) fn create(&self, state: &mut AccountState, kind: Kind, owner: Id, now: i64) -> Card {
        let mut card = Card {
            id: state.new_id(),
            responsible_user_id: owner,
            created_by: self.created_by.unwrap_or(owner),
            created_at: self.created_at.unwrap_or(now),
            ..Card::default()
        };
        self.apply(state, kind, &mut card, owner, now);
        card
    }

    /// Changes a card.
    pub(super) fn apply(&self, state: &mut AccountState, kind: Kind, card: &mut Card, owner: Id, now: i64) {
        if let Some(name) = &self.name {
            card.name.clone_from(name);
        }
        card.responsible_user_id = self.responsible_user_id.unwrap_or(card.responsible_user_id);
        card.updated_by = self.updated_by.unwrap_or(owner);
        card.updated_at = self.updated_at.unwrap_or(now);
        values::apply(&self.fields, &mut card.fields);
        self.tags.apply(state, kind, &mut card.tags);
    }
}

impl TagChange {
    fn read(state: &AccountState, kind: Kind, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        let mut replace = None;
        if let Some(embedded) = object.object("_embedded", complaints)
            && embedded.has("tags")
        {
            replace = Some(TagRef::read(state, kind, &embedded, "tags", complaints));
        }
        Self {
            replace,
            add: TagRef::read(state, kind, object, "tags_to_add", complaints),
            delete: TagRef::read(state, kind, object, "tags_to_delete", complaints),
        }
    }

    fn apply(&self, state: &mut AccountState, kind: Kind, tags: &mut Vec<Id>) {
        if let Some(whole) = &self.replace {
            tags.clear();
            tags.extend(whole.iter().map(|tag| tag.resolve(state, kind)));
        }
        tags.extend(self.add.iter().map(|tag| tag.resolve(state, kind)));
        let gone: Vec<Id> = self.delete.iter().map(|tag| tag.resolve(state, kind)).collect();
        let mut kept = Vec::with_capacity(tags.len());
        for tag in tags.drain(..) {
            if !gone.contains(&tag) && !kept.contains(&tag) {
                kept.push(tag);
            }
        }
        *tags = kept;
    }
}

impl TagRef {
    fn read(
        state: &AccountState,
        kind: Kind,
        object: &Object<'_>,
        key: &str,
        complaints: &mut Complaints,
    ) -> Vec<Self> {
        let mut tags = Vec::new();
        for entry in object.objects(key, complaints) {
            entry.only(&["id", "name", "color"], complaints);
            if entry.get("id").is_some() {
                let Some(id) = entry.id("id", complaints) else { continue };
                if state.tags.get(&id).is_some_and(|tag| tag.kind == kind) {
                    tags.push(Self::Id(id));
                } else {
                    complaints.not_a_choice(entry.at("id"));
                }
            } else if let Some(name) = entry.required_text("name", complaints) {
                tags.push(Self::Name(name));
            }
        }
        tags
    }

    /// Its id; a name nobody has used yet becomes a tag.
    fn resolve(&self, state: &mut AccountState, kind: Kind) -> Id {
        match self {
            Self::Id(id) => *id,
            Self::Name(name) => state.tag_named(kind, name),
        }
    }
}

/// An active user. Those who have left are refused as if they had never been.
pub(super) fn person(state: &AccountState, object: &Object<'_>, key: &str, complaints: &mut Complaints) -> Option<Id> {
    let id = object.id(key, complaints)?;
    if state.user(id).is_some_and(|user| user.is_active) {
        return Some(id);
    }
    complaints.not_a_choice(object.at(key));
    None
}

/// An active user, or 0 for the robot.
pub(super) fn author(state: &AccountState, object: &Object<'_>, key: &str, complaints: &mut Complaints) -> Option<Id> {
    match object.get(key) {
        Some(value) if value == 0 => Some(0),
        _ => person(state, object, key, complaints),
    }
}

/// The tags of a card, as `_embedded.tags` shows them.
pub(super) fn render_tags(state: &AccountState, tags: &[Id]) -> Value {
    tags.iter()
        .filter_map(|id| state.tags.get(id))
        .map(|tag| json!({"id": tag.id, "name": tag.name, "color": null}))
        .collect()
}

/// The shared part of a card as a read call shows it.
pub(super) fn render(state: &AccountState, kind: Kind, card: &Card, base: &str) -> Value {
    json!({
        "id": card.id,
        "name": card.name,
        "responsible_user_id": card.responsible_user_id,
        "group_id": 0,
        "created_by": card.created_by,
        "updated_by": card.updated_by,
        "created_at": card.created_at,
        "updated_at": card.updated_at,
        "closest_task_at": closest_task(state, kind, card.id),
        "is_deleted": false,
        "custom_fields_values": values::render(state, &card.fields),
        "account_id": seed::ACCOUNT_ID,
        "_links": links(kind, card.id, base),
    })
}

/// `_links` of a card.
pub(super) fn links(kind: Kind, id: Id, base: &str) -> Value {
    json!({"self": {"href": format!("{base}/api/v4/{}/{id}", kind.plural())}})
}

fn closest_task(state: &AccountState, kind: Kind, id: Id) -> Option<i64> {
    let open =
        state.tasks.values().filter(|task| task.kind == Some(kind) && task.entity_id == Some(id) && !task.is_completed);
    open.map(|task| task.complete_till).min()
}

/// The cards that the filters both kinds know let through, in the order asked for. Filters amoCRM does not know are
/// ignored, not refused; filters over custom fields need a paid option that this account does not have.
pub(super) fn select<'w, T>(
    state: &AccountState,
    query: &Query,
    records: impl Iterator<Item = &'w T>,
    card: impl Fn(&T) -> &Card,
) -> Result<Vec<&'w T>, Reply> {
    if query.filters_by("custom_fields_values") {
        return Err(Reply::problem(400, "Invalid filter for current account"));
    }
    let text = query.plain("query").filter(|text| !text.is_empty());
    let (ids, names) = (query.ids("id"), query.texts("name"));
    let (responsible, created_by, updated_by) =
        (query.ids("responsible_user_id"), query.ids("created_by"), query.ids("updated_by"));
    let (created_at, updated_at) = (query.range("created_at"), query.range("updated_at"));
    let within = |wanted: &Option<Vec<Id>>, id: Id| wanted.as_ref().is_none_or(|ids| ids.contains(&id));
    let mut found: Vec<&T> = records
        .filter(|record| {
            let card = card(record);
            within(&ids, card.id)
                && within(&responsible, card.responsible_user_id)
                && within(&created_by, card.created_by)
                && within(&updated_by, card.updated_by)
                && names.as_ref().is_none_or(|names| names.contains(&card.name.as_str()))
                && created_at.contains(&card.created_at)
                && updated_at.contains(&card.updated_at)
                && text.is_none_or(|text| state.search_finds(card.id, text))
        })
        .collect();
    match query.order() {
        Some(("created_at", descending)) => sort(&mut found, descending, |record| card(record).created_at),
        Some(("updated_at", descending)) => sort(&mut found, descending, |record| card(record).updated_at),
        Some(("id", true)) => found.reverse(),
        _ => {}
    }
    Ok(found)
}

fn sort<T>(records: &mut [&T], descending: bool, key: impl Fn(&T) -> i64) {
    if descending {
        records.sort_by_key(|record| Reverse(key(record)));
    } else {
        records.sort_by_key(|record| key(record));
    }
}
