//! What a server takes, as far as its refusals have shown.
//!
//! Models come and go, and each takes other parameters. Nothing here looks at a model's name: a request starts with
//! everything, and what the server refuses is renamed or left out from then on.

use async_openai::types::chat::ReasoningEffort;
use serde_json::Value;

/// The least effort first.
const EFFORTS: [(&str, ReasoningEffort); 3] =
    [("none", ReasoningEffort::None), ("minimal", ReasoningEffort::Minimal), ("low", ReasoningEffort::Low)];

/// How much longer an answer may get than set when a model spends its tokens on thinking.
const MORE_ROOM: u32 = 8;

/// Which parameters a request has.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dialect {
    pub(super) limit: Limit,
    pub(super) takes_temperature: bool,
    pub(super) format: Format,
    /// `None` leaves it to the model.
    pub(super) effort: Option<ReasoningEffort>,
    pub(super) role: Role,
    /// How many times the set number of tokens an answer may have.
    pub(super) room: u32,
}

/// What the limit of tokens is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    MaxCompletionTokens,
    MaxTokens,
    None,
}

/// What the answer is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The form's JSON schema.
    Schema,
    /// Any JSON object.
    Json,
    /// Nothing: the prompt describes the form as well.
    Text,
}

/// Who gives the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    System,
    Developer,
    /// They stand in front of the customer's text.
    User,
}

/// A part of a request that a server may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Parameter {
    Limit,
    Temperature,
    ResponseFormat,
    ReasoningEffort,
    Role,
}

impl Parameter {
    /// The words by which servers name it.
    const WORDS: [(Self, &[&str]); 5] = [
        (Self::Limit, &["max_tokens", "max_completion_tokens"]),
        (Self::Temperature, &["temperature"]),
        (Self::ResponseFormat, &["response_format", "schema", "structured output", "json mode", "guided", "grammar"]),
        (Self::ReasoningEffort, &["reasoning", "thinking", "effort"]),
        (Self::Role, &[".role", "'role'", "system role", "system message", "system prompt", "developer", "'system'"]),
    ];

    /// The one that `text` names first.
    fn named_in(text: &str) -> Option<Self> {
        let places = Self::WORDS.into_iter().filter_map(|(parameter, words)| {
            words.iter().filter_map(|word| text.find(word)).min().map(|place| (place, parameter))
        });
        places.min_by_key(|(place, _)| *place).map(|(_, parameter)| parameter)
    }
}

impl Default for Dialect {
    /// Everything, by the names of OpenAI's present models.
    fn default() -> Self {
        Self {
            limit: Limit::MaxCompletionTokens,
            takes_temperature: true,
            format: Format::Schema,
            effort: Some(ReasoningEffort::None),
            role: Role::System,
            room: 1,
        }
    }
}

impl Dialect {
    /// Nothing but the messages.
    pub(super) fn plain() -> Self {
        Self { limit: Limit::None, takes_temperature: false, format: Format::Text, effort: None, ..Self::default() }
    }

    /// How to ask again after a refusal, and what was refused; `None` if the refusal is about something else.
    pub(super) fn after_refusal(&self, status: u16, body: &str) -> Option<(Self, &'static str)> {
        // Keys, rights, quotas and speed are not cured by other parameters.
        if matches!(status, 401 | 403 | 408 | 429) {
            return None;
        }
        let body = body.to_lowercase();
        let refused = refused(&body);
        let mut adapted = self.clone();
        for parameter in &refused {
            adapted.give_way(*parameter, &body);
        }
        if adapted != *self {
            return Some((adapted, refused.first().map_or("", Into::into)));
        }
        // The server does not say what it dislikes.
        let plain = Self { role: self.role, room: self.room, ..Self::plain() };
        let is_about_content = body.contains("content_filter") || body.contains("context_length");
        (matches!(status, 400 | 422) && refused.is_empty() && !is_about_content && *self != plain)
            .then_some((plain, "unnamed"))
    }

