//! The answers amoCRM gives, as bytes: `application/hal+json`, `application/problem+json`, nothing at all, or HTML.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::Trouble;
use super::validation::Rejected;

const HAL: &str = "application/hal+json";
const PROBLEM: &str = "application/problem+json";
const HTML: &str = "text/html; charset=utf-8";

/// A finished answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Reply {
    /// 200 with a document.
    pub(super) fn ok(document: &Value) -> Self {
        Self::json(200, HAL, document)
    }

    /// 201 with a document, as custom fields answer.
    pub(super) fn created(document: &Value) -> Self {
        Self::json(201, HAL, document)
    }

    /// 204: a list, a search or a record by id that is not there. No body, not an empty list.
    pub(super) fn nothing() -> Self {
        Self { status: 204, content_type: None, body: Vec::new() }
    }

    /// 200 without a body.
    pub(super) fn silent() -> Self {
        Self { status: 200, content_type: None, body: Vec::new() }
    }

    /// A file.
    pub(super) fn file(content_type: &str, body: Vec<u8>) -> Self {
        Self { status: 200, content_type: Some(content_type.to_owned()), body }
    }

    /// An error in the usual envelope.
    pub(super) fn problem(status: u16, detail: &str) -> Self {
        let kind = format!("https://httpstatus.es/{status}");
        Self::json(status, PROBLEM, &json!({"title": title(status), "type": kind, "status": status, "detail": detail}))
    }

    /// What every call gets while the account suffers from this.
    pub(super) fn trouble(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unpaid => Self::problem(402, "Payment required"),
            Trouble::NoRights => Self::problem(400, "Код ошибки 244"),
        }
    }

    /// 400 that says which values of which items are wrong. The key has a hyphen.
    pub(super) fn rejected(items: &[Rejected]) -> Self {
        Self::json(
            400,
            PROBLEM,
            &json!({
                "validation-errors": items,
                "title": title(400),
                "type": "https://httpstatus.es/400",
                "status": 400,
                "detail": "Request validation failed",
            }),
        )
    }

    /// An error of the token endpoint.
    pub(super) fn oauth(status: u16, hint: &str) -> Self {
        Self::json(
            status,
            PROBLEM,
            &json!({
                "hint": hint,
                "title": "Некорректный запрос",
                "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
                "status": status,
                "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
            }),
        )
    }

    /// The page nginx shows in front of the API: whoever parses it as JSON fails.
    pub(super) fn html(status: u16) -> Self {
        let title = format!("{status} {}", title(status));
        let body = format!(
            "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
             <hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, content_type: Some(HTML.to_owned()), body: body.into_bytes() }
    }

    fn json(status: u16, content_type: &str, document: &Value) -> Self {
        Self { status, content_type: Some(content_type.to_owned()), body: document.to_string().into_bytes() }
    }
}

/// 429 as JSON, with the seconds to wait in its body.
pub(super) fn too_many_with_pause(retry_after: u64) -> Response {
    let body = json!({
        "title": title(429), "type": "https://httpstatus.es/429", "status": 429,
        "detail": "Too many requests", "retry_after": retry_after,
    });
    (StatusCode::TOO_MANY_REQUESTS, [(header::CONTENT_TYPE, PROBLEM)], body.to_string()).into_response()
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Entity",
        429 => "Too Many Requests",
        _ => "Error",
    }
}
