//! The embedded SQS behind HTTP, as the AWS SDK expects it. Fault rules match action names such as «`SendMessage`».

#[cfg(test)]
mod tests;

use std::io;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use embedded::sqs::{DEAD_LETTER_QUEUE, Options, QUEUE, queue_url};
use http::request::Parts;
use http::{HeaderMap, header};

use crate::fault::Faults;
use crate::http::{Dialect, Server};
use crate::served::{Caller, Served};

/// Every action that the functions use. The operator's command does not come this way.
const SERVED: [Served; 4] = [
    Served::new(Caller::Functions, "SendMessage"),
    Served::new(Caller::Functions, "ReceiveMessage"),
    Served::new(Caller::Functions, "DeleteMessageBatch"),
    Served::new(Caller::Functions, "GetQueueAttributes"),
];

/// A simulated SQS. Clones are the same one; it ends with [`Sqs::stop`] or the last clone.
#[derive(Clone, Debug)]
pub struct Sqs {
    /// The queues themselves.
    pub queues: embedded::Sqs,
    faults: Faults,
    server: Server,
}

impl Sqs {
    /// Starts one on any free port, with what its journal remembers.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub async fn start(options: &Options) -> io::Result<Self> {
        let queues = embedded::Sqs::open(options)?;
        let faults = Faults::default();
        let router = Router::new().fallback(serve).layer(axum::extract::DefaultBodyLimit::disable());
        let dialect = Dialect { route, too_many: |_| embedded::Sqs::too_many().map(Into::into) };
        let server = Server::start(router.with_state(queues.clone()), 0, faults.clone(), dialect).await?;
        Ok(Self { queues, faults, server })
    }

    /// The endpoint for an AWS SDK.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Of the queue.
    #[must_use]
    pub fn queue_url(&self) -> String {
        queue_url(&self.url(), QUEUE)
    }

    /// Of the dead-letter queue.
    #[must_use]
    pub fn dlq_url(&self) -> String {
        queue_url(&self.url(), DEAD_LETTER_QUEUE)
    }

    /// Every action that is served.
    #[must_use]
    pub fn served() -> Vec<Served> {
        SERVED.to_vec()
    }

    /// The failures to come, and the calls that came.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Cuts every connection, as a crash would. What the journal has comes back with the next [`Sqs::start`].
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

async fn serve(State(queues): State<embedded::Sqs>, headers: HeaderMap, parameters: Bytes) -> Response {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 ")) {
        return embedded::Sqs::not_signed().map(Into::into);
    }
    queues.call(action(&headers).unwrap_or_default(), &parameters).await.map(Into::into)
}

/// Names a call for fault rules: the action.
fn route(parts: &Parts, _body: &[u8]) -> String {
    action(&parts.headers).unwrap_or_else(|| parts.uri.path()).to_owned()
}

fn action(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()?.strip_prefix("AmazonSQS.")
}
