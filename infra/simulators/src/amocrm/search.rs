//! The index of text searches.

use std::collections::HashMap;

use super::model::Id;

/// What text searches look through. It lags behind what is written, as amoCRM's does.
pub(super) struct SearchIndex {
    lag_ms: u64,
    /// By card: texts, each with the moment it becomes visible; the newest visible one counts.
    texts: HashMap<Id, Vec<(u64, String)>>,
}

impl SearchIndex {
    pub(super) fn new(lag_ms: u64) -> Self {
        Self { lag_ms, texts: HashMap::new() }
    }

    pub(super) fn restore(&mut self, id: Id, text: String) {
        self.texts.insert(id, vec![(0, text)]);
    }

    pub(super) fn write(&mut self, id: Id, text: String, now_ms: u64) {
        let texts = self.texts.entry(id).or_default();
        // Of those visible already only the newest is still looked at.
        let visible = texts.iter().filter(|(from, _)| *from <= now_ms).count();
        texts.drain(..visible.saturating_sub(1));
        texts.push((now_ms.saturating_add(self.lag_ms), text));
    }

    pub(super) fn finds(&self, id: Id, text: &str, now_ms: u64) -> bool {
        let texts = self.texts.get(&id).map(Vec::as_slice).unwrap_or_default();
        texts.iter().rev().find(|(from, _)| *from <= now_ms).is_some_and(|(_, indexed)| indexed.contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_sees_what_was_written_only_after_the_lag() {
        let mut index = SearchIndex::new(1000);
        index.write(1, "анна +79001234567".to_owned(), 5000);
        assert!(!index.finds(1, "9001234567", 5999));
        assert!(index.finds(1, "9001234567", 6000));

        index.write(1, "анна +79007654321".to_owned(), 7000);
        assert!(index.finds(1, "9001234567", 7500), "the old text is still the one searched");
        assert!(!index.finds(1, "9001234567", 8000));
        assert!(index.finds(1, "9007654321", 8000));
    }
}
