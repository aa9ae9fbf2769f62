//! What is given up because the account refuses it, and how that is remembered.

use std::borrow::Cow;

use lead::{CrmField, Lead};

use crate::FieldError;

/// Something given up because the account refuses it. Its [`Concession::key`] is kept in `Progress::refused_fields`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concession {
    /// A custom field, and why: the note has its value.
    Field(CrmField, Fault),
    /// The words around a number: the dealer's own field is numeric. The note has the answer as it was given.
    Words(CrmField),
    /// `AMOCRM_RESPONSIBLE_USER_ID`: unknown or disabled.
    ResponsibleUser,
    /// `AMOCRM_PIPELINE_ID` and `AMOCRM_STATUS_ID`.
    Pipeline,
    /// The contact the deal was to be linked to: deleted or merged meanwhile.
    Contact,
}

/// What is wrong with a custom field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The account does not know it.
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

impl Concession {
    /// How it is remembered.
    #[must_use]
    pub fn key(self) -> Cow<'static, str> {
        match self {
            Self::Field(field, Fault::Unknown) => field.code().into(),
            Self::Field(field, Fault::NoOption) => format!("{}:option", field.code()).into(),
            Self::Field(field, Fault::WrongType) => format!("{}:type", field.code()).into(),
            Self::Words(field) => format!("{}:words", field.code()).into(),
            Self::ResponsibleUser => "RESPONSIBLE_USER".into(),
            Self::Pipeline => "PIPELINE".into(),
            Self::Contact => "CONTACT".into(),
        }
    }
}

pub(crate) fn gave_up(lead: &Lead, what: Concession) -> bool {
    lead.progress.refused_fields.iter().any(|key| *key == what.key())
}

/// Why the account does not take a field of this lead; `None` as far as it is known to take it.
#[must_use]
pub fn gave_up_field(lead: &Lead, field: CrmField) -> Option<Fault> {
    Fault::ALL.into_iter().find(|fault| gave_up(lead, Concession::Field(field, *fault)))
}
