//! The dealer's own words.

use dealer::{FactId, MAX_TEXT};

use crate::Rules;

/// What these facts say, in the dealer's words; `None` if the dealer's file has lost them all. A fact that does not fit
/// into one message beside the others is left out.
pub(crate) fn words_of(facts: &[FactId], rules: &Rules) -> Option<String> {
    let known = facts.iter().filter_map(|id| rules.dealer.facts.with_id(*id));
    known.map(|fact| fact.answer.clone()).reduce(|before, words| {
        let both = format!("{before}\n\n{words}");
        if both.encode_utf16().count() <= MAX_TEXT { both } else { before }
    })
}
