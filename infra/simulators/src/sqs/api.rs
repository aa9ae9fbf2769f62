//! The JSON protocol: `POST /` with the action in `X-Amz-Target`.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::Value;

use super::error::SqsError;
use super::queue::random_uuid;
use super::store::Which;
use super::{ACCOUNT, DEAD_LETTER_QUEUE, Model, QUEUE, actions};
use crate::served::{Caller, Served};

type Act = fn(&Model, &Value) -> Result<Value, SqsError>;

/// Waits for messages, which the others do not.
const RECEIVE: Served = Served::new(Caller::Functions, "ReceiveMessage");
const ACTIONS: [(Served, Act); 4] = [
    (Served::new(Caller::Functions, "SendMessage"), actions::send),
    (Served::new(Caller::Functions, "DeleteMessageBatch"), actions::delete_batch),
    (Served::new(Caller::Functions, "GetQueueAttributes"), actions::attributes),
    (Served::new(Caller::Operator, "StartMessageMoveTask"), actions::start_move),
];

/// Every action that is served.
pub(super) fn served() -> Vec<Served> {
    ACTIONS.iter().map(|(served, _)| *served).chain([RECEIVE]).collect()
}

/// Serves the model.
pub(super) fn router(model: Arc<Model>) -> Router {
    Router::new().fallback(serve).layer(axum::extract::DefaultBodyLimit::disable()).with_state(model)
}

/// Names a call for fault rules: the action.
pub(super) fn route(parts: &Parts, _body: &[u8]) -> String {
    action(&parts.headers).unwrap_or_else(|| parts.uri.path()).to_owned()
}

/// SQS's «too many requests».
pub(super) fn too_many(_retry_after: u64) -> Response {
    SqsError::throttled().into_response()
}

/// The queue's address in AWS.
pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{queue}")
}

/// The queue a name or the end of an address or ARN means.
pub(super) fn queue_named(name: &str) -> Result<Which, SqsError> {
    match name.rsplit(['/', ':']).next() {
        Some(QUEUE) => Ok(Which::Main),
        Some(DEAD_LETTER_QUEUE) => Ok(Which::Dead),
        _ => Err(SqsError::no_such_queue()),
    }
}

fn action(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()?.strip_prefix("AmazonSQS.")
}

async fn serve(State(model): State<Arc<Model>>, headers: HeaderMap, body: Bytes) -> Response {
    let outcome = answer(&model, &headers, &body).await;
    let mut response = match outcome {
        Ok(result) => {
            let content_type = [(header::CONTENT_TYPE, "application/x-amz-json-1.0")];
            (StatusCode::OK, content_type, result.to_string()).into_response()
        }
        Err(error) => error.into_response(),
    };
    if let Ok(id) = random_uuid().parse() {
        response.headers_mut().insert(HeaderName::from_static("x-amzn-requestid"), id);
    }
    response
}

async fn answer(model: &Arc<Model>, headers: &HeaderMap, body: &[u8]) -> Result<Value, SqsError> {
    let signed = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 ")) {
        let message = "Request is missing Authentication Token";
        return Err(SqsError::new("MissingAuthenticationToken", "MissingAuthenticationToken", message));
    }
    let unknown = || SqsError::new("UnknownOperationException", "InvalidAction", "The action is not known.");
    let action = action(headers).ok_or_else(unknown)?;
    let malformed = |_| SqsError::new("SerializationException", "MalformedInput", "The request body is no JSON.");
    let request: Value = serde_json::from_slice(body).map_err(malformed)?;
    let result = match ACTIONS.iter().find(|(served, _)| served.route == action) {
        Some((_, act)) => act(model, &request),
        None if action == RECEIVE.route => actions::receive(model, &request).await,
        None => Err(unknown()),
    };
    if result.is_ok() && action != "GetQueueAttributes" {
        model.changed();
    }
    result
}
