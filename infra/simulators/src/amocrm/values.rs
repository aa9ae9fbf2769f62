//! Values of custom fields: what each type takes, and how cards show them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::model::{Field, FieldType, FieldValue, FilledField, Id, Kind};
use super::state::AccountState;
use super::validation::{Complaints, Object};

/// The account is in Moscow, three hours ahead of UTC.
const OFFSET: i64 = 3 * 3600;
const DAY: i64 = 24 * 3600;

/// What a write call says about one field: its new values, all of them; none clears it.
#[derive(Clone, Debug)]
pub(super) struct FieldChange {
    pub(super) field_id: Id,
    pub(super) values: Vec<FieldValue>,
}

/// Reads `custom_fields_values`.
pub(super) fn read(
    state: &AccountState,
    kind: Kind,
    object: &Object<'_>,
    complaints: &mut Complaints,
) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    for entry in object.objects("custom_fields_values", complaints) {
        entry.only(&["field_id", "field_code", "field_name", "field_type", "values"], complaints);
        if !entry.has("values") {
            complaints.missing(entry.at("values"));
        }
        let Some(field) = find(state, kind, &entry, complaints) else { continue };
        let given = entry.objects("values", complaints);
        if given.len() > 1 && !field.field_type.is_multiple() {
            complaints.too_many(entry.at("values"));
        }
        let values = given.iter().filter_map(|value| read_value(field, value, complaints)).collect();
        changes.push(FieldChange { field_id: field.id, values });
    }
    changes
}

fn find<'w>(state: &'w AccountState, kind: Kind, entry: &Object<'_>, complaints: &mut Complaints) -> Option<&'w Field> {
    let mut fields = state.fields.values().filter(|field| field.kind == kind);
    let (key, field) = if entry.get("field_id").is_some() {
        let id = entry.id("field_id", complaints)?;
        ("field_id", fields.find(|field| field.id == id))
    } else if entry.get("field_code").is_some() {
        let code = entry.text("field_code", complaints)?;
        ("field_code", fields.find(|field| field.code.as_deref() == Some(code.as_str())))
    } else {
        complaints.missing(entry.at("field_id"));
        return None;
    };
    if field.is_none() {
        complaints.not_a_choice(entry.at(key));
    }
    field
}

/// `None` for a blank value, which clears the field, and for a refused one.
fn read_value(field: &Field, given: &Object<'_>, complaints: &mut Complaints) -> Option<FieldValue> {
    let is_enumerated = field.field_type.has_options() || field.field_type == FieldType::Multitext;
    let known: &[&str] = if is_enumerated { &["value", "enum_id", "enum_code"] } else { &["value"] };
    given.only(known, complaints);
    if field.field_type.has_options() {
        return read_option(field, given, complaints);
    }
    let value = given.get("value").or_else(|| {
        complaints.missing(given.at("value"));
        None
    })?;
    let at = given.at("value");
    let value = match field.field_type {
        FieldType::Numeric | FieldType::Monetary => number(value, at, complaints)?,
        FieldType::Checkbox => value.as_bool().map(Value::Bool).or_else(|| refuse(at, "bool", complaints))?,
        FieldType::Date | FieldType::Birthday => {
            json!((moment(value, at, complaints)? + OFFSET).div_euclid(DAY) * DAY - OFFSET)
        }
        FieldType::DateTime => json!(moment(value, at, complaints)?),
        _ => {
            let text = value.as_str().or_else(|| refuse(at, "string", complaints))?;
            if text.trim().is_empty() {
                return None;
            }
            json!(text)
        }
    };
    let enum_id = match field.field_type {
        FieldType::Multitext => Some(read_sort(field, given, complaints)?),
        _ => None,
    };
    Some(FieldValue { value, enum_id })
}

