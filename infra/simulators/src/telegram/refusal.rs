//! How the Bot API says no.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

/// An answer with `"ok": false`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    code: u16,
    description: String,
    /// `parameters`
    parameters: Option<Value>,
}

impl Refusal {
    /// 400 with «Bad Request: » before this reason.
    pub(super) fn bad_request(reason: impl AsRef<str>) -> Self {
        Self::new(400, format!("Bad Request: {}", reason.as_ref()))
    }

    /// 403 with «Forbidden: » before this reason.
    pub(super) fn forbidden(reason: &str) -> Self {
        Self::new(403, format!("Forbidden: {reason}"))
    }

    /// 401: the token is not the bot's.
    pub(super) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized")
    }

    /// 404: there is no such method.
    pub(super) fn no_such_method() -> Self {
        Self::new(404, "Not Found")
    }

    /// 409 with «Conflict: » before this reason.
    pub(super) fn conflict(reason: &str) -> Self {
        Self::new(409, format!("Conflict: {reason}"))
    }

    /// 429, with the seconds to wait.
    pub(super) fn too_many(retry_after: u64) -> Self {
        let description = format!("Too Many Requests: retry after {retry_after}");
        Self { code: 429, description, parameters: Some(json!({"retry_after": retry_after})) }
    }

    /// 400: the group has become this supergroup.
    pub(super) fn migrated(supergroup: i64) -> Self {
        let parameters = Some(json!({"migrate_to_chat_id": supergroup}));
        Self { parameters, ..Self::bad_request("group chat was upgraded to a supergroup chat") }
    }

    /// The HTTP status.
    pub(super) fn code(&self) -> u16 {
        self.code
    }

    fn new(code: u16, description: impl Into<String>) -> Self {
        Self { code, description: description.into(), parameters: None }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut body = json!({"ok": false, "error_code": self.code, "description": self.description});
        if let Some(parameters) = self.parameters {
            body["parameters"] = parameters;
        }
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::BAD_REQUEST);
        (status, Json(body)).into_response()
    }
}
