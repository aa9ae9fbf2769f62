//! Screens outside any dialog.

use super::{RenderContext, consent, home, minutes, noted, opening, words_of};
use texts::Language;

use crate::action::Action;
use crate::branches;
use crate::place::{IdleScreen, MenuGreeting};
use crate::profile::Profile;
use crate::{Button, Keyboard, Screen, Text};

pub(super) fn render(
    screen: &IdleScreen,
    profile: &Profile,
    notice: Option<&str>,
    seq: u32,
    context: &RenderContext<'_>,
) -> Screen {
    let language = context.language();
    let text = noted(notice);
    match screen {
        IdleScreen::NotStarted => menu(text.push(&language.text("menu")), seq, language),
        IdleScreen::Menu(greeting) => menu(text.push(&greeting_text(greeting, context)), seq, language),
        IdleScreen::Help => {
            let rows = [person(seq, language)].into_iter().chain(menu_rows(seq, language)).collect();
            Screen { text: text.push(&language.text("help")), keyboard: Keyboard::Inline(rows) }
        }
        IdleScreen::Privacy => {
            let take_back = consent::take_back_button(profile, seq, context);
            let rows = take_back.into_iter().chain(menu_rows(seq, language)).collect();
            Screen { text: consent::privacy_with_consent(text, profile, context), keyboard: Keyboard::Inline(rows) }
        }
        IdleScreen::Invitation => Screen {
            text: text.push(&language.text("invitation")),
            keyboard: Keyboard::Inline(vec![vec![home(seq, language)]]),
        },
        IdleScreen::Answer { text: answer, answered_by, offer, menu, person: offers_person, .. } => {
            let mut text = text.push(&words_of(answered_by, context.rules).unwrap_or_else(|| answer.clone()));
            let mut rows = Vec::new();
            if let Some(branch) = offer.as_deref().and_then(branches::find) {
                if !branch.in_menu {
                    text = text.push("\n\n").push(&language.text("reply-manager"));
                }
                rows.push(vec![Action::Open(branch.id).button(seq, language.text(&branch.menu_text()))]);
            }
            if *offers_person {
                if offer.is_none() {
                    text = text.push("\n\n").push(&language.text("reply-person"));
                }
                rows.push(person(seq, language));
            }
            if *menu {
                rows.push(vec![home(seq, language)]);
            }
            Screen { text, keyboard: Keyboard::Inline(rows) }
        }
        IdleScreen::Forgotten => Screen { text: text.push(&language.text("forgotten")), keyboard: Keyboard::None },
    }
}

fn greeting_text(greeting: &MenuGreeting, context: &RenderContext<'_>) -> String {
    let language = context.language();
    match greeting {
        MenuGreeting::Plain => language.text("menu"),
        MenuGreeting::Welcome => language.text("menu-greeting"),
        MenuGreeting::Thanked => language.text("menu-thanked"),
        MenuGreeting::Noted => language.text("menu-noted"),
        MenuGreeting::Expired => language.text_with("menu-expired", [("minutes", minutes(context.rules.session_ttl))]),
        MenuGreeting::Closed => language.text("menu-closed"),
        MenuGreeting::Cancelled => language.text("menu-cancelled"),
        MenuGreeting::ConsentDeclined => language.text("menu-consent-declined"),
        MenuGreeting::ConsentTakenBack => language.text("menu-consent-taken-back"),
        MenuGreeting::TooManyRequests => language.text("too-many-requests"),
        MenuGreeting::TalkOver => language.text("menu-talk-over"),
        MenuGreeting::TalkLeft => language.text("menu-talk-left"),
        MenuGreeting::Sent { number, opens_at, joins } => {
            let call = opening::call(*opens_at, context.now, &context.rules.dealer.calendar, language);
            let joined = |earlier: &String| language.text_with("sent-joined", [("number", earlier.as_str().into())]);
            let joined = joins.as_ref().map(|earlier| format!("\n{}", joined(earlier))).unwrap_or_default();
            let values = [("number", number.as_str().into()), ("joined", joined.into()), ("call", call.into())];
            language.text_with("menu-sent", values)
        }
    }
}

fn menu(text: Text, seq: u32, language: Language) -> Screen {
    Screen { text, keyboard: Keyboard::Inline(menu_rows(seq, language)) }
}

/// The button that calls a person.
fn person(seq: u32, language: Language) -> Vec<Button> {
    vec![Action::Human.button(seq, language.text("button-human"))]
}

fn menu_rows(seq: u32, language: Language) -> Vec<Vec<Button>> {
    let mut buttons: Vec<Button> = branches::ALL
        .into_iter()
        .filter(|branch| branch.in_menu)
        .map(|branch| Action::Open(branch.id).button(seq, language.text(&branch.menu_text())))
        .collect();
    buttons.push(Action::Ask.button(seq, language.text("button-ask")));
    buttons.chunks(2).map(<[Button]>::to_vec).collect()
}
