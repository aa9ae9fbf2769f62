//! A request as amoCRM's JSON: contact, deal, task. Pure; the note is in [`crate::note_parts`].
//!
//! What the account refuses is given up piece by piece ([`Concession`]) rather than losing the deal: a field's value then
//! stands in the note, a refused pipeline or user leaves amoCRM's default.

use std::collections::BTreeMap;

use lead::{CrmField, FieldValue, Lead, Request, Seconds};
use serde_json::{Map, Value, json};
use settings::Amocrm;

use crate::concession::gave_up;
use crate::{Concession, Contact, Fault, FieldError, gave_up_field};

/// Tag of a contact that the bot found.
pub const TAG_REPEAT: &str = "telegram_repeat";
/// Tag of a contact that the bot made.
pub const TAG_NEW: &str = "telegram_new";

/// What the field «Источник» says.
pub const SOURCE: &str = "Telegram Bot";
/// «Связаться».
const TASK_CALL: u32 = 1;

/// What the operator has set about deals.
#[derive(Clone, Debug)]
pub struct Shape {
    pipeline_id: Option<u64>,
    status_id: Option<u64>,
    responsible_user_id: Option<u64>,
    /// Numeric ids that replace codes.
    field_ids: BTreeMap<&'static str, u64>,
    callback_task_minutes: u32,
}

impl Shape {
    /// From the settings.
    #[must_use]
    pub fn of(settings: &Amocrm) -> Self {
        Self {
            pipeline_id: settings.pipeline_id,
            status_id: settings.status_id,
            responsible_user_id: settings.responsible_user_id,
            field_ids: settings.fields.0.clone(),
            callback_task_minutes: settings.callback_task_minutes,
        }
    }

    /// Whether a call-back task is wanted at all.
    #[must_use]
    pub const fn wants_task(&self) -> bool {
        self.callback_task_minutes > 0
    }

    /// A contact to create.
    #[must_use]
    pub fn new_contact(&self, lead: &Lead) -> Value {
        let customer = &lead.request.customer;
        let phone = json!({ "field_code": "PHONE", "values": [{ "value": customer.phone, "enum_code": "MOB" }] });
        let mut fields = vec![phone];
        fields.extend(self.telegram_fields(lead));
        let mut contact = self.item(lead);
        contact.insert("name".to_owned(), customer.name.clone().into());
        contact.insert("custom_fields_values".to_owned(), fields.into());
        contact.insert("tags_to_add".to_owned(), json!([{ "name": TAG_NEW }]));
        Value::Object(contact)
    }

    /// What a contact that was found lacks; `None` when it lacks nothing. Only adds: a name or phone that a manager has
    /// corrected stays.
    #[must_use]
    pub fn contact_update(&self, found: &Contact, lead: &Lead) -> Option<Value> {
        let held = |wanted: &Value| {
            found.fields().any(|field| {
                let by_id = field.field_id.is_some() && wanted["field_id"].as_u64() == field.field_id;
                let by_code =
                    field.field_code.is_some() && wanted["field_code"].as_str() == field.field_code.as_deref();
                by_id || by_code
            })
        };
        let missing: Vec<Value> = self.telegram_fields(lead).into_iter().filter(|wanted| !held(wanted)).collect();
        let mut update = Map::new();
        if !missing.is_empty() {
            update.insert("custom_fields_values".to_owned(), missing.into());
        }
        if !found.has_tag(TAG_REPEAT) {
            update.insert("tags_to_add".to_owned(), json!([{ "name": TAG_REPEAT }]));
        }
        (!update.is_empty()).then_some(Value::Object(update))
    }

    /// A deal to create, linked to the contact.
    #[must_use]
    pub fn deal(&self, lead: &Lead, contact_id: u64) -> Value {
        let mut deal = self.item(lead);
        deal.insert("name".to_owned(), lead.request.deal_name().into());
        if let Some(price) = lead.request.price {
            deal.insert("price".to_owned(), price.into());
        }
        if !gave_up(lead, Concession::Pipeline) {
            insert_some(&mut deal, "pipeline_id", self.pipeline_id);
            insert_some(&mut deal, "status_id", self.status_id);
        }
        let fields: Vec<Value> = deal_values(&lead.request)
            .into_iter()
            .filter(|(field, _)| gave_up_field(lead, *field).is_none())
            .map(|(field, value)| {
                let number = value.number().filter(|_| gave_up(lead, Concession::Words(field)));
                self.field(field, &number.map_or_else(|| value.text().to_owned(), |number| number.to_string()))
            })
            .collect();
        if !fields.is_empty() {
            deal.insert("custom_fields_values".to_owned(), fields.into());
        }
        deal.insert("_embedded".to_owned(), json!({ "contacts": [{ "id": contact_id, "is_main": true }] }));
        Value::Object(deal)
    }

