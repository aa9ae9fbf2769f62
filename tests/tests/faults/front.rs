//! Where the simulated Telegram posts updates: hands them to the real handler, and lets it be stopped in the middle.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use local::Stack;
use simulators::fault::Faults;
use simulators::http::{Dialect, Server};
use tokio::sync::watch;

use crate::world::mortal;

/// What the door's secret is in these stories.
pub(crate) const SECRET: &str = "secret-of-the-stories";

#[derive(Clone)]
struct Front {
    stack: Arc<Stack>,
    stop: watch::Sender<u32>,
}

/// Starts the front and has updates posted to it.
pub(crate) async fn serve(stack: Arc<Stack>, stop: watch::Sender<u32>) -> Server {
    let router = Router::new().fallback(handle).with_state(Front { stack: Arc::clone(&stack), stop });
    let server = Server::start(router, 0, Faults::default(), Dialect::PLAIN).await.expect("a port is free");
    let url = format!("{}{}", server.url(), webhook::WEBHOOK_PATH);
    stack.telegram().expect("Telegram is simulated").set_webhook_target(&url, Some(SECRET));
    server
}

/// A function that was stopped is what Lambda answers with 502.
async fn handle(State(front): State<Front>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let answer = mortal(&front.stop, front.stack.webhook().handle(Request::from_parts(parts, body))).await;
    let Some(answer) = answer else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap_or_default();
    };
    answer.map(Body::from)
}
