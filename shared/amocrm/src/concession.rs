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

/// Whether a dealer may well keep it as a number. In any other field a number is part of a name.
pub(crate) const fn is_quantity(field: CrmField) -> bool {
    matches!(field, CrmField::CarYear | CrmField::Budget | CrmField::Mileage)
}

/// The number in a text as the dialog writes it, «85 000 км»; of a range its upper end. `None` when there is none, and when
/// it is written in another way («1,5 млн»), which must not become another number.
pub(crate) fn bare_number(text: &str) -> Option<String> {
    if ["тыс", "млн", "млрд", ",", "."].iter().any(|other| text.contains(other)) {
        return None;
    }
    let text: String = text.chars().filter(|symbol| !symbol.is_whitespace()).collect();
    let numbers = text.split(|symbol: char| !symbol.is_ascii_digit()).filter_map(|number| number.parse::<u64>().ok());
    numbers.max().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_only_taken_where_it_is_plain() {
        let numbers = [
            ("85\u{a0}000\u{a0}км", Some("85000")),
            ("500\u{a0}000 – 1\u{a0}000\u{a0}000\u{a0}₽", Some("1000000")),
            ("от 3\u{a0}000\u{a0}000\u{a0}₽", Some("3000000")),
            ("2019", Some("2019")),
            ("Любой", None),
            ("1,5 млн", None),
            ("85 тыс. км", None),
        ];
        for (text, number) in numbers {
            assert_eq!(bare_number(text).as_deref(), number, "{text}");
        }
    }
}
