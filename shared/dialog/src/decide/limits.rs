//! Limits on requests. Above them the customer is told what to do instead, and an open form stays as it is.

use super::turn::Turn;
use crate::Verdict;
use crate::conversation::MenuGreeting;

/// Whether the chat has sent as many requests today as the dealer takes.
pub(super) fn has_sent_enough(turn: &Turn<'_>) -> bool {
    turn.next.requests_today.count(today(turn)) >= turn.rules.dealer.limits.requests_a_day
}

pub(super) fn count_request(turn: &mut Turn<'_>) {
    turn.next.requests_today.add(today(turn));
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
fn today(turn: &Turn<'_>) -> lead::Seconds {
    turn.rules.dealer.calendar.day_start(turn.moment.now)
}
