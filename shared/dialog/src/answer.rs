//! Answers: read from typed text, shown as text.

use lead::{PhoneSource, Photo};
use serde::{Deserialize, Serialize};
use texts::Language;
use values::{Phone, Typed, VehicleId, Wrong, car, mileage, money, name, text, vehicle_id, year};

use crate::plain;
use crate::questionnaire::{Parser, Step};

/// Longest model, in characters, of a car whose typed text is stored too: a long text is not stored twice.
const MAX_MODEL_CHARS: usize = 100;

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
            StoredPhone::NumberOnly(number) => Self { number, source: PhoneSource::Typed },
            StoredPhone::WithSource { number, source } => Self { number, source },
        }
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

/// Reads typed text.
pub(crate) fn parse(parser: Parser, typed: &str, this_year: i16) -> Result<Value, Wrong> {
    let typed = plain::cleaned(typed);
    match parser {
        Parser::Car => text::parse(&typed, 1000).map(|text| Value::Car(Car::read(&text))),
        Parser::Year => certain(year::read(&typed, this_year), || year::parse(&typed, this_year)).map(Value::Year),
        Parser::YearFrom => {
            certain(year::read_from(&typed, this_year), || year::parse_from(&typed, this_year)).map(Value::Year)
        }
        Parser::Mileage => certain(mileage::read(&typed), || mileage::parse(&typed)).map(Value::Km),
        Parser::Price | Parser::Budget => certain(money::read(&typed), || money::parse(&typed)).map(Value::Roubles),
        Parser::Vehicle => {
            certain(vehicle_id::read(&typed), || vehicle_id::parse(&typed)).map(|vehicle| Value::Vehicle {
                id: vehicle.show(),
                doubtful: matches!(vehicle, VehicleId::Vin { check_digit_ok: false, .. }),
            })
        }
        Parser::Name => name::parse(&typed).map(Value::Text),
        Parser::Text { max } => text::parse(&typed, max).map(Value::Text),
    }
}

/// The value of an answer with words around it, if it is certain, and otherwise what the answer is without them.
fn certain<T>(read: Result<Typed<T>, Wrong>, parse: impl FnOnce() -> Result<T, Wrong>) -> Result<T, Wrong> {
    read?.certain().map_or_else(parse, Ok)
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

/// The answer in words, with a remark if it is doubtful.
pub(crate) fn shown_with_doubts(step: &Step, value: &Value, language: Language) -> String {
    let shown = shown(step, value, language);
    match value {
        Value::Vehicle { doubtful: true, .. } => language.text_with("vin-doubtful", [("vin", shown.into())]),
        _ => shown,
    }
}

/// A remark to the customer about an answer that is accepted but may be a mistake.
pub(crate) fn remark(value: &Value, typed: &str, language: Language) -> Option<String> {
    match value {
        Value::Vehicle { doubtful: true, .. } => Some(language.text("vin-check")),
        Value::Km(km) if mileage::may_be_thousands(&plain::cleaned(typed)) => {
            let mileage = mileage::show(*km);
            Some(language.text_with("mileage-check", [("mileage", mileage.into()), ("thousands", (*km).into())]))
        }
        _ => None,
    }
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
