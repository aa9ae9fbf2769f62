//! Decides what follows from an event.
//!
//! An event passes the checks first (ban, redelivery, flood, end of the session), then goes to the module for its kind.
//! That module changes the copy of the conversation in its [`Turn`], and the turn works out the effects.

mod album;
mod aside;
mod command;
mod consent;
mod due;
mod edit;
mod joining;
mod limits;
mod link;
mod message;
mod pause;
mod press;
mod question;
mod redelivery;
mod talk;
mod turn;
mod voice;

#[cfg(test)]
pub(crate) use aside::of as aside_of;
use lead::Photo;

use crate::place::{MenuGreeting, Question};
use crate::{BotCommand, Conversation, Event, Input, Moment, Rules, Verdict};
pub use due::{DueChat, decide_due};
pub use talk::{TeamAct, TeamAnswer, decide_team, media_in, wants_person};
use turn::{PressAnswer, Turn};

/// Decides what follows from `event`. See [`Verdict`].
#[must_use]
pub fn decide(before: &Conversation, event: &Event, moment: &Moment, rules: &Rules) -> Verdict {
    let mut turn = Turn::new(before, event, moment, rules);
    if before.banned {
        return banned(turn);
    }
    match &event.input {
        Input::Ai(answer) => return question::answered(turn, answer),
        Input::Heard { voice, words } => return voice::heard(turn, voice, words.as_deref()),
        _ => {}
    }
    if before.has_seen(event.update_id) {
        return redelivery::redelivered(turn);
    }
    // Photos sent one by one arrive as fast as an album. Where they are asked for, the limit must not drop any.
    let is_welcome = matches!(&event.input, Input::Photo { album: None, unique_id, .. }
        if album::has_room_for(before, unique_id, moment.now));
    if !is_welcome && !turn.next.flood.admits(moment.now, event.input.album()) {
        return flooded(turn);
    }
    if talk::is_open(before, moment, rules) {
        return talk::during(turn);
    }
    turn.next.end_talk();
    let has_ended = before.has_ended(moment.now);
    if has_ended {
        turn.next.restart(moment.now);
    } else if before.question == Some(Question::Remind) && turn.pressed_action().is_none() {
        turn.next.question = None; // the reminder gives way to whatever else the customer does
        consent::ask_if_missing(&mut turn);
    }
    match &event.input {
        Input::Press { .. } => press::pressed(turn),
        Input::Command(command) => command::given(turn, *command),
        Input::Link(link) => link::followed(turn, link),
        input if turn.next.asks_to_resume() => pause::came_back(turn, input),
        input if has_ended && before.form().is_some() => {
            turn.next.hinted_albums.add(input.album());
            turn.next.asked_albums.add(input.album());
            turn.open_menu(MenuGreeting::Expired)
        }
        Input::Text(text) => message::text(turn, text),
        Input::Edited(text) => edit::edited(turn, text),
        Input::Contact { phone, is_own } => message::contact(turn, phone, *is_own),
        input if album::is_question(&turn, input) => album::asked(turn, input),
        Input::Photo { file_id, unique_id, album, caption } => {
            let photo = Photo { file_id: file_id.clone(), unique_id: unique_id.clone() };
            album::photo(turn, photo, album.as_deref(), caption.as_deref())
        }
        Input::Unsupported { kind, album, .. } => album::unsupported(turn, *kind, album.as_deref()),
        Input::Voice(voice) => voice::came(turn, voice),
        Input::Ai(answer) => question::answered(turn, answer),
        Input::Heard { voice, words } => voice::heard(turn, voice, words.as_deref()),
    }
}

/// A banned customer gets no answer, but can still have everything deleted.
fn banned(mut turn: Turn<'_>) -> Verdict {
    let asks_for_deletion = turn.event.input == Input::Command(BotCommand::Delete);
    if asks_for_deletion && turn.next.flood.admits(turn.moment.now, None) {
        return turn.forget();
    }
    Verdict::Stay(Vec::new())
}

/// An update above the limit: it is dropped, and the customer is warned once.
fn flooded(mut turn: Turn<'_>) -> Verdict {
    if let Some(answer) = turn.answer_press(PressAnswer::Line("too-fast-press")) {
        return Verdict::Stay(vec![answer]);
    }
    if !turn.next.flood.should_warn(turn.moment.now) {
        return Verdict::Stay(Vec::new());
    }
    let warning = turn.text("too-fast");
    turn.send(warning)
}
