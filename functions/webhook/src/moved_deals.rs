//! `POST /amocrm/webhook/{secret}`: amoCRM says that deals were moved.
//!
//! amoCRM signs nothing, so the secret is in the address; and whatever a body claims, only the ids of deals are read:
//! crm-push looks at those deals through the API. amoCRM waits 2 s and switches a hook off that often fails: everything
//! that has the secret gets a 200 at once, and what is lost here is found by the schedule.
//! <https://www.amocrm.ru/developers/content/crm_platform/webhooks-format>

use bytes::Bytes;
use http::{Response, StatusCode};
use url::form_urlencoded;

use crate::Webhook;
use crate::http::{MAX_BODY, text};
use crate::secret::is_secret;

/// Deals that are read from one body at most: a page of amoCRM's list.
const MAX_DEALS: usize = 50;

impl Webhook {
    pub(crate) async fn receive_hook(&self, secret: &str, body: &Bytes) -> Response<Bytes> {
        let is_amocrm = self.amocrm_hook.secret.as_ref().is_some_and(|own| is_secret(secret.as_bytes(), own));
        if !is_amocrm {
            tracing::warn!("refused a hook of amoCRM without the secret");
            return text(StatusCode::UNAUTHORIZED, "wrong or missing secret");
        }
        let named = named_deals(&body[..body.len().min(MAX_BODY)]);
        if let Err(error) = self.queue_looks(&named).await {
            tracing::warn!(deals = named.len(), "deals that were moved wait for the schedule: {error}");
        }
        text(StatusCode::OK, "")
    }

    /// Queues a look at those of these deals that have requests of customers.
    async fn queue_looks(&self, named: &[u64]) -> Result<(), storage::StorageError> {
        let known = self.deals.known(named).await?;
        if known.is_empty() {
            tracing::info!(deals = named.len(), "none of the moved deals has requests of customers");
            return Ok(());
        }
        tracing::info!(deals = ?known, "deals were moved");
        self.bot.queue.enqueue_deals(known).await
    }
}

/// The ids of the deals in a body, the first ones, each once: `leads[status][0][id]=8001&leads[update][0][id]=8002`.
fn named_deals(body: &[u8]) -> Vec<u64> {
    let mut ids = Vec::new();
    for id in form_urlencoded::parse(body).filter_map(|(key, value)| is_deal_id(&key).then(|| value.parse().ok())?) {
        if !ids.contains(&id) {
            ids.push(id);
        }
        if ids.len() == MAX_DEALS {
            break;
        }
    }
    ids
}

/// Whether the key is `leads[EVENT][NUMBER][id]`.
fn is_deal_id(key: &str) -> bool {
    let parts: Option<Vec<&str>> = key
        .strip_prefix("leads[")
        .and_then(|rest| rest.strip_suffix("][id]"))
        .map(|middle| middle.split("][").collect());
    matches!(parts.as_deref(), Some([_, number]) if number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deals_are_named_by_any_event_and_each_once() {
        let body = "account[id]=1001&leads[status][0][id]=8001&leads[status][0][name]=%D0%9A%D0%B8%D0%B0\
                    &leads[status][0][status_id]=3102&leads%5Bstatus%5D%5B1%5D%5Bid%5D=8002&leads[update][0][id]=8001\
                    &leads[status][0][tags][0][id]=5&leads[status][0][custom_fields][0][id]=9100&contacts[update][0][id]=7";
        assert_eq!(named_deals(body.as_bytes()), [8001, 8002]);
    }

    #[test]
    fn garbage_names_no_deal() {
        for body in
            ["", "&&==%", "leads[status][0][id]=", "leads[status][0][id]=-1", "leads[status][0][id]=x", "leads[id]=1"]
        {
            assert_eq!(named_deals(body.as_bytes()), [0; 0], "{body}");
        }
        assert_eq!(named_deals(&[0xff, 0xfe, b'=', b'&']), [0; 0]);
    }

    #[test]
    fn of_a_thousand_deals_the_first_are_taken() {
        let body: Vec<String> = (0..1000).map(|n| format!("leads[update][{n}][id]={}", 8000 + n)).collect();
        assert_eq!(named_deals(body.join("&").as_bytes()), Vec::from_iter(8000..8050));
    }
}
