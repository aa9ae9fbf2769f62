//! What a customer asked for.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ulid::Ulid;

use crate::{Seconds, Source};

/// Longest topic in a deal's name, in characters. With the service and the name, the deal's name stays below 255. The
/// note has the whole topic.
const MAX_TOPIC: usize = 150;

/// Identifies a request. It is made when the dialog starts, so that finishing the dialog twice makes one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeadId(pub Ulid);

impl LeadId {
    /// The number for customers and managers: the last eight characters of the id, «K7QX-3M9Q». The deal has it in its
    /// `REQUEST_ID` field. A deal whose creation was not confirmed is looked up by it.
    #[must_use]
    pub fn request_number(&self) -> String {
        let id = self.0.to_string();
        format!("{}-{}", &id[18..22], &id[22..])
    }

    /// When the dialog started.
    #[must_use]
    pub const fn started_at(&self) -> Seconds {
        (self.0.timestamp_ms() / 1000).cast_signed()
    }
}

impl fmt::Display for LeadId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for LeadId {
    type Err = ulid::DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A request: a finished form, or one that the customer left half-way. Its texts are plain and may contain anything
/// that a person can type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    pub id: LeadId,
    /// Id of the questionnaire: `sell`, `buy`, `find`, `check`, `legal`, `manager`.
    pub branch: String,
    /// Name of the service: «Продажа авто».
    pub service: String,
    /// The middle part of the deal's name, a car or another topic.
    pub topic: String,
    pub customer: Customer,
    /// Whole roubles, if the customer named an amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<u64>,
    /// Answers for the deal's custom fields. Fields that every request has (service, source, number) are not among
    /// them.
    pub fields: BTreeMap<CrmField, FieldValue>,
    /// In the order asked, without skipped questions.
    pub answers: Vec<Answer>,
    /// In the order sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub photos: Vec<Photo>,
    /// Voice messages that gave answers, in the order sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voices: Vec<Voice>,
    /// The link that brought the customer, if there was one lately.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// The customer's agreement to the processing of personal data. Earlier versions stored none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// The question at which the customer stopped, in a manager's words («Цена»); `None` if the form is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<String>,
    /// When «Отправить» was pressed; of an unfinished form, when it was left.
    pub created_at: Seconds,
}

/// An agreement to the processing of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Identifies the text that was agreed to: a hash of it and of the policy's URL.
    pub version: String,
    pub at: Seconds,
    /// The press on the button, as Telegram numbered it.
    pub update_id: i64,
}

impl Request {
    /// Name of the deal: «{service} — {topic} — {name}».
    #[must_use]
    pub fn deal_name(&self) -> String {
        let mut topic: String = self.topic.chars().take(MAX_TOPIC).collect();
        if topic.len() < self.topic.len() {
            topic.push('…');
        }
        [self.service.as_str(), topic.as_str(), self.customer.name.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" — ")
    }

    /// How many files belong to the deal: photos and voice messages.
    #[must_use]
    pub const fn file_count(&self) -> usize {
        self.photos.len() + self.voices.len()
    }

    /// A hash of the phone, for places where personal data must not be. The queue uses it as its message group: requests
    /// with the same phone are delivered one after the other and never race to create a contact.
    #[must_use]
    pub fn phone_hash(&self, key: &PhoneKey) -> String {
        let digest = Sha256::new().chain_update(key.0).chain_update(&self.customer.phone).finalize();
        digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A key for hashes of phones. Without one, anybody could reverse a hash by trying every phone number.
#[derive(Clone)]
pub struct PhoneKey([u8; 32]);

impl PhoneKey {
    /// The key that belongs to a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::new().chain_update("phones\n").chain_update(secret).finalize().into())
    }
}

impl fmt::Debug for PhoneKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("PhoneKey").finish_non_exhaustive()
    }
}

/// The person who made a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Telegram chat, which in a private chat is the user's id.
    pub chat_id: i64,
    /// Telegram username without `@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The name typed in the dialog.
    pub name: String,
    /// E.164: `+79001234567`.
    pub phone: String,
    #[serde(default)]
    pub phone_source: PhoneSource,
}

/// Where a phone number came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneSource {
    /// Typed: it may be anybody's.
    #[default]
    Typed,
    /// The customer shared their own contact: Telegram confirms that the number is theirs.
    OwnContact,
    /// The customer shared somebody else's contact.
    OtherContact,
}

/// A question and its answer, as a person reads them. One line of the note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// «Пробег».
    pub question: String,
    /// «85 000 км».
    pub answer: String,
}

/// A photo at Telegram. A link to it would contain the bot's token, so only its ids are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Photo {
    /// Telegram `file_id`, for `getFile`.
    pub file_id: String,
    /// Telegram `file_unique_id`: the same for the same photo.
    pub unique_id: String,
}

/// A voice message at Telegram, by its ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// Telegram `file_id`, for `getFile`.
    pub file_id: String,
    /// Telegram `file_unique_id`: the same for the same recording.
    pub unique_id: String,
}

/// The custom fields of a deal (and, for the two Telegram ones, of a contact).
///
/// `carquery amocrm setup` creates each field with its code. The variable `AMOCRM_FIELD_{code}` overrides the code with
/// a numeric id, and the text `field-{code}` is the field's title.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum CrmField {
    TelegramId,
    TelegramUsername,
    ServiceType,
    CarBrand,
    CarModel,
    CarYear,
    Budget,
    Mileage,
    Transmission,
    DriveType,
    BodyType,
    VinNumber,
    CheckType,
    Source,
    RequestId,
}

impl CrmField {
    /// Every field, in the order a manager sees them in the card.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// The field's code in amoCRM.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// Id of the field's title in the texts.
    #[must_use]
    pub fn title_id(self) -> String {
        format!("field-{}", self.code())
    }

    /// Whether the field belongs to the contact and not to the deal.
    #[must_use]
    pub const fn is_contact_field(self) -> bool {
        matches!(self, Self::TelegramId | Self::TelegramUsername)
    }
}

/// A value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Whole roubles, kilometres or a year; for a range, its upper end. A numeric field gets the number, others get the
    /// text.
    Number { number: u64, text: String },
    /// As a person reads it. Earlier versions stored every value like this.
    Text(String),
}

impl FieldValue {
    /// As a person reads it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Number { text, .. } | Self::Text(text) => text,
        }
    }

    /// The number, if there is one.
    #[must_use]
    pub const fn number(&self) -> Option<u64> {
        match self {
            Self::Number { number, .. } => Some(*number),
            Self::Text(_) => None,
        }
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_not_found_by_its_hash_without_the_key() {
        let (request, key) = (Request::example(), PhoneKey::of("1:token"));
        let hash = request.phone_hash(&key);
        assert_eq!(hash, request.clone().phone_hash(&PhoneKey::of("1:token")));
        assert_ne!(hash, request.phone_hash(&PhoneKey::of("")));
        assert_eq!((hash.len(), format!("{key:?}")), (16, "PhoneKey { .. }".to_owned()));
    }

    #[test]
    fn the_request_number_is_the_end_of_the_id() {
        let id: LeadId = "01JD0000000000000AK7QX3M9Q".parse().unwrap();
        assert_eq!(id.request_number(), "K7QX-3M9Q");
    }

    #[test]
    fn codes_are_the_names_that_serde_writes() {
        for field in CrmField::ALL {
            assert_eq!(serde_json::to_value(field).unwrap(), field.code());
        }
    }
}
