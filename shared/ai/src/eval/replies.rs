//! How well the guard tells replies that invent something from harmless ones.

use serde::{Deserialize, Serialize};

use crate::guard;

/// Labelled replies of models.
const REPLIES: &str = include_str!("../../data/replies.jsonl");

/// What the guard lets through, and what it stops in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct GuardScores {
    /// Replies that invent a price, a date, a promise, …
    pub traps: usize,
    /// Those that a customer would read.
    pub shown: Vec<String>,
    /// Replies that say nothing of the kind.
    pub harmless: usize,
    /// Those in whose place the customer reads the bot's own sentence.
    pub stopped: Vec<String>,
}

#[derive(Deserialize)]
struct Reply {
    reply: String,
    invents: bool,
}

impl GuardScores {
    /// The scores as text.
    #[must_use]
    pub fn report(&self) -> String {
        let Self { traps, shown, harmless, stopped } = self;
        format!(
            "inventions       {traps}, {} of them shown\nharmless replies {harmless}, {} of them stopped\n",
            shown.len(),
            stopped.len()
        )
    }

    /// Every invention that a customer would read, in words: there must be none.
    #[must_use]
    pub fn shortfalls(&self) -> Vec<String> {
        self.shown.iter().map(|reply| format!("an invention of a model is shown: {reply}")).collect()
    }
}

/// Puts every labelled reply to the guard.
#[must_use]
pub fn guard_scores() -> GuardScores {
    let mut scores = GuardScores::default();
    // A test reads every line.
    for Reply { reply, invents } in REPLIES.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        let is_shown = guard::may_be_shown(&reply);
        *(if invents { &mut scores.traps } else { &mut scores.harmless }) += 1;
        match (invents, is_shown) {
            (true, true) => scores.shown.push(reply),
            (false, false) => scores.stopped.push(reply),
            _ => {}
        }
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_invention_is_shown_and_few_harmless_replies_are_stopped() {
        let scores = guard_scores();
        assert_eq!(scores.traps + scores.harmless, REPLIES.lines().count(), "a line cannot be read");
        assert_eq!(scores.shown, Vec::<String>::new());
        assert!(scores.stopped.len() <= 3, "{:#?}", scores.stopped);
    }
}
