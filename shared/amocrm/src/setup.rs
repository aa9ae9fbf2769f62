//! What the operator's commands need: the account, its pipelines and users, and the custom fields that deals use.

use lead::CrmField;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use texts::Language;

use crate::client::{Client, parse};
use crate::error::CrmError;
use crate::transport::{Body, Call};

/// The account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Account {
    pub id: u64,
    pub name: String,
    pub subdomain: String,
    /// Whom the token belongs to.
    pub current_user_id: u64,
    /// Where files are uploaded.
    pub drive_url: Option<String>,
}

/// A pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pipeline {
    /// For `AMOCRM_PIPELINE_ID`.
    pub id: u64,
    pub name: String,
    /// Where deals go without a setting.
    pub is_main: bool,
    /// Put away.
    pub is_archive: bool,
    #[serde(rename = "_embedded")]
    embedded: Statuses,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Statuses {
    statuses: Vec<Stage>,
}

/// A stage of a pipeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Stage {
    /// For `AMOCRM_STATUS_ID`; 142 (won) and 143 (lost) are in every pipeline.
    pub id: u64,
    pub name: String,
    /// 1 is the inbox, which takes no deals from the API.
    #[serde(rename = "type")]
    pub kind: u8,
}

impl Pipeline {
    /// Its stages.
    #[must_use]
    pub fn stages(&self) -> &[Stage] {
        &self.embedded.statuses
    }

    /// Whether deals can be put straight into the stage.
    #[must_use]
    pub fn takes_deals_in(&self, status_id: u64) -> bool {
        self.stages().iter().any(|stage| stage.id == status_id && stage.kind != 1)
    }
}

/// A user of the account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct User {
    /// For `AMOCRM_RESPONSIBLE_USER_ID`.
    pub id: u64,
    pub name: String,
    rights: Rights,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Rights {
    is_active: bool,
}

impl User {
    /// Whether deals can be given to them.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.rights.is_active
    }
}

/// Where amoCRM posts what happens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Hook {
    /// Its address.
    pub destination: String,
    /// The events that are posted: `status_lead`, …
    pub settings: Vec<String>,
    /// amoCRM switches off a hook that fails too often.
    pub disabled: bool,
}

/// Hooks are made and removed by address: <https://developers.kommo.com/docs/webhooks-general>.
const HOOKS: &str = "/api/v4/webhooks";

/// The kinds of records whose custom fields the bot writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entity {
    /// Deals.
    Leads,
    /// Contacts.
    Contacts,
}

impl Entity {
    const fn path(self) -> &'static str {
        match self {
            Self::Leads => "/api/v4/leads/custom_fields",
            Self::Contacts => "/api/v4/contacts/custom_fields",
        }
    }

    const fn has(self, field: CrmField) -> bool {
        match self {
            Self::Leads => !field.is_contact_field(),
            Self::Contacts => field.is_contact_field(),
        }
    }
}

/// A custom field as read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CustomField {
    /// For `AMOCRM_FIELD_…`.
    pub id: u64,
    pub name: String,
    /// Its code; fields made by hand have none.
    pub code: Option<String>,
    /// `text`, `numeric`, `select`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The options of a list; `None` for any other type.
    #[serde(rename = "enums")]
    pub options: Option<Vec<FieldOption>>,
}

/// An option of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldOption {
    /// `enum_id` of a value.
    pub id: u64,
    pub value: String,
}

/// A custom field to create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewField {
    pub field: CrmField,
    /// Its place in the card.
    pub sort: u32,
}

impl NewField {
    /// Year, mileage and budget are numbers, which managers can filter and sum; of a range the field has the upper end,
    /// and the note has the words. Only the bot writes the request's number and the Telegram id.
    fn json(self, language: Language) -> Value {
        let own = matches!(self.field, CrmField::RequestId | CrmField::TelegramId);
        let kind = match self.field {
            CrmField::CarYear | CrmField::Mileage | CrmField::Budget => "numeric",
            _ => "text",
        };
        json!({
            "name": language.text(&self.field.title_id()), "code": self.field.code(), "type": kind, "sort": self.sort,
            "is_api_only": own
        })
    }
}

/// The fields the bot writes that `existing` lacks. A field is known by its code.
#[must_use]
pub fn wanted_fields(entity: Entity, existing: &[CustomField]) -> Vec<NewField> {
    CrmField::ALL
        .iter()
        .copied()
        .zip((500..).step_by(10))
        .filter(|(field, _)| entity.has(*field))
        .filter(|(field, _)| existing.iter().all(|held| held.code.as_deref() != Some(field.code())))
        .map(|(field, sort)| NewField { field, sort })
        .collect()
}

