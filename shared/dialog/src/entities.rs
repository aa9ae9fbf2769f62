//! What a free sentence says about a car.

use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use values::{mileage, money, year};

use crate::answer::{self, Value};
use crate::questionnaire::{Entity, Step};

/// Longest make or model that is taken over, in characters.
const MAX_NAME: usize = 60;

/// What a free sentence says about a car. The serialised names are those of the model's form and of labelled sentences;
/// the aliases and numbers written as text are how older versions stored it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(default)]
pub struct Entities {
    #[serde(rename = "brand", alias = "car")]
    pub make: Option<String>,
    pub model: Option<String>,
    /// Year of manufacture.
    #[serde(deserialize_with = "number_or_text")]
    pub year: Option<i16>,
    /// Price or budget.
    #[serde(rename = "budget", alias = "money", deserialize_with = "number_or_text")]
    pub roubles: Option<u64>,
    /// Mileage.
    #[serde(rename = "mileage", deserialize_with = "number_or_text")]
    pub km: Option<u32>,
}

impl Entities {
    /// With names short enough to be stored.
    pub(crate) fn shortened(&self) -> Self {
        let short = |name: &Option<String>| {
            let name = name.as_deref().map(|name| name.trim().chars().take(MAX_NAME).collect::<String>());
            name.filter(|name| !name.is_empty())
        };
        Self { make: short(&self.make), model: short(&self.model), ..*self }
    }

    /// The answer of `step`, unless the step's own check refuses it: neither a model nor a rule can put in what a
    /// customer could not type.
    pub(crate) fn answer(&self, step: &Step, this_year: i16) -> Option<Value> {
        match step.prefill? {
            Entity::Car => answer::read(step, &self.car()?, this_year)?.ok().map(|read| read.value),
            Entity::Year => year::check(self.year?, this_year).ok().map(Value::Year),
            Entity::Money => money::check(self.roubles?).ok().map(Value::Roubles),
            Entity::Mileage => mileage::check(self.km?).ok().map(Value::Km),
        }
    }

    /// Make and model together.
    fn car(&self) -> Option<String> {
        let model = self.model.as_deref().unwrap_or_default().trim();
        let make = self.make.as_deref().unwrap_or_default().trim();
        let make = if begins_with(model, make) { "" } else { make };
        let car: String = format!("{make} {model}").trim().chars().take(MAX_NAME).collect();
        (!car.is_empty()).then_some(car)
    }
}

/// Whether a model is named with its make: «Toyota Camry».
fn begins_with(model: &str, make: &str) -> bool {
    let (model, make) = (model.to_lowercase(), make.to_lowercase());
    model.strip_prefix(&make).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

fn number_or_text<'de, D: Deserializer<'de>, N: Deserialize<'de> + FromStr>(
    deserializer: D,
) -> Result<Option<N>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Stored<N> {
        Number(N),
        Text(String),
    }
    Ok(match Option::deserialize(deserializer)? {
        Some(Stored::Number(number)) => Some(number),
        Some(Stored::Text(text)) => text.parse().ok(),
        None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_stored_as_text_are_read() {
        let stored = r#"{"car":"Toyota Camry","year":"2019","money":"1500000","mileage":"85000"}"#;
        let entities: Entities = serde_json::from_str(stored).unwrap();
        assert_eq!((entities.car().as_deref(), entities.year), (Some("Toyota Camry"), Some(2019)));
        assert_eq!((entities.roubles, entities.km), (Some(1_500_000), Some(85_000)));
        let unreadable: Entities = serde_json::from_str(r#"{"year":"много","mileage":"-5"}"#).unwrap();
        assert_eq!(unreadable, Entities::default());
    }

    #[test]
    fn stored_entities_are_read_back() {
        let entities = Entities { make: Some("Kia".to_owned()), year: Some(2019), km: Some(0), ..Entities::default() };
        assert_eq!(serde_json::from_str::<Entities>(&serde_json::to_string(&entities).unwrap()).unwrap(), entities);
    }
}
