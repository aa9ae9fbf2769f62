//! How well the dealer's facts are chosen: labelled questions in, wrong and missing answers out.

use std::fmt::Write as _;

use dealer::Facts;
use dialog::AnsweredBy;
use serde::{Deserialize, Serialize};

use super::case::{BadLine, id_or_line, read_lines};
use super::cost::{Prices, costs, write_costs};
use super::score::ratio;
use crate::{Answered, ModelCall};

/// A question and which facts answer it; a line of a JSONL file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FactCase {
    /// Any name; the number of the line unless it has one.
    #[serde(default)]
    pub id: String,
    /// What the customer writes.
    pub text: String,
    /// Numbers of the facts that answer it, from 1 in the order of the dealer's file; none if no fact does.
    pub facts: Vec<usize>,
}

/// A question that got another fact than it should, or none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Misanswered {
    /// Of the case.
    pub id: String,
    /// What the customer writes.
    pub text: String,
    /// Which facts answer it.
    pub facts: Vec<usize>,
    /// Which facts were chosen.
    pub chosen: Vec<usize>,
}

/// How well facts were chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FactScores {
    /// Questions in all.
    pub questions: usize,
    /// Those that a fact answers.
    pub answerable: usize,
    /// Those that got a fact that does not answer them.
    pub wrong: Vec<Misanswered>,
    /// Those that got no fact, though one answers them.
    pub missed: Vec<Misanswered>,
    /// The first question of each fact.
    #[serde(skip)]
    names: Vec<String>,
    #[serde(skip)]
    calls: Vec<ModelCall>,
}

/// Reads labelled questions to a dealer with this many facts from JSON lines. Blank lines are skipped.
///
/// # Errors
/// For the first line that cannot be read, or names a fact that is not there.
pub fn read_facts(lines: &str, count: usize) -> Result<Vec<FactCase>, BadLine> {
    let checked = |(line, case): (usize, FactCase)| match case.facts.iter().find(|number| !(1..=count).contains(number))
    {
        Some(number) => {
            Err(BadLine { line, problem: format!("there is no fact {number}, the dealer's file has {count}") })
        }
        None => Ok(FactCase { id: id_or_line(case.id, line), ..case }),
    };
    read_lines(lines)?.into_iter().map(checked).collect()
}

/// Puts every question to `ask`, one after the other.
pub async fn run_facts(cases: Vec<FactCase>, facts: &Facts, mut ask: impl AsyncFnMut(&str) -> Answered) -> FactScores {
    let names = facts.iter().filter_map(|fact| fact.questions.first().cloned()).collect();
    let mut scores = FactScores { questions: cases.len(), names, ..FactScores::default() };
    for FactCase { id, text, facts: labelled } in cases {
        let answered = ask(&text).await;
        scores.calls.extend(answered.call.calls);
        let ids = match answered.answer.answered_by {
            AnsweredBy::Dealer(ids) => ids,
            AnsweredBy::Nobody | AnsweredBy::Bot => Vec::new(),
        };
        let number = |id: &u32| facts.iter().position(|fact| fact.id() == *id).map(|at| at + 1);
        let chosen: Vec<usize> = ids.iter().filter_map(number).collect();
        scores.answerable += usize::from(!labelled.is_empty());
        let is_wrong = chosen.iter().any(|fact| !labelled.contains(fact));
        let is_missed = chosen.is_empty() && !labelled.is_empty();
        let misanswered = Misanswered { id, text, facts: labelled, chosen };
        match (is_wrong, is_missed) {
            (true, _) => scores.wrong.push(misanswered),
            (false, true) => scores.missed.push(misanswered),
            (false, false) => {}
        }
    }
    scores
}

impl FactScores {
    /// Which part of the questions got a wrong fact.
    #[must_use]
    pub fn share_wrong(&self) -> f64 {
        if self.questions == 0 { 0.0 } else { ratio(self.wrong.len(), self.questions) }
    }

    /// Which part of the questions that a fact answers got none.
    #[must_use]
    pub fn share_missed(&self) -> f64 {
        if self.answerable == 0 { 0.0 } else { ratio(self.missed.len(), self.answerable) }
    }