/// An option of a list, by id, by code or by its exact text. Unknown ones are refused, never made.
fn read_option(field: &Field, given: &Object<'_>, complaints: &mut Complaints) -> Option<FieldValue> {
    let (key, option) = if given.get("enum_id").is_some() {
        let id = given.id("enum_id", complaints)?;
        ("enum_id", field.enums.iter().find(|option| option.id == id))
    } else if given.get("enum_code").is_some() {
        let code = given.text("enum_code", complaints)?;
        ("enum_code", field.enums.iter().find(|option| option.code.as_deref() == Some(code.as_str())))
    } else {
        let text = given.text("value", complaints)?;
        ("value", field.enums.iter().find(|option| option.value == text))
    };
    if option.is_none() {
        complaints.not_a_choice(given.at(key));
    }
    option.map(|option| FieldValue { value: json!(option.value), enum_id: Some(option.id) })
}

/// The sort of a phone or e-mail, «WORK» unless said otherwise.
fn read_sort(field: &Field, given: &Object<'_>, complaints: &mut Complaints) -> Option<Id> {
    let (key, sort) = if given.get("enum_id").is_some() {
        let id = given.id("enum_id", complaints)?;
        ("enum_id", field.enums.iter().find(|option| option.id == id))
    } else if given.get("enum_code").is_some() {
        let code = given.text("enum_code", complaints)?;
        ("enum_code", field.enums.iter().find(|option| option.code.as_deref() == Some(code.as_str())))
    } else {
        ("enum_code", field.enums.first())
    };
    if sort.is_none() {
        complaints.not_a_choice(given.at(key));
    }
    sort.map(|option| option.id)
}

/// Numbers are kept as text, after passing through a double: very long ones come out mangled, as they do in amoCRM.
fn number(value: &Value, at: String, complaints: &mut Complaints) -> Option<Value> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok().filter(|number| number.is_finite()),
        _ => None,
    };
    match number {
        Some(number) => Some(json!(number.to_string())),
        None => refuse(at, "numeric", complaints),
    }
}

fn moment(value: &Value, at: String, complaints: &mut Complaints) -> Option<i64> {
    let seconds = match value {
        Value::Number(number) => number.as_i64().filter(|seconds| seconds.abs() < 100_000_000_000),
        Value::String(text) => text.parse::<Timestamp>().ok().map(Timestamp::as_second),
        _ => None,
    };
    seconds.or_else(|| refuse(at, "timestamp", complaints))
}

fn refuse<T>(at: String, wanted: &'static str, complaints: &mut Complaints) -> Option<T> {
    let detail = match wanted {
        "bool" => "This value should be of type bool.",
        "numeric" => "This value should be of type numeric.",
        "timestamp" => "This value should be a Unix timestamp in seconds.",
        _ => "This value should be of type string.",
    };
    complaints.wrong_type(at, detail);
    None
}

/// Applies changes: a field that is named is replaced whole, others stay.
pub(super) fn apply(changes: &[FieldChange], fields: &mut Vec<FilledField>) {
    for change in changes {
        fields.retain(|field| field.field_id != change.field_id);
        if !change.values.is_empty() {
            fields.push(FilledField { field_id: change.field_id, values: change.values.clone() });
        }
    }
    fields.sort_by_key(|field| field.field_id);
}

/// `custom_fields_values` of a card: `null`, not an empty list, when nothing is filled.
pub(super) fn render(state: &AccountState, fields: &[FilledField]) -> Value {
    let shown: Vec<Value> =
        fields.iter().filter_map(|filled| Some((state.fields.get(&filled.field_id)?, filled))).map(show).collect();
    if shown.is_empty() { Value::Null } else { Value::Array(shown) }
}

fn show((field, filled): (&Field, &FilledField)) -> Value {
    let values = filled.values.iter().map(|filled| {
        let mut value = Map::new();
        value.insert("value".to_owned(), filled.value.clone());
        if let Some(id) = filled.enum_id {
            let code = field.enums.iter().find(|option| option.id == id).and_then(|option| option.code.clone());
            value.insert("enum_id".to_owned(), json!(id));
            value.insert("enum_code".to_owned(), json!(code));
        }
        Value::Object(value)
    });
    json!({
        "field_id": field.id,
        "field_name": field.name,
        "field_code": field.code,
        "field_type": field.field_type,
        "values": values.collect::<Vec<_>>(),
    })
}
