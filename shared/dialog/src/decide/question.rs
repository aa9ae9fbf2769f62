//! Free questions and what was understood of them.

use super::message::{expect, is_command};
use super::turn::Turn;
use crate::conversation::Outside;
use crate::event::{MAX_REPLY_CHARS, SURE};
use crate::{AiAnswer, Effect, MANAGER_BRANCH, Text, Verdict, plain, texts};

/// Longest reply that is stored, in bytes.
const MAX_REPLY_BYTES: usize = 1_500;

/// A text outside any dialog.
pub(super) fn asked(mut turn: Turn<'_>, typed: &str) -> Verdict {
    let text = plain::cleaned(typed);
    if is_command(&text) {
        return expect(turn, Some("hint-command"));
    }
    if text.trim().is_empty() {
        return expect(turn, None);
    }
    match turn.next.questions.ask(turn.event.update_id, text.trim(), turn.moment.now) {
        Some(question) => turn.store(vec![Effect::AskAi { question }]),
        None if turn.next.questions.tells(turn.moment.now) => {
            turn.say(Effect::say(Text::plain(texts::get("too-many-questions"))))
        }
        None => Verdict::Stay(Vec::new()),
    }
}

/// The answer to such a text. Who has begun a dialog meanwhile is not disturbed.
pub(super) fn answered(mut turn: Turn<'_>, answer: &AiAnswer) -> Verdict {
    let Some(is_latest) = turn.next.questions.answered(turn.event.update_id) else {
        return Verdict::Stay(Vec::new());
    };
    if turn.next.form().is_some() {
        return Verdict::Stay(Vec::new());
    }
    let text = harmless(&answer.reply);
    if !is_latest || turn.next.question.is_some() {
        return turn.say(Effect::say(Text::plain(text)));
    }
    let service = answer.intent.branch();
    let needs_a_person = turn.next.questions.led_somewhere(service.is_some());
    let offer = service.or(needs_a_person.then_some(MANAGER_BRANCH)).map(str::to_owned);
    let is_sure = answer.confidence >= SURE;
    let menu = service.is_none() || !is_sure;
    turn.next.notice = None;
    turn.next.leave_to(Outside::Answer { text, offer, facts: answer.facts.shortened(), menu });
    turn.show()
}

/// The reply as plain text without anything live, whatever the model was talked into.
fn harmless(reply: &str) -> String {
    let reply = plain::unlinked(plain::cleaned(reply).trim());
    if reply.is_empty() {
        return texts::get("reply-empty");
    }
    plain::isolated(&plain::cut(&reply, MAX_REPLY_CHARS, MAX_REPLY_BYTES))
}
