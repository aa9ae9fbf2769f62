//! The arguments of a Bot API call.

use serde_json::{Map, Value};

use super::refusal::Refusal;

/// Arguments by name. As in the real API a number may come as a string, and an object as JSON in a string.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Map<String, Value>);

impl Params {
    /// Reads arguments from the query string and a JSON or form body.
    pub(super) fn read(query: &str, content_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        let mut all = form(query.as_bytes());
        if content_type.starts_with("application/json") {
            if !body.is_empty() {
                let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
                    return Err(Refusal::bad_request("can't parse request JSON object"));
                };
                all.extend(object);
            }
        } else if content_type.starts_with("application/x-www-form-urlencoded") {
            all.extend(form(body));
        } else if !body.is_empty() {
            return Err(Refusal::bad_request("this simulator takes JSON and form bodies only"));
        }
        Ok(Self(all))
    }

    /// Arguments that are already an object.
    pub(super) fn from_object(object: Map<String, Value>) -> Self {
        Self(object)
    }

    /// An integer.
    pub(super) fn integer(&self, name: &str) -> Option<i64> {
        match self.0.get(name)? {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// A string that is not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// A boolean; false when it is not there.
    pub(super) fn flag(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Value::Bool(flag)) => *flag,
            Some(Value::String(text)) => text.eq_ignore_ascii_case("true") || text == "1",
            _ => false,
        }
    }

    /// An array or object.
    pub(super) fn json(&self, name: &str) -> Option<Value> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) if text.is_empty() => None,
            Value::String(text) => serde_json::from_str(text).ok().or_else(|| Some(Value::String(text.clone()))),
            value => Some(value.clone()),
        }
    }

    /// Whether it was given at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null() && value.as_str() != Some(""))
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(bytes)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect()
}
