//! A request as amoCRM's JSON: contact, deal, task. Pure; the note is in [`crate::note_parts`].
//!
//! What the account does not take is left out piece by piece ([`Fallback`]) rather than losing the deal: a field's value then
//! stands in the note, a refused pipeline or user leaves amoCRM's default.

mod completion;

use std::collections::BTreeMap;

use lead::{CrmField, FieldValue, Lead, PhoneSource, Request, Seconds};
use serde_json::{Map, Value, json};
use settings::Amocrm;
use texts::Language;

use crate::fallback::is_left_to_note;
use crate::fields::{AccountFields, Fit, cut};
use crate::safe_text::{name_without_numbers, one_line};
use crate::{Contact, Fallback, Fault, FieldError, fault_of_field};

/// Tag of a contact that the bot found.
pub const TAG_REPEAT: &str = "telegram_repeat";
/// Tag of a contact that the bot made.
pub const TAG_NEW: &str = "telegram_new";
/// Tag of a deal whose customer has not finished the form.
pub const TAG_UNFINISHED: &str = "unfinished";

/// What the field «Источник» says of a customer who came by no link with a source.
pub const SOURCE: &str = "Telegram Bot";
/// «Связаться».
const TASK_CALL: u32 = 1;

/// Builds what is sent to one account.
#[derive(Clone, Debug)]
pub struct PayloadBuilder {
    pipeline_id: Option<u64>,
    status_id: Option<u64>,
    /// The stage of deals whose customers have not finished the form.
    unfinished_status_id: Option<u64>,
    responsible_user_id: Option<u64>,
    /// Numeric ids that replace codes.
    field_ids: BTreeMap<&'static str, u64>,
    /// The account's fields; `None` while they are not known: then values go in as text under their codes, and what the
    /// account refuses is left out.
    fields: Option<AccountFields>,
    language: Language,
}

impl PayloadBuilder {
    /// A builder for the account in the settings. `fields: None` while its fields are not known.
    #[must_use]
    pub fn new(settings: &Amocrm, fields: Option<AccountFields>, language: Language) -> Self {
        Self {
            pipeline_id: settings.pipeline_id,
            status_id: settings.status_id,
            unfinished_status_id: None,
            responsible_user_id: settings.responsible_user_id,
            field_ids: settings.fields.0.clone(),
            fields,
            language,
        }
    }

    /// The same, with a stage of their own for deals whose customers have not finished the form. Without `AMOCRM_STATUS_ID` it
    /// is not used: there would be no stage to move a finished one to.
    #[must_use]
    pub fn with_unfinished_stage(self, status_id: Option<u64>) -> Self {
        Self { unfinished_status_id: status_id.filter(|_| self.status_id.is_some()), ..self }
    }

    /// The language that managers read.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// Remembers with the lead which of its values the account has no place for, so that the note carries them. True if
    /// there are any that were not known before.
    pub fn remember_misfits(&self, lead: &mut Lead) -> bool {
        let Some(fields) = &self.fields else { return false };
        let values = deal_values(&lead.request).into_iter().chain(telegram_values(&lead.request));
        let fallbacks: Vec<Fallback> = values
            .filter(|(field, _)| fault_of_field(lead, *field).is_none())
            .filter_map(|(field, value)| match fields.fit(field, &value) {
                Fit::Sent(_, fallback) => fallback,
                Fit::LeftOut(fallback) => Some(fallback),
                Fit::OnlyInNote => None,
            })
            .collect();
        fallbacks.into_iter().filter(|fallback| fallback.apply_to(lead)).count() > 0 // each is applied, not only the first
    }

    /// A contact to create.
    #[must_use]
    pub fn new_contact(&self, lead: &Lead) -> Value {
        let customer = &lead.request.customer;
        let phone = json!({ "field_code": "PHONE", "values": [{ "value": customer.phone, "enum_code": "MOB" }] });
        let mut fields = vec![phone];
        fields.extend(self.telegram_fields(lead));
        let mut contact = self.item(lead);
        contact.insert("name".to_owned(), one_line(&customer.name).into());
        contact.insert("custom_fields_values".to_owned(), fields.into());
        contact.insert("tags_to_add".to_owned(), json!([{ "name": TAG_NEW }]));
        Value::Object(contact)
    }

