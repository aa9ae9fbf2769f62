//! Labelled sentences.

use std::str::FromStr;

use dialog::{Entities, Intent};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::lenient;

/// A sentence and what should be understood of it; a line of a JSONL file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Case {
    /// Any name, repeated in the predictions; the number of the line unless it has one.
    #[serde(default, deserialize_with = "text_of_anything")]
    pub id: String,
    /// What the customer writes.
    pub text: String,
    /// What the customer wants.
    pub intent: Intent,
    /// What the sentence says.
    #[serde(default, deserialize_with = "labels")]
    pub entities: Entities,
}

/// A line that cannot be read.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadLine {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Reads labelled sentences from JSON lines. Blank lines are skipped.
///
/// # Errors
/// For the first line that cannot be read.
pub fn read(lines: &str) -> Result<Vec<Case>, BadLine> {
    let named = |(line, case): (usize, Case)| Case { id: id_or_line(case.id, line), ..case };
    Ok(read_lines(lines)?.into_iter().map(named).collect())
}

pub(super) fn id_or_line(id: String, line: usize) -> String {
    if id.is_empty() { line.to_string() } else { id }
}

/// Each with the number of its line.
pub(super) fn read_lines<T: DeserializeOwned>(lines: &str) -> Result<Vec<(usize, T)>, BadLine> {
    let lines = lines.trim_start_matches('\u{feff}').lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines.map(|(text, line)| Ok((line, serde_json::from_str(text).map_err(|error| problem(line, &error))?))).collect()
}

/// The library counts every line as its first.
fn problem(line: usize, error: &serde_json::Error) -> BadLine {
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
    BadLine { line, problem: problem.to_owned() }
}

fn text_of_anything<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => text,
        other => other.to_string(),
    })
}

/// Labels may be numbers or text, whatever they label: a model 2114, a year "2019", a price "1 500 000".
fn labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Entities, D::Error> {
    const NAMES: [&str; 5] = ["brand", "model", "year", "budget", "mileage"];
    let labels = Value::deserialize(deserializer)?;
    let unknown = labels.as_object().into_iter().flatten().find(|(name, _)| !NAMES.contains(&name.as_str()));
    if let Some((name, _)) = unknown {
        return Err(D::Error::custom(format!("unknown entity `{name}`, expected one of {}", NAMES.join(", "))));
    }
    Ok(Entities {
        make: lenient::text(&labels["brand"]),
        model: lenient::text(&labels["model"]),
        year: number(&labels, "year")?,
        roubles: number(&labels, "budget")?,
        km: number(&labels, "mileage")?,
    })
}

fn number<N: FromStr, E: Error>(labels: &Value, name: &str) -> Result<Option<N>, E> {
    let Some(text) = lenient::text(&labels[name]) else { return Ok(None) };
    let digits: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    let number = digits.parse().map(Some);
    number.map_err(|_| E::custom(format!("`{name}` is a number in digits, not «{text}»")))
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
        assert_eq!(cases[2].entities, Entities::default());
    }

    #[test]
    fn a_line_needs_no_name_of_its_own() {
        let cases = read("\n{\"text\":\"каско\",\"intent\":\"legal\"}").unwrap();
        assert_eq!(cases[0].id, "2");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let problem =
            |line: &str| read(&format!("{{\"text\":\"\",\"intent\":\"faq\"}}\n{line}")).unwrap_err().to_string();
        insta::assert_snapshot!(problem(r#"{"text":"","intent":"rent"}"#), @"line 2: unknown variant `rent`, expected one of `sell`, `buy`, `find`, `check`, `legal`, `faq`, `unknown`");
        insta::assert_snapshot!(problem(r#"{"intent":"sell"}"#), @"line 2: missing field `text`");
        insta::assert_snapshot!(problem(r#"{"text":"","intent":"sell","entities":{"marka":"Kia"}}"#), @"line 2: unknown entity `marka`, expected one of brand, model, year, budget, mileage");
        insta::assert_snapshot!(problem(r#"{"text":"","intent":"sell","entities":{"year":"2019 год"}}"#), @"line 2: `year` is a number in digits, not «2019 год»");
        insta::assert_snapshot!(problem("sell"), @"line 2: expected value");
    }
}
