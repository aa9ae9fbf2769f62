//! Who gets a request: the contact's manager, or the next one of the dealer's team.

use amocrm::{Fallback, refused_members};
use delivery::{read_users_again, update_document};
use lead::Lead;
use serde::{Deserialize, Serialize};

use crate::attempt::StepContext;

/// Key of the shared document.
const KEY: &str = "team-turn";

/// Whose turn it is. Everybody who got a request goes to the end of the line, whatever its branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Turn {
    /// Users of amoCRM in the order in which they got their last request.
    served: Vec<u64>,
}

impl Turn {
    /// The candidate who has waited longest; of those who have got nothing yet, the first.
    fn next(&mut self, candidates: &[u64]) -> Option<u64> {
        let place = |user: &&u64| self.served.iter().position(|served| served == *user);
        let next = *candidates.iter().min_by_key(place)?;
        self.served.retain(|served| *served != next);
        self.served.push(next);
        Some(next)
    }
}

impl StepContext<'_> {
    /// Chooses who gets the request, unless somebody has been chosen. The `manager` of a known contact keeps it,
    /// whatever its branch, if they are on the team; otherwise it goes to those who take its branch, in turn. Members
    /// whom the account refuses are passed over. Returns whether the lead has changed.
    pub(crate) async fn choose_manager(&self, lead: &mut Lead, manager: Option<u64>) -> bool {
        if lead.responsible.is_some() {
            return false;
        }
        let team = &self.dealer.team;
        let of_contact = manager.and_then(|user| team.by_amocrm_user(user)).map(|member| member.amocrm_user_id);
        let in_turn: Vec<u64> = team.for_branch(&lead.request.branch).map(|member| member.amocrm_user_id).collect();
        let mut has_passed_over = false;
        for user in of_contact.iter().chain(&in_turn) {
            if self.active_users.is_some_and(|active| !active.contains(user)) {
                has_passed_over |= Fallback::TeamMember(*user).apply_to(lead);
            }
        }
        let refused: Vec<u64> = refused_members(lead).collect();
        let is_taken = |user: &u64| !refused.contains(user);
        lead.responsible = match of_contact.filter(is_taken) {
            Some(user) => Some(user),
            None => self.next_in_turn(&in_turn.into_iter().filter(is_taken).collect::<Vec<_>>()).await,
        };
        has_passed_over || lead.responsible.is_some()
    }

    /// The request stays with the manager whose deal it joins, if they are on the team and the account takes them.
    pub(crate) fn leave_to_manager(&self, lead: &mut Lead, manager: Option<u64>) {
        let is_taken = |user: &u64| {
            let is_active = self.active_users.is_none_or(|active| active.contains(user));
            is_active && self.dealer.team.by_amocrm_user(*user).is_some() && refused_members(lead).all(|it| it != *user)
        };
        if let Some(user) = manager.filter(is_taken) {
            lead.responsible = Some(user);
        }
    }

    /// Chooses somebody other than the member whom amoCRM has just refused.
    pub(crate) async fn choose_another_manager(&self, lead: &mut Lead) {
        read_users_again(&self.function.documents).await;
        lead.responsible = None;
        self.choose_manager(lead, None).await;
    }

    async fn next_in_turn(&self, candidates: &[u64]) -> Option<u64> {
        if candidates.is_empty() {
            return None;
        }
        let next = update_document(&self.function.documents, KEY, |turn: &mut Turn| turn.next(candidates)).await;
        next.unwrap_or_else(|error| {
            tracing::error!(%error, "the turn of the team cannot be stored: the first one gets the request");
            candidates.first().copied()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(turn: &mut Turn, candidates: &[u64], times: usize) -> Vec<u64> {
        (0..times).filter_map(|_| turn.next(candidates)).collect()
    }

    #[test]
    fn everybody_gets_as_many_requests_in_the_order_of_the_file() {
        let mut turn = Turn::default();
        assert_eq!(turns(&mut turn, &[501, 502, 503], 7), [501, 502, 503, 501, 502, 503, 501]);
        assert_eq!(turn.next(&[]), None);
    }

    #[test]
    fn a_member_who_gets_one_of_another_branch_waits_for_the_others() {
        let mut turn = Turn::default();
        // 501 takes everything, the others only sell.
        let got: Vec<u64> = (0..4)
            .flat_map(|_| [turns(&mut turn, &[501], 1), turns(&mut turn, &[501, 502, 503], 1)].concat())
            .collect();
        assert_eq!(got, [501, 502, 501, 503, 501, 502, 501, 503]);
    }

    #[test]
    fn a_member_who_comes_back_is_not_flooded_and_a_new_one_comes_first_once() {
        let mut turn = Turn::default();
        let _ = turns(&mut turn, &[501, 502, 503], 3);
        let _ = turns(&mut turn, &[501, 502], 8);
        assert_eq!(turns(&mut turn, &[501, 502, 503, 504], 5), [504, 503, 501, 502, 504]);
    }
}
