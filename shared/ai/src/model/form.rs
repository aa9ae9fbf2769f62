//! The form that a model filled, as far as it can be used.
//!
//! Servers that know no schema wrap the form in prose or a code fence, write numbers as text and leave fields out; all
//! of that is read. What decides is checked strictly: the intent must be one that exists.

use dialog::{AiAnswer, AnsweredBy, Entities, Intent, SURE};
use serde_json::{Map, Value};

use super::Failure;
use crate::lenient;

/// Longest make or model, in characters.
const MAX_NAME: usize = 60;
/// At most this many opening braces, counted from the end, are tried as the beginning of the form.
const MAX_BRACES: usize = 60;

/// A form filled by a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Form {
    /// With the reply as written, not to be shown unchecked. Without a stated confidence it is just sure enough for the
    /// customer to get a button.
    pub(crate) answer: AiAnswer,
    pub(crate) states_confidence: bool,
    /// Numbers of the facts that answer the question, from 1; `None` if the form says nothing of facts.
    pub(crate) facts: Option<Vec<usize>>,
}

impl Form {
    /// Reads the form out of a chat completion: the last whole one, because drafts come before it.
    pub(super) fn read(completion: &Value, this_year: i16) -> Result<Self, Failure> {
        let choice = &completion["choices"][0];
        let message = &choice["message"];
        if message["refusal"].as_str().is_some_and(|refusal| !refusal.is_empty()) {
            return Err(Failure::Refusal);
        }
        let is_cut_off = choice["finish_reason"] == "length";
        // A model that has spent its tokens on thinking says nothing, or null.
        let content = match content(&message["content"]) {
            Some(content) => content,
            None if is_cut_off => return Err(Failure::CutOff),
            None => return Err(Failure::NoCompletion),
        };
        let mut failure = if is_cut_off { Failure::CutOff } else { Failure::NotJson };
        for (form, rest) in objects(without_thoughts(&content)) {
            if is_cut_off && rest.contains('{') {
                return Err(Failure::CutOff); // what follows the draft is not whole
            }
            match Self::of(&form, this_year) {
                Ok(form) => return Ok(form),
                Err(unfit) => failure = unfit,
            }
        }
        Err(failure)
    }

