//! Links to the bot: `/start` with a payload. What it says is somebody's text: it routes, and authorises nothing.

use lead::Link;

use super::turn::Turn;
use super::{command, pause, press};
use crate::entities::Entities;
use crate::{BotCommand, Verdict, branches};

/// Notes the source, and opens the questionnaire of the link. In a dialog, asks first.
pub(super) fn followed(mut turn: Turn<'_>, link: &Link) -> Verdict {
    if let Some(source) = &link.source {
        turn.next.note_click(source, turn.moment.now);
    }
    let branch = link.branch.as_deref().and_then(branches::find);
    let Some((branch, service)) = branch.and_then(|branch| Some((branch, branch.intent?))) else {
        return command::given(turn, BotCommand::Start);
    };
    turn.next.notice = None;
    if turn.next.form().is_some() {
        turn.next.question = Some(pause::question_before_leaving(&turn.next, Some(service)));
        return turn.show();
    }
    press::start(turn, branch, &Entities::default())
}
