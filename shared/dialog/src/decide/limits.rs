//! Limits on requests. Above them the customer is told what to do instead, and an open form stays as it is.

use lead::Seconds;

use super::turn::Turn;
use crate::place::MenuGreeting;
use crate::{Conversation, Moment, Rules, Verdict};

/// Whether the chat has sent as many requests today as the dealer takes.
pub(super) fn has_sent_enough(conversation: &Conversation, moment: &Moment, rules: &Rules) -> bool {
    conversation.requests_today.count(today(moment, rules)) >= rules.dealer.limits.requests_a_day
}

pub(super) fn count_request(conversation: &mut Conversation, moment: &Moment, rules: &Rules) {
    conversation.requests_today.add(today(moment, rules));
}

/// Starts no form.
pub(super) fn refuse_to_start(mut turn: Turn<'_>) -> Verdict {
    if turn.next.form().is_none() {
        return turn.open_menu(MenuGreeting::TooManyRequests);
    }
    turn.next.question = None;
    refuse_to_send(turn, "too-many-requests.kept")
}

/// Shows the form again, with a text above it that says why it was not sent.
pub(super) fn refuse_to_send(turn: Turn<'_>, text_id: &str) -> Verdict {
    let notice = turn.text(text_id);
    turn.hint(notice)
}

/// When this day began at the dealer's.
fn today(moment: &Moment, rules: &Rules) -> Seconds {
    rules.dealer.calendar.day_start(moment.now)
}