    /// The call-back task.
    #[must_use]
    pub fn task(&self, lead: &Lead, deal_id: u64, now: Seconds) -> Value {
        let mut task = self.item(lead);
        task.insert("task_type_id".to_owned(), TASK_CALL.into());
        task.insert("text".to_owned(), task_text(&lead.request).into());
        task.insert("complete_till".to_owned(), (now + i64::from(self.callback_task_minutes) * 60).into());
        task.insert("entity_id".to_owned(), deal_id.into());
        task.insert("entity_type".to_owned(), "leads".into());
        Value::Object(task)
    }

    /// What of `item` to give up so that amoCRM takes it; `None` when something is refused that it cannot do without.
    #[must_use]
    pub fn concessions(&self, lead: &Lead, item: &Value, errors: &[FieldError]) -> Option<Vec<Concession>> {
        if errors.is_empty() {
            return None;
        }
        errors.iter().map(|error| self.concession(lead, item, error)).collect()
    }

    fn concession(&self, lead: &Lead, item: &Value, error: &FieldError) -> Option<Concession> {
        let mut steps = error.path.split('.');
        match steps.next()? {
            "responsible_user_id" => Some(Concession::ResponsibleUser),
            "pipeline_id" | "status_id" => Some(Concession::Pipeline),
            "_embedded" if steps.next() == Some("contacts") => Some(Concession::Contact),
            "custom_fields_values" => {
                let sent = item.get("custom_fields_values")?.get(steps.next()?.parse::<usize>().ok()?)?;
                let field = CrmField::ALL.iter().copied().find(|field| {
                    let id = self.field_ids.get(field.code());
                    sent["field_code"].as_str() == Some(field.code())
                        || id.is_some_and(|id| sent["field_id"].as_u64() == Some(*id))
                })?;
                let value = sent["values"][0]["value"].as_str().unwrap_or_default();
                let held = deal_values(&lead.request).remove(&field);
                let has_words = held.and_then(|held| held.number()).is_some_and(|number| number.to_string() != value);
                if error.code == "InvalidType" && has_words {
                    return Some(Concession::Words(field));
                }
                Some(Concession::Field(field, Fault::of(error, steps.next() == Some("values"))))
            }
            _ => None,
        }
    }

    fn item(&self, lead: &Lead) -> Map<String, Value> {
        let mut item = Map::new();
        item.insert("request_id".to_owned(), lead.lead_id.to_string().into());
        if !gave_up(lead, Concession::ResponsibleUser) {
            insert_some(&mut item, "responsible_user_id", self.responsible_user_id);
        }
        item
    }

    fn telegram_fields(&self, lead: &Lead) -> Vec<Value> {
        let customer = &lead.request.customer;
        let username = customer.username.as_ref().map(|name| format!("@{name}"));
        [(CrmField::TelegramId, Some(customer.chat_id.to_string())), (CrmField::TelegramUsername, username)]
            .into_iter()
            .filter(|(field, _)| gave_up_field(lead, *field).is_none())
            .filter_map(|(field, value)| Some(self.field(field, &value?)))
            .collect()
    }

    /// Values are sent as text: amoCRM mangles long numbers.
    fn field(&self, field: CrmField, value: &str) -> Value {
        let values = json!([{ "value": value }]);
        match self.field_ids.get(field.code()) {
            Some(id) => json!({ "field_id": id, "values": values }),
            None => json!({ "field_code": field.code(), "values": values }),
        }
    }
}

/// Values of the deal's custom fields: those of the request, and what every request has.
pub(crate) fn deal_values(request: &Request) -> BTreeMap<CrmField, FieldValue> {
    let mut values = request.fields.clone();
    values.retain(|field, value| !field.is_contact_field() && !value.text().is_empty());
    values.insert(CrmField::ServiceType, FieldValue::Text(request.service.clone()));
    values.insert(CrmField::Source, FieldValue::Text(SOURCE.to_owned()));
    values.insert(CrmField::RequestId, FieldValue::Text(request.id.request_number()));
    values
}

/// Text of the call-back task; by the number in it a task whose creation was not confirmed is found again.
fn task_text(request: &Request) -> String {
    let customer = &request.customer;
    format!(
        "Перезвонить: {}, {}. {}, заявка № {}",
        customer.name,
        customer.phone,
        request.service,
        request.id.request_number()
    )
}

