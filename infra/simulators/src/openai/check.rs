//! What `OpenAI` refuses in a chat completion request, with its words.

use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

/// Keywords that a strict schema may not have.
const NOT_PERMITTED: [&str; 14] = [
    "minLength",
    "maxLength",
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "patternProperties",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "minProperties",
    "uniqueItems",
];

/// An error answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApiError {
    status: u16,
    kind: &'static str,
    code: Option<&'static str>,
    param: Option<String>,
    message: String,
}

impl ApiError {
    /// 401
    pub(super) fn wrong_key(given: bool) -> Self {
        let message = if given {
            "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys."
        } else {
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth \
             (i.e. Authorization: Bearer YOUR_KEY)."
        };
        let code = given.then_some("invalid_api_key");
        Self { status: 401, kind: "invalid_request_error", code, param: None, message: message.to_owned() }
    }

    /// 404
    pub(super) fn no_such_model(model: &str) -> Self {
        let message = format!("The model `{model}` does not exist or you do not have access to it.");
        let code = Some("model_not_found");
        Self { status: 404, kind: "invalid_request_error", code, param: None, message }
    }

    /// 404
    pub(super) fn no_such_path(method: &str, path: &str) -> Self {
        let message = format!("Invalid URL ({method} {path})");
        Self { status: 404, kind: "invalid_request_error", code: None, param: None, message }
    }

    /// 429
    pub(super) fn rate_limited(seconds: u64) -> Self {
        let message = format!("Rate limit reached for requests. Please try again in {seconds}s.");
        Self { status: 429, kind: "requests", code: Some("rate_limit_exceeded"), param: None, message }
    }

    /// 413
    pub(super) fn too_large(message: String) -> Self {
        Self { status: 413, kind: "server_error", code: None, param: None, message }
    }

    /// 400 that names no parameter
    pub(super) fn unnamed(message: impl Into<String>) -> Self {
        Self { status: 400, kind: "invalid_request_error", code: None, param: None, message: message.into() }
    }

    pub(super) fn invalid(param: &str, message: impl Into<String>) -> Self {
        let param = Some(param.to_owned());
        Self { status: 400, kind: "invalid_request_error", code: None, param, message: message.into() }
    }

    pub(super) fn coded(code: &'static str, param: &str, message: impl Into<String>) -> Self {
        Self { code: Some(code), ..Self::invalid(param, message) }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let error = json!({"message": self.message, "type": self.kind, "param": self.param, "code": self.code});
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        (status, content_type, json!({"error": error}).to_string()).into_response()
    }
}

/// A request that is in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Accepted {
    pub(super) model: String,
    /// All that is said to the model but the last message of the user.
    pub(super) instructions: String,
    /// The last message of the user.
    pub(super) question: String,
    /// The schema that the answer keeps to.
    pub(super) schema: Option<Value>,
    pub(super) max_tokens: Option<u64>,
}

/// Reads a request, or says what is wrong with it.
pub(super) fn request(body: &[u8]) -> Result<Accepted, ApiError> {
    let request: Value = serde_json::from_slice(body)
        .map_err(|_| ApiError::invalid("body", "We could not parse the JSON body of your request."))?;
    let model = request.get("model").and_then(Value::as_str).filter(|model| !model.is_empty());
    let model = model.ok_or_else(|| ApiError::invalid("model", "you must provide a model parameter"))?;
    let (instructions, question) = messages(&request)?;
    temperature(&request)?;
    if request.get("stream") == Some(&json!(true)) {
        return Err(ApiError::invalid("stream", "The simulator does not stream."));
    }
    let schema = response_format(&request)?;
    let max_tokens = max_tokens(&request)?;
    Ok(Accepted { model: model.to_owned(), instructions, question, schema, max_tokens })
}

fn messages(request: &Value) -> Result<(String, String), ApiError> {
    let missing =
        || ApiError::coded("missing_required_parameter", "messages", "Missing required parameter: 'messages'.");
    let messages = request.get("messages").ok_or_else(missing)?.as_array().ok_or_else(|| {
        ApiError::coded("invalid_type", "messages", "Invalid type for 'messages': expected an array of objects.")
    })?;
    if messages.is_empty() {
        let text =
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(ApiError::coded("empty_array", "messages", text));
    }
    let (mut instructions, mut question) = (Vec::new(), String::new());
    for (index, message) in messages.iter().enumerate() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        if !["system", "developer", "user", "assistant", "tool", "function"].contains(&role) {
            let param = format!("messages[{index}].role");
            let text = format!(
                "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
            );
            return Err(ApiError::coded("invalid_value", &param, text));
        }
        let content = content(message).ok_or_else(|| {
            let param = format!("messages[{index}].content");
            let text = format!("Invalid type for '{param}': expected one of a string or array of objects.");
            ApiError::coded("invalid_type", &param, text)
        })?;
        if role == "user" {
            instructions.extend(Some(std::mem::replace(&mut question, content)).filter(|earlier| !earlier.is_empty()));
        } else {
            instructions.push(content);
        }
    }
    Ok((instructions.join("\n\n"), question))
}

fn content(message: &Value) -> Option<String> {
    match message.get("content")? {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text")?.as_str());
            Some(texts.collect::<Vec<_>>().join("\n"))
        }
        _ => None,
    }
}