    /// The same with more room for the answer, which the limit has cut off; `None` if there is more already.
    pub(super) fn with_more_room(&self) -> Option<Self> {
        (self.room == 1 && self.limit != Limit::None).then(|| Self { room: MORE_ROOM, ..self.clone() })
    }

    /// Renames what was refused, or leaves it out.
    fn give_way(&mut self, parameter: Parameter, body: &str) {
        match parameter {
            Parameter::Limit => {
                self.limit = match self.limit {
                    Limit::MaxCompletionTokens => Limit::MaxTokens,
                    Limit::MaxTokens | Limit::None => Limit::None,
                }
            }
            Parameter::Temperature => self.takes_temperature = false,
            Parameter::ResponseFormat => {
                self.format = match self.format {
                    Format::Schema => Format::Json,
                    Format::Json | Format::Text => Format::Text,
                }
            }
            Parameter::ReasoningEffort => self.effort = self.next_effort(body),
            Parameter::Role => {
                self.role = match self.role {
                    Role::System => Role::Developer,
                    Role::Developer | Role::User => Role::User,
                }
            }
        }
    }

    /// The least effort after the refused one that the server says it knows.
    fn next_effort(&self, body: &str) -> Option<ReasoningEffort> {
        let refused = EFFORTS.iter().position(|(_, effort)| self.effort.as_ref() == Some(effort))?;
        let mut words = body.split(|letter: char| !letter.is_alphanumeric());
        let rest = &EFFORTS[refused + 1..];
        let named: Vec<&str> = words.by_ref().filter(|word| rest.iter().any(|(name, _)| name == word)).collect();
        rest.iter().find(|(name, _)| named.contains(name)).map(|(_, effort)| effort.clone())
    }
}

/// What a refusal is about. A field that names the parameter counts for more than the message, and both for more than
/// the rest of the answer, which may repeat the whole request.
fn refused(body: &str) -> Vec<Parameter> {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let error = if json["error"].is_object() { &json["error"] } else { &json };
    if let Some(parameter) = error["param"].as_str().and_then(named_by_field) {
        return vec![parameter];
    }
    let locations: Vec<Parameter> = json["detail"].as_array().into_iter().flatten().filter_map(location).collect();
    if !locations.is_empty() {
        return locations;
    }
    let message = [&error["message"], &json["error"], &json["detail"], &json["message"]]
        .into_iter()
        .find_map(Value::as_str)
        .unwrap_or(body);
    Parameter::named_in(message).into_iter().collect()
}

fn named_by_field(field: &str) -> Option<Parameter> {
    if field.contains("role") { Some(Parameter::Role) } else { Parameter::named_in(field) }
}

