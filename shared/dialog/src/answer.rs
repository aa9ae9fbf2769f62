//! Answers: read from typed text, shown as text.

use lead::{PhoneSource, Photo};
use serde::{Deserialize, Serialize};
use texts::Language;
use values::{Phone, Typed, VehicleId, Wrong, car, mileage, money, name, phone, phrase, text, vehicle_id, year};

use crate::plain;
use crate::questionnaire::{Kind, Parser, Step};

/// Longest model, in characters, of a car whose typed text is stored too: a long text is not stored twice.
const MAX_MODEL_CHARS: usize = 100;

/// Longest remark that is stored, in characters.
const MAX_REMARK_CHARS: usize = 300;

/// An answer, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Value {
    /// An optional question left unanswered.
    Skipped,
    Text(String),
    Car(Car),
    /// Id of the chosen button.
    Choice(String),
    Year(i16),
    /// Kilometres.
    Km(u32),
    /// Whole roubles.
    Roubles(u64),
    /// A VIN or a plate.
    Vehicle {
        id: String,
        /// A VIN whose check digit is wrong, which is unusual but not forbidden.
        doubtful: bool,
    },
    Phone(PhoneAnswer),
    /// In the order sent.
    Photos(Vec<Photo>),
}

/// A make and perhaps a model, spelled as in the catalogue where it has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Car {
    pub(crate) make: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    /// What the customer typed, if it is spelled differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    typed: Option<String>,
}

/// A phone number and where it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredPhone")]
pub(crate) struct PhoneAnswer {
    pub(crate) number: Phone,
    pub(crate) source: PhoneSource,
}

/// Earlier versions stored the number alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredPhone {
    NumberOnly(Phone),
    WithSource { number: Phone, source: PhoneSource },
}

impl From<StoredPhone> for PhoneAnswer {
    fn from(stored: StoredPhone) -> Self {
        match stored {
            StoredPhone::NumberOnly(number) => Self::typed(number),
            StoredPhone::WithSource { number, source } => Self { number, source },
        }
    }
}

impl PhoneAnswer {
    const fn typed(number: Phone) -> Self {
        Self { number, source: PhoneSource::Typed }
    }
}

impl From<PhoneAnswer> for Value {
    fn from(phone: PhoneAnswer) -> Self {
        Self::Phone(phone)
    }
}

impl Car {
    /// Reads a make and model in one line.
    pub(crate) fn read(typed: &str) -> Self {
        let typed = typed.split_whitespace().collect::<Vec<_>>().join(" ");
        let car = car::split(&typed);
        if car.show() == typed {
            return Self { make: car.brand, model: car.model, typed: None };
        }
        let model = car.model.map(|model| plain::cut(&model, MAX_MODEL_CHARS, usize::MAX));
        Self { make: car.brand, model, typed: Some(typed) }
    }

    /// As the customer typed it.
    pub(crate) fn typed(&self) -> String {
        self.typed.clone().unwrap_or_else(|| self.catalogue_spelling())
    }

    pub(crate) fn catalogue_spelling(&self) -> String {
        match &self.model {
            Some(model) => format!("{} {model}", self.make),
            None => self.make.clone(),
        }
    }

    /// Whether the customer should be asked which spelling is right. Case and punctuation do not matter:
    /// `kia <sportage>` is the same car.
    pub(crate) fn has_other_spelling(&self) -> bool {
        let letters = |name: &str| -> String {
            name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
        };
        let is_other = |typed: &String| letters(typed) != letters(&self.catalogue_spelling());
        self.typed.as_ref().is_some_and(|typed| is_other(typed) && car::suggest(typed).is_some())
    }

    pub(crate) fn take_catalogue_spelling(&mut self) {
        self.typed = None;
    }

    fn stored_len(&self) -> usize {
        let texts = [Some(&self.make), self.model.as_ref(), self.typed.as_ref()];
        texts.into_iter().flatten().map(|text| plain::stored_len(text)).sum()
    }
}

impl Value {
    /// Bytes of free text in the stored answer.
    pub(crate) fn stored_len(&self) -> usize {
        match self {
            Self::Text(text) => plain::stored_len(text),
            Self::Car(car) => car.stored_len(),
            _ => 0,
        }
    }

    /// The value in the form of this version. Earlier versions stored a car as text.
    pub(crate) fn upgraded(self, step: &Step) -> Self {
        match (self, step.parser()) {
            (Self::Text(typed), Some(Parser::Car)) => Self::Car(Car::read(&typed)),
            (value, _) => value,
        }
    }
}

/// Reads typed text as the answer to a step; `None` if the step takes no text.
pub(crate) fn read(step: &Step, typed: &str, this_year: i16) -> Option<Result<Typed<Value>, Wrong>> {
    let typed = plain::cleaned(typed);
    let read = match (step.kind, step.parser()) {
        (Kind::Phone, _) => phone::read(&typed).map(|read| read.map(|number| PhoneAnswer::typed(number).into())),
        (_, Some(parser)) => read_as(parser, &typed, this_year),
        (_, None) => return None,
    };
    let short = |remark: String| plain::cut(&remark, MAX_REMARK_CHARS, usize::MAX);
    Some(read.map(|read| Typed { remark: read.remark.map(short), ..read }))
}

