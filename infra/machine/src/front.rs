//! The webhook function as Telegram, amoCRM and the operator reach it.

use std::sync::Arc;

use bytes::Bytes;
use embedded::DynamoDb;
use http::{Request, Response, StatusCode};
use tokio::sync::Semaphore;
use webhook::Webhook;

/// Requests that are handled at the same time. One that is being handled takes some 100 KB, one that waits a tenth.
const AT_ONCE: usize = 48;

/// The webhook function over tables whose writes it does not wait for.
#[derive(Clone)]
pub struct Front {
    function: Arc<Webhook>,
    tables: DynamoDb,
    room: Arc<Semaphore>,
}

impl Front {
    pub(crate) fn new(function: Arc<Webhook>, tables: DynamoDb) -> Self {
        Self { function, tables, room: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Has the function handle a request, in a task of its own: as on Lambda, an invocation goes on if the caller
    /// disconnects, and a crash is a 500. Only what is on the disk is accepted: everything else comes again.
    pub async fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let front = self.clone();
        let permit = Arc::clone(&self.room).acquire_owned().await;
        let handled = tokio::spawn(async move {
            let _permit = permit;
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
