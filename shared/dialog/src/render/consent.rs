//! Screens about the agreement to the processing of personal data.

use super::{RenderContext, privacy};
use crate::action::Action;
use crate::profile::Profile;
use crate::{Button, Keyboard, Screen, Style, Text, consent};

/// Asks for it: who wants to know, what for, and the dealer's policy.
pub(super) fn question(notice: Text, seq: u32, context: &RenderContext<'_>) -> Screen {
    let language = context.language();
    let mut text = notice.push(&language.text("consent-question"));
    if let Some(url) = &context.rules.privacy_policy_url {
        text = text.push("\n\n").styled(&language.text("consent-question.link"), Style::Link(url.clone()));
    }
    let version = consent::version(context.rules);
    let rows = vec![
        vec![Action::Agree(&version).button(seq, language.text("button-agree"))],
        vec![Action::No.button(seq, language.text("button-not-now"))],
    ];
    Screen { text, keyboard: Keyboard::Inline(rows) }
}

/// What is stored, over an open form.
pub(super) fn privacy_over_form(notice: Text, profile: &Profile, seq: u32, context: &RenderContext<'_>) -> Screen {
    let mut rows = Vec::from_iter(take_back_button(profile, seq, context));
    rows.push(vec![Action::No.button(seq, context.language().text("button-return"))]);
    Screen { text: privacy_with_consent(notice, profile, context), keyboard: Keyboard::Inline(rows) }
}

/// What is stored, and when the customer has agreed to it.
pub(super) fn privacy_with_consent(notice: Text, profile: &Profile, context: &RenderContext<'_>) -> Text {
    let page = privacy(notice, context);
    let Some(consent) = &profile.choices.consent else { return page };
    let day = context.rules.dealer.calendar.local(consent.at).strftime("%d.%m.%Y").to_string();
    page.push("\n\n").push(&context.language().text_with("consent-given", [("day", day.into())]))
}

/// The button that takes the agreement back, if there is one.
pub(super) fn take_back_button(profile: &Profile, seq: u32, context: &RenderContext<'_>) -> Option<Vec<Button>> {
    profile.choices.consent.as_ref()?;
    Some(vec![Action::TakeBack.button(seq, context.language().text("button-take-back"))])
}