impl Client {
    /// The account. The cheapest call that shows whether the token is valid.
    pub async fn account(&self) -> Result<Account, CrmError> {
        parse(self.get("/api/v4/account", &[("with", "drive_url".to_owned())]).await?)
    }

    /// Every pipeline with its stages.
    pub async fn pipelines(&self) -> Result<Vec<Pipeline>, CrmError> {
        self.list("/api/v4/leads/pipelines", &[], "pipelines").await
    }

    /// Creates a pipeline with one stage for fresh requests; amoCRM adds «won» and «lost» itself. Only an
    /// administrator's token may. Source: amocrm-api «Pipelines»,
    /// <https://developers.kommo.com/reference/adding-pipelines>.
    pub async fn create_pipeline(&self, name: &str) -> Result<Pipeline, CrmError> {
        let body = json!([{
            "name": name, "sort": 500, "is_main": false, "is_unsorted_on": false,
            "_embedded": { "statuses": [{ "name": "Новая заявка", "sort": 10, "color": "#fffeb2" }] }
        }]);
        let target = "/api/v4/leads/pipelines";
        let call = Call { method: Method::POST, target, query: &[], body: Body::Json(&body), repeatable: false };
        let answer = self.transport.call(call).await?;
        let created = crate::entities::embedded(&answer, "pipelines")?.first().cloned().unwrap_or_default();
        parse(created)
    }

    /// The account's users. Only an administrator's token may read them.
    pub async fn users(&self) -> Result<Vec<User>, CrmError> {
        self.list_all("/api/v4/users", &[], "users").await
    }

    /// Every hook of the account. Only an administrator's token may read them, and not in every plan.
    pub async fn hooks(&self) -> Result<Vec<Hook>, CrmError> {
        self.list_all(HOOKS, &[], "webhooks").await
    }

    /// Has amoCRM post these events to an address.
    pub async fn subscribe_hook(&self, destination: &str, events: &[&str]) -> Result<(), CrmError> {
        self.change_hook(Method::POST, &json!({ "destination": destination, "settings": events })).await
    }

    /// Has amoCRM post nothing to an address any more.
    pub async fn unsubscribe_hook(&self, destination: &str) -> Result<(), CrmError> {
        self.change_hook(Method::DELETE, &json!({ "destination": destination })).await
    }

    async fn change_hook(&self, method: Method, body: &Value) -> Result<(), CrmError> {
        let call = Call { method, target: HOOKS, query: &[], body: Body::Json(body), repeatable: true };
        self.transport.call(call).await.map(drop)
    }

    /// Every custom field of deals or contacts.
    pub async fn custom_fields(&self, entity: Entity) -> Result<Vec<CustomField>, CrmError> {
        self.list_all(entity.path(), &[], "custom_fields").await
    }

    /// Creates custom fields, with titles in this language. Only an administrator's token may.
    pub async fn create_custom_fields(
        &self,
        entity: Entity,
        fields: &[NewField],
        language: Language,
    ) -> Result<Vec<CustomField>, CrmError> {
        if fields.is_empty() {
            return Ok(Vec::new());
        }
        let body: Value = fields.iter().map(|field| field.json(language)).collect();
        let target = entity.path();
        let call = Call { method: Method::POST, target, query: &[], body: Body::Json(&body), repeatable: false };
        let answer = self.transport.call(call).await?;
        crate::entities::embedded(&answer, "custom_fields")?.iter().map(|item| parse(item.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn only_missing_fields_are_wanted() {
        let existing = [CustomField { id: 1, code: Some("TELEGRAM_ID".to_owned()), ..Default::default() }];
        let wanted = wanted_fields(Entity::Contacts, &existing);
        assert_eq!(wanted.iter().map(|new| new.field).collect::<Vec<_>>(), [CrmField::TelegramUsername]);
        assert_eq!(wanted_fields(Entity::Leads, &existing).len(), 13);
    }

    #[test]
    fn a_field_is_created_under_its_code_and_numbers_are_numeric() {
        let wanted = wanted_fields(Entity::Leads, &[]);
        let json = |field| wanted.iter().find(|new| new.field == field).unwrap().json(Language::Russian);
        assert_snapshot!(json(CrmField::RequestId), @r#"{"code":"REQUEST_ID","is_api_only":true,"name":"Номер заявки","sort":640,"type":"text"}"#);
        assert_snapshot!(json(CrmField::Mileage), @r#"{"code":"MILEAGE","is_api_only":false,"name":"Пробег","sort":570,"type":"numeric"}"#);
    }
}