    fn of(form: &Value, this_year: i16) -> Result<Self, Failure> {
        let entity = |name| lenient::text(entity(form, name));
        let name = |name| entity(name).filter(|name| is_name(name));
        let entities = Entities {
            make: name("brand"),
            model: name("model"),
            year: entity("year").and_then(|year| values::year::parse(&year, this_year).ok()),
            roubles: entity("budget").and_then(|budget| values::money::parse(&budget).ok()),
            km: entity("mileage").and_then(|mileage| values::mileage::parse(&mileage).ok()),
        };
        let confidence = confidence(&form["confidence"]);
        let reply = form["reply"].as_str().unwrap_or_default().to_owned();
        let confidence_or_sure = confidence.unwrap_or(SURE);
        let answered_by = AnsweredBy::Nobody;
        let answer = AiAnswer { intent: intent(form)?, confidence: confidence_or_sure, entities, answered_by, reply };
        Ok(Self { answer, states_confidence: confidence.is_some(), facts: numbers(form.get("facts")) })
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

/// What a model says after it has thought aloud; nothing if it is still thinking.
fn without_thoughts(text: &str) -> &str {
    match (text.rfind("<think>"), text.rfind("</think>")) {
        (_, Some(end)) => &text[end + "</think>".len()..],
        (Some(_), None) => "",
        (None, None) => text,
    }
}

/// The JSON objects in `text` that name an intent, the last one first, each with what follows it.
fn objects(text: &str) -> impl Iterator<Item = (Value, &str)> {
    text.rmatch_indices('{').take(MAX_BRACES).filter_map(|(start, _)| {
        let mut stream = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Map<String, Value>>();
        let object = stream.next()?.ok().filter(|object| object.contains_key("intent"))?;
        Some((Value::Object(object), &text[start + stream.byte_offset()..]))
    })
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

/// Numbers of facts, written as numbers or text; `null` is none of them.
fn numbers(said: Option<&Value>) -> Option<Vec<usize>> {
    match said? {
        Value::Null => Some(Vec::new()),
        Value::Array(numbers) => {
            let number =
                |number| lenient::text(number)?.trim_matches(|letter: char| !letter.is_ascii_digit()).parse().ok();
            Some(numbers.iter().filter_map(number).collect())
        }
        _ => None,
    }
}

/// An entity, in its own object or next to the intent.
fn entity<'a>(form: &'a Value, name: &str) -> &'a Value {
    match &form["entities"][name] {
        Value::Null => &form[name],
        said => said,
    }
}

fn is_name(text: &str) -> bool {
    text.chars().count() <= MAX_NAME && !text.chars().any(char::is_control)
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
        let entities = &plain.answer.entities;
        assert_eq!((entities.year, entities.roubles, entities.km), (Some(2019), Some(1_500_000), Some(85_000)));
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
    fn the_last_whole_form_counts_and_not_a_draft() {
        let draft = FORM.replace("sell", "buy");
        let last = read(FORM).unwrap();
        for said in [
            format!("<think>Maybe {draft}? No, a sale.</think>\n{FORM}"),
            format!("Draft: {draft}\nFinal:\n```json\n{FORM}\n```"),
            format!("{draft} {FORM} {{\"intent\":\"...\"}}"),
        ] {
            assert_eq!(read(said.as_str()), Ok(last.clone()), "{said}");
        }
        assert_eq!(read(format!("<think>Perhaps {draft}")), Err(Failure::NotJson), "it is still thinking");
        let cut_off = |content: String| {
            Form::read(&json!({ "choices": [{ "message": { "content": content }, "finish_reason": "length" }] }), 2026)
        };
        assert_eq!(cut_off(format!("{draft} and finally {}", &FORM[..40])), Err(Failure::CutOff));
        assert_eq!(cut_off(String::new()), Err(Failure::CutOff), "it has thought for too long");
        let silent = json!({ "choices": [{ "message": { "content": null }, "finish_reason": "length" }] });
        assert_eq!(Form::read(&silent, 2026), Err(Failure::CutOff));
        assert_eq!(cut_off(format!("{FORM} Рад был пом")), Ok(last), "the form is whole");
    }

    #[test]
    fn missing_and_strange_fields_are_survived() {
        let form = read(r#"{"intent":" BUY ","brand":"Kia","entities":null}"#).unwrap();
        assert_eq!((form.answer.intent, form.states_confidence), (Intent::Buy, false));
        assert_eq!((form.answer.confidence, form.answer.entities.make.as_deref()), (SURE, Some("Kia")));
        let form = read(
            r#"{"intent":"buy","confidence":"92%","entities":{"brand":"null","model":3,"year":"девятнадцатый век",
            "budget":"1,5 млн","mileage":-5},"reply":7}"#,
        )
        .unwrap();
        assert!(form.states_confidence);
        let AiAnswer { confidence, entities, reply, .. } = form.answer;
        assert_eq!((confidence, entities.make, entities.model.as_deref()), (0.92, None, Some("3")));
        assert_eq!((entities.year, entities.roubles, entities.km), (None, Some(1_500_000), None));
        assert_eq!(reply, "");
    }

    #[test]
    fn facts_are_chosen_by_number() {
        let facts =
            |facts: &str| read(format!(r#"{{"intent":"faq","confidence":0.9,{facts}"reply":""}}"#)).unwrap().facts;
        assert_eq!(facts(r#""facts":[2,"1","№ 3","много"],"#), Some(vec![2, 1, 3]));
        assert_eq!(facts(r#""facts":[],"#), Some(vec![]));
        assert_eq!(facts(r#""facts":null,"#), Some(vec![]));
        assert_eq!(facts(""), None);
        assert_eq!(facts(r#""facts":"Москва","#), None);
    }

    #[test]
    fn an_answer_without_a_form_is_a_failure_with_a_name() {
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
