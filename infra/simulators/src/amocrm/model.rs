//! What an amoCRM account holds. These types are also the lines of the journal.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Id of anything in the account. One counter serves all of them, so an id used for the wrong kind of thing is never
/// right by chance.
pub(super) type Id = u64;

/// The stage «won», the same id in every pipeline.
pub(super) const WON: Id = 142;
/// The stage «lost», the same id in every pipeline.
pub(super) const LOST: Id = 143;

/// The kinds of cards that have fields, tags and notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Leads,
    Contacts,
}

impl Kind {
    /// As paths and `entity_type` write it.
    pub(super) fn plural(self) -> &'static str {
        match self {
            Self::Leads => "leads",
            Self::Contacts => "contacts",
        }
    }

    /// The kind a path segment or an `entity_type` names.
    pub(super) fn of(plural: &str) -> Option<Self> {
        [Self::Leads, Self::Contacts].into_iter().find(|kind| kind.plural() == plural)
    }
}

/// Someone who works in the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) is_admin: bool,
    pub(super) is_active: bool,
}

/// A pipeline and its stages, in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Pipeline {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) sort: i64,
    pub(super) is_main: bool,
    pub(super) is_unsorted_on: bool,
    pub(super) statuses: Vec<Stage>,
}

impl Pipeline {
    /// The stage where a deal lands when none is named: the first that is not the inbox.
    pub(super) fn first_stage(&self) -> Option<&Stage> {
        self.statuses.iter().find(|stage| !stage.is_inbox)
    }

    /// A stage of this pipeline.
    pub(super) fn stage(&self, id: Id) -> Option<&Stage> {
        self.statuses.iter().find(|stage| stage.id == id)
    }
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) sort: i64,
    pub(super) color: String,
    /// «Неразобранное»: the API does not take it as a deal's stage.
    pub(super) is_inbox: bool,
}

/// What a custom field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum FieldType {
    Text,
    Textarea,
    Url,
    Streetaddress,
    TrackingData,
    Numeric,
    Monetary,
    Checkbox,
    Select,
    Radiobutton,
    Multiselect,
    Date,
    DateTime,
    Birthday,
    Multitext,
}

impl FieldType {
    /// Whether its values are chosen from a list.
    pub(super) fn has_options(self) -> bool {
        matches!(self, Self::Select | Self::Radiobutton | Self::Multiselect)
    }

    /// Whether it takes more than one value.
    pub(super) fn is_multiple(self) -> bool {
        matches!(self, Self::Multiselect | Self::Multitext)
    }
}

/// The definition of a custom field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Field {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) code: Option<String>,
    #[serde(rename = "type")]
    pub(super) field_type: FieldType,
    pub(super) sort: i64,
    pub(super) is_api_only: bool,
    /// Made by amoCRM, not by a person.
    pub(super) is_predefined: bool,
    pub(super) enums: Vec<EnumOption>,
}

/// An option of a field: a choice of a list, or the sort of a phone («MOB»).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct EnumOption {
    pub(super) id: Id,
    pub(super) value: String,
    pub(super) code: Option<String>,
    pub(super) sort: i64,
}

/// The values a card has in one field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FilledField {
    pub(super) field_id: Id,
    pub(super) values: Vec<FieldValue>,
}

/// One value of a field.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FieldValue {
    pub(super) value: Value,
    pub(super) enum_id: Option<Id>,
}

impl FieldValue {
    /// As a person reads it.
    pub(super) fn shown(&self) -> String {
        match &self.value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

/// What a lead and a contact have in common.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Card {
    pub(super) id: Id,
    pub(super) name: String,
    pub(super) responsible_user_id: Id,
    pub(super) created_by: Id,
    pub(super) updated_by: Id,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) fields: Vec<FilledField>,
    pub(super) tags: Vec<Id>,
}

impl Card {
    /// Everything a text search looks through, in lower case, a line a value.
    pub(super) fn search_text(&self) -> String {
        let mut lines = vec![self.name.clone()];
        lines.extend(self.fields.iter().flat_map(|field| &field.values).map(FieldValue::shown));
        lines.join("\n").to_lowercase()
    }
}

/// A person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Contact {
    #[serde(flatten)]
    pub(super) card: Card,
    pub(super) first_name: String,
    pub(super) last_name: String,
}

/// A deal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Lead {
    #[serde(flatten)]
    pub(super) card: Card,
    pub(super) price: i64,
    pub(super) pipeline_id: Id,
    pub(super) status_id: Id,
    pub(super) closed_at: Option<i64>,
    #[serde(default)]
    pub(super) loss_reason: Option<Id>,
    pub(super) contacts: Vec<ContactLink>,
    pub(super) files: Vec<String>,
}

impl Lead {
    /// The contact shown first in the card.
    pub(super) fn main_contact(&self) -> Option<Id> {
        self.contacts.iter().find(|link| link.is_main).or(self.contacts.first()).map(|link| link.id)
    }
}

/// A contact of a deal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct ContactLink {
    pub(super) id: Id,
    pub(super) is_main: bool,
}

/// A label on cards of one kind.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tag {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) name: String,
}

/// A line in a card's feed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) id: Id,
    pub(super) kind: Kind,
    pub(super) entity_id: Id,
    pub(super) note_type: String,
    pub(super) params: Value,
    pub(super) responsible_user_id: Id,
    pub(super) created_by: Id,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// Something to be done by someone.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) id: Id,
    pub(super) task_type_id: Id,
    pub(super) text: String,
    pub(super) complete_till: i64,
    pub(super) duration: i64,
    pub(super) kind: Option<Kind>,
    pub(super) entity_id: Option<Id>,
    pub(super) responsible_user_id: Id,
    pub(super) is_completed: bool,
    pub(super) result: Option<String>,
    pub(super) created_by: Id,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

/// A file in the account's drive; its bytes are kept beside the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct StoredFile {
    pub(super) uuid: String,
    pub(super) version_uuid: String,
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) size: u64,
    pub(super) created_at: i64,
}