    /// What a contact that was found lacks; `None` when it lacks nothing. Only adds: a name or phone that a manager has
    /// corrected stays. Who the customer is in Telegram is only written if Telegram confirms that the number is theirs: a
    /// number that was typed may be a stranger's.
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
        let is_confirmed = lead.request.customer.phone_source == PhoneSource::OwnContact;
        let known = if is_confirmed { self.telegram_fields(lead) } else { Vec::new() };
        let missing: Vec<Value> = known.into_iter().filter(|wanted| !held(wanted)).collect();
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
        deal.insert("name".to_owned(), self.deal_name(&lead.request).into());
        insert_some(&mut deal, "price", lead.request.price);
        if !Fallback::Pipeline.applies_to(lead) {
            insert_some(&mut deal, "pipeline_id", self.pipeline_id);
            insert_some(&mut deal, "status_id", self.unfinished_stage(lead).or(self.status_id));
        }
        let values = deal_values(&lead.request);
        let mut fields: Vec<Value> =
            values.iter().filter_map(|(field, value)| self.field(lead, *field, value)).collect();
        fields.extend(self.tracking_fields(lead));
        let is_unfinished = lead.request.unfinished.is_some() && !Fallback::UnfinishedTag.applies_to(lead);
        let tags = is_unfinished.then_some(TAG_UNFINISHED).into_iter().chain(source_tag(lead));
        insert_tags(&mut deal, "tags_to_add", tags);
        if !fields.is_empty() {
            deal.insert("custom_fields_values".to_owned(), fields.into());
        }
        deal.insert("_embedded".to_owned(), json!({ "contacts": [{ "id": contact_id, "is_main": true }] }));
        Value::Object(deal)
    }

    /// Name of the deal, in one line.
    #[must_use]
    pub fn deal_name(&self, request: &Request) -> String {
        let name = one_line(&request.deal_name());
        match request.unfinished {
            Some(_) => self.language.text_with("deal-unfinished", [("name", name.into())]),
            None => name,
        }
    }

    /// A task with this text of the language files.
    #[must_use]
    pub fn task(&self, lead: &Lead, text: &str, deal_id: u64, due_at: Seconds) -> Value {
        let mut task = self.item(lead);
        task.insert("task_type_id".to_owned(), TASK_CALL.into());
        task.insert("text".to_owned(), self.task_text(text, &lead.request).into());
        task.insert("complete_till".to_owned(), due_at.into());
        task.insert("entity_id".to_owned(), deal_id.into());
        task.insert("entity_type".to_owned(), "leads".into());
        Value::Object(task)
    }

    /// What of `item` to leave out or change so that amoCRM takes it; `None` when something is refused that it cannot do
    /// without.
    #[must_use]
    pub fn fallbacks(&self, lead: &Lead, item: &Value, errors: &[FieldError]) -> Option<Vec<Fallback>> {
        if errors.is_empty() {
            return None;
        }
        errors.iter().map(|error| self.fallback(lead, item, error)).collect()
    }

    fn fallback(&self, lead: &Lead, item: &Value, error: &FieldError) -> Option<Fallback> {
        let mut steps = error.path.split('.');
        match steps.next()? {
            "responsible_user_id" => Some(Fallback::ResponsibleUser),
            "pipeline_id" | "status_id" if self.unfinished_stage(lead).is_some() => Some(Fallback::UnfinishedStage),
            "pipeline_id" | "status_id" => Some(Fallback::Pipeline),
            "tags_to_add" if source_tag(lead).is_some() => Some(Fallback::Source),
            "tags_to_add" | "tags_to_delete" => Some(Fallback::UnfinishedTag),
            "_embedded" if steps.next() == Some("contacts") => Some(Fallback::Contact),
            "custom_fields_values" => {
                let sent = item.get("custom_fields_values")?.get(steps.next()?.parse::<usize>().ok()?)?;
                let is_tracking = |id| self.fields.as_ref().is_some_and(|fields| fields.is_tracking(id));
                if sent["field_id"].as_u64().is_some_and(is_tracking) {
                    return Some(Fallback::Source);
                }
                let field = self.field_of_entry(sent)?;
                let text = sent["values"][0]["value"].as_str().unwrap_or_default();
                let number = deal_values(&lead.request).remove(&field).and_then(|value| value.number());
                let has_words = number.is_some_and(|number| number.to_string() != text);
                Some(match error.code.as_str() {
                    "TooLong" if !Fallback::CutText(field).applies_to(lead) => Fallback::CutText(field),
                    "InvalidType" if has_words => Fallback::BareNumber(field),
                    _ => Fallback::Field(field, Fault::of(error, steps.next() == Some("values"))),
                })
            }
            _ => None,
        }
    }

    /// Which of the bot's fields an entry of `custom_fields_values` is.
    fn field_of_entry(&self, entry: &Value) -> Option<CrmField> {
        let by_account = |id| self.fields.as_ref().and_then(|fields| fields.field_of_id(id));
        let id = entry["field_id"].as_u64();
        let code = entry["field_code"].as_str();
        let mut all = CrmField::ALL.iter().copied();
        id.and_then(by_account).or_else(|| {
            all.find(|field| {
                code == Some(field.code()) || id.is_some_and(|id| self.field_ids.get(field.code()) == Some(&id))
            })
        })
    }

    fn item(&self, lead: &Lead) -> Map<String, Value> {
        let mut item = Map::new();
        item.insert("request_id".to_owned(), lead.lead_id.to_string().into());
        if !Fallback::ResponsibleUser.applies_to(lead) {
            insert_some(&mut item, "responsible_user_id", self.responsible_user_id);
        }
        item
    }

    /// The stage of its own that the deal of an unfinished request gets.
    fn unfinished_stage(&self, lead: &Lead) -> Option<u64> {
        let has_one = lead.request.unfinished.is_some() && !Fallback::UnfinishedStage.applies_to(lead);
        self.unfinished_status_id.filter(|_| has_one)
    }

    /// What the account's tracking fields get.
    fn tracking_fields(&self, lead: &Lead) -> Vec<Value> {
        let source = lead.request.source.as_ref().filter(|_| !Fallback::Source.applies_to(lead));
        let (Some(source), Some(fields)) = (source, &self.fields) else { return Vec::new() };
        fields.tracking_entries(source)
    }

    fn telegram_fields(&self, lead: &Lead) -> Vec<Value> {
        let values = telegram_values(&lead.request);
        values.iter().filter_map(|(field, value)| self.field(lead, *field, value)).collect()
    }

    /// The entry of `custom_fields_values`; `None` if the account does not take the value.
    fn field(&self, lead: &Lead, field: CrmField, value: &FieldValue) -> Option<Value> {
        if fault_of_field(lead, field).is_some() {
            return None;
        }
        if let Some(number) = value.number()
            && Fallback::BareNumber(field).applies_to(lead)
        {
            return Some(self.text_entry(field, &number.to_string()));
        }
        if Fallback::CutText(field).applies_to(lead) {
            return Some(self.text_entry(field, &cut(value.text()).0));
        }
        match &self.fields {
            None => Some(self.text_entry(field, value.text())),
            Some(fields) => match fields.fit(field, value) {
                Fit::Sent(entry, _) => Some(entry),
                Fit::LeftOut(_) | Fit::OnlyInNote => None,
            },
        }
    }

    /// Values are sent as text: amoCRM passes long numbers through a float.
    fn text_entry(&self, field: CrmField, text: &str) -> Value {
        let values = json!([{ "value": text }]);
        let known = self.fields.as_ref().and_then(|fields| fields.id(field));
        match known.or_else(|| self.field_ids.get(field.code()).copied()) {
            Some(id) => json!({ "field_id": id, "values": values }),
            None => json!({ "field_code": field.code(), "values": values }),
        }
    }

    /// Text of a task; by the number in it a task whose creation was not confirmed is found again.
    fn task_text(&self, text: &str, request: &Request) -> String {
        let question = request.unfinished.as_deref();
        let id = if question.is_some() { format!("{text}.unfinished") } else { text.to_owned() };
        self.language.text_with(
            &id,
            [
                ("name", name_without_numbers(&request.customer.name).into()),
                ("phone", request.customer.phone.as_str().into()),
                ("service", one_line(&request.service).into()),
                ("number", request.id.request_number().into()),
                ("question", one_line(question.unwrap_or_default()).into()),
            ],
        )
    }
}

