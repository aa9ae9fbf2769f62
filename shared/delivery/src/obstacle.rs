//! Why amoCRM takes no requests, and how the admins read of it.

use amocrm::{ConsentNeeded, CrmError, Remedy};
use lead::Seconds;
use serde::{Deserialize, Serialize};
use texts::Language;

use crate::AdminMessage;
use crate::incident::requests;

/// Why amoCRM takes no requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// A line for operators, without what to do.
    pub reason: String,
    /// The end of a text's id, `crm-error-{kind}`; empty in what earlier versions stored.
    #[serde(default)]
    kind: String,
    /// Status and ids in that text.
    #[serde(default)]
    codes: String,
    /// What only a person can do; `None` when time may help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Remedy>,
    /// Since when a consent is known to be needed: the schedule knows the same moment, so that both send one message.
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
        let (kind, codes) = (error.kind().to_owned(), error.codes());
        Some(Self { reason, kind, codes, remedy: error.remedy(), consent_since })
    }

    /// amoCRM answers, but so slowly that an attempt does not come to its end.
    #[must_use]
    pub fn slow() -> Self {
        let reason = "amoCRM answers too slowly".to_owned();
        Self { reason, kind: "slow".to_owned(), codes: String::new(), remedy: None, consent_since: None }
    }

    /// The reason as admins read it, with what to do.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        let what = error_text(&self.kind, &self.codes, language);
        match self.remedy {
            Some(remedy) => format!("{what}: {}", remedy_text(remedy, language)),
            None => what,
        }
    }

    /// The message about a bot that is not let in; `None` about anything else.
    pub(crate) fn locked_out(&self, incident: Seconds, unsent: usize, language: Language) -> Option<AdminMessage> {
        let remedy = self.remedy?;
        let key = match (remedy, self.consent_since) {
            (Remedy::Authorize, Some(since)) => format!("consent:{since}"),
            (Remedy::Authorize | Remedy::SwitchOn | Remedy::NewToken, _) => format!("start:{incident}:{remedy:?}"),
            _ => return None,
        };
        let text = language.text_with(
            "trouble-locked-out",
            [("requests", requests(unsent, language).into()), ("remedy", remedy_text(remedy, language).into())],
        );
        Some(AdminMessage { key, text })
    }
}

/// An error as admins read it, without what to do.
#[must_use]
pub fn text_of_error(error: &CrmError, language: Language) -> String {
    error_text(error.kind(), &error.codes(), language)
}

fn error_text(kind: &str, codes: &str, language: Language) -> String {
    let id = text_id(kind);
    let id = if language.has(&id) { &id } else { "crm-error-other" };
    language.text_with(id, [("codes", codes.to_owned().into())])
}

fn text_id(kind: &str) -> String {
    format!("crm-error-{}", kind.replace('_', "-"))
}

fn remedy_text(remedy: Remedy, language: Language) -> String {
    language.text(&format!("remedy-{}", remedy.name()))
}

/// The message about a consent that is needed while `unsent` requests wait. For one consent it has one key, whether a
/// delivery or the schedule notices it first.
#[must_use]
pub fn consent_message(consent: &ConsentNeeded, unsent: usize, language: Language) -> Option<AdminMessage> {
    let obstacle = Obstacle {
        reason: consent.reason.clone(),
        kind: "auth".to_owned(),
        codes: String::new(),
        remedy: Some(Remedy::Authorize),
        consent_since: Some(consent.since),
    };
    obstacle.locked_out(consent.since, unsent, language)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_error_and_every_remedy_has_its_text() {
        let kinds = [
            "rate_limit",
            "server",
            "timeout",
            "connection",
            "unreadable",
            "tokens",
            "auth",
            "blocked",
            "closed",
            "refused",
            "slow",
        ];
        for kind in kinds {
            assert!(Language::Russian.has(&text_id(kind)), "{kind}");
        }
        for remedy in [
            Remedy::Authorize,
            Remedy::SwitchOn,
            Remedy::NewToken,
            Remedy::AskSupport,
            Remedy::Pay,
            Remedy::CorrectAddress,
            Remedy::GrantRights,
        ] {
            assert!(!remedy_text(remedy, Language::Russian).is_empty());
        }
    }

    #[test]
    fn an_obstacle_that_an_earlier_version_stored_is_read() {
        let stored = json!({ "reason": "amoCRM has blocked the bot", "remedy": "ask_support" });
        let obstacle: Obstacle = serde_json::from_value(stored).unwrap();
        assert_eq!(obstacle.text(Language::Russian), "amoCRM не принимает заявки: напишите в поддержку amoCRM");
    }
}
