//! amoCRM's word that deals were moved.

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use settings::AmocrmHook;

use crate::Bot;

impl Bot {
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
