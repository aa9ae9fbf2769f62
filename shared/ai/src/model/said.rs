//! What a model said, as far as it can be used.
//!
//! Servers that know no schema wrap the form in prose or a code fence, write numbers as text and leave fields out; all of
//! that is read. What decides is checked strictly: the intent must be one that exists.

use dialog::Intent;
use serde_json::{Map, Value};

use super::Failure;

/// Longest make or model, in characters.
const LONGEST_NAME: usize = 60;
/// At most so many opening braces are tried as the beginning of the form.
const MOST_BRACES: usize = 20;

/// A form filled by a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) intent: Intent,
    /// 0..1, where the model said it.
    pub(crate) confidence: Option<f32>,
    pub(crate) brand: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) year: Option<String>,
    pub(crate) budget: Option<String>,
    pub(crate) mileage: Option<String>,
    /// As written, not to be shown unchecked.
    pub(crate) reply: String,
}

impl Said {
    /// Reads the form out of a chat completion.
    pub(super) fn read(completion: &Value, this_year: i16) -> Result<Self, Failure> {
        let message = &completion["choices"][0]["message"];
        if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) {
            return Err(Failure::Refusal);
        }
        let content = content(&message["content"]).ok_or(Failure::NoCompletion)?;
        let form = form_in(&content).ok_or(Failure::NotJson)?;
        Ok(Self {
            intent: intent(&form)?,
            confidence: confidence(&form["confidence"]),
            brand: name(entity(&form, "brand")),
            model: name(entity(&form, "model")),
            year: plain(entity(&form, "year"))
                .and_then(|year| values::year::parse(&year, this_year).ok())
                .map(|year| year.to_string()),
            budget: plain(entity(&form, "budget"))
                .and_then(|budget| values::money::parse(&budget).ok())
                .map(|budget| budget.to_string()),
            mileage: plain(entity(&form, "mileage"))
                .and_then(|mileage| values::mileage::parse(&mileage).ok())
                .map(|mileage| mileage.to_string()),
            reply: form["reply"].as_str().unwrap_or_default().to_owned(),
        })
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
    serde_json::from_value(Value::String(said)).map_err(|_| Failure::UnknownIntent)
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

/// A text or a number as text; nothing for words that mean nothing.
fn plain(said: &Value) -> Option<String> {
    let text = match said {
        Value::String(text) => text.trim().to_owned(),
        #[expect(clippy::cast_possible_truncation, reason = "whole numbers written as 2019.0")]
        Value::Number(number) => match number.as_f64() {
            Some(float) if !number.is_i64() && !number.is_u64() => (float.round() as i64).to_string(),
            _ => number.to_string(),
        },
        _ => return None,
    };
    let means_nothing = ["", "null", "none", "unknown", "n/a", "-", "нет", "не указан", "не указана", "не указано"];
    (!means_nothing.contains(&text.to_lowercase().as_str())).then_some(text)
}

fn name(said: &Value) -> Option<String> {
    plain(said).filter(|name| name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(content: impl Into<Value>) -> Result<Said, Failure> {
        Said::read(&json!({ "choices": [{ "message": { "content": content.into() } }] }), 2026)
    }

    const FORM: &str = r#"{"intent":"sell","confidence":0.9,"entities":{"brand":"Toyota","model":"Camry","year":2019,
        "budget":"1500000","mileage":85000.0},"reply":"Поможем!"}"#;

    #[test]
    fn the_form_is_found_in_whatever_surrounds_it() {
        let plain = read(FORM).unwrap();
        assert_eq!((plain.intent, plain.confidence), (Intent::Sell, Some(0.9)));
        assert_eq!(plain.year.as_deref(), Some("2019"));
        assert_eq!(plain.budget.as_deref(), Some("1500000"));
        assert_eq!(plain.mileage.as_deref(), Some("85000"));
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
        let said = read(r#"{"intent":" BUY ","brand":"Kia","entities":null}"#).unwrap();
        assert_eq!((said.intent, said.confidence, said.brand.as_deref()), (Intent::Buy, None, Some("Kia")));
        let said = read(
            r#"{"intent":"buy","confidence":"92%","entities":{"brand":"null","model":3,"year":"девятнадцатый век",
            "budget":"1,5 млн","mileage":-5},"reply":7}"#,
        )
        .unwrap();
        assert_eq!((said.confidence, said.brand, said.model.as_deref()), (Some(0.92), None, Some("3")));
        assert_eq!((said.year, said.budget.as_deref(), said.mileage), (None, Some("1500000"), None));
        assert_eq!(said.reply, "");
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
        assert_eq!(Said::read(&refused, 2026), Err(Failure::Refusal));
        assert_eq!(Said::read(&json!([]), 2026), Err(Failure::NoCompletion));
    }

    #[test]
    fn confidence_stays_between_nothing_and_certainty() {
        for (said, is) in [(json!(-3), 0.0), (json!(85), 0.85), (json!(1e9), 1.0), (json!("0,7"), 0.7)] {
            assert_eq!(confidence(&said), Some(is), "{said}");
        }
        assert_eq!(confidence(&json!("NaN")), None);
    }
}