/// Values of the deal's custom fields: those of the request, and what every request has.
fn deal_values(request: &Request) -> BTreeMap<CrmField, FieldValue> {
    let source = request.source.as_ref().and_then(|source| source.source.as_deref());
    let mut values = request.fields.clone();
    values.retain(|field, value| !field.is_contact_field() && !value.text().is_empty());
    values.insert(CrmField::ServiceType, FieldValue::Text(request.service.clone()));
    values.insert(CrmField::Source, source.unwrap_or(SOURCE).into());
    values.insert(CrmField::RequestId, FieldValue::Text(request.id.request_number()));
    values
}

/// The deal's values that its fields do not have, or not all of: the note carries them.
pub(crate) fn values_for_note(lead: &Lead) -> impl Iterator<Item = (CrmField, FieldValue)> {
    let values = deal_values(&lead.request).into_iter();
    values.filter(|(field, _)| *field != CrmField::RequestId && is_left_to_note(lead, *field))
}

/// Values of the contact's custom fields: who the customer is in Telegram.
fn telegram_values(request: &Request) -> Vec<(CrmField, FieldValue)> {
    let customer = &request.customer;
    let username =
        customer.username.as_ref().map(|name| (CrmField::TelegramUsername, FieldValue::Text(format!("@{name}"))));
    let id = (CrmField::TelegramId, FieldValue::Text(customer.chat_id.to_string()));
    std::iter::once(id).chain(username).collect()
}

