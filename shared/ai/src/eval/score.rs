//! Counting hits and misses.

use std::collections::BTreeMap;

use dialog::{Entities, Intent, SURE};

use super::{Case, Prediction};
use crate::lenient;

/// Hits and misses of one kind of thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// There, and understood so.
    pub hits: usize,
    /// Claimed, but not there or something else.
    pub false_alarms: usize,
    /// There, but not claimed or taken for something else.
    pub misses: usize,
}

impl Tally {
    /// Which part of the claims was right; 1 without any claim.
    #[must_use]
    pub fn precision(&self) -> f64 {
        ratio(self.hits, self.hits + self.false_alarms)
    }

    /// Which part of what was there was found; 1 when nothing was there.
    #[must_use]
    pub fn recall(&self) -> f64 {
        ratio(self.hits, self.hits + self.misses)
    }

    /// The harmonic mean of precision and recall.
    #[must_use]
    pub fn f1(&self) -> f64 {
        ratio(2 * self.hits, 2 * self.hits + self.false_alarms + self.misses)
    }

    fn add(&mut self, other: Self) {
        self.hits += other.hits;
        self.false_alarms += other.false_alarms;
        self.misses += other.misses;
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of sentences are small")]
pub(super) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// What an evaluation has to reach.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Thresholds {
    /// The least share of right intents.
    pub accuracy: Option<f64>,
    /// The least F1 of all entities.
    pub entity_f1: Option<f64>,
    /// The largest share of wishes for a service without its button.
    pub without_button: Option<f64>,
}

/// How many sentences were understood, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scores {
    /// Sentences in all.
    pub total: usize,
    /// Sentences whose intent was right.
    pub right: usize,
    /// How often the first intent was taken for the second.
    pub confusion: BTreeMap<(Intent, Intent), usize>,
    /// By intent.
    pub intents: BTreeMap<Intent, Tally>,
    /// By entity.
    pub entities: BTreeMap<String, Tally>,
    /// All entities together.
    pub all_entities: Tally,
    /// Sentences that ask for a service.
    pub wishes: usize,
    /// Those among them that do not get its button at once: another intent was understood, or none surely enough.
    pub without_button: usize,
}

impl Scores {
    pub(super) fn of(cases: &[Case], predictions: &[Prediction]) -> Self {
        let mut scores = Self { total: cases.len(), ..Self::default() };
        for (case, said) in cases.iter().zip(predictions) {
            scores.count_intent(case.intent, said.intent);
            if case.intent.branch().is_some() {
                scores.wishes += 1;
                scores.without_button += usize::from(case.intent != said.intent || is_too_unsure(said));
            }
            scores.count_entities(&case.entities, &said.entities);
        }
        scores
    }

    /// Which part of the intents was right.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        ratio(self.right, self.total)
    }

    /// Which part of the wishes for a service does not get its button at once.
    #[must_use]
    pub fn share_without_button(&self) -> f64 {
        if self.wishes == 0 { 0.0 } else { ratio(self.without_button, self.wishes) }
    }

    /// What is worse than asked for, in words; nothing if all is well.
    #[must_use]
    pub fn shortfalls(&self, thresholds: &Thresholds) -> Vec<String> {
        let too_low = |what: &str, is: f64, least: Option<f64>| {
            let least = least.filter(|least| is < *least)?;
            Some(format!("{what} is {is:.3}, below {least:.3}"))
        };
        let without_button = self.share_without_button();
        let too_high = thresholds
            .without_button
            .filter(|most| without_button > *most)
            .map(|most| format!("{without_button:.3} of the wishes do not get their button, more than {most:.3}"));
        [
            too_low("intent accuracy", self.accuracy(), thresholds.accuracy),
            too_low("entity F1", self.all_entities.f1(), thresholds.entity_f1),
            too_high,
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn count_intent(&mut self, is: Intent, said: Intent) {
        *self.confusion.entry((is, said)).or_default() += 1;
        if is == said {
            self.right += 1;
            self.intents.entry(is).or_default().hits += 1;
        } else {
            self.intents.entry(is).or_default().misses += 1;
            self.intents.entry(said).or_default().false_alarms += 1;
        }
    }

    fn count_entities(&mut self, are: &Entities, said: &Entities) {
        for ((name, is), (_, said)) in texts(are).into_iter().zip(texts(said)) {
            let is_hit = is.is_some() && is == said;
            let tally = Tally {
                hits: usize::from(is_hit),
                false_alarms: usize::from(said.is_some() && !is_hit),
                misses: usize::from(is.is_some() && !is_hit),
            };
            self.entities.entry(name).or_default().add(tally);
            self.all_entities.add(tally);
        }
    }
}

/// Whether a service was understood, but not surely enough for its button.
pub(super) fn is_too_unsure(said: &Prediction) -> bool {
    said.intent.branch().is_some() && said.confidence < SURE
}

/// Whether both say the same, whatever the case of letters.
pub(super) fn same(entities: &Entities, others: &Entities) -> bool {
    texts(entities) == texts(others)
}

/// Where the two differ: the entity's name, what it is, and what was understood.
pub(super) fn differences(are: &Entities, said: &Entities) -> Vec<(String, Option<String>, Option<String>)> {
    let pairs = texts(are).into_iter().zip(texts(said));
    pairs.filter(|((_, is), (_, said))| is != said).map(|((name, is), (_, said))| (name, is, said)).collect()
}

/// Each entity by its name, as text that compares equal whatever the case of its letters.
fn texts(entities: &Entities) -> BTreeMap<String, Option<String>> {
    let named =
        serde_json::to_value(entities).ok().and_then(|entities| entities.as_object().cloned()).unwrap_or_default();
    let text = |value| lenient::text(&value).map(|text| text.to_lowercase());
    named.into_iter().map(|(name, value)| (name, text(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_a_miss_and_a_false_alarm() {
        let camry = |year| Entities { make: Some("Toyota".to_owned()), year, ..Entities::default() };
        let mut scores = Scores::default();
        scores.count_entities(&camry(Some(2019)), &camry(Some(2018)));
        scores.count_entities(&camry(None), &camry(Some(2018)));
        scores.count_entities(&camry(Some(2019)), &camry(None));
        assert_eq!(scores.entities["year"], Tally { hits: 0, false_alarms: 2, misses: 2 });
        assert_eq!(scores.entities["brand"], Tally { hits: 3, false_alarms: 0, misses: 0 });
        assert!((scores.all_entities.f1() - 0.6).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_find_and_nothing_claimed_is_perfect() {
        assert!((Tally::default().f1() - 1.0).abs() < 1e-9);
    }
}
