//! What a delivery has left in amoCRM so far.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Names of the steps that others than the step itself refer to.
pub mod step {
    pub const CONTACT: &str = "contact";
    pub const DEAL: &str = "deal";
    pub const NOTE: &str = "note";
    pub const COMPLETION_NOTE: &str = "completion_note";
}

/// What a request has in amoCRM already. What a step left is stored before the next step starts.
///
/// Steps are not enumerated here: each has a name, and what it left stands under `{name}_id`, as versions before this
/// one stored the contact, the deal, the note and the task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    #[serde(flatten)]
    ids: BTreeMap<String, u64>,
    /// Whether this request created its contact; a contact that was found may be a stranger's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub created_contact: bool,
    /// Whether the deal was there before this request, which joined it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joined_deal: bool,
    /// What was left out because the account does not take it, as keys of `amocrm::Fallback`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused_fields: Vec<String>,
    /// amoCRM's uuid of each photo tried so far, in the order of the request's photos; `None`: the photo cannot be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "stored_files")]
    pub files: Vec<Option<String>>,
    /// The same of the voice messages.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "stored_files")]
    pub voice_files: Vec<Option<String>>,
    /// The photos are attached to the deal, or it is settled that they cannot be.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub photos_done: bool,
}

impl Progress {
    /// The id of what a step left.
    #[must_use]
    pub fn id_of(&self, step: &str) -> Option<u64> {
        self.ids.get(&key(step)).copied()
    }

    /// Records what a step left.
    pub fn record(&mut self, step: &str, id: u64) {
        self.ids.insert(key(step), id);
    }

    /// Forgets what a step left, so that the step is taken again.
    pub fn forget(&mut self, step: &str) {
        self.ids.remove(&key(step));
    }

    /// Forgets what every other step left.
    pub(crate) fn keep_only(&mut self, step: &str) {
        let kept = key(step);
        self.ids.retain(|key, _| *key == kept);
    }

    /// Every step taken, with the id of what it left.
    pub fn steps(&self) -> impl Iterator<Item = (&str, u64)> {
        self.ids.iter().map(|(key, id)| (key.trim_end_matches("_id"), *id))
    }

    #[must_use]
    pub fn contact_id(&self) -> Option<u64> {
        self.id_of(step::CONTACT)
    }

    #[must_use]
    pub fn deal_id(&self) -> Option<u64> {
        self.id_of(step::DEAL)
    }
}

/// A photo that cannot be had is stored as an empty text.
mod stored_files {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(files: &[Option<String>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(files.iter().map(|uuid| uuid.as_deref().unwrap_or_default()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<String>>, D::Error> {
        let stored = Vec::<String>::deserialize(deserializer)?;
        Ok(stored.into_iter().map(|uuid| (!uuid.is_empty()).then_some(uuid)).collect())
    }
}

fn key(step: &str) -> String {
    format!("{step}_id")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As the version of 28 November 2026 stored it.
    #[test]
    fn progress_stored_by_earlier_versions_is_read() {
        let stored = json!({
            "contact_id": 501, "deal_id": 8001, "note_id": 9001, "task_id": 7001, "refused_fields": ["CAR_YEAR:type"],
            "files": ["uuid-1", ""], "photos_done": true
        });
        let progress: Progress = serde_json::from_value(stored.clone()).unwrap();
        assert_eq!((progress.contact_id(), progress.deal_id()), (Some(501), Some(8001)));
        let steps: Vec<_> = progress.steps().collect();
        assert_eq!(steps, [("contact", 501), ("deal", 8001), ("note", 9001), ("task", 7001)]);
        assert!(progress.photos_done && !progress.created_contact && !progress.joined_deal);
        assert_eq!(progress.refused_fields, ["CAR_YEAR:type"]);
        assert_eq!(progress.files, [Some("uuid-1".to_owned()), None]);
        assert_eq!(
            serde_json::to_value(&progress).unwrap(),
            stored,
            "and earlier versions can read what is stored now"
        );
        assert_eq!(serde_json::from_value::<Progress>(json!({})).unwrap(), Progress::default());
    }
}
