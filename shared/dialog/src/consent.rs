//! The customer's agreement to the processing of personal data.
//!
//! A dealer with a policy (`PRIVACY_POLICY_URL`) asks for it on a screen of its own, before the first personal
//! question. Without one, pressing «Отправить» is the agreement, and the confirmation screen says so.

use lead::Consent;
use sha2::{Digest, Sha256};

use crate::profile::Profile;
use crate::{Event, Moment, Rules};

/// Identifies the text that a customer agrees to now: a hash of it and of the policy's URL.
pub(crate) fn version(rules: &Rules) -> String {
    const BYTES: usize = 8;
    let texts = match rules.privacy_policy_url {
        Some(_) => ["consent-question", "consent-question.link"],
        None => ["consent", "consent.link"],
    };
    let mut hash = Sha256::new();
    for part in texts.map(|text| rules.language.text(text)).iter().chain(&rules.privacy_policy_url) {
        hash.update(part);
        hash.update([0]);
    }
    hash.finalize().iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect()
}

/// The agreement that this press expresses.
pub(crate) fn given(event: &Event, moment: &Moment, rules: &Rules) -> Consent {
    Consent { version: version(rules), at: moment.now, update_id: event.update_id }
}

/// Whether the customer has agreed to the text of today.
pub(crate) fn is_valid(profile: &Profile, rules: &Rules) -> bool {
    profile.choices.consent.as_ref().is_some_and(|consent| consent.version == version(rules))
}
