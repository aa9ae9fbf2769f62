//! The agreement to the processing of personal data: asked for, given, declined, taken back.

use lead::Consent;

use super::turn::Turn;
use crate::action::Action;
use crate::form::Form;
use crate::place::{MenuGreeting, Question};
use crate::{Verdict, consent};

/// Covers a form that comes to something personal until the customer has agreed.
pub(super) fn ask_if_missing(turn: &mut Turn<'_>) {
    let is_personal = turn.next.form().is_some_and(Form::is_personal);
    if is_personal && turn.next.question.is_none() && is_missing(turn) {
        turn.next.question = Some(Question::Consent);
    }
}

/// Whether the customer has to be asked before anything personal is.
pub(super) fn is_missing(turn: &Turn<'_>) -> bool {
    turn.rules.privacy_policy_url.is_some() && !consent::is_valid(&turn.next.profile, turn.rules)
}

/// A press on the screen that asks.
pub(super) fn answered(mut turn: Turn<'_>, action: Action<'_>) -> Verdict {
    match action {
        Action::Agree(version) => {
            turn.next.question = None;
            agree(&mut turn, version);
            turn.show()
        }
        Action::No => turn.open_menu(MenuGreeting::ConsentDeclined),
        _ => turn.stale(),
    }
}

/// Notes the agreement to the text of this version. After a deployment, the customer may have read an older text: the
/// question comes again.
pub(super) fn agree(turn: &mut Turn<'_>, version: &str) {
    if version == consent::version(turn.rules) {
        turn.next.profile.choices.consent = Some(consent::given(turn.event, turn.moment, turn.rules));
    }
}

/// Takes the agreement back. An open form ends with it, and the bot does not write first any more.
pub(super) fn take_back(mut turn: Turn<'_>) -> Verdict {
    turn.next.profile.choices.consent = None;
    turn.next.profile.choices.reminders_off = true;
    turn.next.end_talk();
    turn.open_menu(MenuGreeting::ConsentTakenBack)
}

/// The agreement that goes with a request. Without a policy, pressing «Отправить» gives it.
pub(super) fn of_request(turn: &mut Turn<'_>) -> Option<Consent> {
    if turn.rules.privacy_policy_url.is_none() {
        turn.next.profile.choices.consent = Some(consent::given(turn.event, turn.moment, turn.rules));
    }
    turn.next.profile.choices.consent.clone()
}
