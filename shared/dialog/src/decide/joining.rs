//! Whether a request joins an earlier one, as far as the bot knows when it is sent.
//!
//! Delivery decides: somebody may have closed or deleted the deal. The thanks say that, too.

use lead::{LeadId, Request, Seconds};

use super::turn::Turn;
use crate::form::Form;

const DAY: Seconds = 24 * 3600;

/// The chat's earlier request whose deal this one joins.
pub(super) fn joined_by(turn: &Turn<'_>, form: &Form, request: &Request) -> Option<LeadId> {
    if form.is_in_crm() {
        return None; // it completes its own deal
    }
    let days = turn.rules.dealer.join_open_deal_days?;
    turn.next.profile.joined_by(request, turn.moment.now - Seconds::from(days) * DAY)
}
