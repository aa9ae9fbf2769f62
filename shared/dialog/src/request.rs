//! Turns a form into the request for a manager.

use std::collections::BTreeMap;

use lead::{Answer, CrmField, Customer, FieldValue, Photo, Request, Seconds};
use texts::Language;

use crate::Person;
use crate::answer::{self, PhoneAnswer, Value};
use crate::form::{Form, Said};
use crate::questionnaire::{Kind, Step, Use};

/// The request of a finished form; `None` while the name or the phone is missing.
pub(crate) fn finished(form: &Form, person: &Person, now: Seconds, language: Language) -> Option<Request> {
    request(form, person, None, now, language)
}

/// The request of a form that the customer has left half-way; `None` while the phone is missing.
pub(crate) fn unfinished(form: &Form, chat_id: i64, language: Language) -> Option<Request> {
    let username = form.username().map(str::to_owned);
    let person = Person { chat_id, username, first_name: String::new() };
    let name = form.name_at_telegram().map_or_else(|| language.text("unnamed"), str::to_owned);
    let request = request(form, &person, Some(name), form.answered_at(), language)?;
    Some(Request { unfinished: Some(language.text(&form.stop_text())), ..request })
}

/// The request of a form whose customer has this name if none was answered.
fn request(
    form: &Form,
    person: &Person,
    name_at_telegram: Option<String>,
    created_at: Seconds,
    language: Language,
) -> Option<Request> {
    let mut uses = Uses::default();
    let mut answers = answers_before(form, language);
    for step in form.branch.steps {
        let Some(value) = form.answer(step) else { continue };
        answers.extend(answers_of(form, step, value, language));
        uses.take(step, value, answer::shown(step, value, language));
    }
    let PhoneAnswer { number, source } = uses.phone?;
    let customer = Customer {
        chat_id: person.chat_id,
        username: person.username.clone(),
        name: uses.name.or(name_at_telegram)?,
        phone: number.e164().to_owned(),
        phone_source: *source,
    };
    Some(Request {
        id: form.id,
        branch: form.branch.id.to_owned(),
        service: language.text(form.branch.id),
        topic: uses.topic,
        customer,
        price: uses.price,
        fields: uses.fields,
        answers,
        photos: uses.photos,
        voices: form.voices().cloned().collect(),
        source: None,
        consent: None,
        unfinished: None,
        created_at,
    })
}

/// What the answers are used for, besides being listed.
#[derive(Default)]
struct Uses<'f> {
    name: Option<String>,
    phone: Option<&'f PhoneAnswer>,
    topic: String,
    price: Option<u64>,
    photos: Vec<Photo>,
    fields: BTreeMap<CrmField, FieldValue>,
}

impl<'f> Uses<'f> {
    fn take(&mut self, step: &Step, value: &'f Value, shown: String) {
        if let Value::Photos(sent) = value {
            self.photos.clone_from(sent);
        }
        for use_ in step.uses {
            match use_ {
                Use::Field(field) => {
                    self.fields.insert(*field, field_value(step, value, &shown));
                }
                Use::Car => self.fields.extend(make_and_model(value)),
                Use::Price => self.price = roubles(step, value),
                Use::Topic if declines(step, value) => {}
                Use::Topic => self.topic.clone_from(&shown),
                Use::Name => self.name = Some(shown.clone()),
                Use::Phone => self.phone = phone_of(value),
            }
        }
    }
}

/// What the customer asked and said before the first step.
fn answers_before(form: &Form, language: Language) -> Vec<Answer> {
    let question = language.text("chat-question");
    let typed = form.preface.iter().cloned();
    let spoken = form.said_before().map(|words| by_voice(words, language));
    typed.chain(spoken).map(|answer| Answer { question: question.clone(), answer }).collect()
}

/// What the manager reads of one step: the answer, what was typed around a number, the captions of photos.
fn answers_of(form: &Form, step: &Step, value: &Value, language: Language) -> Vec<Answer> {
    let remark = form.remark(step);
    let about_number = phone_of(value).map(|phone| about_number(phone, remark, language));
    let in_full = answer::shown_in_full(step, value, remark.filter(|_| about_number.is_none()), language);
    let mut answers = vec![Answer {
        question: language.text(&step.text_id("label")),
        answer: match form.said_at(step.id) {
            Some(Said::InWords(words)) => {
                language.text_with("by-voice.words", [("value", in_full.into()), ("words", words.into())])
            }
            Some(Said::AsAnswered) => by_voice(&in_full, language),
            None => in_full,
        },
    }];
    if let Some(answer) = about_number.filter(|about| !about.is_empty()) {
        answers.push(Answer { question: language.text("about-number"), answer });
    }
    if matches!(value, Value::Photos(_)) {
        let caption = |text: &String| Answer { question: language.text("caption"), answer: text.clone() };
        answers.extend(form.captions().iter().map(caption));
    }
    answers
}

/// An answer that was spoken in these words.
fn by_voice(value: &str, language: Language) -> String {
    language.text_with("by-voice", [("value", value.into())])
}

/// Whether a button was pressed instead of typing an answer: «Без разницы» is not a topic.
fn declines(step: &Step, value: &Value) -> bool {
    matches!((step.kind, value), (Kind::Typed { .. }, Value::Choice(_)))
}

fn make_and_model(value: &Value) -> Vec<(CrmField, FieldValue)> {
    let Value::Car(car) = value else { return Vec::new() };
    let make = (CrmField::CarBrand, car.make.as_str().into());
    let model = car.model.as_deref().map(|model| (CrmField::CarModel, model.into()));
    std::iter::once(make).chain(model).collect()
}

fn field_value(step: &Step, value: &Value, shown: &str) -> FieldValue {
    let number = match value {
        Value::Year(year) => u64::try_from(*year).ok(),
        Value::Km(km) => Some(u64::from(*km)),
        _ => roubles(step, value),
    };
    match number {
        Some(number) => FieldValue::Number { number, text: shown.to_owned() },
        None => FieldValue::Text(shown.to_owned()),
    }
}

fn roubles(step: &Step, value: &Value) -> Option<u64> {
    match value {
        Value::Roubles(roubles) => Some(*roubles),
        Value::Choice(id) => step.choices().iter().find(|choice| choice.id == id)?.roubles,
        _ => None,
    }
}

/// What a manager should know before dialling: that the number is foreign, and the words typed around it. A line of its
/// own, because the number itself may stand elsewhere in the note.
fn about_number(phone: &PhoneAnswer, remark: Option<&str>, language: Language) -> String {
    let country = phone.number.country().filter(|country| country != "RU");
    let is_foreign = country.map(|country| language.text_with("foreign-number", [("country", country.into())]));
    is_foreign.into_iter().chain(remark.map(str::to_owned)).collect::<Vec<_>>().join("; ")
}

const fn phone_of(value: &Value) -> Option<&PhoneAnswer> {
    match value {
        Value::Phone(phone) => Some(phone),
        _ => None,
    }
}
