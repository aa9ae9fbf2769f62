//! `GET /health`: whether the bot can take requests.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use lead::{LeadId, Seconds};
use serde_json::json;
use ulid::Ulid;

use crate::Webhook;
use crate::http::json as json_response;

/// A chat that does not exist: reading its session shows that the table responds.
const PROBE_CHAT: i64 = 0;
/// A request that does not exist, for the same purpose.
const PROBE_LEAD: LeadId = LeadId(Ulid::nil());
/// How long a check is reused, in seconds. Anybody may ask, and each check costs three calls.
const CHECK_LASTS: Seconds = 10;
/// How long a cold start waits for connections.
const WARM_UP: Duration = Duration::from_millis(700);

/// The latest check.
#[derive(Debug)]
pub(crate) struct Check {
    at: Seconds,
    code: StatusCode,
    body: Vec<u8>,
}

impl Webhook {
    /// The state of each part. 503 when requests cannot be taken. The queue is not needed for that: `scheduled` finds
    /// requests without it.
    pub(crate) async fn health(&self) -> Response<Bytes> {
        let now = (self.bot.clock)();
        let mut latest = self.latest_check.lock().await;
        let is_fresh = |check: &Check| (check.at..check.at + CHECK_LASTS).contains(&now);
        let check = match latest.take().filter(is_fresh) {
            Some(check) => check,
            None => self.check(now).await,
        };
        let response = json_response(check.code, check.body.clone());
        *latest = Some(check);
        response
    }

    async fn check(&self, now: Seconds) -> Check {
        let (sessions, leads, queue) =
            futures::join!(self.bot.sessions.load(PROBE_CHAT), self.bot.leads.get(&PROBE_LEAD), self.bot.queue.depth());
        for error in [sessions.as_ref().err(), leads.as_ref().err(), queue.as_ref().err()].into_iter().flatten() {
            tracing::error!("health check: {error}");
        }
        let takes_requests = sessions.is_ok() && leads.is_ok();
        let (code, status) = match (takes_requests, queue.is_ok()) {
            (true, true) => (StatusCode::OK, "ok"),
            (true, false) => (StatusCode::OK, "degraded"),
            (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "down"),
        };
        let word = |ok: bool| if ok { "ok" } else { "down" };
        let body = json!({
            "status": status,
            "parts": {
                "sessions": word(sessions.is_ok()),
                "leads": word(leads.is_ok()),
                "queue": word(queue.is_ok()),
                "ai": if self.has_model { "model" } else { "offline" },
            }
        });
        Check { at: now, code, body: body.to_string().into_bytes() }
    }

    /// Opens the connections to the tables and to Telegram. A failure is ignored: it shows again when the connection is
    /// needed, and the first customer should not wait for retries.
    pub async fn warm_up(&self) {
        let nothing = json!({});
        let opened = async { futures::join!(self.bot.sessions.load(PROBE_CHAT), self.bot.api.call("getMe", &nothing)) };
        let _ = tokio::time::timeout(WARM_UP, opened).await;
    }
}