fn temperature(request: &Value) -> Result<(), ApiError> {
    let Some(value) = request.get("temperature").filter(|value| !value.is_null()) else { return Ok(()) };
    let wrong = |code, text| ApiError::coded(code, "temperature", text);
    let number = value
        .as_f64()
        .ok_or_else(|| wrong("invalid_type", "Invalid type for 'temperature': expected a decimal.".to_owned()))?;
    if number > 2.0 {
        let text = format!(
            "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got {value} instead."
        );
        return Err(wrong("decimal_above_max_value", text));
    }
    if number < 0.0 {
        let text = format!(
            "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got {value} instead."
        );
        return Err(wrong("decimal_below_min_value", text));
    }
    Ok(())
}

fn max_tokens(request: &Value) -> Result<Option<u64>, ApiError> {
    for name in ["max_completion_tokens", "max_tokens"] {
        let Some(value) = request.get(name).filter(|value| !value.is_null()) else { continue };
        return match value.as_u64() {
            Some(tokens) if tokens > 0 => Ok(Some(tokens)),
            _ => Err(ApiError::coded(
                "integer_below_min_value",
                name,
                format!("Invalid '{name}': integer below minimum value."),
            )),
        };
    }
    Ok(None)
}

fn response_format(request: &Value) -> Result<Option<Value>, ApiError> {
    let Some(format) = request.get("response_format").filter(|format| !format.is_null()) else { return Ok(None) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(None),
        Some("json_object") => {
            let says_json = request["messages"].to_string().to_lowercase().contains("json");
            let text =
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            if says_json { Ok(None) } else { Err(ApiError::invalid("messages", text)) }
        }
        Some("json_schema") => json_schema(format).map(Some),
        _ => {
            let text = "Invalid value. Supported values are: 'json_object', 'json_schema', and 'text'.";
            Err(ApiError::coded("invalid_value", "response_format.type", text))
        }
    }
}

fn json_schema(format: &Value) -> Result<Value, ApiError> {
    let missing = |param: &str| {
        ApiError::coded("missing_required_parameter", param, format!("Missing required parameter: '{param}'."))
    };
    let wrapper = format.get("json_schema").ok_or_else(|| missing("response_format.json_schema"))?;
    let name =
        wrapper.get("name").and_then(Value::as_str).ok_or_else(|| missing("response_format.json_schema.name"))?;
    let fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if !(1..=64).contains(&name.len()) || !name.chars().all(fit) {
        let param = "response_format.json_schema.name";
        let text = format!(
            "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Err(ApiError::coded("invalid_value", param, text));
    }
    let schema = wrapper.get("schema").ok_or_else(|| missing("response_format.json_schema.schema"))?;
    if wrapper.get("strict") == Some(&json!(true)) {
        let wrong = |why: String| {
            ApiError::invalid("response_format", format!("Invalid schema for response_format '{name}': {why}"))
        };
        if schema.get("type") != Some(&json!("object")) {
            return Err(wrong(format!(
                "schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.",
                schema["type"]
            )));
        }
        strict(schema, &mut Vec::new()).map_err(wrong)?;
    }
    Ok(schema.clone())
}

/// What a strict schema must be, at every depth.
fn strict(schema: &Value, path: &mut Vec<String>) -> Result<(), String> {
    let context = |path: &[String]| {
        let inner: Vec<String> = path.iter().map(|step| format!("'{step}'")).collect();
        format!("In context=({})", inner.join(", "))
    };
    let Some(object) = schema.as_object() else { return Ok(()) };
    if let Some(keyword) = NOT_PERMITTED.iter().find(|keyword| object.contains_key(**keyword)) {
        return Err(format!("{}, '{keyword}' is not permitted.", context(path)));
    }
    if let Some(properties) = object.get("properties").and_then(Value::as_object) {
        if object.get("additionalProperties") != Some(&json!(false)) {
            return Err(format!(
                "{}, 'additionalProperties' is required to be supplied and to be false.",
                context(path)
            ));
        }
        let required: Vec<&str> =
            object.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        if let Some(missing) = properties.keys().find(|key| !required.contains(&key.as_str())) {
            return Err(format!(
                "{}, 'required' is required to be supplied and to be an array including every key in properties. Missing \
                 '{missing}'.",
                context(path)
            ));
        }
        for (name, property) in properties {
            path.extend(["properties".to_owned(), name.clone()]);
            strict(property, path)?;
            path.truncate(path.len() - 2);
        }
    }
    if let Some(items) = object.get("items") {
        path.push("items".to_owned());
        strict(items, path)?;
        path.pop();
    }
    for (index, option) in object.get("anyOf").and_then(Value::as_array).into_iter().flatten().enumerate() {
        path.extend(["anyOf".to_owned(), index.to_string()]);
        strict(option, path)?;
        path.truncate(path.len() - 2);
    }
    Ok(())
}

/// The answer as a model bound by the schema gives it: no key the schema does not know, `null` for one that is missing.
pub(super) fn shaped(answer: &Value, schema: &Value) -> Value {
    let (Some(properties), Some(given)) = (schema.get("properties").and_then(Value::as_object), answer.as_object())
    else {
        return answer.clone();
    };
    let shaped = properties.iter().map(|(name, property)| {
        let value = given.get(name).map_or(Value::Null, |value| shaped(value, property));
        (name.clone(), value)
    });
    Value::Object(shaped.collect())
}
