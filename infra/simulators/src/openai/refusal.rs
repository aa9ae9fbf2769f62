//! Parameters that some models and compatible servers do not take, and how they say so.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::check::ApiError;

/// A parameter that the simulated server does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    MaxTokens,
    MaxCompletionTokens,
    /// Any but 1.
    Temperature,
    JsonSchema,
    JsonObject,
    SystemRole,
    DeveloperRole,
    /// Every effort but these; without any, the parameter itself.
    ReasoningEffort(&'static [&'static str]),
    /// Of a transcription.
    Prompt,
    /// Of a transcription.
    Language,
    /// Of a transcription.
    Languages,
}

/// In whose words a server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// 400 with an error object that names the parameter.
    OpenAi,
    /// 422 with the parameter's place, as servers built on Pydantic have it.
    Pydantic,
    /// 400 with a sentence of its own.
    Prose,
    /// 400 without a reason.
    None,
}

/// A refusal to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) parameter: Parameter,
    pub(super) words: Words,
}

impl Refusal {
    /// The refusal, if the request has the parameter.
    pub(super) fn of(self, request: &Value) -> Option<Response> {
        let given = self.parameter.given(request)?;
        let field = self.parameter.field();
        let response = match self.words {
            Words::OpenAi => self.parameter.openai_error(field, &given).into_response(),
            Words::Pydantic => {
                let fault = json!({
                    "type": "extra_forbidden", "loc": ["body", field], "msg": "Extra inputs are not permitted", "input": given
                });
                (StatusCode::UNPROCESSABLE_ENTITY, json!({ "detail": [fault] }).to_string()).into_response()
            }
            Words::Prose => {
                let text = json!({ "error": format!("this backend cannot handle {field} yet"), "request": request });
                (StatusCode::BAD_REQUEST, text.to_string()).into_response()
            }
            Words::None => (StatusCode::BAD_REQUEST, "Bad Request").into_response(),
        };
        Some(response)
    }
}

impl Parameter {
    const fn field(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
            Self::Temperature => "temperature",
            Self::JsonSchema | Self::JsonObject => "response_format",
            Self::SystemRole | Self::DeveloperRole => "messages[0].role",
            Self::ReasoningEffort(_) => "reasoning_effort",
            Self::Prompt => "prompt",
            Self::Language => "language",
            Self::Languages => "languages",
        }
    }

    /// The value that the server does not take, if the request has one.
    fn given(self, request: &Value) -> Option<Value> {
        let is_not_taken = |value: &Value| match self {
            Self::MaxTokens | Self::MaxCompletionTokens | Self::Prompt | Self::Language | Self::Languages => true,
            Self::Temperature => value.as_f64() != Some(1.0),
            Self::JsonSchema => value["type"] == "json_schema",
            Self::JsonObject => value["type"] == "json_object",
            Self::SystemRole => value == "system",
            Self::DeveloperRole => value == "developer",
            Self::ReasoningEffort(taken) => !value.as_str().is_some_and(|effort| taken.contains(&effort)),
        };
        let value = match self {
            Self::SystemRole | Self::DeveloperRole => &request["messages"][0]["role"],
            _ => &request[self.field()],
        };
        (!value.is_null() && is_not_taken(value)).then(|| value.clone())
    }

    fn openai_error(self, field: &str, given: &Value) -> ApiError {
        let (code, message) = match self {
            Self::MaxTokens => (
                "unsupported_parameter",
                format!(
                    "Unsupported parameter: '{field}' is not supported with this model. Use 'max_completion_tokens' instead."
                ),
            ),
            Self::MaxCompletionTokens | Self::ReasoningEffort([]) | Self::Prompt | Self::Language | Self::Languages => {
                ("unknown_parameter", format!("Unrecognized request argument supplied: {field}"))
            }
            Self::Temperature => (
                "unsupported_value",
                format!(
                    "Unsupported value: '{field}' does not support {given} with this model. Only the default (1) value is supported."
                ),
            ),
            Self::ReasoningEffort(taken) => {
                let taken: Vec<String> = taken.iter().map(|effort| format!("'{effort}'")).collect();
                let text = format!(
                    "Unsupported value: '{}' is not supported with this model. Supported values are: {}.",
                    given.as_str().unwrap_or_default(),
                    taken.join(", ")
                );
                ("unsupported_value", text)
            }
            Self::JsonSchema | Self::JsonObject => (
                "unsupported_value",
                format!("Invalid parameter: '{field}' of type {} is not supported with this model.", given["type"]),
            ),
            Self::SystemRole | Self::DeveloperRole => {
                ("unsupported_value", format!("Unsupported value: '{field}' does not support {given} with this model."))
            }
        };
        ApiError::coded(code, field, message)
    }
}
