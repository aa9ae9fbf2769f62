//! What the clock does for a form that the customer has left half-way: a reminder, and a request with what is there.

use std::time::Duration;

use lead::{Request, Seconds};

use super::{limits, talk};
use crate::form::Form;
use crate::place::Question;
use crate::prompt::{Keys, Prompt};
use crate::render::{RenderContext, render};
use crate::{Conversation, Effect, Moment, Rules, Target, Verdict, consent, request};

/// A reminder that is late by this many seconds is not sent any more.
const MAX_DELAY: Seconds = 12 * 3600;

/// Seconds for which a request above the limits is put off. Others that are due go first.
const PUT_OFF: Seconds = 3600;

/// The chat of a conversation for which something is due.
#[derive(Clone, Copy, Debug)]
pub struct DueChat {
    pub chat_id: i64,
    /// Whether the bot may write first: the customer has not blocked it.
    pub may_write: bool,
}

/// Decides what to do for a conversation at its [`Conversation::due_at`]: one thing at a time. Nothing is due if the
/// customer has come back meanwhile. See [`Verdict`]; the request is unfinished.
#[must_use]
pub fn decide_due(before: &Conversation, chat: &DueChat, moment: &Moment, rules: &Rules) -> Verdict {
    let now = moment.now;
    let Some(due_at) = before.due_at().filter(|due_at| *due_at <= now) else { return Verdict::Stay(Vec::new()) };
    let mut next = before.clone();
    let mut effects = Vec::new();
    let mut request = None;
    if talk_over_at(before, rules).is_some_and(|at| at <= now) {
        effects = talk::fall_silent(&mut next, chat, moment, rules);
    } else if reminder_at(before, rules, now) == Some(now) {
        let planned = reminder_at(before, rules, due_at).unwrap_or(due_at);
        if chat.may_write && now <= planned + MAX_DELAY {
            effects = remind(&mut next, moment, rules);
        }
        if let Some(form) = next.form_mut() {
            form.note_reminded();
        }
    } else if request_at(before, rules, now) == Some(now) {
        if !moment.takes_requests || limits::has_sent_enough(before, moment, rules) {
            next.due_at = Some(now + PUT_OFF);
            return Verdict::Move { next: Box::new(next), request, effects };
        }
        limits::count_request(&mut next, moment, rules);
        request = unfinished_request(before, chat.chat_id, rules).map(Box::new);
        if let Some(form) = next.form_mut() {
            form.note_in_crm();
        }
    }
    next.due_at = self::due_at(&next, rules, now);
    Verdict::Move { next: Box::new(next), request, effects }
}

/// When something is due if nothing else happens before.
pub(super) fn due_at(conversation: &Conversation, rules: &Rules, now: Seconds) -> Option<Seconds> {
    let all = [
        talk_over_at(conversation, rules),
        reminder_at(conversation, rules, now),
        request_at(conversation, rules, now),
    ];
    all.into_iter().flatten().min()
}

/// When the customer hears that a talk in which nobody says anything has ended. Nobody is woken for that.
fn talk_over_at(conversation: &Conversation, rules: &Rules) -> Option<Seconds> {
    conversation.talk.as_ref().map(|talk| rules.dealer.calendar.next_daytime(talk.until()))
}

/// When to remind the customer, from `now` on.
fn reminder_at(conversation: &Conversation, rules: &Rules, now: Seconds) -> Option<Seconds> {
    let dealer = &rules.dealer;
    let form = left_form(conversation).filter(|form| form.may_be_reminded() && conversation.talk.is_none())?;
    let planned = form.answered_at().saturating_add(seconds(dealer.unfinished.remind_after?));
    let at = dealer.calendar.next_opening(planned.max(now))?;
    (!conversation.profile.choices().reminders_off && at < form.kept_until()).then_some(at)
}

/// When the form goes to the manager unfinished, from `now` on.
fn request_at(conversation: &Conversation, rules: &Rules, now: Seconds) -> Option<Seconds> {
    let form = left_form(conversation).filter(|form| form.has_phone() && !form.is_in_crm())?;
    let planned = form.answered_at().saturating_add(seconds(rules.dealer.unfinished.to_crm_after?));
    let at = planned.max(now);
    (consent::is_valid(&conversation.profile, rules) && at < form.kept_until()).then_some(at)
}

/// The form for which something may be due. A customer who was asked whether to delete everything is left alone.
fn left_form(conversation: &Conversation) -> Option<&Form> {
    conversation.form().filter(|_| conversation.question != Some(Question::Forget))
}

/// Shows the reminder in a new message.
fn remind(next: &mut Conversation, moment: &Moment, rules: &Rules) -> Vec<Effect> {
    next.question = Some(Question::Remind);
    next.notice = None;
    show_unasked(next, moment, rules)
}

/// Shows the screen in a new message. The session does not begin again: nobody has answered.
pub(super) fn show_unasked(next: &mut Conversation, moment: &Moment, rules: &Rules) -> Vec<Effect> {
    let old = next.prompt;
    let seq = old.next_seq(moment.now);
    let keys = if old.keys.are_instead_of_keyboard() { Keys::Both } else { Keys::Inline };
    next.prompt = Prompt { seq, message_id: None, keys };
    next.reply = None; // an update that is delivered again must not bring it again
    let screen = render(next, &RenderContext { year: moment.year, now: moment.now, rules });
    let dead = old.message_id.filter(|_| old.keys.are_under_message());
    let dead = dead.map(|message_id| Effect::DropKeyboard { message_id });
    [Effect::Show { screen, target: Target::New, seq }].into_iter().chain(dead).collect()
}

fn unfinished_request(conversation: &Conversation, chat_id: i64, rules: &Rules) -> Option<Request> {
    let request = request::unfinished(conversation.form()?, chat_id, rules.language)?;
    let source = conversation.source(request.created_at).cloned();
    Some(Request { source, consent: conversation.profile.choices().consent.clone(), ..request })
}

fn seconds(time: Duration) -> Seconds {
    Seconds::try_from(time.as_secs()).unwrap_or(Seconds::MAX)
}
