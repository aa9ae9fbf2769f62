//! What a server's refusal is about, in whatever words it says so.

use serde_json::Value;

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
    /// The words by which servers name it, in lower case.
    const WORDS: [(Self, &[&str]); 5] = [
        (
            Self::Limit,
            &["max_tokens", "max_completion_tokens", "max_output_tokens", "maxtokens", "maxcompletiontokens"],
        ),
        (Self::Temperature, &["temperature"]),
        (
            Self::ResponseFormat,
            &[
                "response_format",
                "response format",
                "responseformat",
                "schema",
                "structured output",
                "json mode",
                "json_object",
                "generate json",
                "guided",
                "grammar",
            ],
        ),
        (Self::ReasoningEffort, &["reasoning", "think", "effort"]),
        // «roles» too: «Conversation roles must alternate», «Only user and assistant roles are supported».
        (Self::Role, &["role", "system message", "system prompt", "developer", "'system'"]),
    ];

    /// Those that `text` names, in its order.
    fn named_in(text: &str) -> Vec<Self> {
        let places = Self::WORDS.into_iter().filter_map(|(parameter, words)| {
            words.iter().filter_map(|word| text.find(word)).min().map(|place| (place, parameter))
        });
        let mut places: Vec<(usize, Self)> = places.collect();
        places.sort_by_key(|(place, _)| *place);
        places.into_iter().map(|(_, parameter)| parameter).collect()
    }
}

/// What a refusal is about: for each complaint, the parameters that it names, the likeliest first. A field that names
/// the parameter counts for more than the message, and both for more than the rest of the answer, which may repeat the
/// whole request.
pub(super) fn complaints(body: &str) -> Vec<Vec<Parameter>> {
    if body.trim_start().starts_with('<') {
        return Vec::new(); // a page for people
    }
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let error = if json["error"].is_object() { &json["error"] } else { &json };
    let by_field = error["param"].as_str().map(named_by_field).filter(|named| !named.is_empty());
    if let Some(named) = by_field {
        return vec![named];
    }
    let faults =
        [&json["detail"], &json["message"], &json["message"]["detail"]].into_iter().filter_map(Value::as_array);
    let located: Vec<Vec<Parameter>> = faults.flatten().map(location).filter(|named| !named.is_empty()).collect();
    if !located.is_empty() {
        return located;
    }
    // `metadata.raw` is what a router was told by the server behind it.
    let texts = [&error["message"], &error["metadata"]["raw"], &json["error"], &json["detail"], &json["message"]];
    let texts: Vec<&str> = texts.into_iter().filter_map(Value::as_str).collect();
    let texts = if texts.is_empty() { vec![body] } else { texts };
    texts.into_iter().map(Parameter::named_in).find(|named| !named.is_empty()).into_iter().collect()
}

fn named_by_field(field: &str) -> Vec<Parameter> {
    if field.contains("role") { vec![Parameter::Role] } else { Parameter::named_in(field) }
}

/// Where a fault is, as servers built on Pydantic say it: `{"loc": ["body", "temperature"], …}`.
fn location(fault: &Value) -> Vec<Parameter> {
    let steps = fault["loc"].as_array().into_iter().flatten().filter_map(Value::as_str);
    named_by_field(&steps.collect::<Vec<_>>().join("."))
}
