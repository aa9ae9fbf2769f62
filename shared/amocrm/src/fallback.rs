//! What is left out of an item because the account does not take it, and how that is remembered.

use std::borrow::Cow;

use lead::{CrmField, Lead};

use crate::FieldError;

/// How the key of [`Fallback::TeamMember`] begins.
const TEAM_MEMBER: &str = "TEAM_MEMBER:";

/// Something that is left out, or sent in another form. Its [`Fallback::key`] is kept in `Progress::refused_fields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// A custom field is left out, and why: the note has its value.
    Field(CrmField, Fault),
    /// A custom field gets the beginning of its text: the note has all of it.
    CutText(CrmField),
    /// A custom field gets the number without the words around it, although the account's list of fields could not be
    /// read.
    BareNumber(CrmField),
    /// `AMOCRM_RESPONSIBLE_USER_ID`: unknown or disabled.
    ResponsibleUser,
    /// A member of the dealer's team, by the id of the user: unknown or disabled. Somebody else gets the request.
    TeamMember(u64),
    /// `AMOCRM_PIPELINE_ID` and `AMOCRM_STATUS_ID`.
    Pipeline,
    /// The tag and the tracking fields that say where the customer came from: the note says it.
    Source,
    /// `status_id` of `[unfinished]` in the dealer's file: the deal gets the usual stage.
    UnfinishedStage,
    /// The tag of deals whose customers have not finished the form.
    UnfinishedTag,
    /// The tag of deals that a request has joined.
    RepeatTag,
    /// The contact the deal was to be linked to: deleted or merged meanwhile.
    Contact,
}

/// What is wrong with a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The account does not have it.
    Unknown,
    /// It is a list without the value.
    NoOption,
    /// It is of a type that the value does not fit.
    WrongType,
}

impl Fault {
    const ALL: [Self; 3] = [Self::Unknown, Self::NoOption, Self::WrongType];

    pub(crate) const fn of(error: &FieldError, is_about_the_value: bool) -> Self {
        match error.code.as_bytes() {
            b"NotSupportedChoice" if is_about_the_value => Self::NoOption,
            b"NotSupportedChoice" | b"FieldNotExpected" => Self::Unknown,
            _ => Self::WrongType,
        }
    }
}

impl Fallback {
    /// The text under which it is remembered.
    #[must_use]
    pub fn key(self) -> Cow<'static, str> {
        match self {
            Self::Field(field, Fault::Unknown) => field.code().into(),
            Self::Field(field, Fault::NoOption) => format!("{}:option", field.code()).into(),
            Self::Field(field, Fault::WrongType) => format!("{}:type", field.code()).into(),
            Self::CutText(field) => format!("{}:cut", field.code()).into(),
            Self::BareNumber(field) => format!("{}:words", field.code()).into(),
            Self::ResponsibleUser => "RESPONSIBLE_USER".into(),
            Self::TeamMember(user_id) => format!("{TEAM_MEMBER}{user_id}").into(),
            Self::Pipeline => "PIPELINE".into(),
            Self::Source => "LINK".into(),
            Self::UnfinishedStage => "UNFINISHED_STAGE".into(),
            Self::UnfinishedTag => "UNFINISHED_TAG".into(),
            Self::RepeatTag => "REPEAT_TAG".into(),
            Self::Contact => "CONTACT".into(),
        }
    }

    /// Whether it applies to this lead.
    #[must_use]
    pub fn applies_to(self, lead: &Lead) -> bool {
        lead.progress.refused_fields.iter().any(|key| *key == self.key())
    }

    /// Remembers it for this lead. Returns false if it was known already.
    pub fn apply_to(self, lead: &mut Lead) -> bool {
        let is_new = !self.applies_to(lead);
        if is_new {
            lead.progress.refused_fields.push(self.key().into_owned());
        }
        is_new
    }
}

/// The members of the team whom the account does not take, by the ids of their users.
pub fn refused_members(lead: &Lead) -> impl Iterator<Item = u64> {
    let keys = lead.progress.refused_fields.iter();
    keys.filter_map(|key| key.strip_prefix(TEAM_MEMBER)?.parse().ok())
}

/// Why the account does not take a field of this lead; `None` as far as it is known to take it.
#[must_use]
pub fn fault_of_field(lead: &Lead, field: CrmField) -> Option<Fault> {
    Fault::ALL.into_iter().find(|fault| Fallback::Field(field, *fault).applies_to(lead))
}

/// Whether the note has to carry the value of a field, because the field does not have all of it.
#[must_use]
pub(crate) fn is_left_to_note(lead: &Lead, field: CrmField) -> bool {
    fault_of_field(lead, field).is_some() || Fallback::CutText(field).applies_to(lead)
}
