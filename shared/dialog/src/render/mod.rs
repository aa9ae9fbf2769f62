//! Renders the current screen from the state alone, so that a lost reply can be sent again at any time.

mod dialog;
mod idle;

use lead::{RETENTION_AFTER_SENT, Seconds};
use texts::{FluentValue, Language};

use crate::action::Action;
use crate::conversation::{Conversation, Interjection, Place, Question};
use crate::{Button, Keyboard, Rules, Screen, Style, Text};

/// Most UTF-16 units in a message: <https://core.telegram.org/bots/api#sendmessage>.
pub(crate) const MAX_UTF16: usize = 4096;

/// What a screen depends on besides the state.
#[derive(Clone, Copy)]
pub(crate) struct RenderContext<'a> {
    pub(crate) year: i16,
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
    let notice = conversation.notice.as_deref();
    if let Some(question) = conversation.question {
        return ask(question, conversation, seq, context.language());
    }
    match &conversation.place {
        Place::Dialog(form) => dialog::render(form, &conversation.profile, notice, seq, context),
        Place::Idle(screen) => idle::render(screen, notice, seq, context),
    }
}

/// A message before the current screen.
pub(crate) fn render_interjection(interjection: &Interjection, context: &RenderContext<'_>) -> Screen {
    let language = context.language();
    let keyboard_away = |text| Screen { text: Text::plain(text), keyboard: Keyboard::RemoveReply };
    let page = |text| Screen { text, keyboard: Keyboard::None };
    match interjection {
        Interjection::Help => page(Text::plain(language.text("help"))),
        Interjection::Privacy => page(privacy(context)),
        Interjection::PhoneTaken(phone) => {
            keyboard_away(language.text_with("phone-taken", [("phone", phone.as_str().into())]))
        }
        Interjection::KeyboardAway => keyboard_away(language.text("keyboard-away")),
    }
}

fn ask(question: Question, conversation: &Conversation, seq: u32, language: Language) -> Screen {
    let (text, yes, no) = match question {
        Question::Reset | Question::Switch(_) => {
            let service = conversation.form().map(|form| language.text(form.branch.id)).unwrap_or_default();
            let text = language.text_with("reset", [("service", service.into())]);
            (text, "button-reset-yes", "button-reset-no")
        }
        Question::Forget => (language.text("forget"), "button-forget-yes", "button-forget-no"),
    };
    let buttons =
        vec![vec![Action::Yes.button(seq, language.text(yes))], vec![Action::No.button(seq, language.text(no))]];
    Screen { text: noted(conversation.notice.as_deref()).push(&text), keyboard: Keyboard::Inline(buttons) }
}

/// The beginning of a screen: the notice, if there is one.
fn noted(notice: Option<&str>) -> Text {
    notice.map_or_else(Text::default, |notice| Text::plain(format!("{notice}\n\n")))
}

/// What is stored, for how long and why.
fn privacy(context: &RenderContext<'_>) -> Text {
    let language = context.language();
    let days = RETENTION_AFTER_SENT / (24 * 3600);
    let text = language.text_with("privacy", [("minutes", minutes(context.rules.session_ttl)), ("days", days.into())]);
    let text = Text::plain(text);
    match &context.rules.privacy_policy_url {
        Some(url) => text.push("\n\n").styled(&language.text("privacy-policy"), Style::Link(url.clone())),
        None => text,
    }
}

fn minutes<'a>(seconds: Seconds) -> FluentValue<'a> {
    ((seconds + 59) / 60).into()
}

fn home(seq: u32, language: Language) -> Button {
    Action::Home.button(seq, language.text("button-home"))
}
