//! The webhook function as Telegram, amoCRM and the operator reach it.

use std::sync::Arc;

use bytes::Bytes;
use embedded::DynamoDb;
use http::{Request, Response, StatusCode};
use webhook::Webhook;

/// The webhook function over tables whose writes it does not wait for.
#[derive(Clone)]
pub struct Front {
    function: Arc<Webhook>,
    tables: DynamoDb,
}

impl Front {
    pub(crate) const fn new(function: Arc<Webhook>, tables: DynamoDb) -> Self {
        Self { function, tables }
    }

    /// Has the function handle a request, in a task of its own: as on Lambda, an invocation goes on if the caller
    /// disconnects, and a crash is a 500. Only what is on the disk is accepted: everything else comes again.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let front = self.clone();
        let handled = tokio::spawn(async move {
            let response = front.function.handle(request).await;
            front.tables.flush().await.map(|()| response)
        });
        match handled.await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                tracing::error!("the update must be delivered again, it is not on the disk: {error}");
                empty(StatusCode::SERVICE_UNAVAILABLE)
            }
            Err(error) => {
                tracing::error!("webhook crashed: {error}");
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}
