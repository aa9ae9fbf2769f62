//! A chat's requests that the next one may join.

use std::collections::BTreeMap;

use lead::{LeadId, Request, Seconds};
use serde::{Deserialize, Serialize};

/// The request of each service, by questionnaire, whose deal the next one with the same phone joins. As far as the bot
/// knows it is the one that made the deal, and not one that joined it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierRequests(BTreeMap<String, EarlierRequest>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EarlierRequest {
    id: LeadId,
    at: Seconds,
}

impl EarlierRequests {
    /// The earlier request whose deal this one joins, if the deal was made since `since`.
    pub(crate) fn joined_by(&self, request: &Request, since: Seconds) -> Option<LeadId> {
        let earlier = self.0.get(&request.branch).filter(|earlier| earlier.at >= since && earlier.id != request.id);
        earlier.map(|earlier| earlier.id)
    }

    /// Remembers a request that joins no other.
    pub(crate) fn add(&mut self, request: &Request) {
        self.0.insert(request.branch.clone(), EarlierRequest { id: request.id, at: request.created_at });
    }

    /// The most bytes of it in the stored conversation.
    pub(crate) fn stored_len(&self) -> usize {
        const KEY: usize = 12;
        const ENTRY: usize = 70;
        if self.is_empty() { 0 } else { KEY + self.0.len() * ENTRY }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_room_that_is_reserved_is_enough() {
        let mut earlier = EarlierRequests::default();
        for branch in dealer::BRANCHES {
            earlier.add(&Request { branch: branch.to_owned(), created_at: 1_790_000_000, ..Request::example() });
            let stored = serde_json::to_string(&serde_json::json!({ "earlier": earlier })).expect("it serialises");
            assert!(stored.len() <= earlier.stored_len(), "{stored}");
        }
    }
}
