//! The calls, one method each.

use governor::DefaultDirectRateLimiter;
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::entities::{created_ids, embedded};
use crate::error::{Cause, CrmError, Doubt};
use crate::transport::{Body, Call, Options, Transport, limiter};
use crate::{Contact, Deal, Note, Task, Tokens};

/// Items on a page: the most amoCRM gives.
const PAGE: usize = 250;
/// A list that is longer than this many pages is cut: 5000 notes on one deal are not a list to read.
const MAX_PAGES: usize = 20;

/// amoCRM API v4 of one account. Every method fails with a [`CrmError`]; methods that read never leave a doubt.
pub struct Client {
    pub(crate) transport: Transport,
    pub(crate) drive_url: tokio::sync::OnceCell<String>,
    /// The pace of calls to the file host.
    pub(crate) file_pace: DefaultDirectRateLimiter,
}

impl Client {
    /// A client. Connections are made on first use.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn new(options: Options, tokens: Tokens) -> Result<Self, reqwest::Error> {
        let file_pace = limiter(options.file_calls_per_second());
        Ok(Self { transport: Transport::new(options, tokens)?, drive_url: tokio::sync::OnceCell::new(), file_pace })
    }

    #[must_use]
    pub const fn tokens(&self) -> &Tokens {
        &self.transport.tokens
    }

    #[must_use]
    pub const fn options(&self) -> &Options {
        &self.transport.options
    }

    /// Contacts that contain `term` in any field, with the ids of their deals, the last changed first: candidates for
    /// [`crate::contact_of_phone`].
    pub async fn search_contacts(&self, term: &str) -> Result<Vec<Contact>, CrmError> {
        let query =
            [("query", term.to_owned()), ("with", "leads".to_owned()), ("order[updated_at]", "desc".to_owned())];
        self.list_all("/api/v4/contacts", &query, "contacts").await
    }

    /// A contact with the ids of its deals; `None` if it does not exist.
    pub async fn contact(&self, id: u64) -> Result<Option<Contact>, CrmError> {
        let answer = self.get(&format!("/api/v4/contacts/{id}"), &[("with", "leads".to_owned())]).await?;
        if answer.is_null() {
            return Ok(None);
        }
        let contact: Contact = parse(answer)?;
        if contact.id == id { Ok(Some(contact)) } else { Err(CrmError::retry(Cause::Unreadable, Doubt::No)) }
    }

    /// Creates a contact; returns its id.
    pub async fn create_contact(&self, contact: &Value) -> Result<u64, CrmError> {
        self.create("/api/v4/contacts", std::slice::from_ref(contact), "contacts").await
    }

    /// Changes a contact. Fields that `change` does not name stay; one that it names is replaced whole.
    pub async fn update_contact(&self, id: u64, change: &Value) -> Result<(), CrmError> {
        self.update(&format!("/api/v4/contacts/{id}"), change).await
    }

    /// Creates a deal; returns its id.
    pub async fn create_deal(&self, deal: &Value) -> Result<u64, CrmError> {
        self.create("/api/v4/leads", std::slice::from_ref(deal), "leads").await
    }

    /// Changes a deal. Fields that `change` does not name stay; one that it names is replaced whole.
    pub async fn update_deal(&self, id: u64, change: &Value) -> Result<(), CrmError> {
        self.update(&format!("/api/v4/leads/{id}"), change).await
    }

    /// Deals by their ids; those that do not exist are left out.
    pub async fn deals(&self, ids: &[u64]) -> Result<Vec<Deal>, CrmError> {
        self.deals_with(ids, &[]).await
    }

    /// The same, lost ones with the reason.
    pub async fn deals_with_loss_reasons(&self, ids: &[u64]) -> Result<Vec<Deal>, CrmError> {
        self.deals_with(ids, &[("with", "loss_reason")]).await
    }

    async fn deals_with(&self, ids: &[u64], with: &[(&str, &str)]) -> Result<Vec<Deal>, CrmError> {
        let mut deals = Vec::new();
        for page in ids.chunks(50) {
            let mut query: Vec<(&str, String)> = page.iter().map(|id| ("filter[id][]", id.to_string())).collect();
            query.extend(with.iter().map(|(name, value)| (*name, (*value).to_owned())));
            query.push(("limit", PAGE.to_string()));
            let found: Vec<Deal> = self.list("/api/v4/leads", &query, "leads").await?;
            // An account that ignores the filter returns everybody's deals.
            deals.extend(found.into_iter().filter(|deal| page.contains(&deal.id)));
        }
        Ok(deals)
    }

    /// Deals that contain `term` in any field. A new one is found some seconds late.
    pub async fn search_deals(&self, term: &str) -> Result<Vec<Deal>, CrmError> {
        let query = [("query", term.to_owned()), ("limit", "50".to_owned())];
        self.list("/api/v4/leads", &query, "leads").await
    }

    /// Creates notes on a deal in one call; returns the id of the first.
    pub async fn create_notes(&self, notes: &[Value]) -> Result<u64, CrmError> {
        self.create("/api/v4/leads/notes", notes, "notes").await
    }

    /// Common notes on a deal.
    pub async fn notes(&self, deal_id: u64) -> Result<Vec<Note>, CrmError> {
        let query = [("filter[note_type]", "common".to_owned())];
        self.list_all(&format!("/api/v4/leads/{deal_id}/notes"), &query, "notes").await
    }

    /// Creates a task; returns its id.
    pub async fn create_task(&self, task: &Value) -> Result<u64, CrmError> {
        self.create("/api/v4/tasks", std::slice::from_ref(task), "tasks").await
    }

    /// Changes a task.
    pub async fn update_task(&self, id: u64, change: &Value) -> Result<(), CrmError> {
        self.update(&format!("/api/v4/tasks/{id}"), change).await
    }

    /// Tasks on a deal, done ones too.
    pub async fn tasks(&self, deal_id: u64) -> Result<Vec<Task>, CrmError> {
        let query = [("filter[entity_type]", "leads".to_owned()), ("filter[entity_id][]", deal_id.to_string())];
        self.list_all("/api/v4/tasks", &query, "tasks").await
    }

    pub(crate) async fn get(&self, target: &str, query: &[(&str, String)]) -> Result<Value, CrmError> {
        self.transport.call(Call { method: Method::GET, target, query, body: Body::Empty, repeatable: true }).await
    }

    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        target: &str,
        query: &[(&str, String)],
        name: &str,
    ) -> Result<Vec<T>, CrmError> {
        let answer = self.get(target, query).await?;
        embedded(&answer, name)?.iter().map(|item| parse(item.clone())).collect()
    }

    /// Every page of a list.
    pub(crate) async fn list_all<T: DeserializeOwned>(
        &self,
        target: &str,
        query: &[(&str, String)],
        name: &str,
    ) -> Result<Vec<T>, CrmError> {
        let mut all = Vec::new();
        for page in 1..=MAX_PAGES {
            let mut query = query.to_vec();
            query.push(("limit", PAGE.to_string()));
            if page > 1 {
                query.push(("page", page.to_string()));
            }
            let found: Vec<T> = self.list(target, &query, name).await?;
            let is_last = found.len() < PAGE;
            all.extend(found);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn update(&self, target: &str, change: &Value) -> Result<(), CrmError> {
        let body = Body::Json(change);
        self.transport.call(Call { method: Method::PATCH, target, query: &[], body, repeatable: true }).await.map(drop)
    }

    /// Creates items in one call; returns the id of the first.
    async fn create(&self, target: &str, items: &[Value], name: &str) -> Result<u64, CrmError> {
        let body = Value::from(items);
        let answer = self
            .transport
            .call(Call { method: Method::POST, target, query: &[], body: Body::Json(&body), repeatable: false })
            .await?;
        let ids = created_ids(&answer, name);
        match ids.first() {
            Some(id) if ids.len() >= items.len() => Ok(*id),
            // A success that does not say what was created.
            _ => Err(CrmError::retry(Cause::Unreadable, Doubt::Settled)),
        }
    }
}

pub(crate) fn parse<T: DeserializeOwned>(value: Value) -> Result<T, CrmError> {
    serde_json::from_value(value).map_err(|_| CrmError::retry(Cause::Unreadable, Doubt::No))
}