fn insert_some(item: &mut Map<String, Value>, key: &str, value: Option<u64>) {
    if let Some(value) = value {
        item.insert(key.to_owned(), value.into());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use insta::assert_snapshot;
    use lead::{Answer, Photo, Request};
    use settings::Env;

    use super::*;

    pub(crate) fn lead() -> Lead {
        let mut request = Request::example();
        request.customer.chat_id = 123_456_789_012;
        request.answers[2] = Answer {
            question: "Комментарий".to_owned(),
            answer: "Звоните <b>после</b> 18:00 & не раньше".to_owned(),
        };
        request.photos = ["A", "B"].map(|id| Photo { file_id: id.to_owned(), unique_id: id.to_lowercase() }).into();
        Lead::new(request, 60)
    }

    fn shape(pairs: &[(&'static str, &'static str)]) -> Shape {
        let mock = [("AMOCRM_MOCK_MODE", "true")];
        Shape::of(&Amocrm::read(&mut Env::from_pairs(mock.iter().chain(pairs).copied())))
    }

    fn pretty(value: &Value) -> String {
        serde_json::to_string_pretty(value).unwrap()
    }

    #[test]
    fn a_new_contact_has_the_name_the_phone_and_who_it_is_in_telegram() {
        assert_snapshot!(pretty(&shape(&[]).new_contact(&lead())), @r#"
        {
          "custom_fields_values": [
            {
              "field_code": "PHONE",
              "values": [
                {
                  "enum_code": "MOB",
                  "value": "+79001234567"
                }
              ]
            },
            {
              "field_code": "TELEGRAM_ID",
              "values": [
                {
                  "value": "123456789012"
                }
              ]
            },
            {
              "field_code": "TELEGRAM_USERNAME",
              "values": [
                {
                  "value": "@anna_k"
                }
              ]
            }
          ],
          "name": "Анна",
          "request_id": "01JD0000000000000AK7QX3M9Q",
          "tags_to_add": [
            {
              "name": "telegram_new"
            }
          ]
        }
        "#);
    }

    #[test]
    fn a_deal_goes_where_the_settings_say_and_overridden_fields_go_by_number() {
        let shape = shape(&[
            ("AMOCRM_PIPELINE_ID", "31"),
            ("AMOCRM_STATUS_ID", "3101"),
            ("AMOCRM_RESPONSIBLE_USER_ID", "77"),
            ("AMOCRM_FIELD_CAR_YEAR", "9103"),
        ]);
        assert_snapshot!(pretty(&shape.deal(&lead(), 501)), @r#"
        {
          "_embedded": {
            "contacts": [
              {
                "id": 501,
                "is_main": true
              }
            ]
          },
          "custom_fields_values": [
            {
              "field_code": "SERVICE_TYPE",
              "values": [
                {
                  "value": "Продажа авто"
                }
              ]
            },
            {
              "field_code": "CAR_BRAND",
              "values": [
                {
                  "value": "Toyota"
                }
              ]
            },
            {
              "field_code": "CAR_MODEL",
              "values": [
                {
                  "value": "Camry"
                }
              ]
            },
            {
              "field_id": 9103,
              "values": [
                {
                  "value": "2019"
                }
              ]
            },
            {
              "field_code": "SOURCE",
              "values": [
                {
                  "value": "Telegram Bot"
                }
              ]
            },
            {
              "field_code": "REQUEST_ID",
              "values": [
                {
                  "value": "K7QX-3M9Q"
                }
              ]
            }
          ],
          "name": "Продажа авто — Toyota Camry — Анна",
          "pipeline_id": 31,
          "price": 1500000,
          "request_id": "01JD0000000000000AK7QX3M9Q",
          "responsible_user_id": 77,
          "status_id": 3101
        }
        "#);
    }

    #[test]
    fn a_task_is_a_call_due_in_half_an_hour() {
        assert_snapshot!(shape(&[]).task(&lead(), 8001, 1_767_000_010), @r#"{"complete_till":1767001810,"entity_id":8001,"entity_type":"leads","request_id":"01JD0000000000000AK7QX3M9Q","task_type_id":1,"text":"Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M9Q"}"#);
        assert!(!shape(&[("CALLBACK_TASK_MINUTES", "0")]).wants_task());
    }

    #[test]
    fn a_found_contact_only_gains() {
        let bare: Contact = serde_json::from_value(json!({ "id": 501, "custom_fields_values": null })).unwrap();
        assert_snapshot!(shape(&[]).contact_update(&bare, &lead()).unwrap(), @r#"{"custom_fields_values":[{"field_code":"TELEGRAM_ID","values":[{"value":"123456789012"}]},{"field_code":"TELEGRAM_USERNAME","values":[{"value":"@anna_k"}]}],"tags_to_add":[{"name":"telegram_repeat"}]}"#);
        let known: Contact = serde_json::from_value(json!({
            "id": 501, "custom_fields_values": [
                { "field_id": 1, "field_code": "TELEGRAM_ID", "values": [{ "value": "999" }] },
                { "field_id": 2, "field_code": "TELEGRAM_USERNAME", "values": [{ "value": "@other" }] }],
            "_embedded": { "tags": [{ "id": 5, "name": "telegram_repeat", "color": null }] }
        }))
        .unwrap();
        assert_eq!(shape(&[]).contact_update(&known, &lead()), None);
    }

    #[test]
    fn what_the_account_refuses_is_given_up_and_nothing_else() {
        let shape = shape(&[("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_FIELD_CAR_YEAR", "9103")]);
        let mut lead = lead();
        let deal = shape.deal(&lead, 501);
        let refused = |path: &str| FieldError {
            item: "0".to_owned(),
            code: "NotSupportedChoice".to_owned(),
            path: path.to_owned(),
            detail: String::new(),
        };
        let given_up = shape
            .concessions(&lead, &deal, &[refused("custom_fields_values.3.field_id"), refused("pipeline_id")])
            .unwrap();
        assert_eq!(given_up, [Concession::Field(CrmField::CarYear, Fault::Unknown), Concession::Pipeline]);
        assert_eq!(
            shape.concessions(&lead, &deal, &[refused("pipeline_id"), refused("name")]),
            None,
            "a deal needs its name"
        );
        assert_eq!(shape.concessions(&lead, &deal, &[]), None, "no reason, nothing to mend");

        lead.progress.refused_fields = given_up.into_iter().map(|what| what.key().into_owned()).collect();
        let deal = shape.deal(&lead, 501);
        assert_eq!(deal.get("pipeline_id"), None);
        assert!(!deal.to_string().contains("9103"));
        assert!(deal.to_string().contains("CAR_MODEL"));
    }

    #[test]
    fn a_numeric_field_is_offered_the_bare_number_once() {
        let shape = shape(&[]);
        let mut lead = lead();
        lead.request.fields = BTreeMap::from([
            (CrmField::Mileage, FieldValue::Number { number: 85_000, text: "85\u{a0}000\u{a0}км".to_owned() }),
            (CrmField::CarYear, "Любой".into()),
            (CrmField::CarModel, "X5 2019".into()),
        ]);
        let refused = |deal: &Value, field: CrmField| {
            let fields = deal["custom_fields_values"].as_array().unwrap();
            let at = fields.iter().position(|sent| sent["field_code"] == field.code()).unwrap();
            let path = format!("custom_fields_values.{at}.values.0.value");
            FieldError { item: "0".to_owned(), code: "InvalidType".to_owned(), path, detail: String::new() }
        };
        let deal = shape.deal(&lead, 501);
        let errors = [CrmField::Mileage, CrmField::CarYear, CrmField::CarModel].map(|field| refused(&deal, field));
        let first = shape.concessions(&lead, &deal, &errors).unwrap();
        assert_eq!(
            first,
            [
                Concession::Words(CrmField::Mileage),
                Concession::Field(CrmField::CarYear, Fault::WrongType),
                Concession::Field(CrmField::CarModel, Fault::WrongType),
            ]
        );
        lead.progress.refused_fields = first.into_iter().map(|what| what.key().into_owned()).collect();
        let deal = shape.deal(&lead, 501);
        assert!(deal.to_string().contains(r#""value":"85000""#), "{deal}");
        assert_eq!(
            shape.concessions(&lead, &deal, &[refused(&deal, CrmField::Mileage)]).unwrap(),
            [Concession::Field(CrmField::Mileage, Fault::WrongType)],
            "there is nothing left to take off"
        );
    }

    #[test]
    fn a_list_without_the_option_is_no_unknown_field() {
        let shape = shape(&[]);
        let lead = lead();
        let deal = shape.deal(&lead, 501);
        let refused = |path: &str| FieldError {
            item: "0".to_owned(),
            code: "NotSupportedChoice".to_owned(),
            path: path.to_owned(),
            detail: String::new(),
        };
        let errors = [refused("custom_fields_values.4.values.0.value"), refused("custom_fields_values.5.field_code")];
        assert_eq!(
            shape.concessions(&lead, &deal, &errors).unwrap(),
            [
                Concession::Field(CrmField::Source, Fault::NoOption),
                Concession::Field(CrmField::RequestId, Fault::Unknown)
            ]
        );
    }
}
