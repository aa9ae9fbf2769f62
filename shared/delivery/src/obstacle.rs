//! Why amoCRM takes no requests, and what the admins are told of it.

use amocrm::{ConsentNeeded, CrmError, Remedy};
use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::incident::{Letter, requests};

/// Why amoCRM takes no requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// In a line, without what to do.
    pub reason: String,
    /// What only a person can do; `None` when time may mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Since when a consent is known to be needed: the schedule knows the same moment and speaks of the same thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_since: Option<Seconds>,
}

impl Obstacle {
    /// What this error says about amoCRM as a whole; `None` when it is about one request only.
    #[must_use]
    pub fn of(error: &CrmError) -> Option<Self> {
        let (reason, consent_since) = match error {
            CrmError::Refused(_) => return None,
            CrmError::Reauth { reason, since, .. } => (reason.clone(), *since),
            other => (other.to_string(), None),
        };
        Some(Self { reason, remedy: error.remedy(), consent_since })
    }

    /// One that time may mend.
    #[must_use]
    pub fn passing(reason: &str) -> Self {
        Self { reason: reason.to_owned(), remedy: None, consent_since: None }
    }

    /// The message about a bot that is not let in; `None` about anything else.
    pub(crate) fn locked_out(&self, incident: Seconds, unsent: usize) -> Option<Letter> {
        let remedy = self.remedy?;
        let key = match (remedy, self.consent_since) {
            (Remedy::Authorize, Some(since)) => format!("consent:{since}"),
            (Remedy::Authorize | Remedy::SwitchOn | Remedy::NewToken, _) => format!("start:{incident}:{remedy:?}"),
            _ => return None,
        };
        let waiting = match unsent {
            0 => "requests wait".to_owned(),
            1 => "1 request waits".to_owned(),
            more => format!("{} wait", requests(more)),
        };
        let todo = remedy.to_string();
        let (first, rest) = todo.split_at(todo.chars().next().map_or(0, char::len_utf8));
        Some(Letter {
            key,
            text: format!(
                "🔑 amoCRM does not let the bot in ({}); {waiting} until it does. {}{rest}",
                self.reason,
                first.to_uppercase()
            ),
        })
    }
}

/// The message about a consent that is needed while `unsent` requests wait. Whoever notices it first tells it: for
/// one consent it has one key.
#[must_use]
pub fn consent_letter(consent: &ConsentNeeded, unsent: usize) -> Option<Letter> {
    let obstacle = Obstacle {
        reason: consent.reason.clone(),
        remedy: Some(Remedy::Authorize),
        consent_since: Some(consent.since),
    };
    obstacle.locked_out(consent.since, unsent)
}