    /// What is worse than asked for, in words: the largest share of questions with a wrong fact, and of questions
    /// without theirs.
    #[must_use]
    pub fn shortfalls(&self, most_wrong: Option<f64>, most_missed: Option<f64>) -> Vec<String> {
        let too_high = |is: f64, most: Option<f64>, what: &str| {
            let most = most.filter(|most| is > *most)?;
            Some(format!("{is:.3} of the questions {what}, more than {most:.3}"))
        };
        let wrong = too_high(self.share_wrong(), most_wrong, "get a wrong fact");
        let missed = too_high(self.share_missed(), most_missed, "that a fact answers get none");
        [wrong, missed].into_iter().flatten().collect()
    }

    /// The scores as text.
    #[must_use]
    pub fn report(&self, prices: &Prices) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = writeln!(out, "questions        {}, {} of them answered by a fact", self.questions, self.answerable);
        let _ = writeln!(out, "wrong fact       {} ({:.3})", self.wrong.len(), self.share_wrong());
        let _ = writeln!(out, "without theirs   {} ({:.3})", self.missed.len(), self.share_missed());
        let _ = write_costs(&costs(&self.calls, prices), self.questions, &mut out);
        out
    }

    /// The questions that got a wrong fact or none, in plain words.
    #[must_use]
    pub fn missed_in_words(&self) -> String {
        let name = |number: &usize| {
            let name = number.checked_sub(1).and_then(|at| self.names.get(at));
            format!("{number} «{}»", name.map_or("", String::as_str))
        };
        let listed = |facts: &[usize]| facts.iter().map(name).collect::<Vec<_>>().join(" and ");
        let line = |Misanswered { id, text, facts, chosen }: &Misanswered| {
            let should = if facts.is_empty() { "no fact".to_owned() } else { format!("fact {}", listed(facts)) };
            let does =
                if chosen.is_empty() { "goes to a manager".to_owned() } else { format!("gets {}", listed(chosen)) };
            format!("{id}  {text}\n    {should} answers it, but it {does}\n")
        };
        self.wrong.iter().chain(&self.missed).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use dealer::Fact;

    use super::*;
    use crate::{CallLog, offline};

    async fn scores() -> FactScores {
        let fact = |question: &str| Fact { questions: vec![question.to_owned()], answer: "Да.".to_owned() };
        let facts = Facts::new(vec![fact("Есть ли парковка?"), fact("Сколько стоит диагностика?")]);
        let lines = r#"{"id":"a","text":"парковка есть?","facts":[1]}
            {"id":"b","text":"почём диагностика","facts":[1]}
            {"id":"c","text":"куда поставить машину?","facts":[1]}
            {"id":"d","text":"какая погода?","facts":[]}"#;
        run_facts(read_facts(lines, 2).unwrap(), &facts, async |text| Answered {
            answer: offline::answer(text, 2026, &facts),
            call: CallLog::default(),
        })
        .await
    }

    #[tokio::test]
    async fn a_wrong_fact_and_none_are_told_apart() {
        let scores = scores().await;
        insta::assert_snapshot!(scores.report(&Prices::default()), @"
        questions        4, 3 of them answered by a fact
        wrong fact       1 (0.250)
        without theirs   1 (0.333)
        ");
        insta::assert_snapshot!(scores.missed_in_words(), @"
        b  почём диагностика
            fact 1 «Есть ли парковка?» answers it, but it gets 2 «Сколько стоит диагностика?»
        c  куда поставить машину?
            fact 1 «Есть ли парковка?» answers it, but it goes to a manager
        ");
    }

    #[test]
    fn a_fact_that_is_not_there_answers_nothing() {
        let problem = read_facts(r#"{"text":"где вы?","facts":[3]}"#, 2).unwrap_err().to_string();
        assert_eq!(problem, "line 1: there is no fact 3, the dealer's file has 2");
        assert_eq!(read_facts(r#"{"text":"где вы?","facts":[2]}"#, 2).unwrap()[0].id, "1");
    }

    #[tokio::test]
    async fn a_threshold_says_what_falls_short() {
        let scores = scores().await;
        assert_eq!(scores.shortfalls(Some(0.25), Some(0.34)), Vec::<String>::new());
        insta::assert_snapshot!(scores.shortfalls(Some(0.2), Some(0.1)).join("\n"), @"
        0.250 of the questions get a wrong fact, more than 0.200
        0.333 of the questions that a fact answers get none, more than 0.100
        ");
    }
}