/// Where a fault is, as servers built on Pydantic say it: `{"loc": ["body", "temperature"], …}`.
fn location(fault: &Value) -> Option<Parameter> {
    let steps = fault["loc"].as_array()?.iter().filter_map(Value::as_str);
    named_by_field(&steps.collect::<Vec<_>>().join("."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(dialect: &Dialect, status: u16, body: impl Into<String>) -> Dialect {
        let body: String = body.into();
        dialect.after_refusal(status, &body).map(|(dialect, _)| dialect).unwrap_or_else(|| panic!("{body}"))
    }

    fn openai(message: &str, param: &str, code: &str) -> String {
        let error = json!({ "message": message, "type": "invalid_request_error", "param": param, "code": code });
        json!({ "error": error }).to_string()
    }

    #[test]
    fn what_openai_refuses_is_renamed_or_dropped() {
        let all = Dialect::default();
        let old_name = Dialect { limit: Limit::MaxTokens, ..all.clone() };
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        assert_eq!(after(&old_name, 400, openai(message, "max_tokens", "unsupported_parameter")).limit, Limit::None);
        let message = "Unsupported value: 'temperature' does not support 0.3 with this model. Only the default (1) value is supported.";
        let no_temperature = after(&all, 400, openai(message, "temperature", "unsupported_value"));
        assert_eq!(no_temperature, Dialect { takes_temperature: false, ..all.clone() });
        let message = "Unsupported value: 'messages[0].role' does not support 'system' with this model.";
        let role = after(&all, 400, openai(message, "messages[0].role", "unsupported_value")).role;
        assert_eq!(role, Role::Developer);
        let message = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.";
        assert_eq!(after(&all, 400, openai(message, "response_format", "")).format, Format::Json);
    }

    #[test]
    fn the_least_effort_is_what_the_server_names() {
        let all = Dialect::default();
        for (message, effort) in [
            (
                "Unsupported value: 'none' is not supported with the 'gpt-5-mini' model. Supported values are: 'minimal', 'low', 'medium', and 'high'.",
                Some(ReasoningEffort::Minimal),
            ),
            (
                "Unsupported value: 'none' is not supported with this model. Supported values are: 'low', 'medium', 'high', 'xhigh', and 'max'.",
                Some(ReasoningEffort::Low),
            ),
            ("Unrecognized request argument supplied: reasoning_effort", None),
        ] {
            assert_eq!(after(&all, 400, openai(message, "reasoning_effort", "unsupported_value")).effort, effort);
        }
        let low = Dialect { effort: Some(ReasoningEffort::Low), ..all };
        assert_eq!(after(&low, 400, "reasoning_effort: 'low' is not supported, use 'high'").effort, None);
    }

    #[test]
    fn servers_speak_in_their_own_words() {
        let all = Dialect::default();
        let pydantic = json!({ "detail": [
            { "type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted", "input": 500 },
            { "type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted", "input": "none" },
        ] });
        let adapted = after(&all, 422, pydantic.to_string());
        assert_eq!(adapted, Dialect { limit: Limit::MaxTokens, effort: None, ..all.clone() });
        assert!(!after(&all, 400, r#"{"detail":"Unsupported parameter: temperature"}"#).takes_temperature);
        assert_eq!(after(&all, 400, r#"{"error":"model does not support thinking"}"#).effort, None);
        assert_eq!(after(&all, 500, "System role not supported").role, Role::Developer);
        let template = r#"{"object":"error","message":"Conversation roles: system message is not allowed","code":400}"#;
        assert_eq!(after(&all, 400, template).role, Role::Developer);
        let repeats_the_request =
            r#"{"message":"This backend has no structured outputs","request":{"temperature":0.3}}"#;
        assert_eq!(after(&all, 501, repeats_the_request).format, Format::Json);
    }

    #[test]
    fn a_server_that_only_says_no_is_asked_plainly_once() {
        let plain = after(&Dialect::default(), 400, "Bad Request");
        assert_eq!(plain, Dialect::plain());
        assert_eq!(plain.after_refusal(400, "Bad Request"), None);
    }

    #[test]
    fn other_troubles_change_nothing() {
        let all = Dialect::default();
        for (status, body) in [
            (401, openai("Incorrect API key provided", "", "invalid_api_key")),
            (429, openai("Rate limit reached: max_tokens per minute", "", "rate_limit_exceeded")),
            (404, openai("The model `gone` does not exist", "model", "model_not_found")),
            (400, openai("The response was filtered", "prompt", "content_filter")),
            (502, "<html>Bad Gateway</html>".to_owned()),
        ] {
            assert_eq!(all.after_refusal(status, &body), None, "{body}");
        }
    }

    #[test]
    fn every_series_of_refusals_ends() {
        for refusal in ["max_tokens", "response_format", "temperature", "reasoning", "system role", "no"] {
            let mut dialect = Dialect::default();
            let steps = std::iter::from_fn(|| {
                dialect = dialect.after_refusal(400, refusal)?.0;
                Some(())
            });
            assert!(steps.take(10).count() < 5, "{refusal}");
        }
    }
}
