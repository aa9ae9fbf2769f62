//! The screen a conversation shows, worked out from its state alone: a lost reply can be given again at any time.

mod dialog;
mod outside;

use ::texts::FluentValue;
use lead::{RETENTION_AFTER_SENT, Seconds};

use crate::action::Action;
use crate::conversation::{Conversation, Place, Question, Saying};
use crate::{Button, Keyboard, Rules, Screen, Text, texts};

/// Most UTF-16 units Telegram takes in a message.
pub(crate) const MAX_UTF16: usize = 4096;

/// The circumstances a screen depends on.
pub(crate) struct Light<'a> {
    /// The calendar year.
    pub(crate) year: i16,
    /// What the operator has set.
    pub(crate) rules: &'a Rules,
}

/// The current screen.
pub(crate) fn render(conversation: &Conversation, light: &Light<'_>) -> Screen {
    let seq = conversation.prompt.seq;
    let notice = conversation.notice.as_deref();
    if let Some(question) = conversation.question {
        return ask(question, conversation, seq);
    }
    match &conversation.place {
        Place::Dialog(form) => dialog::render(form, notice, seq, light),
        Place::Outside(outside) => outside::render(outside, notice, seq, light),
    }
}

/// A message that is not the current screen.
pub(crate) fn say(saying: &Saying, light: &Light<'_>) -> Screen {
    let away = |text| Screen { text: Text::plain(text), keyboard: Keyboard::RemoveReply };
    let page = |text| Screen { text, keyboard: Keyboard::None };
    match saying {
        Saying::Help => page(Text::plain(texts::get("help"))),
        Saying::Privacy => page(privacy(light)),
        Saying::PhoneTaken(phone) => away(texts::with("phone-taken", [("phone", phone.as_str().into())])),
        Saying::KeyboardAway => away(texts::get("keyboard-away")),
    }
}

fn ask(question: Question, conversation: &Conversation, seq: u32) -> Screen {
    let (text, yes, no) = match question {
        Question::Reset => {
            let service = conversation.form().map(|form| texts::get(form.branch.id)).unwrap_or_default();
            let text = texts::with("reset", [("service", service.into())]);
            (text, "button-reset-yes", "button-reset-no")
        }
        Question::Forget => (texts::get("forget"), "button-forget-yes", "button-forget-no"),
    };
    let buttons = vec![vec![Action::Yes.button(seq, texts::get(yes))], vec![Action::No.button(seq, texts::get(no))]];
    Screen { text: noted(conversation.notice.as_deref()).push(&text), keyboard: Keyboard::Inline(buttons) }
}

/// The beginning of a screen: the notice, if any.
fn noted(notice: Option<&str>) -> Text {
    notice.map_or_else(Text::default, |notice| Text::plain(format!("{notice}\n\n")))
}

/// What is stored, for how long and why.
fn privacy(light: &Light<'_>) -> Text {
    let days = RETENTION_AFTER_SENT / (24 * 3600);
    let text = texts::with("privacy", [("minutes", minutes(light.rules.session_ttl)), ("days", days.into())]);
    let text = Text::plain(text);
    match &light.rules.privacy_policy_url {
        Some(url) => text.push("\n\n").styled(&texts::get("privacy-policy"), crate::Style::Link(url.clone())),
        None => text,
    }
}

fn minutes<'a>(seconds: Seconds) -> FluentValue<'a> {
    ((seconds + 59) / 60).into()
}

fn home(seq: u32) -> Button {
    Action::Home.button(seq, texts::get("button-home"))
}
