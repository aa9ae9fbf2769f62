//! Where the customer is, and what covers that.

use dealer::FactId;
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::Intent;
use crate::entities::Entities;
use crate::form::Form;

/// Where the customer is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    #[serde(rename = "outside")]
    Idle(IdleScreen),
    Dialog(Box<Form>),
}

/// The screen outside a dialog.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum IdleScreen {
    #[default]
    #[serde(rename = "nothing")]
    NotStarted,
    Menu(MenuGreeting),
    /// What the bot can do, with the menu.
    Help,
    /// What is stored, with the menu.
    Privacy,
    /// «Напишите свой вопрос»
    Invitation,
    /// The answer to a free question.
    Answer {
        /// What the bot says, unless the dealer's facts answer.
        text: String,
        /// The dealer's facts that answer it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        answered_by: Vec<FactId>,
        /// Id of the questionnaire to offer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offer: Option<String>,
        /// What that questionnaire starts with.
        #[serde(default, rename = "facts")]
        entities: Entities,
        /// Whether to offer the menu too.
        menu: bool,
        /// Whether to offer a person: answers have not helped.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        person: bool,
    },
    /// Everything was deleted.
    Forgotten,
}

/// The text above the menu's buttons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MenuGreeting {
    Plain,
    /// The bot introduces itself.
    #[serde(rename = "greeting")]
    Welcome,
    /// The customer has said thanks.
    Thanked,
    /// The customer has said «хорошо» or «до свидания».
    Noted,
    /// The session has ended in the middle of something that is not kept.
    Expired,
    /// The pressed button belongs to a conversation that is no longer stored.
    Closed,
    /// The request was cancelled.
    Cancelled,
    /// The customer does not agree to the processing of personal data.
    ConsentDeclined,
    /// The customer does not agree any more.
    ConsentTakenBack,
    /// The customer has sent too many requests today.
    TooManyRequests,
    /// The person who had taken over has ended the talk, or says nothing any more.
    TalkOver,
    /// The customer has ended the talk.
    TalkLeft,
    /// The request was sent.
    Sent {
        number: String,
        /// When the dealer opens, if it was closed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        opens_at: Option<Seconds>,
        /// The number of the earlier request that it joins, as far as the bot knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        joins: Option<String>,
    },
}

/// A question that covers the screen until a button answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Question {
    /// Discard the open dialog?
    Reset,
    /// Discard the open dialog and start the questionnaire of this service?
    Switch(Intent),
    /// Delete everything about the customer?
    Forget,
    /// Continue the form that was left half-way?
    Resume {
        /// What starts if it is discarded; otherwise the menu is shown.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instead: Option<Intent>,
    },
    /// The same question, asked by the reminder.
    Remind,
    /// Agree to the processing of personal data?
    Consent,
    /// What is stored; take the agreement back?
    Privacy,
    /// A person has been called: talk on, or back to the bot?
    Talk,
    /// Agree to the processing of personal data, so that a person can be called?
    ConsentToTalk,
    /// Discard the open dialog and leave name and phone for a manager?
    ToManager,
}

impl Default for Place {
    fn default() -> Self {
        Self::Idle(IdleScreen::default())
    }
}