/// The tag that says where the customer came from.
fn source_tag(lead: &Lead) -> Option<&str> {
    let source = lead.request.source.as_ref().filter(|_| !Fallback::Source.applies_to(lead))?;
    source.source.as_deref()
}

fn insert_tags<'a>(item: &mut Map<String, Value>, key: &str, tags: impl Iterator<Item = &'a str>) {
    let tags: Vec<Value> = tags.map(|name| json!({ "name": name })).collect();
    if !tags.is_empty() {
        item.insert(key.to_owned(), tags.into());
    }
}

fn insert_some(item: &mut Map<String, Value>, key: &str, value: Option<u64>) {
    if let Some(value) = value {
        item.insert(key.to_owned(), value.into());
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use insta::assert_snapshot;
    use lead::{Answer, Photo, Source};
    use settings::Env;

    use super::*;
    use crate::CustomField;

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

    pub(super) fn builder(pairs: &[(&'static str, &'static str)]) -> PayloadBuilder {
        let mock = [("AMOCRM_MOCK_MODE", "true")];
        let settings = Amocrm::read(&mut Env::from_pairs(mock.iter().chain(pairs).copied()));
        PayloadBuilder::new(&settings, None, Language::Russian)
    }

    pub(super) fn pretty(value: &Value) -> String {
        serde_json::to_string_pretty(value).unwrap()
    }

    #[test]
    fn a_new_contact_has_the_name_the_phone_and_who_it_is_in_telegram() {
        assert_snapshot!(pretty(&builder(&[]).new_contact(&lead())), @r#"
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
        let builder = builder(&[
            ("AMOCRM_PIPELINE_ID", "31"),
            ("AMOCRM_STATUS_ID", "3101"),
            ("AMOCRM_RESPONSIBLE_USER_ID", "77"),
            ("AMOCRM_FIELD_CAR_YEAR", "9103"),
        ]);
        assert_snapshot!(pretty(&builder.deal(&lead(), 501)), @r#"
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
    fn a_task_says_whom_to_call_about_what() {
        assert_snapshot!(builder(&[]).task(&lead(), "task-call", 8001, 1_767_001_810), @r#"{"complete_till":1767001810,"entity_id":8001,"entity_type":"leads","request_id":"01JD0000000000000AK7QX3M9Q","task_type_id":1,"text":"Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M9Q"}"#);
    }

    #[test]
    fn the_deal_of_an_unfinished_request_says_so_by_name_tag_stage_and_task() {
        let settings = [("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_STATUS_ID", "3101")];
        let builder = builder(&settings).with_unfinished_stage(Some(3107));
        let mut lead = lead();
        lead.request.unfinished = Some("Цена".to_owned());
        lead.request.source = Some(Source { source: Some("avito".to_owned()), ..Source::default() });
        let deal = builder.deal(&lead, 501);
        assert_eq!(deal["name"], "Не закончил: Продажа авто — Toyota Camry — Анна");
        assert_eq!(deal["tags_to_add"], json!([{ "name": "unfinished" }, { "name": "avito" }]));
        assert_eq!((&deal["pipeline_id"], &deal["status_id"]), (&json!(31), &json!(3107)));
        assert_eq!(
            builder.task(&lead, "task-call", 8001, 0)["text"],
            "Перезвонить: Анна, +79001234567. Не закончил заявку № K7QX-3M9Q (Продажа авто), остановился на вопросе «Цена»"
        );
        let finished = builder.deal(&self::lead(), 501);
        assert_eq!((&finished["status_id"], finished.get("tags_to_add")), (&json!(3101), None));
    }

    #[test]
    fn a_stage_for_unfinished_requests_that_the_account_does_not_take_is_the_usual_one() {
        let settings = [("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_STATUS_ID", "3101")];
        let with_stage = builder(&settings).with_unfinished_stage(Some(3107));
        let mut lead = lead();
        lead.request.unfinished = Some("Цена".to_owned());
        let refused = |path: &str| FieldError {
            item: "0".to_owned(),
            code: "NotSupportedChoice".to_owned(),
            path: path.to_owned(),
            detail: String::new(),
        };
        for (path, left_out, status_id) in [
            ("status_id", Fallback::UnfinishedStage, json!(3101)),
            ("status_id", Fallback::Pipeline, Value::Null),
            ("tags_to_add.0.name", Fallback::UnfinishedTag, Value::Null),
        ] {
            let deal = with_stage.deal(&lead, 501);
            assert_eq!(with_stage.fallbacks(&lead, &deal, &[refused(path)]), Some(vec![left_out]));
            left_out.apply_to(&mut lead);
            assert_eq!(with_stage.deal(&lead, 501)["status_id"], status_id);
        }
        assert_eq!(with_stage.deal(&lead, 501).get("tags_to_add"), None);
    }

    #[test]
    fn without_a_usual_stage_there_is_none_for_unfinished_requests() {
        let builder = builder(&[("AMOCRM_PIPELINE_ID", "31")]).with_unfinished_stage(Some(3107));
        let mut lead = lead();
        lead.request.unfinished = Some("Цена".to_owned());
        assert_eq!(builder.deal(&lead, 501).get("status_id"), None, "it could not be moved out of it");
    }

    #[test]
    fn a_found_contact_only_gains() {
        let bare: Contact = serde_json::from_value(json!({ "id": 501, "custom_fields_values": null })).unwrap();
        let mut lead = lead();
        lead.request.customer.phone_source = PhoneSource::OwnContact;
        assert_snapshot!(builder(&[]).contact_update(&bare, &lead).unwrap(), @r#"{"custom_fields_values":[{"field_code":"TELEGRAM_ID","values":[{"value":"123456789012"}]},{"field_code":"TELEGRAM_USERNAME","values":[{"value":"@anna_k"}]}],"tags_to_add":[{"name":"telegram_repeat"}]}"#);
        let known: Contact = serde_json::from_value(json!({
            "id": 501, "custom_fields_values": [
                { "field_id": 1, "field_code": "TELEGRAM_ID", "values": [{ "value": "999" }] },
                { "field_id": 2, "field_code": "TELEGRAM_USERNAME", "values": [{ "value": "@other" }] }],
            "_embedded": { "tags": [{ "id": 5, "name": "telegram_repeat", "color": null }] }
        }))
        .unwrap();
        assert_eq!(builder(&[]).contact_update(&known, &lead), None);
    }

    #[test]
    fn what_the_account_refuses_is_left_out_and_nothing_else() {
        let builder = builder(&[("AMOCRM_PIPELINE_ID", "31"), ("AMOCRM_FIELD_CAR_YEAR", "9103")]);
        let mut lead = lead();
        let deal = builder.deal(&lead, 501);
        let refused = |path: &str| FieldError {
            item: "0".to_owned(),
            code: "NotSupportedChoice".to_owned(),
            path: path.to_owned(),
            detail: String::new(),
        };
        let left_out = builder
            .fallbacks(&lead, &deal, &[refused("custom_fields_values.3.field_id"), refused("pipeline_id")])
            .unwrap();
        assert_eq!(left_out, [Fallback::Field(CrmField::CarYear, Fault::Unknown), Fallback::Pipeline]);
        assert_eq!(
            builder.fallbacks(&lead, &deal, &[refused("pipeline_id"), refused("name")]),
            None,
            "a deal needs its name"
        );
        assert_eq!(builder.fallbacks(&lead, &deal, &[]), None, "no reason, nothing to leave out");

        lead.progress.refused_fields = left_out.into_iter().map(|what| what.key().into_owned()).collect();
        let deal = builder.deal(&lead, 501);
        assert_eq!(deal.get("pipeline_id"), None);
        assert!(!deal.to_string().contains("9103"));
        assert!(deal.to_string().contains("CAR_MODEL"));
    }

    #[test]
    fn a_numeric_field_is_offered_the_bare_number_once() {
        let builder = builder(&[]);
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
        let deal = builder.deal(&lead, 501);
        let errors = [CrmField::Mileage, CrmField::CarYear, CrmField::CarModel].map(|field| refused(&deal, field));
        let first = builder.fallbacks(&lead, &deal, &errors).unwrap();
        assert_eq!(
            first,
            [
                Fallback::BareNumber(CrmField::Mileage),
                Fallback::Field(CrmField::CarYear, Fault::WrongType),
                Fallback::Field(CrmField::CarModel, Fault::WrongType),
            ]
        );
        lead.progress.refused_fields = first.into_iter().map(|what| what.key().into_owned()).collect();
        let deal = builder.deal(&lead, 501);
        assert!(deal.to_string().contains(r#""value":"85000""#), "{deal}");
        assert_eq!(
            builder.fallbacks(&lead, &deal, &[refused(&deal, CrmField::Mileage)]).unwrap(),
            [Fallback::Field(CrmField::Mileage, Fault::WrongType)],
            "there is nothing left to take off"
        );
    }

    #[test]
    fn a_list_without_the_option_is_not_an_unknown_field() {
        let builder = builder(&[]);
        let lead = lead();
        let deal = builder.deal(&lead, 501);
        let refused = |path: &str| FieldError {
            item: "0".to_owned(),
            code: "NotSupportedChoice".to_owned(),
            path: path.to_owned(),
            detail: String::new(),
        };
        let errors = [refused("custom_fields_values.4.values.0.value"), refused("custom_fields_values.5.field_code")];
        assert_eq!(
            builder.fallbacks(&lead, &deal, &errors).unwrap(),
            [Fallback::Field(CrmField::Source, Fault::NoOption), Fallback::Field(CrmField::RequestId, Fault::Unknown)]
        );
    }

    #[test]
    fn a_number_that_telegram_does_not_confirm_writes_nothing_about_telegram_into_a_known_contact() {
        let bare: Contact = serde_json::from_value(json!({ "id": 501, "custom_fields_values": null })).unwrap();
        for source in [PhoneSource::Typed, PhoneSource::OtherContact] {
            let mut lead = lead();
            lead.request.customer.phone_source = source;
            let update = builder(&[]).contact_update(&bare, &lead).unwrap();
            assert_eq!(update, json!({ "tags_to_add": [{ "name": "telegram_repeat" }] }), "{source:?}");
        }
    }

    #[test]
    fn the_types_of_the_accounts_fields_decide_the_form_at_the_first_try() {
        let field = |id, code: &str, kind: &str| CustomField {
            id,
            name: String::new(),
            code: Some(code.to_owned()),
            kind: kind.to_owned(),
            options: None,
        };
        let of_leads = [field(1, "CAR_YEAR", "numeric"), field(2, "CAR_MODEL", "text"), field(3, "SOURCE", "date")];
        let fields = AccountFields::find(&BTreeMap::new(), &of_leads, &[], Language::Russian);
        let builder = PayloadBuilder { fields: Some(fields), ..builder(&[]) };
        let mut lead = lead();
        lead.request.fields.insert(CrmField::CarModel, FieldValue::Text("о".repeat(300)));
        assert!(builder.remember_misfits(&mut lead));
        assert!(!builder.remember_misfits(&mut lead), "nothing new");
        let deal = builder.deal(&lead, 501);
        let entries = deal["custom_fields_values"].as_array().unwrap();
        let sent: Vec<_> = entries.iter().map(|entry| entry["field_id"].as_u64().unwrap()).collect();
        assert_eq!(sent, [2, 1], "fields that the account does not have are not sent");
        assert_eq!(entries[1]["values"][0]["value"], "2019");
        assert_eq!(entries[0]["values"][0]["value"].as_str().unwrap().chars().count(), 256);
        assert_eq!(
            lead.progress.refused_fields,
            [
                "SERVICE_TYPE",
                "CAR_BRAND",
                "CAR_MODEL:cut",
                "SOURCE:type",
                "REQUEST_ID",
                "TELEGRAM_ID",
                "TELEGRAM_USERNAME"
            ]
        );
        let note: Vec<_> = values_for_note(&lead).map(|(field, _)| field).collect();
        assert_eq!(note, [CrmField::ServiceType, CrmField::CarBrand, CrmField::CarModel, CrmField::Source]);
    }

    #[test]
    fn a_text_that_is_too_long_for_its_field_is_cut_when_amocrm_says_so() {
        let builder = builder(&[]);
        let mut lead = lead();
        lead.request.fields = BTreeMap::from([(CrmField::CarModel, FieldValue::Text("о".repeat(300)))]);
        let too_long = FieldError {
            item: "0".to_owned(),
            code: "TooLong".to_owned(),
            path: "custom_fields_values.1.values.0.value".to_owned(),
            detail: String::new(),
        };
        let deal = builder.deal(&lead, 501);
        let fallbacks = builder.fallbacks(&lead, &deal, std::slice::from_ref(&too_long)).unwrap();
        assert_eq!(fallbacks, [Fallback::CutText(CrmField::CarModel)]);
        fallbacks[0].apply_to(&mut lead);
        let deal = builder.deal(&lead, 501);
        assert_eq!(deal["custom_fields_values"][1]["values"][0]["value"].as_str().unwrap().chars().count(), 256);
        let still = builder.fallbacks(&lead, &deal, &[too_long]).unwrap();
        assert_eq!(still, [Fallback::Field(CrmField::CarModel, Fault::WrongType)], "it comes to an end");
    }

    #[test]
    fn names_are_one_line_and_bring_no_second_number_into_the_task() {
        let mut lead = lead();
        lead.request.customer.name = "Анна\n\u{202e}+7 999 000-00-00".to_owned();
        lead.request.topic = "Toyota\nCamry".to_owned();
        let builder = builder(&[]);
        let (deal, task) = (builder.deal(&lead, 501), builder.task(&lead, "task-call", 8001, 0));
        assert_eq!(deal["name"], "Продажа авто — Toyota Camry — Анна +7 999 000-00-00");
        assert_eq!(task["text"], "Перезвонить: Анна, +79001234567. Продажа авто, заявка № K7QX-3M9Q");
    }

    #[test]
    fn where_the_customer_came_from_is_a_field_a_tag_and_tracking_data() {
        let tracking = |id, code: &str| CustomField {
            id,
            code: Some(code.to_owned()),
            kind: "tracking_data".to_owned(),
            ..CustomField::default()
        };
        let of_leads = [tracking(1, "UTM_SOURCE"), tracking(2, "UTM_CAMPAIGN"), tracking(3, "UTM_TERM")];
        let fields = AccountFields::find(&BTreeMap::new(), &of_leads, &[], Language::Russian);
        let builder = PayloadBuilder { fields: Some(fields), ..builder(&[]) };
        let mut lead = lead();
        let campaign = Some("autumn".to_owned());
        lead.request.source = Some(Source { source: Some("avito".to_owned()), campaign, ..Source::default() });
        assert_eq!(deal_values(&lead.request)[&CrmField::Source], "avito".into());
        let deal = builder.deal(&lead, 501);
        let entry = |id: u64, value: &str| json!({ "field_id": id, "values": [{ "value": value }] });
        assert_eq!(deal["custom_fields_values"], json!([entry(1, "avito"), entry(2, "autumn")]));
        assert_eq!(deal["tags_to_add"], json!([{ "name": "avito" }]));

        for path in ["custom_fields_values.1.values.0.value", "tags_to_add.0.name"] {
            let (item, code, path) = ("0".to_owned(), "NotSupportedChoice".to_owned(), path.to_owned());
            let refused = FieldError { item, code, path, detail: String::new() };
            assert_eq!(builder.fallbacks(&lead, &deal, &[refused]), Some(vec![Fallback::Source]));
        }
        Fallback::Source.apply_to(&mut lead);
        let deal = builder.deal(&lead, 501);
        assert_eq!((deal.get("tags_to_add"), deal.get("custom_fields_values")), (None, None));
    }

    #[test]
    fn a_link_with_a_campaign_alone_is_no_source() {
        let mut lead = lead();
        lead.request.source = Some(Source { campaign: Some("ad_7".to_owned()), ..Source::default() });
        assert_eq!(deal_values(&lead.request)[&CrmField::Source], SOURCE.into());
        assert_eq!(builder(&[]).deal(&lead, 501).get("tags_to_add"), None);
    }
}
