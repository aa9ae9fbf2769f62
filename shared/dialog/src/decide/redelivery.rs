//! An update that Telegram delivers again: any part of its reply that may have been lost is sent again.

use lead::Seconds;

use super::turn::{PressAnswer, Turn, messages_before};
use super::{talk, voice};
use crate::render::render;
use crate::{Effect, Input, Target, Verdict};

/// Longest time in which another delivery of the update sends its reply and notes the message's id.
const REPLY_TIMEOUT: Seconds = 10;

pub(super) fn redelivered(mut turn: Turn<'_>) -> Verdict {
    let (update_id, now) = (turn.event.update_id, turn.moment.now);
    if let Some(until) = turn.next.questions.waits_until(update_id) {
        return match (&turn.event.input, turn.event.input.words()) {
            _ if now < until => Verdict::Busy,
            (Input::Voice(voice), _) => voice::came_again(turn, voice),
            (_, Some(words)) => {
                let question = turn.next.questions.ask_again(update_id, words, now);
                turn.store(vec![Effect::AskAi { question }])
            }
            (_, None) => Verdict::Busy,
        };
    }
    let again = talk::again(&turn);
    let answer = turn.answer_press(PressAnswer::Nothing);
    let Some(reply) = turn.before.reply.as_ref().filter(|reply| reply.update_id == update_id) else {
        return Verdict::Stay(answer.into_iter().chain(again).collect());
    };
    // The conversation still waits for its deletion, which was interrupted: repeating it is safe.
    let deletion = turn.before.is_forgotten().then_some(Effect::ForgetCustomer);
    let target = match turn.before.prompt.message_id {
        Some(message_id) if reply.edited => Target::Edit { message_id },
        Some(_) => return Verdict::Stay(answer.into_iter().chain(deletion).chain(again).collect()),
        None if now < reply.at + REPLY_TIMEOUT => return Verdict::Busy,
        None => Target::New,
    };
    let context = turn.context();
    let mut effects = messages_before(&reply.interjections, &context);
    effects.push(Effect::Show { screen: render(turn.before, &context), target, seq: turn.before.prompt.seq });
    effects.extend(answer.into_iter().chain(deletion).chain(again));
    Verdict::Stay(effects)
}
