//! Labelled sentences.

use dialog::Intent;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A sentence and what should be understood of it; a line of a JSONL file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Case {
    /// Any name, repeated in the predictions.
    #[serde(deserialize_with = "text_of_anything")]
    pub id: String,
    /// What the customer writes.
    pub text: String,
    /// What the customer wants.
    pub intent: Intent,
    /// What the sentence says.
    #[serde(default, deserialize_with = "none_as_default")]
    pub entities: Entities,
}

/// What a sentence says about a car.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entities {
    /// «Toyota»
    pub brand: Option<String>,
    /// «Camry»
    #[serde(deserialize_with = "optional_text")]
    pub model: Option<String>,
    /// Year of manufacture.
    #[serde(deserialize_with = "optional_number")]
    pub year: Option<i64>,
    /// Roubles.
    #[serde(deserialize_with = "optional_number")]
    pub budget: Option<i64>,
    /// Kilometres.
    #[serde(deserialize_with = "optional_number")]
    pub mileage: Option<i64>,
}

impl Entities {
    /// Names of the entities, in the order of [`Entities::texts`].
    pub(super) const NAMES: [&str; 5] = ["brand", "model", "year", "budget", "mileage"];

    /// Each entity as text that compares equal whatever its case.
    pub(super) fn texts(&self) -> [Option<String>; 5] {
        let name = |text: &Option<String>| text.as_deref().map(|text| text.trim().to_lowercase());
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        [name(&self.brand), name(&self.model), number(self.year), number(self.budget), number(self.mileage)]
    }

    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.texts() == other.texts()
    }
}

/// A line that is no labelled sentence.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is no labelled sentence: {source}")]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    source: serde_json::Error,
}

/// Reads labelled sentences from JSON lines. Blank lines are skipped.
///
/// # Errors
/// For the first line that cannot be read.
pub fn read(lines: &str) -> Result<Vec<Case>, BadLine> {
    let lines = lines.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|source| BadLine { line: at + 1, source })).collect()
}

fn text_of_anything<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

fn none_as_default<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entities, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A model may be labelled with a number: 2114.
fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// A number may be labelled as text: "2019".
fn optional_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        #[expect(clippy::cast_possible_truncation, reason = "labels are small whole numbers")]
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|number| number as i64)),
        Value::String(text) => text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>().parse().ok(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_in_any_reasonable_form() {
        let cases = read(concat!(
            r#"{"id":"1","text":"продам 2114","intent":"sell","entities":{"brand":"Lada","model":2114,"year":"2008"}}"#,
            "\n\n",
            r#"{"id":2,"text":"привет","intent":"unknown","entities":null}"#,
            "\n",
            r#"{"id":"3","text":"каско","intent":"legal"}"#,
        ))
        .unwrap();
        let entities = &cases[0].entities;
        assert_eq!((entities.model.as_deref(), entities.year, entities.budget), (Some("2114"), Some(2008), None));
        assert_eq!(cases[1].id, "2");
        assert_eq!(cases[2].entities, Entities::default());
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read("{\"id\":\"1\",\"text\":\"\",\"intent\":\"faq\"}\n{\"intent\":\"rent\"}").unwrap_err();
        assert_eq!(error.line, 2);
    }
}
