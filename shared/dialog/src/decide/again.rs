//! An update that was handled already and is delivered once more: whatever of its reply may have been lost is given again.

use lead::Seconds;

use super::turn::{Turn, said};
use crate::render::render;
use crate::{Effect, Target, Verdict};

/// How long whoever handles an update may take to send its reply and note the message's id.
const REPLY_PATIENCE: Seconds = 10;

pub(super) fn redelivered(mut turn: Turn<'_>) -> Verdict {
    let (update_id, now) = (turn.event.update_id, turn.moment.now);
    if let Some(until) = turn.next.questions.waits_until(update_id) {
        return match turn.event.input.words() {
            Some(words) if until <= now => {
                let question = turn.next.questions.ask_again(update_id, words, now);
                turn.store(vec![Effect::AskAi { question }])
            }
            _ => Verdict::Busy,
        };
    }
    let answer = turn.answer_press(None, false);
    let Some(reply) = turn.before.reply.as_ref().filter(|reply| reply.update_id == update_id) else {
        return Verdict::Stay(answer.into_iter().collect());
    };
    // As long as there is a conversation, a deletion was cut short: it is repeated, which is safe.
    let deletion = turn.before.is_forgotten().then_some(Effect::ForgetCustomer);
    let target = match turn.before.prompt.message_id {
        Some(message_id) if reply.edited => Target::Edit { message_id },
        Some(_) => return Verdict::Stay(answer.into_iter().chain(deletion).collect()),
        None if now < reply.at + REPLY_PATIENCE => return Verdict::Busy,
        None => Target::New,
    };
    let light = turn.light();
    let mut effects = said(&reply.sayings, &light);
    effects.push(Effect::Show { screen: render(turn.before, &light), target, seq: turn.before.prompt.seq });
    effects.extend(answer.into_iter().chain(deletion));
    Verdict::Stay(effects)
}
