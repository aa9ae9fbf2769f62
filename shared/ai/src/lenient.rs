//! Values as people and models write them in JSON.

use serde_json::Value;

/// Words that stand for no value.
const NOTHING: [&str; 10] = ["", "null", "none", "unknown", "n/a", "-", "нет", "не указан", "не указана", "не указано"];

/// A text or a number as text; whole numbers may be written as 2019.0.
pub(crate) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers")]
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => (float.round() as i64).to_string(),
            _ => number.to_string(),
        },
        _ => return None,
    };
    (!NOTHING.contains(&text.to_lowercase().as_str())).then_some(text)
}
