//! Whether requests can be taken.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use crate::{Webhook, door};

/// A chat that nobody has: reading its session shows that the table answers.
const NOBODY: i64 = 0;
/// How long a cold start may wait for connections.
const WARM_UP: Duration = Duration::from_millis(700);

impl Webhook {
    /// The state of each part. 503 when requests cannot be taken; without the queue they can: `scheduled` finds them.
    pub(crate) async fn health(&self) -> Response<Bytes> {
        let (sessions, queue) = futures::join!(self.sessions.load(NOBODY), self.queue.depth());
        for error in [sessions.as_ref().err(), queue.as_ref().err()].into_iter().flatten() {
            tracing::error!("health check: {error}");
        }
        let status = match (&sessions, &queue) {
            (Ok(_), Ok(_)) => "ok",
            (Ok(_), Err(_)) => "degraded",
            (Err(_), _) => "down",
        };
        let code = if sessions.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let word = |ok: bool| if ok { "ok" } else { "down" };
        let body = json!({
            "status": status,
            "parts": {
                "sessions": word(sessions.is_ok()),
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
