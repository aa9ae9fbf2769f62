//! The outcome as plain data, for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cost::{ModelCost, Prices, costs};
use super::score::Tally;
use super::{Evaluation, Prediction};

/// Everything the report says, as plain data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// Sentences in all.
    pub sentences: usize,
    /// Which part of the intents was right.
    pub intent_accuracy: f64,
    /// Of all entities.
    pub entity_f1: f64,
    /// Which part of the wishes for a service does not get its button at once.
    pub without_button: f64,
    /// By intent.
    pub intents: BTreeMap<String, Rates>,
    /// By entity.
    pub entities: BTreeMap<String, Rates>,
    /// How often each intent was understood as each.
    pub understood_as: BTreeMap<String, BTreeMap<String, usize>>,
    /// Milliseconds that half of the sentences did not exceed.
    pub latency_p50_ms: f64,
    /// Milliseconds that 99 of 100 sentences did not exceed.
    pub latency_p99_ms: f64,
    /// Sentences that the rules answered.
    pub answered_offline: usize,
    /// Sentences for which the second model was asked.
    pub asked_second_model: usize,
    /// By model.
    pub costs: Vec<ModelCost>,
    /// What was understood of each sentence.
    pub predictions: Vec<Prediction>,
}

/// How reliable claims of one kind are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// Which part of the claims was right.
    pub precision: f64,
    /// Which part of what was there was found.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f1: f64,
}

impl From<&Tally> for Rates {
    fn from(tally: &Tally) -> Self {
        Self { precision: tally.precision(), recall: tally.recall(), f1: tally.f1() }
    }
}

impl Evaluation {
    /// Everything the report says, as plain data.
    #[must_use]
    pub fn summary(&self, prices: &Prices) -> Summary {
        let scores = self.scores();
        let mut understood_as: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        for ((is, said), count) in &scores.confusion {
            understood_as.entry(is.name().to_owned()).or_default().insert(said.name().to_owned(), *count);
        }
        Summary {
            sentences: scores.total,
            intent_accuracy: scores.accuracy(),
            entity_f1: scores.all_entities.f1(),
            without_button: scores.share_without_button(),
            intents: scores.intents.iter().map(|(intent, tally)| (intent.name().to_owned(), tally.into())).collect(),
            entities: scores.entities.iter().map(|(entity, tally)| (entity.clone(), tally.into())).collect(),
            understood_as,
            latency_p50_ms: self.percentile(50).as_secs_f64() * 1000.0,
            latency_p99_ms: self.percentile(99).as_secs_f64() * 1000.0,
            answered_offline: self.offline,
            asked_second_model: self.fallbacks,
            costs: costs(&self.calls, prices),
            predictions: self.predictions.clone(),
        }
    }
}
