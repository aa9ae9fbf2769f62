//! Whether the configured models still exist, for operators.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::civil::Date;
use secrecy::SecretString;
use serde_json::Value;

use crate::model::service::{self, Refused};

/// How long the server may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the server says of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It exists. `shutdown`: the day on which it is switched off, if that is announced.
    Available { shutdown: Option<Date> },
    /// The server lists its models, and this is not one of them.
    Missing,
    /// The server does not list its models.
    Unlisted,
}

impl Availability {
    /// Whether the model is switched off within this many days, or already was.
    #[must_use]
    pub fn ends_within(self, days: i32, today: Date) -> bool {
        let Self::Available { shutdown: Some(shutdown) } = self else { return false };
        today.until(shutdown).is_ok_and(|left| left.get_days() <= days)
    }
}

/// Why nothing is known of the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookUpError {
    /// 401 or 403: the key is wrong or has no rights.
    #[error("the server does not accept the key (HTTP {0})")]
    Key(u16),
    #[error("HTTP {0}")]
    Status(u16),
    #[error("no connection")]
    NoConnection,
}

/// Looks up the configured models, the first one and the second:
/// <https://developers.openai.com/api/reference/resources/models/methods/list>.
///
/// # Errors
/// The server does not answer, or refuses the key.
pub async fn look_up(settings: &settings::OpenAi) -> Result<Vec<(String, Availability)>, LookUpError> {
    let mut names = vec![settings.model.as_str(), settings.fallback_model.as_str()];
    names.dedup();
    availabilities(&settings.base_url, settings.api_key.as_ref(), &names).await
}

/// Looks up the model for voice messages.
///
/// # Errors
/// The server does not answer, or refuses the key.
pub async fn look_up_transcription(
    settings: &settings::Transcription,
) -> Result<Vec<(String, Availability)>, LookUpError> {
    availabilities(&settings.base_url, settings.api_key.as_ref(), &[&settings.model]).await
}

async fn availabilities(
    base_url: &str,
    api_key: Option<&SecretString>,
    names: &[&str],
) -> Result<Vec<(String, Availability)>, LookUpError> {
    let client = service::client(base_url, api_key);
    let models = client.models();
    let listed = match tokio::time::timeout(PATIENCE, models.list_byot::<Value>()).await {
        Ok(Ok(list)) => shutdowns(&list),
        Ok(Err(error)) => match Refused::of(&error).map(|refused| refused.status) {
            Some(404 | 405 | 501) => None,
            Some(status @ (401 | 403)) => return Err(LookUpError::Key(status)),
            Some(status) => return Err(LookUpError::Status(status)),
            None => return Err(LookUpError::NoConnection),
        },
        Err(_) => return Err(LookUpError::NoConnection),
    };
    let availability = |name: &str| match &listed {
        None => Availability::Unlisted,
        Some(listed) => match listed.get(name) {
            Some(shutdown) => Availability::Available { shutdown: *shutdown },
            None => Availability::Missing,
        },
    };
    Ok(names.iter().map(|name| ((*name).to_owned(), availability(name))).collect())
}

/// The models by name, each with the day it is switched off; `None` if this is not a list of models, or an empty one.
fn shutdowns(list: &Value) -> Option<BTreeMap<String, Option<Date>>> {
    let models = list["data"].as_array().filter(|models| !models.is_empty())?;
    let shutdown = |model: &Value| model["shutdown_date"].as_str().and_then(|date| date.parse().ok());
    Some(models.iter().filter_map(|model| Some((model["id"].as_str()?.to_owned(), shutdown(model)))).collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_model_that_ends_soon_is_known_in_time() {
        let today = date(2026, 11, 28);
        let ends = |shutdown| Availability::Available { shutdown }.ends_within(60, today);
        assert!(ends(Some(date(2027, 1, 14))));
        assert!(ends(Some(date(2026, 11, 1))), "it has ended");
        assert!(!ends(Some(date(2027, 4, 1))) && !ends(None));
        assert!(!Availability::Missing.ends_within(60, today));
    }
}
