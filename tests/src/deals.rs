//! Deals that a manager moves, and amoCRM's word that they were moved.

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::json;
use settings::AmocrmHook;
use simulators::amocrm::BOT_PIPELINE;

use crate::Bot;

impl Bot {
    /// A manager moves a deal to this stage of the bot's pipeline.
    pub async fn move_deal(&self, deal_id: u64, stage: u64) {
        let moved = json!({ "pipeline_id": BOT_PIPELINE, "status_id": stage });
        let address = format!("{}/api/v4/leads/{deal_id}", self.crm().url());
        let request = reqwest::Client::new().patch(address).bearer_auth(self.crm().long_lived_token()).json(&moved);
        let answer = request.send().await.expect("amoCRM answers");
        assert!(answer.status().is_success(), "the deal is not moved: {answer:?}");
    }

    /// amoCRM posts that these deals were moved.
    pub async fn hear_of_moves(&self, deal_ids: &[u64]) {
        let named = deal_ids.iter().enumerate().map(|(n, id)| format!("leads%5Bstatus%5D%5B{n}%5D%5Bid%5D={id}"));
        let body = named.collect::<Vec<_>>().join("&");
        let secret = AmocrmHook::read(&mut self.env()).secret.expect("the stack has a secret");
        assert_eq!(self.post_hook(secret.expose_secret(), body).await, StatusCode::OK);
    }

    /// Somebody posts this to the address of amoCRM's hook with this secret.
    pub async fn post_hook(&self, secret: &str, body: impl Into<reqwest::Body>) -> StatusCode {
        let address = format!("{}{}{secret}", self.stack().url(), AmocrmHook::PATH);
        let posted = reqwest::Client::new().post(address).body(body).send().await;
        posted.expect("the door answers").status()
    }
}
