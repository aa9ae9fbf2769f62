//! Whether requests can be taken.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use lead::LeadId;
use serde_json::json;
use ulid::Ulid;

use crate::{Webhook, door};

/// A chat that nobody has: reading its session shows that the table answers.
const NOBODY: i64 = 0;
/// A request that nobody has made, for the same.
const NOTHING: LeadId = LeadId(Ulid::nil());
/// How long a cold start may wait for connections.
const WARM_UP: Duration = Duration::from_millis(700);

impl Webhook {
    /// The state of each part. 503 when requests cannot be taken; without the queue they can: `scheduled` finds them.
    pub(crate) async fn health(&self) -> Response<Bytes> {
        let (sessions, leads, queue) =
            futures::join!(self.sessions.load(NOBODY), self.leads.get(&NOTHING), self.queue.depth());
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
        door::json(code, body.to_string().into_bytes())
    }

    /// Opens the connections to the tables and to Telegram, for as long as that goes well: what fails here fails again,
    /// visibly, when it is needed, and the first customer should not wait for its retries.
    pub async fn warm_up(&self) {
        let nothing = json!({});
        let opened = async { futures::join!(self.sessions.load(NOBODY), self.api.call("getMe", &nothing)) };
        let _ = tokio::time::timeout(WARM_UP, opened).await;
    }
}