fn read_as(parser: Parser, typed: &str, this_year: i16) -> Result<Typed<Value>, Wrong> {
    let is_phrase = phrase::of(typed).is_some();
    Ok(match parser {
        Parser::Car if is_phrase => return Err(Wrong::BadCar),
        Parser::Name if is_phrase => return Err(Wrong::BadName),
        Parser::Car => Typed::alone(Value::Car(Car::read(&car::parse(typed, 1000)?))),
        Parser::Year => year::read(typed, this_year)?.map(Value::Year),
        Parser::YearFrom => year::read_from(typed, this_year)?.map(Value::Year),
        Parser::Mileage => mileage::read(typed)?.map(Value::Km),
        Parser::Price | Parser::Budget => money::read(typed)?.map(Value::Roubles),
        Parser::Vehicle => vehicle_id::read(typed)?.map(|vehicle| Value::Vehicle {
            id: vehicle.show(),
            doubtful: matches!(vehicle, VehicleId::Vin { check_digit_ok: false, .. }),
        }),
        Parser::Name => Typed::alone(Value::Text(name::parse(typed)?)),
        Parser::Text { max } => Typed::alone(Value::Text(text::parse(typed, max)?)),
    })
}

/// The answer in words. A car is shown as the customer typed it.
pub(crate) fn shown(step: &Step, value: &Value, language: Language) -> String {
    match value {
        Value::Skipped => language.text("nothing"),
        Value::Text(text) => text.clone(),
        Value::Car(car) => car.typed(),
        Value::Choice(id) => {
            let text = step.text_id(id);
            language.text(if language.has(&text) { &text } else { "nothing" })
        }
        Value::Year(year) => year.to_string(),
        Value::Km(km) => mileage::show(*km),
        Value::Roubles(roubles) => {
            let amount = money::show(*roubles);
            match step.parser() {
                Some(Parser::Budget) => language.text_with("up-to", [("amount", amount.into())]),
                _ => amount,
            }
        }
        Value::Vehicle { id, .. } => id.clone(),
        Value::Phone(phone) => phone.number.show(),
        Value::Photos(photos) => language.text_with("photos-count", [("count", photos.len().into())]),
    }
}

/// The answer in words, with what is doubtful about it and the words that were typed around it.
pub(crate) fn shown_in_full(step: &Step, value: &Value, remark: Option<&str>, language: Language) -> String {
    let shown = shown(step, value, language);
    let shown = match value {
        Value::Vehicle { doubtful: true, .. } => language.text_with("vin-doubtful", [("vin", shown.into())]),
        _ => shown,
    };
    match remark {
        Some(remark) => language.text_with("with-remark", [("value", shown.into()), ("remark", remark.into())]),
        None => shown,
    }
}

/// Asks whether a value was understood.
pub(crate) fn question_about(step: &Step, value: &Value, language: Language) -> String {
    let shown = plain::isolated(&shown(step, value, language));
    match value {
        Value::Km(km @ 1..1_000) => {
            language.text_with("doubt.thousands", [("value", shown.into()), ("thousands", (*km).into())])
        }
        _ => language.text_with("doubt", [("value", shown.into())]),
    }
}

/// What the customer should know of an answer that is accepted but may be a mistake.
pub(crate) fn warning(value: &Value, language: Language) -> Option<String> {
    matches!(value, Value::Vehicle { doubtful: true, .. }).then(|| language.text("vin-check"))
}

/// What is wrong with a typed value, and what is expected.
pub(crate) fn error_text(parser: Option<Parser>, wrong: Wrong, language: Language) -> String {
    let kind = match parser {
        Some(Parser::Year | Parser::YearFrom) => "wrong-year",
        Some(Parser::Mileage) => "wrong-mileage",
        Some(Parser::Price | Parser::Budget) => "wrong-money",
        _ => "wrong-value",
    };
    let limited = |side: &str, limit: i64| {
        let text = format!("{kind}.{side}");
        if language.has(&text) {
            language.text_with(&text, [("limit", limit_shown(parser, limit).into())])
        } else {
            language.text("wrong-value")
        }
    };
    match wrong {
        Wrong::Empty => language.text("wrong-empty"),
        Wrong::TooLong { max } => language.text_with("wrong-length", [("max", max.into())]),
        Wrong::NotANumber => language.text(kind),
        Wrong::TooSmall { min } => limited("small", min),
        Wrong::TooLarge { max } => limited("large", max),
        Wrong::BadPhone => language.text("wrong-phone"),
        Wrong::BadVehicleId => language.text("wrong-vehicle-id"),
        Wrong::BadCar => language.text("wrong-car"),
        Wrong::BadName => language.text("wrong-name"),
    }
}

fn limit_shown(parser: Option<Parser>, limit: i64) -> String {
    match parser {
        Some(Parser::Mileage) => u32::try_from(limit).map_or_else(|_| limit.to_string(), mileage::show),
        Some(Parser::Price | Parser::Budget) => u64::try_from(limit).map_or_else(|_| limit.to_string(), money::show),
        _ => limit.to_string(),
    }
}
