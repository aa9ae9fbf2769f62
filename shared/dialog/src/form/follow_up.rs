//! What happens to a form that the customer leaves half-way.

use dealer::Dealer;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use super::{Form, View};
use crate::Person;

const DAY: Seconds = 24 * 3600;

/// What is known for the time when the customer has left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FollowUp {
    /// When the customer last did something.
    answered_at: Seconds,
    /// Until when the customer can continue the form.
    kept_until: Seconds,
    /// The customer's name at Telegram, without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The customer was reminded of it, or is not to be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    reminded: bool,
    /// A request with the answers so far is stored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    in_crm: bool,
}

impl Form {
    /// Notes that the customer has just done something. A form without an answer is not worth keeping after the
    /// session.
    pub(crate) fn note_activity(&mut self, person: &Person, now: Seconds, dealer: &Dealer) {
        let days = if self.answers.is_empty() { 0 } else { dealer.unfinished.resume_days };
        self.follow_up.answered_at = now;
        self.follow_up.kept_until = now + Seconds::from(days) * DAY;
        self.follow_up.username.clone_from(&person.username);
    }

    /// When the customer last did something.
    pub(crate) const fn answered_at(&self) -> Seconds {
        self.follow_up.answered_at
    }

    /// Until when the customer can continue the form.
    pub(crate) const fn kept_until(&self) -> Seconds {
        self.follow_up.kept_until
    }

    /// The customer's name at Telegram, without `@`.
    pub(crate) fn username(&self) -> Option<&str> {
        self.follow_up.username.as_deref()
    }

    /// Whether a reminder may still be sent.
    pub(crate) const fn may_be_reminded(&self) -> bool {
        !self.follow_up.reminded
    }

    /// Notes that no reminder may be sent any more.
    pub(crate) const fn note_reminded(&mut self) {
        self.follow_up.reminded = true;
    }

    /// Whether a request with the answers so far is stored.
    pub(crate) const fn is_in_crm(&self) -> bool {
        self.follow_up.in_crm
    }

    /// Notes that a request with the answers so far is stored.
    pub(crate) const fn note_in_crm(&mut self) {
        self.follow_up.in_crm = true;
    }

    /// Id of the text that names what the customer has to do next.
    pub(crate) fn stop_text(&self) -> String {
        match self.view {
            View::Step | View::Other => self.step().text_id("label"),
            View::Confirm | View::Fields => "stop-confirm".to_owned(),
        }
    }
}
