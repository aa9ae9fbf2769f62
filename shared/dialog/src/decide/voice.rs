//! Voice messages: their words are taken as if they had been typed.

use super::album::MAX_IDS;
use super::message::{self, hint_expected};
use super::question;
use super::turn::Turn;
use crate::event::{MAX_VOICE_BYTES, MAX_VOICE_SECONDS, Voice};
use crate::prompt::Interjection;
use crate::render::render_interjection;
use crate::{Effect, Unsupported, Verdict, plain};

/// Longest part of the words that is shown above the next question, in characters. It is stored, so that it can be sent
/// again.
const MAX_SHOWN: usize = 200;

/// A voice message came: asks for its words.
pub(super) fn came(mut turn: Turn<'_>, voice: &Voice) -> Verdict {
    if !turn.rules.hears_voice {
        return hint_expected(turn, Some(message::name_of(Unsupported::Voice)));
    }
    if turn.next.question.is_some() {
        return hint_expected(turn, None);
    }
    if voice.file.file_id.len() + voice.file.unique_id.len() > MAX_IDS {
        return hint_expected(turn, Some("got-other"));
    }
    if voice.seconds > MAX_VOICE_SECONDS || voice.bytes > MAX_VOICE_BYTES {
        return hint_expected(turn, Some("got-long-voice"));
    }
    let (update_id, now) = (turn.event.update_id, turn.moment.now);
    let seq = turn.before.prompt.seq;
    match turn.next.questions.listen(update_id, seq, now) {
        Ok(()) => turn.store(vec![Effect::Transcribe { voice: voice.clone() }]),
        Err(too_many) => question::refuse(turn, too_many),
    }
}

/// Telegram delivers a voice message again, because its words or the answer to them are late.
pub(super) fn came_again(mut turn: Turn<'_>, voice: &Voice) -> Verdict {
    let (update_id, now) = (turn.event.update_id, turn.moment.now);
    let effect = match turn.next.questions.heard_again(update_id, now) {
        Some(question) => Effect::AskAi { question },
        None => {
            let seq = turn.before.prompt.seq;
            turn.next.questions.listen_again(update_id, seq, now);
            Effect::Transcribe { voice: voice.clone() }
        }
    };
    turn.store(vec![effect])
}

/// The words of a voice message; `None` if nothing was understood.
pub(super) fn heard(mut turn: Turn<'_>, voice: &Voice, words: Option<&str>) -> Verdict {
    let Some(seq) = turn.next.questions.heard(turn.event.update_id) else { return Verdict::Stay(Vec::new()) };
    let words = plain::cleaned(words.unwrap_or_default());
    let words = words.trim();
    if words.is_empty() {
        return hint_expected(turn, Some("got-unclear-voice"));
    }
    if turn.next.question.is_some() {
        return hint_expected(turn, None);
    }
    if turn.next.form().is_none() {
        let (update_id, now) = (turn.event.update_id, turn.moment.now);
        let question = turn.next.questions.ask_spoken(update_id, words, &voice.file, now);
        let heard = render_interjection(&Interjection::Heard(question.clone()), &turn.context());
        return turn.store(vec![heard, Effect::AskAi { question }]);
    }
    turn.prepend_message(Interjection::Heard(plain::cut(words, MAX_SHOWN, usize::MAX)));
    if seq != turn.before.prompt.seq {
        return hint_expected(turn, Some("got-late-voice")); // it was spoken to another question
    }
    let before = turn.next.form().cloned();
    let mut verdict = message::text(turn, words);
    if let (Verdict::Move { next, .. }, Some(before)) = (&mut verdict, before)
        && let Some(form) = next.form_mut()
    {
        form.keep_if_answered(&before, &voice.file, words);
    }
    verdict
}
