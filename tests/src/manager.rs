//! What managers do in amoCRM.

use serde_json::{Value, json};
use simulators::amocrm::BOT_PIPELINE;

use crate::Bot;

impl Bot {
    /// A manager changes a deal.
    pub async fn manager_changes(&self, deal_id: u64, change: Value) {
        self.manager_calls(reqwest::Method::PATCH, &format!("leads/{deal_id}"), change).await;
    }

    /// A manager changes a contact.
    pub async fn manager_changes_contact(&self, contact_id: u64, change: Value) {
        self.manager_calls(reqwest::Method::PATCH, &format!("contacts/{contact_id}"), change).await;
    }

    /// A manager moves a deal to this stage of the bot's pipeline.
    pub async fn manager_moves(&self, deal_id: u64, stage: u64) {
        self.manager_changes(deal_id, json!({ "pipeline_id": BOT_PIPELINE, "status_id": stage })).await;
    }

    /// A manager makes a deal for a contact in the bot's pipeline; returns its id.
    pub async fn manager_makes_deal(&self, contact_id: u64, fields: Value) -> u64 {
        let deal = json!([{
            "name": "Сделка менеджера", "pipeline_id": BOT_PIPELINE, "custom_fields_values": fields,
            "_embedded": { "contacts": [{ "id": contact_id }] }
        }]);
        let answer = self.manager_calls(reqwest::Method::POST, "leads", deal).await;
        answer["_embedded"]["leads"][0]["id"].as_u64().expect("the deal has an id")
    }

    async fn manager_calls(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v4/{path}", self.crm().url());
        let call = reqwest::Client::new().request(method, url).bearer_auth(self.crm().long_lived_token());
        let answer = call.body(body.to_string()).send().await.expect("amoCRM answers");
        let is_done = answer.status().is_success();
        let text = answer.text().await.unwrap_or_default();
        assert!(is_done, "{text}");
        serde_json::from_str(&text).unwrap_or_default()
    }
}
