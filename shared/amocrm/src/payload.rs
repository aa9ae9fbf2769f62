//! A request as amoCRM's JSON: contact, deal, task. Pure; the note is in [`crate::note_parts`].
//!
//! What the account does not take is left out piece by piece ([`Fallback`]) rather than losing the deal: a field's
//! value then stands in the note, a refused pipeline or user leaves amoCRM's default.

mod completion;
mod joining;

use std::collections::BTreeMap;

pub use joining::Difference;
use lead::{CrmField, FieldValue, Lead, PhoneSource, Request, Seconds};
use serde_json::{Map, Value, json};
use settings::Amocrm;
use texts::Language;

use crate::fallback::is_left_to_note;
use crate::fields::{AccountFields, Fit, cut};
use crate::{Contact, Fallback, Fault, FieldError, FieldValues, contact_of_phone, fault_of_field};
use lead::safe_text::{name_without_numbers, one_line};

/// Tag of a contact that the bot found, and of a deal that a request has joined.
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

    /// The same, with a stage of their own for deals whose customers have not finished the form. Without
    /// `AMOCRM_STATUS_ID` it is not used: there would be no stage to move a finished one to.
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
        let phone = json!({ "field_code": "PHONE", "values": [mobile(&customer.phone)] });
        let mut fields = vec![phone];
        fields.extend(self.telegram_fields(lead));
        let mut contact = self.item(lead);
        contact.insert("name".to_owned(), one_line(&customer.name).into());
        contact.insert("custom_fields_values".to_owned(), fields.into());
        contact.insert("tags_to_add".to_owned(), json!([{ "name": TAG_NEW }]));
        Value::Object(contact)
    }

    /// What a contact that was found lacks; `None` when it lacks nothing. Only adds: a name or phone that a manager has
    /// corrected stays. Who the customer is in Telegram is only written if Telegram confirms that the number is theirs:
    /// a number that was typed may be a stranger's.
    #[must_use]
    pub fn contact_update(&self, found: &Contact, lead: &Lead) -> Option<Value> {
        let customer = &lead.request.customer;
        let mut missing = Vec::new();
        if contact_of_phone(std::slice::from_ref(found), &customer.phone).is_none() {
            let held = found.phone_fields().flat_map(FieldValues::entries);
            let phones: Vec<Value> = held.chain([mobile(&customer.phone)]).collect();
            missing.push(json!({ "field_code": "PHONE", "values": phones }));
        }
        if customer.phone_source == PhoneSource::OwnContact {
            let values = telegram_values(&lead.request);
            let lacking = values.iter().filter(|(field, _)| self.held(found.fields(), *field).is_none());
            missing.extend(lacking.filter_map(|(field, value)| self.field(lead, *field, value)));
        }
        let mut update = Map::new();
        if !missing.is_empty() {
            update.insert("custom_fields_values".to_owned(), missing.into());
        }
        if !found.has_tag(TAG_REPEAT) {
            update.insert("tags_to_add".to_owned(), json!([{ "name": TAG_REPEAT }]));
        }
        (!update.is_empty()).then_some(Value::Object(update))
    }

    /// Whether the contact is that of this chat: its field for the Telegram id says so.
    #[must_use]
    pub fn is_of_chat(&self, contact: &Contact, chat_id: i64) -> bool {
        let held = self.held(contact.fields(), CrmField::TelegramId);
        !contact.is_deleted && held.is_some_and(|field| field.texts().any(|id| id == chat_id.to_string()))
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

    /// What of `item` to leave out or change so that amoCRM takes it; `None` when something is refused that it cannot
    /// do without.
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
            "responsible_user_id" => Some(lead.responsible.map_or(Fallback::ResponsibleUser, Fallback::TeamMember)),
            "pipeline_id" | "status_id" if self.unfinished_stage(lead).is_some() => Some(Fallback::UnfinishedStage),
            "pipeline_id" | "status_id" => Some(Fallback::Pipeline),
            "tags_to_add" if lead.progress.joined_deal => Some(Fallback::RepeatTag),
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
        let by_setting = self.responsible_user_id.filter(|_| !Fallback::ResponsibleUser.applies_to(lead));
        insert_some(&mut item, "responsible_user_id", lead.responsible.or(by_setting));
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

    /// What a filled field of a contact or deal holds.
    fn held<'a>(&self, mut fields: impl Iterator<Item = &'a FieldValues>, field: CrmField) -> Option<&'a FieldValues> {
        let id = self.field_id(field);
        fields.find(|held| match id {
            Some(id) => held.field_id == Some(id),
            None => held.field_code.as_deref() == Some(field.code()),
        })
    }

    /// The numeric id of a field, as far as it is known.
    fn field_id(&self, field: CrmField) -> Option<u64> {
        let known = self.fields.as_ref().and_then(|fields| fields.id(field));
        known.or_else(|| self.field_ids.get(field.code()).copied())
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
        match self.field_id(field) {
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

/// A number as a phone field takes it.
fn mobile(phone: &str) -> Value {
    json!({ "value": phone, "enum_code": "MOB" })
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
pub(crate) mod tests;
