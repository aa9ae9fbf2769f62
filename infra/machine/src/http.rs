//! What stands for API Gateway: a port on this machine whose requests go to the webhook function.

use std::io::ErrorKind;
use std::net::Ipv4Addr;

use anyhow::{Context as _, bail};
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use tokio::net::TcpListener;

use crate::Functions;

/// Bodies above this are not read at all; the webhook function has a lower limit.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Listens at this port on 127.0.0.1; 0 takes any free one.
///
/// # Errors
/// The port is taken; the message says what to do.
pub async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
            "port {port} is taken: is carquery running already? CARQUERY_PORT chooses another one, 0 any free one"
        ),
        Err(error) => Err(error).with_context(|| format!("cannot listen on port {port}")),
    }
}

impl Functions {
    /// Has the webhook function answer a request.
    pub async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MAX_BODY).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        self.front.handle(Request::from_parts(parts, body)).await.map(Body::from)
    }
}
