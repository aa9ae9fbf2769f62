//! Screens outside any dialog.

use super::{Light, home, minutes, noted, privacy};
use crate::action::Action;
use crate::branches;
use crate::conversation::{Outside, Word};
use crate::{Button, Keyboard, Screen, Text, texts};

/// The screen.
pub(super) fn render(outside: &Outside, notice: Option<&str>, seq: u32, light: &Light<'_>) -> Screen {
    let text = noted(notice);
    match outside {
        Outside::Nothing => menu(text.push(&texts::get("menu")), seq),
        Outside::Menu(word) => menu(text.push(&word_of(word, light)), seq),
        Outside::Help => menu(text.push(&texts::get("help")), seq),
        Outside::Privacy => menu(privacy(light), seq),
        Outside::Invitation => {
            Screen { text: text.push(&texts::get("invitation")), keyboard: Keyboard::Inline(vec![vec![home(seq)]]) }
        }
        Outside::Answer { text: answer, offer, menu, .. } => {
            let mut text = text.push(answer);
            let mut rows = Vec::new();
            if let Some(branch) = offer.as_deref().and_then(branches::find) {
                if !branch.in_menu {
                    text = text.push("\n\n").push(&texts::get("reply-manager"));
                }
                rows.push(vec![Action::Open(branch.id).button(seq, texts::get(&branch.menu_text()))]);
            }
            if *menu {
                rows.push(vec![home(seq)]);
            }
            Screen { text, keyboard: Keyboard::Inline(rows) }
        }
        Outside::Forgotten => Screen { text: text.push(&texts::get("forgotten")), keyboard: Keyboard::None },
    }
}

fn word_of(word: &Word, light: &Light<'_>) -> String {
    match word {
        Word::Plain => texts::get("menu"),
        Word::Greeting => texts::get("menu-greeting"),
        Word::Expired => texts::with("menu-expired", [("minutes", minutes(light.rules.session_ttl))]),
        Word::Closed => texts::get("menu-closed"),
        Word::Cancelled => texts::get("menu-cancelled"),
        Word::Sent { number } => texts::with("menu-sent", [("number", number.as_str().into())]),
    }
}

fn menu(text: Text, seq: u32) -> Screen {
    let mut buttons: Vec<Button> = branches::ALL
        .into_iter()
        .filter(|branch| branch.in_menu)
        .map(|branch| Action::Open(branch.id).button(seq, texts::get(&branch.menu_text())))
        .collect();
    buttons.push(Action::Ask.button(seq, texts::get("button-ask")));
    Screen { text, keyboard: Keyboard::Inline(buttons.chunks(2).map(<[Button]>::to_vec).collect()) }
}
