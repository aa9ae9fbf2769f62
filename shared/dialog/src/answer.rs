//! Answers: read from what was typed, shown to people.

use lead::Photo;
use serde::{Deserialize, Serialize};
use values::{Phone, VehicleId, Wrong, car, mileage, money, name, text, vehicle_id, year};

use crate::plain;
use crate::questionnaire::{Parser, Step};
use crate::texts;

/// An answer, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Value {
    /// An optional question left unanswered.
    Skipped,
    /// As typed.
    Text(String),
    /// The id of the chosen button.
    Choice(String),
    /// A year.
    Year(i16),
    /// Kilometres.
    Km(u32),
    /// Whole roubles.
    Roubles(u64),
    /// A VIN or a plate.
    Vehicle {
        /// As a manager reads it.
        id: String,
        /// A VIN whose check digit is wrong.
        doubtful: bool,
    },
    /// A phone number.
    Phone(Phone),
    /// Photos, in the order sent.
    Photos(Vec<Photo>),
}

/// Reads typed text.
pub(crate) fn parse(parser: Parser, typed: &str, this_year: i16) -> Result<Value, Wrong> {
    let typed = plain::cleaned(typed);
    match parser {
        Parser::Car => text::parse(&typed, 1000).map(|text| Value::Text(on_one_line(&text))),
        Parser::Year => year::parse(&typed, this_year).map(Value::Year),
        Parser::YearFrom => year::parse_from(&typed, this_year).map(Value::Year),
        Parser::Mileage => mileage::parse(&typed).map(Value::Km),
        Parser::Price | Parser::Budget => money::parse(&typed).map(Value::Roubles),
        Parser::Vehicle => vehicle_id::parse(&typed).map(|vehicle| Value::Vehicle {
            id: vehicle.show(),
            doubtful: matches!(vehicle, VehicleId::Vin { check_digit_ok: false, .. }),
        }),
        Parser::Name => name::parse(&typed).map(Value::Text),
        Parser::Text { max } => text::parse(&typed, max).map(Value::Text),
    }
}

/// The catalogue's spelling of a typed make and model, where it is another one.
pub(crate) fn suggestion(parser: Parser, typed: &str) -> Option<String> {
    match parser {
        Parser::Car => car::suggest(typed).map(|car| car.show()).filter(|car| letters(car) != letters(typed)),
        _ => None,
    }
}

/// What is left of a name without case and punctuation: who typed `kia <sportage>` means no other car.
fn letters(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The answer in words, exactly as typed.
pub(crate) fn shown(step: &Step, value: &Value) -> String {
    match value {
        Value::Skipped => texts::get("nothing"),
        Value::Text(text) => text.clone(),
        Value::Choice(id) => {
            let text = step.text_id(id);
            if texts::exists(&text) { texts::get(&text) } else { texts::get("nothing") }
        }
        Value::Year(year) => year.to_string(),
        Value::Km(km) => mileage::show(*km),
        Value::Roubles(roubles) => {
            let amount = money::show(*roubles);
            match step.parser() {
                Some(Parser::Budget) => texts::with("up-to", [("amount", amount.into())]),
                _ => amount,
            }
        }
        Value::Vehicle { id, .. } => id.clone(),
        Value::Phone(phone) => phone.show(),
        Value::Photos(photos) => texts::with("photos-count", [("count", photos.len().into())]),
    }
}

/// The answer in words, with what is doubtful about it.
pub(crate) fn shown_with_doubts(step: &Step, value: &Value) -> String {
    let shown = shown(step, value);
    if is_doubtful(value) { texts::with("vin-doubtful", [("vin", shown.into())]) } else { shown }
}

/// Whether it is a VIN whose check digit is wrong, which is unusual but not forbidden.
const fn is_doubtful(value: &Value) -> bool {
    matches!(value, Value::Vehicle { doubtful: true, .. })
}

/// What the customer should look at again, though the answer is taken.
pub(crate) fn notice(value: &Value, typed: &str) -> Option<String> {
    match value {
        Value::Vehicle { doubtful: true, .. } => Some(texts::get("vin-check")),
        Value::Km(km) if mileage::may_be_thousands(&plain::cleaned(typed)) => {
            Some(texts::with("mileage-check", [("mileage", mileage::show(*km).into()), ("thousands", (*km).into())]))
        }
        _ => None,
    }
}

/// What is wrong with a typed value, and what is expected.
pub(crate) fn complaint(parser: Option<Parser>, wrong: Wrong) -> String {
    let number = match parser {
        Some(Parser::Year | Parser::YearFrom) => "wrong-year",
        Some(Parser::Mileage) => "wrong-mileage",
        Some(Parser::Price | Parser::Budget) => "wrong-money",
        _ => "wrong-value",
    };
    let limited = |side: &str, limit: i64| {
        let text = format!("{number}.{side}");
        if texts::exists(&text) {
            texts::with(&text, [("limit", limit_shown(parser, limit).into())])
        } else {
            texts::get("wrong-value")
        }
    };
    match wrong {
        Wrong::Empty => texts::get("wrong-empty"),
        Wrong::TooLong { max } => texts::with("wrong-length", [("max", max.into())]),
        Wrong::NotANumber => texts::get(number),
        Wrong::TooSmall { min } => limited("small", min),
        Wrong::TooLarge { max } => limited("large", max),
        Wrong::BadPhone => texts::get("wrong-phone"),
        Wrong::BadVehicleId => texts::get("wrong-vehicle-id"),
        Wrong::BadName => texts::get("wrong-name"),
    }
}

fn limit_shown(parser: Option<Parser>, limit: i64) -> String {
    match parser {
        Some(Parser::Mileage) => u32::try_from(limit).map_or_else(|_| limit.to_string(), mileage::show),
        Some(Parser::Price | Parser::Budget) => u64::try_from(limit).map_or_else(|_| limit.to_string(), money::show),
        _ => limit.to_string(),
    }
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
