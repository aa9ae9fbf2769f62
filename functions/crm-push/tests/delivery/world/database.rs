//! An embedded DynamoDB behind a door that fails on demand.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use simulators::fault::Faults;
use simulators::http::{Dialect, Server};

pub(crate) struct Database {
    server: Server,
    /// Routes are the names of operations: `PutItem`.
    pub(crate) faults: Faults,
    _stop: tokio::sync::oneshot::Sender<()>,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        let faults = Faults::default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let router = Router::new().fallback(forward).with_state((client, url));
        let dialect = Dialect { route: operation, ..Dialect::PLAIN };
        let server = Server::start(router, 0, faults.clone(), dialect).await.unwrap();
        Self { server, faults, _stop: stop }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }
}

/// `DynamoDB_20120810.PutItem` is `PutItem`.
fn operation(parts: &Parts, _: &[u8]) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    target.rsplit('.').next().unwrap_or_default().to_owned()
}

async fn forward(
    State((client, url)): State<(reqwest::Client, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let answer = client.post(url).headers(headers).body(body).send().await.unwrap();
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = Response::new(Body::from(answer.bytes().await.unwrap()));
    *response.status_mut() = StatusCode::from_u16(status.as_u16()).unwrap();
    for name in ["content-type", "x-amzn-requestid", "x-amz-crc32"] {
        if let Some(value) = headers.get(name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    response
}
