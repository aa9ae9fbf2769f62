//! Every rule of the simulated account, seen over real HTTP.

mod account;
mod cards;
mod files;
mod hooks;
mod leads;
mod memory;
mod oauth;
mod search;
mod setup;
mod staff;
mod traffic;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::{Amocrm, Options};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// An account that is quick and patient, for tests of other rules than the limits.
fn without_limits() -> Options {
    Options { rate_limit: None, search_lag: Duration::ZERO, ..Options::default() }
}

/// A client of one account.
struct ApiClient {
    amo: Amocrm,
    token: String,
    http: reqwest::Client,
}

impl ApiClient {
    async fn open(options: Options) -> Result<Self, Box<dyn std::error::Error>> {
        let amo = Amocrm::start(options).await?;
        let token = amo.long_lived_token();
        Ok(Self { amo, token, http: reqwest::Client::new() })
    }

    async fn get(&self, path: &str) -> Result<Reply, reqwest::Error> {
        self.call(Method::GET, path, "").await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Reply, reqwest::Error> {
        self.call(Method::POST, path, &body.to_string()).await
    }

    async fn patch(&self, path: &str, body: Value) -> Result<Reply, reqwest::Error> {
        self.call(Method::PATCH, path, &body.to_string()).await
    }

    async fn call(&self, method: Method, path: &str, body: &str) -> Result<Reply, reqwest::Error> {
        let url = format!("{}{path}", self.amo.url());
        let request = self.http.request(method, url).bearer_auth(&self.token);
        Reply::read(request.header("content-type", "application/json").body(body.to_owned()).send().await?).await
    }

    /// The id of a fresh contact with one phone.
    async fn contact(&self, name: &str, phone: &str) -> Result<u64, reqwest::Error> {
        let reply = self.post("/api/v4/contacts", json!([person(name, phone)])).await?;
        Ok(reply.json["_embedded"]["contacts"][0]["id"].as_u64().unwrap_or_default())
    }

    /// A deal as the account shows it.
    async fn stored_lead(&self, id: u64) -> Result<Value, reqwest::Error> {
        Ok(self.get(&format!("/api/v4/leads?filter[id][]={id}")).await?.json["_embedded"]["leads"][0].clone())
    }

    /// The id of a fresh deal.
    async fn lead(&self, body: Value) -> Result<u64, reqwest::Error> {
        let reply = self.post("/api/v4/leads", json!([body])).await?;
        Ok(reply.json["_embedded"]["leads"][0]["id"].as_u64().unwrap_or_default())
    }
}

/// A contact as a write call gives it.
fn person(name: &str, phone: &str) -> Value {
    json!({
        "first_name": name,
        "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": phone, "enum_code": "MOB"}]}],
    })
}

/// The reply to a call.
#[derive(Debug)]
struct Reply {
    status: u16,
    content_type: String,
    text: String,
    /// `null` when the body is not JSON.
    json: Value,
}

impl Reply {
    async fn read(response: reqwest::Response) -> Result<Self, reqwest::Error> {
        let header = |name: &str| {
            response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        assert_eq!(header("x-request-id").len(), 32, "every answer names its request");
        let (status, content_type) = (response.status().as_u16(), header("content-type"));
        let text = response.text().await?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Ok(Self { status, content_type, text, json })
    }

    /// The complaints as «item code path», after checking that the envelope is right.
    fn complaints(&self) -> Vec<String> {
        assert_eq!((self.status, self.content_type.as_str()), (400, "application/problem+json"), "{}", self.text);
        assert_eq!(self.json["detail"], "Request validation failed");
        let items = self.json["validation-errors"].as_array().cloned().unwrap_or_default();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        items
            .iter()
            .flat_map(|item| {
                let errors = item["errors"].as_array().cloned().unwrap_or_default();
                errors.into_iter().map(|error| {
                    format!("{} {} {}", word(&item["request_id"]), word(&error["code"]), word(&error["path"]))
                })
            })
            .collect()
    }

    /// A search or a list that found nothing: no body at all.
    fn is_nothing(&self) -> bool {
        self.status == 204 && self.text.is_empty()
    }

    /// The ids of the records of a list.
    fn ids(&self, name: &str) -> Vec<u64> {
        let records = self.json["_embedded"][name].as_array().cloned().unwrap_or_default();
        records.iter().filter_map(|record| record["id"].as_u64()).collect()
    }
}
