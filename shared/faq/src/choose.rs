//! Which facts answer a question.

use crate::meaning::{Notion, aspects_told, notions};

/// At most this many facts answer one question.
pub const MAX_FACTS: usize = 2;

/// How alike a question and a fact must be, 0..1: tuned on `data/tune.jsonl`, where no answer is better than a wrong
/// one.
const ALIKE: f32 = 0.7;
/// Facts that are this much less alike than the best one answer too.
const MARGIN: f32 = 0.02;

/// What facts are about, to be compared with questions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    facts: Vec<Topic>,
}

/// What one fact is about.
#[derive(Clone, Debug, PartialEq)]
struct Topic {
    /// Its questions.
    variants: Vec<Vec<Notion>>,
    /// What its answer says of its subject.
    told: Vec<Notion>,
}

impl Index {
    /// Of facts with these questions and answers. Build it once: it takes longer than a choice.
    pub fn new<'a>(facts: impl IntoIterator<Item = (&'a [String], &'a str)>) -> Self {
        let topic = |(questions, answer): (&[String], &str)| Topic {
            variants: questions.iter().map(|text| notions(text)).collect(),
            told: aspects_told(answer),
        };
        Self { facts: facts.into_iter().map(topic).collect() }
    }

    /// The facts that answer `question`, by their places in [`Index::new`], the best first; none if no fact is certainly
    /// meant.
    #[must_use]
    pub fn choose(&self, question: &str) -> Vec<usize> {
        let parts = parts(question);
        let found = match parts.as_slice() {
            [] => Vec::new(),
            [part] => self.best(part),
            several => {
                let of_parts: Vec<usize> = several.iter().filter_map(|part| self.best(part).first().copied()).collect();
                if of_parts.len() == several.len() { of_parts } else { self.best(&notions(question)) }
            }
        };
        let mut chosen = Vec::new();
        for fact in found {
            if !chosen.contains(&fact) && chosen.len() < MAX_FACTS {
                chosen.push(fact);
            }
        }
        chosen
    }

    /// The facts most alike to what is asked, the best first.
    fn best(&self, asked: &[Notion]) -> Vec<usize> {
        let likenesses: Vec<f32> = self.facts.iter().map(|fact| fact.likeness(asked)).collect();
        let most = likenesses.iter().copied().fold(0.0, f32::max);
        let least = ALIKE.max(most - MARGIN);
        let mut best: Vec<usize> = (0..likenesses.len()).filter(|fact| likenesses[*fact] >= least).collect();
        best.sort_by(|one, other| likenesses[*other].total_cmp(&likenesses[*one]));
        best
    }
}

impl Topic {
    /// How alike the fact's questions and `asked` are, 0..1: the harmonic mean of how much of one is in the other, both
    /// ways.
    fn likeness(&self, asked: &[Notion]) -> f32 {
        let is_known =
            |notion: &Notion| self.variants.iter().any(|variant| has(variant, notion)) || has(&self.told, notion);
        let covered = share(asked, is_known);
        // Naming a subject alone also asks what it costs.
        let asks_anything = !asked.iter().any(Notion::is_aspect);
        let asked_for = |variant: &Vec<Notion>| {
            share(variant, |notion| has(asked, notion) || (asks_anything && notion.is_aspect()))
        };
        let closest = self.variants.iter().map(asked_for).fold(0.0, f32::max);
        if covered + closest == 0.0 { 0.0 } else { 2.0 * covered * closest / (covered + closest) }
    }
}

fn has(notions: &[Notion], notion: &Notion) -> bool {
    notions.iter().any(|known| known.is_same(notion))
}

/// The share of the weight of `notions` for which `is_shared` holds, 0..1.
fn share(notions: &[Notion], is_shared: impl Fn(&Notion) -> bool) -> f32 {
    let all: f32 = notions.iter().map(Notion::weight).sum();
    let shared: f32 = notions.iter().filter(|notion| is_shared(notion)).map(Notion::weight).sum();
    if all == 0.0 { 0.0 } else { shared / all }
}

/// The questions in a text that asks several: «Где вы и до скольки работаете?»
fn parts(question: &str) -> Vec<Vec<Notion>> {
    let sentences = question.split(['?', '!', '.', ';', ',', '\n']);
    let parts = sentences.flat_map(|sentence| sentence.split(" и "));
    parts.map(notions).filter(|part| !part.is_empty()).collect()
}
