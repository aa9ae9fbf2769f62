//! The proxy in front of the embedded DynamoDB.

use std::collections::BTreeSet;
use std::io;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use serde_json::Value;

use crate::fault::Faults;
use crate::http::{Dialect, Server};

/// Beginning of every table's name.
const TABLE_PREFIX: &str = "carquery-";
/// What belongs to one connection only (RFC 9110 §7.6.1), or is set again.
const OWN_HEADERS: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::HOST, header::TRANSFER_ENCODING];

#[derive(Clone)]
struct Upstream {
    /// Such as `http://127.0.0.1:8000`.
    address: String,
    client: reqwest::Client,
}

/// Stands in front of the DynamoDB at `address`, such as `http://127.0.0.1:8000`.
pub(super) async fn start(address: &str, faults: Faults) -> io::Result<Server> {
    let client = reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?;
    let upstream = Upstream { address: address.to_owned(), client };
    let router = Router::new().fallback(forward).layer(DefaultBodyLimit::disable()).with_state(upstream);
    Server::start(router, 0, faults, Dialect { route, too_many }).await
}

async fn forward(
    State(upstream): State<Upstream>,
    method: Method,
    uri: Uri,
    mut headers: HeaderMap,
    body: Bytes,
) -> Response {
    OWN_HEADERS.iter().for_each(|name| drop(headers.remove(name)));
    let address = format!("{}{}", upstream.address, uri.path());
    let answer = async {
        let answer = upstream.client.request(method, address).headers(headers).body(body).send().await?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        Ok::<_, reqwest::Error>((status, headers, answer.bytes().await?))
    };
    match answer.await {
        Ok((status, mut headers, body)) => {
            OWN_HEADERS.iter().for_each(|name| drop(headers.remove(name)));
            (status, headers, Body::from(body)).into_response()
        }
        Err(_) => StatusCode::BAD_GATEWAY.into_response(),
    }
}

/// The action and the table it is about.
fn route(parts: &Parts, body: &[u8]) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    let action = target.rsplit('.').next().unwrap_or_default();
    let tables = tables(&serde_json::from_slice(body).unwrap_or_default());
    match (action, tables.as_slice()) {
        ("", _) => parts.uri.path().to_owned(),
        (action, [table]) => format!("{action} {table}"),
        (action, _) => action.to_owned(),
    }
}

/// The tables a request names, without their common beginning, each once.
fn tables(request: &Value) -> Vec<String> {
    let one = request["TableName"].as_str().into_iter();
    let batch = request["RequestItems"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    let names: BTreeSet<&str> = one.chain(batch).collect();
    names.into_iter().map(|name| name.strip_prefix(TABLE_PREFIX).unwrap_or(name).to_owned()).collect()
}

/// DynamoDB's «too many requests»; it names no pause.
fn too_many(_retry_after: u64) -> Response {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"The level of configured provisioned throughput for the table was exceeded."}"#;
    (StatusCode::BAD_REQUEST, [(header::CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::routing::post;

    use super::*;
    use crate::fault::{Fault, When};

    async fn call(proxy: &Server, action: &str, body: &'static str) -> reqwest::Result<String> {
        let request = reqwest::Client::new().post(proxy.url()).body(body);
        request.header("x-amz-target", format!("DynamoDB_20120810.{action}")).send().await?.text().await
    }

    #[tokio::test]
    async fn calls_pass_through_under_the_name_of_their_table_and_can_fail() -> Result<(), Box<dyn std::error::Error>> {
        let done = Arc::new(AtomicU32::new(0));
        let counting = Arc::clone(&done);
        let router = Router::new().route(
            "/",
            post(move |headers: HeaderMap, body: String| async move {
                counting.fetch_add(1, Ordering::SeqCst);
                format!("{} {body}", headers["x-amz-target"].to_str().unwrap_or_default())
            }),
        );
        let behind = Server::start(router, 0, Faults::default(), Dialect::PLAIN).await?;
        let faults = Faults::default();
        let proxy = start(&behind.url(), faults.clone()).await?;

        let put = r#"{"TableName":"carquery-sessions"}"#;
        assert_eq!(call(&proxy, "PutItem", put).await?, format!("DynamoDB_20120810.PutItem {put}"));
        call(&proxy, "BatchGetItem", r#"{"RequestItems":{"carquery-leads":{}}}"#).await?;
        call(&proxy, "TransactWriteItems", r#"{"TransactItems":[{"Put":{"TableName":"carquery-leads"}}]}"#).await?;
        let routes: Vec<String> = faults.counts().into_keys().collect();
        assert_eq!(routes, ["BatchGetItem leads", "PutItem sessions", "TransactWriteItems"]);

        faults.add("PutItem sessions", When::Times(1), Fault::DropBefore);
        assert!(call(&proxy, "PutItem", put).await.is_err());
        assert_eq!(done.load(Ordering::SeqCst), 3, "the dropped call did not get through");
        faults.add("PutItem sessions", When::Times(1), Fault::LoseAnswer);
        assert!(call(&proxy, "PutItem", put).await.is_err());
        assert_eq!(done.load(Ordering::SeqCst), 4, "this one did");
        faults.add("PutItem *", When::Times(1), Fault::TooMany { retry_after: 1 });
        assert!(call(&proxy, "PutItem", put).await?.contains("ProvisionedThroughputExceeded"));
        assert_eq!(done.load(Ordering::SeqCst), 4);
        Ok(())
    }
}
