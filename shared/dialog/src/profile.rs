//! What is known of a customer from earlier requests.

use lead::{Consent, LeadId, PhoneSource, Request, Seconds};
use serde::{Deserialize, Serialize};
use values::Phone;

use crate::answer::PhoneAnswer;
use crate::earlier_requests::EarlierRequests;
use crate::plain;

/// What is known of a customer from earlier requests. A conversation that begins with it offers name and phone in one
/// press.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<PhoneAnswer>,
    #[serde(default, skip_serializing_if = "Choices::is_empty")]
    pub(crate) choices: Choices,
    /// Requests with this phone.
    #[serde(default, skip_serializing_if = "EarlierRequests::is_empty")]
    earlier: EarlierRequests,
}

/// What a customer has decided about data and messages. It outlives the conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The agreement to the processing of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// No reminders of forms left half-way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reminders_off: bool,
}

impl Choices {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Profile {
    /// A profile of what an earlier request has stored. `phone` is E.164; what is not a name or a number is left out.
    #[must_use]
    pub fn new(name: Option<&str>, phone: Option<&str>, source: PhoneSource) -> Self {
        let phone = phone.and_then(|phone| Phone::try_from(phone.to_owned()).ok());
        Self {
            name: name.and_then(|name| values::name::parse(name).ok()),
            phone: phone.map(|number| PhoneAnswer { number, source }),
            choices: Choices::default(),
            earlier: EarlierRequests::default(),
        }
    }

    /// The same profile with these choices.
    #[must_use]
    pub fn with_choices(self, choices: Choices) -> Self {
        Self { choices, ..self }
    }

    /// The same profile with these requests.
    #[must_use]
    pub fn with_earlier(self, earlier: EarlierRequests) -> Self {
        Self { earlier, ..self }
    }

    /// The requests that the next one may join.
    #[must_use]
    pub const fn earlier(&self) -> &EarlierRequests {
        &self.earlier
    }

    /// What the customer has decided. When a decision changes it, the caller stores it outside the conversation too.
    #[must_use]
    pub const fn choices(&self) -> &Choices {
        &self.choices
    }

    /// The earlier request whose deal this one joins, if it was sent since `since`. Only with the same phone: another
    /// one may lead to another contact.
    pub(crate) fn joined_by(&self, request: &Request, since: Seconds) -> Option<LeadId> {
        self.has_phone_of(request).then(|| self.earlier.joined_by(request, since)).flatten()
    }

    /// Takes name and phone from a request, and the request itself, unless it joins an earlier one.
    pub(crate) fn remember(&mut self, request: &Request, joins: bool) {
        let customer = &request.customer;
        let mut earlier =
            if self.has_phone_of(request) { std::mem::take(&mut self.earlier) } else { EarlierRequests::default() };
        if !joins {
            earlier.add(request);
        }
        let choices = std::mem::take(&mut self.choices);
        *self = Self::new(Some(&customer.name), Some(&customer.phone), customer.phone_source)
            .with_choices(choices)
            .with_earlier(earlier);
    }

    fn has_phone_of(&self, request: &Request) -> bool {
        self.phone.as_ref().is_some_and(|phone| phone.number.e164() == request.customer.phone)
    }

    /// Name and phone, if both are known.
    pub(crate) fn contact(&self) -> Option<(&str, &PhoneAnswer)> {
        self.name.as_deref().zip(self.phone.as_ref())
    }

    /// The most bytes of it in the stored conversation, with some to spare. The choices of somebody new fit where a
    /// known name would stand.
    pub(crate) fn stored_len(&self) -> usize {
        const PHONE_CHOICES_AND_KEYS: usize = 340;
        let name_and_phone = match &self.name {
            Some(name) => plain::stored_len(name) + PHONE_CHOICES_AND_KEYS,
            None if self.phone.is_some() => PHONE_CHOICES_AND_KEYS,
            None => 0,
        };
        name_and_phone + self.earlier.stored_len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
