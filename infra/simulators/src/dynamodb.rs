//! The embedded DynamoDB behind HTTP, where each call can be dropped, refused, answered with garbage or carried out
//! without an answer, and is counted.
//!
//! Fault rules match the action with the table, without the common beginning of its name: «`PutItem` sessions». A
//! transaction has several tables and is named by its action alone.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::fault::Faults;
use crate::http::{Dialect, Server};

/// Beginning of every table's name.
const TABLE_PREFIX: &str = "carquery-";
/// Beginning of every action's name.
const PROTOCOL: &str = "DynamoDB_20120810.";

/// A running DynamoDB. It ends with [`DynamoDb::stop`] or when it is dropped.
#[derive(Debug)]
pub struct DynamoDb {
    /// The tables themselves.
    pub tables: embedded::DynamoDb,
    server: Server,
}

impl DynamoDb {
    /// Starts it over the file, or in memory without one.
    ///
    /// # Errors
    /// The file cannot be opened, or no port is free.
    pub async fn start(file: Option<&Path>, faults: Faults) -> io::Result<Self> {
        let tables = embedded::DynamoDb::open(file)?;
        let router = Router::new().fallback(serve).layer(DefaultBodyLimit::disable()).with_state(tables.clone());
        let server = Server::start(router, 0, faults, Dialect { route, too_many }).await?;
        Ok(Self { tables, server })
    }

    /// The endpoint for an AWS SDK: `AWS_ENDPOINT_URL_DYNAMODB`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Cuts every connection, as a crash would.
    pub async fn stop(&self) {
        self.server.stop().await;
    }
}

async fn serve(State(tables): State<embedded::DynamoDb>, headers: HeaderMap, parameters: Bytes) -> Response {
    tables.call(action(&headers).unwrap_or_default(), &parameters).map(Into::into)
}

fn action(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()?.strip_prefix(PROTOCOL)
}

/// The action and the table it is about.
fn route(parts: &Parts, body: &[u8]) -> String {
    let tables = tables(&serde_json::from_slice(body).unwrap_or_default());
    match (action(&parts.headers), tables.as_slice()) {
        (None, _) => parts.uri.path().to_owned(),
        (Some(action), [table]) => format!("{action} {table}"),
        (Some(action), _) => action.to_owned(),
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
    use super::*;
    use crate::fault::{Fault, When};

    async fn call(database: &DynamoDb, action: &str, body: impl Into<String>) -> reqwest::Result<String> {
        let request = reqwest::Client::new().post(database.url()).body(body.into());
        request.header("x-amz-target", format!("{PROTOCOL}{action}")).send().await?.text().await
    }

    async fn count(database: &DynamoDb) -> reqwest::Result<String> {
        call(database, "Scan", r#"{"TableName":"carquery-leads","Select":"COUNT"}"#).await
    }

    #[tokio::test]
    async fn calls_have_the_name_of_their_table_and_can_fail() -> Result<(), Box<dyn std::error::Error>> {
        let faults = Faults::default();
        let database = DynamoDb::start(None, faults.clone()).await?;
        let create = r#"{"TableName":"carquery-leads","BillingMode":"PAY_PER_REQUEST",
            "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
            "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}"#;
        assert!(call(&database, "CreateTable", create).await?.contains("TableStatus"));
        let put = |id| format!(r#"{{"TableName":"carquery-leads","Item":{{"id":{{"S":"{id}"}}}}}}"#);

        faults.add("PutItem leads", When::Times(1), Fault::DropBefore);
        assert!(call(&database, "PutItem", put(1)).await.is_err());
        assert!(count(&database).await?.contains(r#""Count":0"#), "the dropped call did not get through");
        faults.add("PutItem leads", When::Times(1), Fault::LoseAnswer);
        assert!(call(&database, "PutItem", put(1)).await.is_err());
        assert!(count(&database).await?.contains(r#""Count":1"#), "this one did");
        faults.add("PutItem *", When::Times(1), Fault::TooMany { retry_after: 1 });
        assert!(call(&database, "PutItem", put(2)).await?.contains("ProvisionedThroughputExceeded"));
        assert_eq!(call(&database, "PutItem", put(2)).await?, "{}");
        call(&database, "TransactWriteItems", r#"{"TransactItems":[]}"#).await?;
        let routes: Vec<String> = faults.counts().into_keys().collect();
        assert_eq!(routes, ["CreateTable leads", "PutItem leads", "Scan leads", "TransactWriteItems"]);
        Ok(())
    }
}
