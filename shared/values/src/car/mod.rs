//! Makes and models: what is named in a text, and how it is spelled properly.

mod catalogue;
mod lookup;
mod search;
mod spelling;

use std::ops::Range;

use crate::{Wrong, text};

/// A make, perhaps with its model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Car {
    /// «Toyota»
    pub brand: String,
    /// «Camry»
    pub model: Option<String>,
}

impl Car {
    /// «Toyota Camry»
    #[must_use]
    pub fn show(&self) -> String {
        match &self.model {
            Some(model) => format!("{} {model}", self.brand),
            None => self.brand.clone(),
        }
    }
}

/// A car named in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Which car, in the catalogue's spelling.
    pub car: Car,
    /// In bytes of the text: make and model if they stand together, otherwise what stands first.
    pub span: Range<usize>,
}

/// Make and model as typed, of up to `max` characters.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::TooLong`], or [`Wrong::BadCar`] if it has no letter and no digit.
pub fn parse(typed: &str, max: usize) -> Result<String, Wrong> {
    let car = text::parse(typed, max)?;
    if car.contains(char::is_alphanumeric) { Ok(car) } else { Err(Wrong::BadCar) }
}

/// The first car named in a free sentence: «хочу продать камрюху», «есть ли бэха х5». A model implies its make. Exact
/// spellings (in any grammatical case) win over near misses.
#[must_use]
pub fn find(sentence: &str) -> Option<Found> {
    search::first(sentence).map(|named| Found { car: named.car, span: named.span })
}

/// How a typed make and model are spelled properly, for «Вы имели в виду …?». `None` when it is not recognised or was
/// typed so already, but for upper and lower case, and for long text. What follows the model stays: «камри 3.5» is
/// Toyota Camry 3.5. Text of more than 40 characters gets none, nor does one that names a choice of cars.
#[must_use]
pub fn suggest(typed: &str) -> Option<Car> {
    if typed.chars().count() > MAX_SUGGESTED_CHARS || typed.split_whitespace().any(|word| word == "или") {
        return None;
    }
    let car = recognised(typed)?;
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (words(&car.show()) != words(typed)).then_some(car)
}

/// Longer text says more than a make and a model, and a suggestion in its place would lose or garble it.
const MAX_SUGGESTED_CHARS: usize = 40;

/// Make and model apart: the catalogue's, and otherwise the first word and the rest.
#[must_use]
pub fn split(typed: &str) -> Car {
    recognised(typed).unwrap_or_else(|| {
        let mut words = typed.split_whitespace();
        let brand = words.next().unwrap_or_default().to_owned();
        let model = words.collect::<Vec<_>>().join(" ");
        Car { brand, model: Some(model).filter(|model| !model.is_empty()) }
    })
}

/// The car that typed text is, with what follows its name.
fn recognised(typed: &str) -> Option<Car> {
    let named = search::first(typed)?;
    let begins_with_it = !typed[..named.span.start].contains(char::is_alphanumeric);
    if !begins_with_it {
        return Some(named.car);
    }
    let rest = typed[named.span.end..].split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = rest.trim_matches(|c: char| c.is_whitespace() || ",.;:-–—()\"«»".contains(c));
    let Car { brand, model } = named.car;
    let model = match (model, rest) {
        (model, "") => model,
        // The model stands apart from the make, within the rest.
        (Some(model), _) if named.apart => Some(model),
        (Some(model), rest) => Some(format!("{model} {rest}")),
        (None, rest) => Some(rest.to_owned()),
    };
    Some(Car { brand, model })
}

#[cfg(test)]
mod tests;
