//! The HTTP face of the Bot API.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bytes::Bytes;
use http::request::Parts;
use http::{StatusCode, Uri, header};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::params::Params;
use super::refusal::Refusal;
use super::{Model, delivery, methods};

/// Longest `timeout` of `getUpdates`, in seconds.
const MAX_POLL: i64 = 50;

/// Serves the model.
pub(super) fn router(model: Arc<Model>) -> Router {
    Router::new().fallback(serve).layer(axum::extract::DefaultBodyLimit::disable()).with_state(model)
}

/// Names a call for fault rules: the method, or `file`.
pub(super) fn route(parts: &Parts, _body: &[u8]) -> String {
    match Address::of(&parts.uri) {
        Some(Address { method: Some(method), .. }) => method.to_owned(),
        Some(Address { method: None, .. }) => "file".to_owned(),
        None => parts.uri.path().to_owned(),
    }
}

/// Telegram's 429.
pub(super) fn too_many(retry_after: u64) -> Response {
    Refusal::too_many(retry_after).into_response()
}

/// `/bot{token}/{method}` or `/file/bot{token}/{path}`.
struct Address<'a> {
    token: &'a str,
    method: Option<&'a str>,
    file: &'a str,
}

impl<'a> Address<'a> {
    fn of(uri: &'a Uri) -> Option<Self> {
        let path = uri.path();
        if let Some(rest) = path.strip_prefix("/file/bot") {
            let (token, file) = rest.split_once('/')?;
            return Some(Self { token, method: None, file });
        }
        let (token, method) = path.strip_prefix("/bot")?.split_once('/')?;
        Some(Self { token, method: Some(method), file: "" })
    }
}

async fn serve(Shared(model): Shared<Arc<Model>>, uri: Uri, headers: http::HeaderMap, body: Bytes) -> Response {
    let Some(address) = Address::of(&uri) else { return Refusal::no_such_method().into_response() };
    if address.token != model.token {
        return Refusal::unauthorized().into_response();
    }
    let Some(method) = address.method else {
        return match model.file(address.file) {
            // Real downloads say nothing of what is in them either.
            Some((_, bytes)) => ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response(),
            None => (StatusCode::NOT_FOUND, Json(json!({"ok": false, "error_code": 404, "description": "Not Found"})))
                .into_response(),
        };
    };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let outcome = match Params::read(uri.query().unwrap_or_default(), content_type, &body).await {
        Ok(params) if method.eq_ignore_ascii_case("getUpdates") => get_updates(&model, &params).await,
        Ok(params) => call(&model, method, &params),
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(result) => Json(json!({"ok": true, "result": result})).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Performs a method that does not wait.
pub(super) fn call(model: &Arc<Model>, method: &str, params: &Params) -> Result<Value, Refusal> {
    let outcome = methods::perform(model, &mut model.lock(), method, params);
    model.changed();
    if method.eq_ignore_ascii_case("setWebhook") && outcome.is_ok() {
        delivery::deliver_pending(model);
    }
    outcome
}

async fn get_updates(model: &Model, params: &Params) -> Result<Value, Refusal> {
    let limit = usize::try_from(params.integer("limit").unwrap_or(100).clamp(1, 100)).unwrap_or(100);
    let wait = u64::try_from(params.integer("timeout").unwrap_or(0).clamp(0, MAX_POLL)).unwrap_or(0);
    let deadline = Instant::now() + Duration::from_secs(wait);
    let mut changes = model.changes.subscribe();
    let poll = {
        let mut state = model.lock();
        state.poll += 1;
        let offset = params.integer("offset").unwrap_or(0);
        // A negative offset counts from the newest.
        let from = if offset < 0 {
            let back = usize::try_from(-offset - 1).unwrap_or(usize::MAX);
            state.pending.keys().rev().nth(back).copied().unwrap_or(0)
        } else {
            offset
        };
        let confirmed: Vec<i64> = state.pending.range(..from).map(|(id, _)| *id).collect();
        confirmed.into_iter().for_each(|id| state.confirm(id));
        state.poll
    };
    model.changed();
    loop {
        changes.mark_unchanged();
        {
            let mut state = model.lock();
            if state.bot.webhook.is_some() {
                return Err(Refusal::conflict(
                    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
                ));
            }
            if state.poll != poll {
                return Err(Refusal::conflict(
                    "terminated by other getUpdates request; make sure that only one bot instance is running",
                ));
            }
            let mut updates: Vec<Value> = state.again.drain(..).collect();
            updates.extend(state.pending.values().take(limit).cloned());
            if !updates.is_empty() || Instant::now() >= deadline {
                return Ok(Value::Array(updates));
            }
        }
        let _ = tokio::time::timeout_at(deadline, changes.changed()).await;
    }
}
