//! Commands.

use super::turn::Turn;
use super::{pause, talk};
use crate::place::{IdleScreen, MenuGreeting, Question};
use crate::prompt::Interjection;
use crate::{BotCommand, Verdict};

pub(super) fn given(mut turn: Turn<'_>, command: BotCommand) -> Verdict {
    let interrupts = turn.next.form().is_some() || turn.next.question.is_some();
    match command {
        BotCommand::Start | BotCommand::Menu if turn.next.form().is_some() => {
            turn.next.notice = None;
            turn.next.question = Some(pause::question_before_leaving(&turn.next, None));
            turn.show()
        }
        BotCommand::Start => leave(turn, IdleScreen::Menu(MenuGreeting::Welcome)),
        BotCommand::Menu => leave(turn, IdleScreen::Menu(MenuGreeting::Plain)),
        BotCommand::Help if interrupts => interject(turn, Interjection::Help),
        BotCommand::Help => leave(turn, IdleScreen::Help),
        BotCommand::Status => {
            if !interrupts {
                turn.next.notice = None;
                turn.next.leave_to(IdleScreen::Menu(MenuGreeting::Plain));
            }
            interject(turn, Interjection::Requests)
        }
        BotCommand::Human => talk::asked_for(turn),
        BotCommand::Privacy if interrupts && turn.next.profile.choices.consent.is_some() => {
            turn.next.notice = None;
            turn.next.question = Some(Question::Privacy);
            turn.show()
        }
        BotCommand::Privacy if interrupts => interject(turn, Interjection::Privacy),
        BotCommand::Privacy => leave(turn, IdleScreen::Privacy),
        BotCommand::Delete => {
            turn.next.notice = None;
            turn.next.question = Some(Question::Forget);
            turn.show()
        }
    }
}

fn leave(mut turn: Turn<'_>, screen: IdleScreen) -> Verdict {
    turn.next.notice = None;
    turn.next.leave_to(screen);
    turn.show()
}

/// Sends a message and shows the current screen again below it.
fn interject(mut turn: Turn<'_>, message: Interjection) -> Verdict {
    turn.next.notice = None;
    turn.prepend_message(message);
    turn.show()
}
