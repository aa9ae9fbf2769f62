//! Questions that cover the screen.

use super::{RenderContext, consent, form_kept_for, noted, opening};
use crate::action::Action;
use crate::conversation::Conversation;
use crate::place::Question;
use crate::prompt::Notice;
use crate::{Keyboard, Screen};

pub(super) fn render(question: Question, conversation: &Conversation, context: &RenderContext<'_>) -> Screen {
    let (language, seq) = (context.language(), conversation.prompt.seq);
    let notice = noted(conversation.notice.as_ref().and_then(Notice::line));
    let about_form = |id: &str| {
        let service = conversation.form().map(|form| language.text(form.branch.id)).unwrap_or_default();
        let stop = conversation.form().map(|form| language.text(&form.stop_text())).unwrap_or_default();
        let arguments = [("service", service.into()), ("stop", stop.into()), ("kept", form_kept_for(context).into())];
        language.text_with(id, arguments)
    };
    let (text, buttons): (String, &[(Action<'_>, &str)]) = match question {
        Question::Consent => return consent::question(notice, seq, context),
        Question::ConsentToTalk => {
            let notice = notice.push(&language.text("consent-to-talk")).push("\n\n");
            return consent::question(notice, seq, context);
        }
        Question::Talk => {
            let text = opening::answer(context.now, &context.rules.dealer.calendar, language);
            (text, &[(Action::Home, "button-talk-leave")])
        }
        Question::Privacy => return consent::privacy_over_form(notice, &conversation.profile, seq, context),
        Question::Reset | Question::Switch(_) | Question::ToManager => {
            (about_form("reset"), &[(Action::Yes, "button-reset-yes"), (Action::No, "button-reset-no")])
        }
        Question::Forget => {
            (language.text("forget"), &[(Action::Yes, "button-forget-yes"), (Action::No, "button-forget-no")])
        }
        Question::Remind => (
            about_form("remind"),
            &[
                (Action::Yes, "button-continue-reminded"),
                (Action::NotNow, "button-not-now"),
                (Action::NoReminders, "button-no-reminders"),
            ],
        ),
        Question::Resume { .. } => {
            (about_form("resume"), &[(Action::Yes, "button-continue"), (Action::No, "button-start-over")])
        }
    };
    let row = |(action, id): &(Action<'_>, &str)| vec![action.button(seq, language.text(id))];
    Screen { text: notice.push(&text), keyboard: Keyboard::Inline(buttons.iter().map(row).collect()) }
}
