//! What the clock does for a form that the customer has left half-way.

use dealer::Dealer;
use lead::Seconds;

use crate::conversation::Question;
use crate::form::Form;
use crate::{Conversation, Moment, Rules, Verdict, request};

/// The chat of a conversation for which something is due.
#[derive(Clone, Copy, Debug)]
pub struct DueChat {
    pub chat_id: i64,
    /// Whether the bot may write first: the customer has not blocked it.
    pub may_write: bool,
}

/// Decides what to do for a conversation at its [`Conversation::due_at`]. Nothing is due if the customer has come back
/// meanwhile. See [`Verdict`]; the request is unfinished.
#[must_use]
pub fn decide_due(before: &Conversation, chat: &DueChat, moment: &Moment, rules: &Rules) -> Verdict {
    if before.due_at().is_none_or(|due_at| moment.now < due_at) {
        return Verdict::Stay(Vec::new());
    }
    let mut next = before.clone();
    let is_due = request_at(before, &rules.dealer).is_some_and(|at| at <= moment.now);
    let request = next.form_mut().filter(|_| is_due).and_then(|form| {
        form.note_in_crm();
        request::unfinished(form, chat.chat_id, rules.language)
    });
    let request = request.map(|mut request| {
        request.source = before.source(request.created_at).cloned();
        request.consent.clone_from(&before.profile.choices().consent);
        Box::new(request)
    });
    next.due_at = due_at(&next, &rules.dealer);
    Verdict::Move { next: Box::new(next), request, effects: Vec::new() }
}

/// When something is due if nothing else happens before.
pub(super) fn due_at(conversation: &Conversation, dealer: &Dealer) -> Option<Seconds> {
    request_at(conversation, dealer)
}

/// When the form goes to the manager unfinished.
fn request_at(conversation: &Conversation, dealer: &Dealer) -> Option<Seconds> {
    let form = left_form(conversation).filter(|form| form.has_phone() && !form.is_in_crm())?;
    let after = Seconds::try_from(dealer.unfinished.to_crm_after?.as_secs()).ok()?;
    let at = form.answered_at() + after;
    (conversation.profile.has_consent() && at < form.kept_until()).then_some(at)
}

/// The form for which something may be due. Who was asked whether to delete everything is left alone.
fn left_form(conversation: &Conversation) -> Option<&Form> {
    conversation.form().filter(|_| conversation.question != Some(Question::Forget))
}
