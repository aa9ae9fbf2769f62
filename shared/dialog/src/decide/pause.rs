//! A form that was left half-way and waits to be continued.

use super::aside;
use super::turn::Turn;
use crate::form::View;
use crate::place::Question;
use crate::prompt::Notice;
use crate::{Conversation, Input, Intent, Verdict};

/// Asks whether to continue the form. What came is not an answer to its question any more, but a question of the
/// customer's is answered first. An album gets one reply.
pub(super) fn came_back(mut turn: Turn<'_>, input: &Input) -> Verdict {
    if let (Input::Text(typed), Some(form)) = (input, turn.next.form())
        && let Some(aside) = aside::of(form, typed, turn.rules, turn.moment.year)
    {
        return aside::answered(turn, aside, typed);
    }
    let album = input.album();
    if turn.next.hinted_albums.contains(album) {
        return turn.store(Vec::new());
    }
    turn.next.hinted_albums.add(album);
    turn.next.asked_albums.add(album);
    turn.next.notice = None;
    turn.show()
}

/// Continues the form, with the answers so far above its question.
pub(super) fn resume(mut turn: Turn<'_>) -> Verdict {
    turn.next.question = None;
    let is_at_question = turn.next.form().is_some_and(|form| matches!(form.view, View::Step | View::Other));
    turn.next.notice = is_at_question.then_some(Notice::Answers);
    turn.show()
}

/// Leaves the form until the customer comes back.
pub(super) fn put_off(mut turn: Turn<'_>) -> Verdict {
    turn.next.question = Some(Question::Resume { instead: None });
    let word = turn.text("put-off");
    turn.hint(word)
}

/// Leaves this form until the customer comes back, and reminds of no other.
pub(super) fn stop_reminders(mut turn: Turn<'_>) -> Verdict {
    turn.next.profile.choices.reminders_off = true;
    turn.next.question = Some(Question::Resume { instead: None });
    let word = turn.text("reminders-off");
    turn.hint(word)
}

/// The question to ask before the open form is left for another service, or for the menu.
pub(super) const fn question_before_leaving(conversation: &Conversation, service: Option<Intent>) -> Question {
    match service {
        _ if conversation.asks_to_resume() => Question::Resume { instead: service },
        Some(service) => Question::Switch(service),
        None => Question::Reset,
    }
}
