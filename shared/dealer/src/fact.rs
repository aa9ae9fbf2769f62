//! What the bot may say about the dealer.

use std::ops::Deref;

use faq::Index;

/// What the bot may say about the dealer, in the dealer's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Ways to ask; at least one. No question belongs to two facts.
    pub questions: Vec<String>,
    /// What the customer reads.
    pub answer: String,
}

/// What a stored conversation calls a fact: the same as long as its first question is the same, wherever it stands in
/// the file.
pub type FactId = u32;

impl Fact {
    /// See [`FactId`].
    #[must_use]
    pub fn id(&self) -> FactId {
        // FNV-1a: <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>. `std`'s hashes may change with its
        // version.
        let bytes = self.questions.first().map_or(&[][..], |question| question.as_bytes());
        bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
    }
}

/// Every fact of the file, in its order, prepared to be chosen from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    all: Vec<Fact>,
    index: Index,
}

impl Facts {
    /// The facts in the order of the file.
    #[must_use]
    pub fn new(all: Vec<Fact>) -> Self {
        let index = Index::new(all.iter().map(|fact| (fact.questions.as_slice(), fact.answer.as_str())));
        Self { all, index }
    }

    /// The facts that answer a customer's question, the best first; none if no fact certainly does.
    #[must_use]
    pub fn answering(&self, question: &str) -> Vec<&Fact> {
        self.index.choose(question).into_iter().filter_map(|at| self.all.get(at)).collect()
    }

    /// The fact with this id; `None` if the file has lost it meanwhile.
    #[must_use]
    pub fn with_id(&self, id: FactId) -> Option<&Fact> {
        self.all.iter().find(|fact| fact.id() == id)
    }
}

impl Deref for Facts {
    type Target = [Fact];

    fn deref(&self) -> &[Fact] {
        &self.all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(question: &str, answer: &str) -> Fact {
        Fact { questions: vec![question.to_owned()], answer: answer.to_owned() }
    }

    #[test]
    fn a_fact_is_known_by_its_first_question() {
        let address = fact("Где вы?", "Здесь.");
        let facts = Facts::new(vec![fact("Почём?", "Даром."), address.clone()]);
        assert_eq!(facts.with_id(address.id()), Some(&address));
        assert_eq!(fact("Где вы?", "Переехали.").id(), address.id());
        assert_eq!(Facts::default().with_id(address.id()), None);
        assert_eq!(address.id(), 3_514_312_476, "stored conversations have it");
    }

    #[test]
    fn a_question_finds_its_fact() {
        let facts = Facts::new(vec![fact("Есть ли парковка?", "Да, во дворе."), fact("Где вы находитесь?", "Здесь.")]);
        assert_eq!(facts.answering("а парковка у вас есть?"), [&facts[0]]);
        assert!(facts.answering("сколько стоит страховка").is_empty());
    }
}
