//! Labelled sentences.

use dialog::{Facts, Intent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::lenient;

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
    #[serde(default, deserialize_with = "labels")]
    pub entities: Facts,
}

/// A line that is not a labelled sentence.
#[derive(Debug, thiserror::Error)]
#[error("line {line} is not a labelled sentence")]
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
    read_lines(lines)
}

pub(super) fn read_lines<T: DeserializeOwned>(lines: &str) -> Result<Vec<T>, BadLine> {
    let lines = lines.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(at, line)| serde_json::from_str(line).map_err(|source| BadLine { line: at + 1, source })).collect()
}

fn text_of_anything<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// Labels may be numbers or text, whatever they label: a model 2114, a year "2019", a price "1 500 000".
fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Facts, D::Error> {
    let labels = Value::deserialize(deserializer)?;
    let text = |name: &str| lenient::text(&labels[name]);
    let digits = |name: &str| Some(text(name)?.chars().filter(|letter| !letter.is_whitespace()).collect::<String>());
    Ok(Facts {
        make: text("brand"),
        model: text("model"),
        year: digits("year").and_then(|year| year.parse().ok()),
        roubles: digits("budget").and_then(|budget| budget.parse().ok()),
        km: digits("mileage").and_then(|mileage| mileage.parse().ok()),
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
        assert_eq!((entities.model.as_deref(), entities.year, entities.roubles), (Some("2114"), Some(2008), None));
        assert_eq!(cases[1].id, "2");
        assert_eq!(cases[2].entities, Facts::default());
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = read("{\"id\":\"1\",\"text\":\"\",\"intent\":\"faq\"}\n{\"intent\":\"rent\"}").unwrap_err();
        assert_eq!(error.line, 2);
    }
}
