//! Messages that the customer edited.

use super::message;
use super::turn::Turn;
use crate::place::MenuGreeting;
use crate::{Verdict, answer};

/// The new text of a message. If the message was the latest answer, it is a new answer to the same question; the screen
/// stays. Any other edit changes nothing.
pub(super) fn edited(mut turn: Turn<'_>, text: &str) -> Verdict {
    let message_id = turn.event.message_id;
    let is_covered = turn.next.question.is_some();
    let form = turn.next.form().filter(|_| !is_covered);
    let step = form.zip(message_id).and_then(|(form, message_id)| form.answered_last_by(message_id));
    let (Some(form), Some(step)) = (form, step) else { return unseen(turn) };
    if form.unconfirmed().is_some() {
        return message::typed_answer(turn, step, text);
    }
    let read = match message::read_answer(&turn, step, text) {
        Ok(read) => read,
        Err(error) => {
            let notice = [error, Some(turn.text("edit-refused"))].into_iter().flatten().collect::<Vec<_>>().join(" ");
            return turn.hint(notice);
        }
    };
    // Telegram also reports changes that the customer did not make.
    if form.answer(step) == Some(&read.value) && form.remark(step) == read.remark.as_deref() {
        return turn.store(Vec::new());
    }
    if read.doubt.is_some() {
        return turn.ask_about(step, read);
    }
    let language = turn.language();
    let label = language.text(&step.text_id("label"));
    let shown = answer::shown_in_full(step, &read.value, read.remark.as_deref(), language);
    let notice = language.text_with("edit-taken", [("label", label.into()), ("value", shown.into())]);
    if let Some(form) = turn.next.form_mut() {
        form.replace_answer(step, read);
    }
    turn.hint(notice)
}

/// Says that the edit changes nothing, and what does.
fn unseen(mut turn: Turn<'_>) -> Verdict {
    let is_idle = turn.next.form().is_none() && turn.next.question.is_none();
    let notice = turn.text(if is_idle { "edit-unseen-idle" } else { "edit-unseen" });
    turn.set_notice(notice);
    if is_idle { turn.open_menu(MenuGreeting::Plain) } else { turn.show() }
}
