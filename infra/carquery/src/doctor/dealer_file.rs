//! The stored dealer's file: whether the bot can read it, and whether its facts are found.

use ::dealer::Facts;

use super::Finding;
use crate::stage::Stores;

/// Nothing, if the table cannot be read: then the table is a finding.
pub(super) async fn check(stores: &Stores) -> Vec<Finding> {
    const NAME: &str = "dealer's file";
    match stores.aws.dealer_file(&stores.tables).load().await {
        Err(_) => Vec::new(),
        Ok(stored) if stored.version == 0 => {
            vec![Finding::good(NAME, "none is stored: always open, and every question goes to a manager")]
        }
        Ok(stored) => match ::dealer::parse(&stored.value) {
            Ok(dealer) => vec![Finding::good(NAME, "no faults"), of_facts(&dealer.facts)],
            Err(faults) => {
                let first = faults.first().map(ToString::to_string).unwrap_or_default();
                let fix = "`carquery dealer put FILE` with a file in which `carquery dealer check` finds no faults";
                vec![Finding::bad(NAME, &format!("{} fault(s): {first}", faults.len()), fix)]
            }
        },
    }
}

fn of_facts(facts: &Facts) -> Finding {
    const NAME: &str = "facts";
    let is_lost = |question: &&String| {
        let own = facts.iter().find(|fact| fact.questions.contains(question));
        !facts.answering(question).iter().any(|found| Some(*found) == own)
    };
    let lost = facts.iter().flat_map(|fact| &fact.questions).find(is_lost);
    match lost {
        Some(question) => Finding::bad(
            NAME,
            &format!("without a model, «{question}» does not find its own answer"),
            "word it otherwise in the dealer's file, or put both facts into one if another fact is found instead",
        ),
        None if facts.is_empty() => Finding::good(NAME, "none: every question goes to a manager"),
        None => Finding::good(NAME, &facts.len().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use ::dealer::Fact;

    use super::*;

    fn facts(questions: &[&str]) -> Facts {
        let fact = |question: &&str| Fact { questions: vec![(*question).to_owned()], answer: "Да.".to_owned() };
        Facts::new(questions.iter().map(fact).collect())
    }

    #[test]
    fn facts_that_nobody_can_find_are_a_fault() {
        assert_eq!(of_facts(&facts(&[])).state, "none: every question goes to a manager");
        let told_apart = of_facts(&facts(&["Есть ли парковка?", "Где вы находитесь?"]));
        assert_eq!((told_apart.ok, told_apart.state.as_str()), (true, "2"));
        let lost = of_facts(&facts(&["Есть ли парковка?", "А?"]));
        assert!(!lost.ok && lost.state.contains("«А?»"), "{}", lost.state);
    }
}
