//! How well free sentences are understood: labelled sentences in, a report out.
//!
//! [`run_facts`] does the same for questions that the dealer's facts answer, and [`guard_scores`] for what models
//! invent.
//!
//! [`read`] takes labelled sentences, [`run`] asks whatever answers questions, and the [`Evaluation`] shows accuracy,
//! confusion, precision and recall of each entity, cost and latency.

mod case;
mod cost;
mod facts;
mod replies;
mod report;
mod score;
mod summary;

use std::time::{Duration, Instant};

use dialog::{Entities, Intent};
use serde::Serialize;

pub use case::{BadLine, Case, read};
pub use cost::{ModelCost, Prices, costs};
pub use facts::{FactCase, FactScores, Misanswered, read_facts, run_facts};
pub use replies::{GuardScores, guard_scores};
pub use score::{Scores, Tally, Thresholds};
pub use summary::{Rates, Summary};

use crate::{Answered, ModelCall};

/// What was understood of one labelled sentence.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// Of the case.
    pub id: String,
    /// What the customer was thought to want.
    pub intent: Intent,
    /// How sure that was, 0..1.
    pub confidence: f32,
    /// What was found in the sentence.
    pub entities: Entities,
}

/// Everything an evaluation found out.
#[derive(Clone, Debug)]
pub struct Evaluation {
    cases: Vec<Case>,
    predictions: Vec<Prediction>,
    latencies: Vec<Duration>,
    calls: Vec<ModelCall>,
    fallbacks: usize,
    offline: usize,
}

/// Puts every case's text to `ask`, one after the other.
pub async fn run(cases: Vec<Case>, mut ask: impl AsyncFnMut(&str) -> Answered) -> Evaluation {
    let mut outcome = Evaluation {
        predictions: Vec::with_capacity(cases.len()),
        latencies: Vec::with_capacity(cases.len()),
        calls: Vec::new(),
        fallbacks: 0,
        offline: 0,
        cases: Vec::new(),
    };
    for case in &cases {
        let started = Instant::now();
        let answered = ask(&case.text).await;
        outcome.latencies.push(started.elapsed());
        let answer = answered.answer;
        outcome.predictions.push(Prediction {
            id: case.id.clone(),
            intent: answer.intent,
            confidence: answer.confidence,
            entities: answer.entities,
        });
        outcome.fallbacks += usize::from(answered.call.fallback);
        outcome.offline += usize::from(answered.call.offline);
        outcome.calls.extend(answered.call.calls);
    }
    Evaluation { cases, ..outcome }
}

impl Evaluation {
    /// Accuracy, confusion and entities.
    #[must_use]
    pub fn scores(&self) -> Scores {
        Scores::of(&self.cases, &self.predictions)
    }

    /// The cases whose intent or entities were missed, or whose service was too unsure for its button: the case and
    /// what was understood.
    pub fn missed(&self) -> impl Iterator<Item = (&Case, &Prediction)> {
        let is_missed = |case: &Case, said: &Prediction| {
            case.intent != said.intent || score::is_too_unsure(said) || !score::same(&case.entities, &said.entities)
        };
        self.cases.iter().zip(&self.predictions).filter(move |(case, said)| is_missed(case, said))
    }
}
