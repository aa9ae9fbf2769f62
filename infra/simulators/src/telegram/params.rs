//! The arguments of a Bot API call.

use std::collections::HashMap;

use axum::body::Body;
use axum::extract::{FromRequest, Multipart, Request};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Arguments by name. As in the real API a number may come as a string, and an object as JSON in a string.
#[derive(Clone, Debug, Default)]
pub(super) struct Params {
    values: Map<String, Value>,
    /// Files that came with the call.
    uploads: HashMap<String, Bytes>,
}

impl Params {
    /// Reads arguments from the query string and a JSON, form or multipart body.
    pub(super) async fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let mut all = form(query.as_bytes());
        let mut uploads = HashMap::new();
        if content_type.starts_with("application/json") {
            if !body.is_empty() {
                let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
                    return Err(Refusal::bad_request("can't parse request JSON object"));
                };
                all.extend(object);
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            all.extend(form(body));
        } else if content_type.starts_with("multipart/form-data") {
            let unreadable = || Refusal::bad_request("can't parse multipart body");
            let request = Request::builder().header(CONTENT_TYPE, content_type).body(Body::from(body.to_vec()));
            let request = request.map_err(|_| unreadable())?;
            let mut parts = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
            while let Some(part) = parts.next_field().await.map_err(|_| unreadable())? {
                let (name, is_file) = (part.name().unwrap_or_default().to_owned(), part.file_name().is_some());
                if is_file {
                    uploads.insert(name, part.bytes().await.map_err(|_| unreadable())?);
                } else {
                    all.insert(name, Value::String(part.text().await.map_err(|_| unreadable())?));
                }
            }
        } else if !body.is_empty() {
            return Err(Refusal::bad_request("this simulator takes JSON, form and multipart bodies only"));
        }
        Ok(Self { values: all, uploads })
    }

    /// The same with the argument `from` as `to`, for a check that knows it by that name.
    pub(super) fn renamed(&self, from: &str, to: &str) -> Self {
        let mut values = self.values.clone();
        let value = values.remove(from).unwrap_or(Value::Null);
        values.insert(to.to_owned(), value);
        Self { values, uploads: HashMap::new() }
    }

    /// The file of this name, or the one that the argument of this name points to: `attach://…`.
    pub(super) fn upload(&self, name: &str) -> Option<&Bytes> {
        let attached = self.text(name).and_then(|value| value.strip_prefix("attach://"));
        self.uploads.get(attached.unwrap_or(name))
    }

    /// Arguments that are already an object.
    pub(super) fn from_object(object: Map<String, Value>) -> Self {
        Self { values: object, uploads: HashMap::new() }
    }

    /// An integer.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.values.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A string that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A boolean; false when it is not there.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.values.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
            _ => false,
        }
    }

    /// An array or object.
    pub(super) fn json(&self, name: &str) -> Option<Value> {
        match self.values.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => serde_json::from_str(text).ok().or_else(|| Some(Value::String(text.clone()))),
            value => Some(value.clone()),
        }
    }

    /// Whether it was given at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(bytes)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
