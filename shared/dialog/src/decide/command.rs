//! Commands.

use super::turn::Turn;
use crate::conversation::{Outside, Question, Saying, Word};
use crate::{Command, Verdict};

pub(super) fn given(mut turn: Turn<'_>, command: Command) -> Verdict {
    let interrupts = turn.next.form().is_some() || turn.next.question.is_some();
    match command {
        Command::Start | Command::Menu if turn.next.form().is_some() => {
            turn.next.notice = None;
            turn.next.question = Some(Question::Reset);
            turn.show()
        }
        Command::Start => leave(turn, Outside::Menu(Word::Greeting)),
        Command::Menu => leave(turn, Outside::Menu(Word::Plain)),
        Command::Help if interrupts => aside(turn, Saying::Help),
        Command::Help => leave(turn, Outside::Help),
        Command::Privacy if interrupts => aside(turn, Saying::Privacy),
        Command::Privacy => leave(turn, Outside::Privacy),
        Command::Delete => {
            turn.next.notice = None;
            turn.next.question = Some(Question::Forget);
            turn.show()
        }
    }
}

fn leave(mut turn: Turn<'_>, outside: Outside) -> Verdict {
    turn.next.notice = None;
    turn.next.leave_to(outside);
    turn.show()
}

/// Says something and comes back to the screen that was there.
fn aside(mut turn: Turn<'_>, saying: Saying) -> Verdict {
    turn.say_first(saying);
    turn.show()
}
