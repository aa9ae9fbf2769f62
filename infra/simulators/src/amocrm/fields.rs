//! `/api/v4/{leads|contacts}/custom_fields`: the definitions of fields. Writing needs an administrator.
//!
//! Files, addresses in parts, legal entities and chained lists are types the simulator does not have.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::model::{EnumOption, Field, FieldType, Kind};
use super::reply::Reply;
use super::state::AccountState;
use super::validation::{self, BATCH_LIMIT, Complaints, Draft, Object};

/// What a write call says about a field.
struct FieldChange {
    name: Option<String>,
    code: Option<String>,
    sort: Option<i64>,
    is_api_only: Option<bool>,
    /// All the options the field is to have.
    enums: Option<Vec<OptionChange>>,
}

struct OptionChange {
    value: String,
    code: Option<String>,
    sort: i64,
}

impl FieldChange {
    fn read(state: &AccountState, kind: Kind, object: &Object<'_>, complaints: &mut Complaints) -> Self {
        object.only(&["id", "name", "type", "code", "sort", "is_api_only", "enums", "group_id"], complaints);
        let code = object.text("code", complaints);
        let is_taken = |code: &String| {
            let mut others = state.fields.values().filter(|field| field.kind == kind);
            others.any(|field| field.code.as_ref() == Some(code))
        };
        if code.as_ref().is_some_and(is_taken) {
            complaints.not_unique(object.at("code"));
        }
        Self {
            name: object.text("name", complaints),
            code,
            sort: object.integer("sort", complaints),
            is_api_only: object.flag("is_api_only", complaints),
            enums: object.has("enums").then(|| read_options(object, complaints)),
        }
    }

    fn apply(self, state: &mut AccountState, field: &mut Field) {
        field.name = self.name.unwrap_or_else(|| field.name.clone());
        field.code = self.code.or(field.code.take());
        field.sort = self.sort.unwrap_or(field.sort);
        field.is_api_only = self.is_api_only.unwrap_or(field.is_api_only);
        if let Some(enums) = self.enums {
            let enums = enums.into_iter().map(|option| EnumOption {
                id: state.new_id(),
                value: option.value,
                code: option.code,
                sort: option.sort,
            });
            field.enums = enums.collect();
        }
    }
}

fn read_options(object: &Object<'_>, complaints: &mut Complaints) -> Vec<OptionChange> {
    let mut options = Vec::new();
    for (entry, place) in object.objects("enums", complaints).iter().zip(1..) {
        entry.only(&["value", "code", "sort"], complaints);
        if let Some(value) = entry.required_text("value", complaints) {
            let sort = entry.integer("sort", complaints).unwrap_or(place);
            options.push(OptionChange { value, code: entry.text("code", complaints), sort });
        }
    }
    options
}

/// `GET`.
pub(super) fn list(state: &AccountState, call: &Call<'_>, kind: Kind) -> Answer {
    let types = call.query.texts("type");
    let found: Vec<&Field> = state
        .fields
        .values()
        .filter(|field| field.kind == kind)
        .filter(|field| {
            types.as_ref().is_none_or(|types| types.iter().any(|name| json!(name) == json!(field.field_type)))
        })
        .collect();
    call.query.page_of(state.options.fields_per_page, &call.href(), "custom_fields", &found, |field| render(field))
}

/// `POST`: answers 201 with the whole fields.
pub(super) fn create(state: &mut AccountState, call: &Call<'_>, kind: Kind) -> Answer {
    call.needs_admin()?;
    let items = validation::items(call.body, BATCH_LIMIT)?;
    let mut codes = Vec::new();
    let drafts = validation::drafts(&items, |object, complaints| {
        object.required_text("name", complaints);
        let change = FieldChange::read(state, kind, object, complaints);
        if let Some(code) = &change.code {
            if codes.contains(code) {
                complaints.not_unique(object.at("code"));
            }
            codes.push(code.clone());
        }
        let name = object.required_text("type", complaints)?;
        let field_type = serde_json::from_value::<FieldType>(json!(name)).ok();
        if field_type.is_none() {
            complaints.not_a_choice(object.at("type"));
        }
        if field_type.is_some_and(FieldType::has_options) && change.enums.as_ref().is_none_or(Vec::is_empty) {
            complaints.missing(object.at("enums"));
        }
        Some((field_type?, change))
    })?;
    let mut written = Vec::with_capacity(drafts.len());
    for Draft { request_id, change: (field_type, change) } in drafts {
        let mut field = Field {
            id: state.new_id(),
            kind,
            name: String::new(),
            code: None,
            field_type,
            sort: 500,
            is_api_only: false,
            is_predefined: false,
            enums: Vec::new(),
        };
        change.apply(state, &mut field);
        written.push(shown_with(&field, &request_id));
        state.put_field(field);
    }
    Ok(Reply::created(&json!({"_total_items": written.len(), "_embedded": {"custom_fields": written}})))
}

fn shown_with(field: &Field, request_id: &str) -> Value {
    let mut shown = render(field);
    shown["request_id"] = json!(request_id);
    shown
}

fn render(field: &Field) -> Value {
    let enums: Vec<Value> = field
        .enums
        .iter()
        .map(|option| json!({"id": option.id, "value": option.value, "sort": option.sort, "code": option.code}))
        .collect();
    json!({
        "id": field.id,
        "name": field.name,
        "type": field.field_type,
        "code": field.code,
        "sort": field.sort,
        "entity_type": field.kind.plural(),
        "account_id": super::seed::ACCOUNT_ID,
        "is_api_only": field.is_api_only,
        "is_predefined": field.is_predefined,
        "is_deletable": !field.is_predefined,
        "enums": if enums.is_empty() { Value::Null } else { Value::Array(enums) },
    })
}
