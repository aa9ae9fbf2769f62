//! The form that a model filled, as far as it can be used.
//!
//! Servers that know no schema wrap the form in prose or a code fence, write numbers as text and leave fields out; all of
//! that is read. What decides is checked strictly: the intent must be one that exists.

use dialog::{AiAnswer, Facts, Intent, SURE};
use serde_json::{Map, Value};

use super::Failure;
use crate::lenient;

/// Longest make or model, in characters.
const LONGEST_NAME: usize = 60;
/// At most this many opening braces are tried as the beginning of the form.
const MOST_BRACES: usize = 20;

/// A form filled by a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// With the reply as written, not to be shown unchecked. Without a stated confidence it is just sure enough for the
    /// customer to get a button.
    pub(crate) answer: AiAnswer,
    pub(crate) states_confidence: bool,
}

impl Form {
    /// Reads the form out of a chat completion.
    pub(super) fn read(completion: &Value, this_year: i16) -> Result<Self, Failure> {
        let message = &completion["choices"][0]["message"];
        if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) {
            return Err(Failure::Refusal);
        }
        let content = content(&message["content"]).ok_or(Failure::NoCompletion)?;
        let form = form_in(&content).ok_or(Failure::NotJson)?;
        let entity = |name| lenient::text(entity(&form, name));
        let name = |name| entity(name).filter(|name| is_name(name));
        let facts = Facts {
            make: name("brand"),
            model: name("model"),
            year: entity("year").and_then(|year| values::year::parse(&year, this_year).ok()),
            roubles: entity("budget").and_then(|budget| values::money::parse(&budget).ok()),
            km: entity("mileage").and_then(|mileage| values::mileage::parse(&mileage).ok()),
        };
        let confidence = confidence(&form["confidence"]);
        let reply = form["reply"].as_str().unwrap_or_default().to_owned();
        let answer = AiAnswer { intent: intent(&form)?, confidence: confidence.unwrap_or(SURE), facts, reply };
        Ok(Self { answer, states_confidence: confidence.is_some() })
    }
}

/// The text of a message, which may come in parts.
fn content(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part["text"].as_str()).collect()),
        _ => None,
    }
}

/// The first JSON object in `text` that looks like the form.
fn form_in(text: &str) -> Option<Value> {
    let objects = text.match_indices('{').take(MOST_BRACES).filter_map(|(start, _)| {
        serde_json::Deserializer::from_str(&text[start..]).into_iter::<Map<String, Value>>().next()?.ok()
    });
    objects.into_iter().find(|object| object.contains_key("intent")).map(Value::Object)
}

fn intent(form: &Value) -> Result<Intent, Failure> {
    let said = form["intent"].as_str().unwrap_or_default().trim().to_lowercase();
    if said.is_empty() {
        return Err(Failure::EmptyIntent);
    }
    said.parse().map_err(|_| Failure::UnknownIntent)
}

/// 0..1, from a number, its text, or a percentage.
fn confidence(said: &Value) -> Option<f32> {
    let number = match said {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().trim_end_matches('%').replace(',', ".").parse().ok()?,
        _ => return None,
    };
    let part = if number > 1.0 && number <= 100.0 { number / 100.0 } else { number };
    #[expect(clippy::cast_possible_truncation, reason = "between 0 and 1")]
    Some(part.clamp(0.0, 1.0) as f32).filter(|part| !part.is_nan())
}

/// An entity, in its own object or next to the intent.
fn entity<'a>(form: &'a Value, name: &str) -> &'a Value {
    match &form["entities"][name] {
        Value::Null => &form[name],
        said => said,
    }
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: impl Into<Value>) -> Result<Form, Failure> {
        Form::read(&json!({ "choices": [{ "message": { "content": content.into() } }] }), 2026)
    }

    const FORM: &str = r#"{"intent":"sell","confidence":0.9,"entities":{"brand":"Toyota","model":"Camry","year":2019,
        "budget":"1500000","mileage":85000.0},"reply":"Поможем!"}"#;

    #[test]
    fn the_form_is_found_in_whatever_surrounds_it() {
        let plain = read(FORM).unwrap();
        assert_eq!((plain.answer.intent, plain.answer.confidence), (Intent::Sell, 0.9));
        let facts = &plain.answer.facts;
        assert_eq!((facts.year, facts.roubles, facts.km), (Some(2019), Some(1_500_000), Some(85_000)));
        for wrapped in [
            format!("```json\n{FORM}\n```"),
            format!("Конечно! Вот форма {{как просили}}: {FORM} Удачи!"),
            format!("{{\"note\":1}} {FORM}"),
        ] {
            assert_eq!(read(wrapped.as_str()), Ok(plain.clone()), "{wrapped}");
        }
        assert_eq!(read(json!([{ "type": "text", "text": FORM }])), Ok(plain));
    }

    #[test]
    fn missing_and_strange_fields_are_survived() {
        let form = read(r#"{"intent":" BUY ","brand":"Kia","entities":null}"#).unwrap();
        assert_eq!((form.answer.intent, form.states_confidence), (Intent::Buy, false));
        assert_eq!((form.answer.confidence, form.answer.facts.make.as_deref()), (SURE, Some("Kia")));
        let form = read(
            r#"{"intent":"buy","confidence":"92%","entities":{"brand":"null","model":3,"year":"девятнадцатый век",
            "budget":"1,5 млн","mileage":-5},"reply":7}"#,
        )
        .unwrap();
        assert!(form.states_confidence);
        let AiAnswer { confidence, facts, reply, .. } = form.answer;
        assert_eq!((confidence, facts.make, facts.model.as_deref()), (0.92, None, Some("3")));
        assert_eq!((facts.year, facts.roubles, facts.km), (None, Some(1_500_000), None));
        assert_eq!(reply, "");
    }

    #[test]
    fn what_is_no_form_is_a_failure_with_a_name() {
        assert_eq!(read("Здравствуйте!"), Err(Failure::NotJson));
        assert_eq!(read(r#"{"intent":"se"#), Err(Failure::NotJson));
        assert_eq!(read("{".repeat(10_000)), Err(Failure::NotJson));
        assert_eq!(read(r#"{"intent":null}"#), Err(Failure::EmptyIntent));
        assert_eq!(read(r#"{"intent":"hack"}"#), Err(Failure::UnknownIntent));
        assert_eq!(read(Value::Null), Err(Failure::NoCompletion));
        let refused = json!({ "choices": [{ "message": { "refusal": "I can't", "content": null } }] });
        assert_eq!(Form::read(&refused, 2026), Err(Failure::Refusal));
        assert_eq!(Form::read(&json!([]), 2026), Err(Failure::NoCompletion));
    }

    #[test]
    fn confidence_stays_between_nothing_and_certainty() {
        for (said, is) in [(json!(-3), 0.0), (json!(85), 0.85), (json!(1e9), 1.0), (json!("0,7"), 0.7)] {
            assert_eq!(confidence(&said), Some(is), "{said}");
        }
        assert_eq!(confidence(&json!("NaN")), None);
    }
}
