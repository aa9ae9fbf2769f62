//! What amoCRM returns, as far as it is used.

use lead::{LOST, Seconds, WON};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::error::{Cause, CrmError, Doubt};

/// A contact as read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Contact {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    /// When it was last changed.
    #[serde(deserialize_with = "number")]
    pub updated_at: Seconds,
    /// Whose contact it is; 0: amoCRM does not say.
    #[serde(deserialize_with = "number")]
    pub responsible_user_id: u64,
    /// In the bin.
    #[serde(deserialize_with = "or_default")]
    pub is_deleted: bool,
    /// Filled fields; `null` when there is none.
    pub custom_fields_values: Option<Vec<FieldValues>>,
    /// Tags, and deals when asked for.
    #[serde(rename = "_embedded")]
    embedded: Option<Embedded>,
}

/// A deal as read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Deal {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    pub name: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "number")]
    pub created_at: Seconds,
    /// Whose deal it is; 0: amoCRM does not say.
    #[serde(deserialize_with = "number")]
    pub responsible_user_id: u64,
    #[serde(deserialize_with = "number")]
    pub pipeline_id: u64,
    /// The pipeline stage it stands in.
    #[serde(deserialize_with = "number")]
    pub status_id: u64,
    /// When it was won or lost; zero while it is open.
    #[serde(deserialize_with = "number")]
    pub closed_at: Seconds,
    /// Whole roubles; 0: none is named.
    #[serde(deserialize_with = "number")]
    pub price: u64,
    /// In the bin.
    #[serde(deserialize_with = "or_default")]
    pub is_deleted: bool,
    /// Filled fields; `null` when there is none.
    pub custom_fields_values: Option<Vec<FieldValues>>,
    /// Tags.
    #[serde(rename = "_embedded")]
    embedded: Option<Embedded>,
}

/// A note as read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Note {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    params: Option<Value>,
}

/// A task as read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Task {
    #[serde(deserialize_with = "number")]
    pub id: u64,
    pub text: Option<String>,
}

/// A filled custom field.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct FieldValues {
    /// Numeric id.
    pub field_id: Option<u64>,
    /// Code, if the field has one.
    pub field_code: Option<String>,
    #[serde(deserialize_with = "or_default")]
    values: Vec<FieldValue>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct FieldValue {
    value: Value,
    /// Which kind of number it is, in a phone field.
    enum_id: Option<u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Embedded {
    tags: Option<Vec<Tag>>,
    leads: Option<Vec<Linked>>,
    /// A list of one.
    loss_reason: Value,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Tag {
    name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Linked {
    #[serde(deserialize_with = "number")]
    id: u64,
}

impl FieldValues {
    /// The values as they have to be sent back, so that none is lost when one is added.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Value> + '_ {
        self.values.iter().map(|held| match held.enum_id {
            Some(id) => json!({ "value": held.value, "enum_id": id }),
            None => json!({ "value": held.value }),
        })
    }

    /// The values as text.
    pub fn texts(&self) -> impl Iterator<Item = String> + '_ {
        self.values.iter().filter_map(|held| match &held.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }
}

impl Contact {
    /// Every phone of the contact, as typed.
    pub fn phones(&self) -> impl Iterator<Item = String> + '_ {
        self.phone_fields().flat_map(FieldValues::texts)
    }

    pub(crate) fn phone_fields(&self) -> impl Iterator<Item = &FieldValues> {
        self.fields().filter(|field| field.field_code.as_deref() == Some("PHONE"))
    }

    /// The filled fields.
    pub fn fields(&self) -> impl Iterator<Item = &FieldValues> {
        self.custom_fields_values.iter().flatten()
    }

    /// Whether it has the tag.
    #[must_use]
    pub fn has_tag(&self, name: &str) -> bool {
        self.embedded.as_ref().is_some_and(|embedded| embedded.has_tag(name))
    }

    /// Ids of its deals; empty unless the contact was read with them.
    #[must_use]
    pub fn deal_ids(&self) -> Vec<u64> {
        self.embedded.iter().flat_map(|embedded| embedded.leads.iter().flatten()).map(|linked| linked.id).collect()
    }
}

impl Embedded {
    fn has_tag(&self, name: &str) -> bool {
        self.tags.iter().flatten().any(|tag| tag.name.as_deref() == Some(name))
    }
}

impl Deal {
    /// Whether people work on it still: it is neither won nor lost.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.is_deleted && !matches!(self.status_id, WON | LOST)
    }

    /// The filled fields.
    pub fn fields(&self) -> impl Iterator<Item = &FieldValues> {
        self.custom_fields_values.iter().flatten()
    }

    /// Whether it has the tag.
    #[must_use]
    pub fn has_tag(&self, name: &str) -> bool {
        self.embedded.as_ref().is_some_and(|embedded| embedded.has_tag(name))
    }

    /// Why it was lost, if the manager said so; `None` unless the deal was read with it.
    #[must_use]
    pub fn loss_reason(&self) -> Option<&str> {
        self.embedded.as_ref()?.loss_reason.get(0)?.get("name")?.as_str()
    }

    /// Whether any field holds exactly this text: whatever the request number's field is called or numbered.
    #[must_use]
    pub fn has_value(&self, text: &str) -> bool {
        self.fields().any(|field| field.texts().any(|value| value == text))
    }
}

impl Note {
    /// The text of a common note.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.params.as_ref()?.get("text")?.as_str()
    }
}

/// The items of a collection answer: `_embedded.{name}`. Nothing found is an empty body, or a collection without items.
///
/// # Errors
/// When it is not a collection: nothing follows from that.
pub(crate) fn embedded<'a>(answer: &'a Value, name: &str) -> Result<&'a [Value], CrmError> {
    let items = match answer {
        Value::Null => Some(&Value::Null),
        answer => answer.get("_embedded").map(|held| held.get(name).unwrap_or(&Value::Null)),
    };
    match items {
        Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        _ => Err(CrmError::retry(Cause::Unreadable, Doubt::No)),
    }
}

/// The ids in the answer to a creation, as far as it says what was created.
pub(crate) fn created_ids(answer: &Value, name: &str) -> Vec<u64> {
    let items = embedded(answer, name).unwrap_or_default();
    items.iter().filter_map(|item| whole(item.get("id")?).and_then(|id| u64::try_from(id).ok())).collect()
}

/// An id or a time, however it is written: a number, a number with a fraction, digits in quotes. Without one, zero.
fn number<'de, D: Deserializer<'de>, T: TryFrom<i64> + Default>(value: D) -> Result<T, D::Error> {
    let value = Value::deserialize(value)?;
    Ok(whole(&value).and_then(|number| T::try_from(number).ok()).unwrap_or_default())
}

/// `null` for what should not be.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(value: D) -> Result<T, D::Error> {
    Option::deserialize(value).map(Option::unwrap_or_default)
}

fn whole(value: &Value) -> Option<i64> {
    match value {
        #[expect(clippy::cast_possible_truncation, reason = "a time; saturates")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}
