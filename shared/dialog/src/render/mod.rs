//! Renders the current screen from the state alone, so that a lost reply can be sent again at any time.

mod consent;
mod dialog;
mod facts;
mod idle;
mod opening;
mod question;
mod requests;

use lead::{RETENTION_AFTER_SENT, Seconds};
use texts::{FluentValue, Language};

pub(crate) use facts::words_of;
pub use requests::{MAX_REQUESTS, RequestState, SentRequest, requests_screen, stage_screen};

use crate::action::Action;
use crate::conversation::Conversation;
use crate::place::Place;
use crate::prompt::{Interjection, Notice};
use crate::{Button, Effect, Keyboard, Rules, Screen, Style, Text};

/// Most UTF-16 units in a message: <https://core.telegram.org/bots/api#sendmessage>.
pub(crate) const MAX_UTF16: usize = 4096;

/// What a screen depends on besides the state.
#[derive(Clone, Copy)]
pub(crate) struct RenderContext<'a> {
    pub(crate) year: i16,
    pub(crate) now: Seconds,
    pub(crate) rules: &'a Rules,
}

impl RenderContext<'_> {
    pub(crate) const fn language(&self) -> Language {
        self.rules.language
    }
}

/// The current screen.
pub(crate) fn render(conversation: &Conversation, context: &RenderContext<'_>) -> Screen {
    let seq = conversation.prompt.seq;
    let notice = conversation.notice.as_ref();
    if let Some(question) = conversation.question {
        return question::render(question, conversation, context);
    }
    let profile = &conversation.profile;
    match &conversation.place {
        Place::Dialog(form) => dialog::render(form, profile, notice, seq, context),
        Place::Idle(screen) => idle::render(screen, profile, notice.and_then(Notice::line), seq, context),
    }
}

/// Sends a message before the current screen.
pub(crate) fn render_interjection(interjection: &Interjection, context: &RenderContext<'_>) -> Effect {
    let language = context.language();
    let keyboard_away = |text| Screen { text: Text::plain(text), keyboard: Keyboard::RemoveReply };
    let page = |text| Screen { text, keyboard: Keyboard::None };
    Effect::Send(match interjection {
        Interjection::Requests => return Effect::SendRequests,
        Interjection::Help => page(Text::plain(language.text("help"))),
        Interjection::Privacy => page(privacy(Text::default(), context)),
        Interjection::Facts(facts) => {
            page(Text::plain(words_of(facts, context.rules).unwrap_or_else(|| language.text("question-unknown"))))
        }
        Interjection::Heard(words) => {
            let text = language.text_with("heard", [("words", crate::plain::isolated(words).into())]);
            Screen { text: Text::plain(text), keyboard: Keyboard::None }
        }
        Interjection::PhoneTaken(phone) => {
            keyboard_away(language.text_with("phone-taken", [("phone", phone.as_str().into())]))
        }
        Interjection::KeyboardAway => keyboard_away(language.text("keyboard-away")),
    })
}

/// The beginning of a screen: the notice, if there is one.
fn noted(notice: Option<&str>) -> Text {
    notice.map_or_else(Text::default, |notice| Text::plain(format!("{notice}\n\n")))
}

/// What is stored, for how long and why, below the notice.
fn privacy(notice: Text, context: &RenderContext<'_>) -> Text {
    let language = context.language();
    let days = RETENTION_AFTER_SENT / (24 * 3600);
    let to_manager = match context.rules.dealer.unfinished.to_crm_after {
        Some(_) => format!(" {}", language.text("privacy-to-manager")),
        None => String::new(),
    };
    let kept = form_kept_for(context);
    let arguments = [("kept", kept.into()), ("to_manager", to_manager.into()), ("days", days.into())];
    let text = notice.push(&language.text_with("privacy", arguments));
    match &context.rules.privacy_policy_url {
        Some(url) => text.push("\n\n").styled(&language.text("privacy-policy"), Style::Link(url.clone())),
        None => text,
    }
}

/// How long a form that is left half-way is kept: «7 дней».
fn form_kept_for(context: &RenderContext<'_>) -> String {
    match context.rules.dealer.unfinished.resume_days {
        0 => context.language().text_with("kept-minutes", [("minutes", minutes(context.rules.session_ttl))]),
        days => context.language().text_with("kept-days", [("days", days.into())]),
    }
}

fn minutes<'a>(seconds: Seconds) -> FluentValue<'a> {
    ((seconds + 59) / 60).into()
}

fn home(seq: u32, language: Language) -> Button {
    Action::Home.button(seq, language.text("button-home"))
}
