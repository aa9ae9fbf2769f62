//! Phone numbers of the world; those without a country code are Russian.
//!
//! `text` finds numbers in what somebody typed, `dialled` says what digits may mean, `plans` knows which numbers there
//! are.

mod dialled;
mod plans;
mod text;

use phonenumber::Mode;
use serde::{Deserialize, Serialize};

use crate::Wrong;

use plans::{is_russian_mobile, number};
pub use text::{parse, read};

/// A phone number that exists in some country's numbering plan, in E.164: `+79001234567`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

impl Phone {
    /// `+79001234567`
    #[must_use]
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// As people read it: «+7 900 123-45-67».
    #[must_use]
    pub fn show(&self) -> String {
        if is_russian_mobile(&self.0) {
            let [area, first, second, third] = [&self.0[2..5], &self.0[5..8], &self.0[8..10], &self.0[10..]];
            return format!("+7 {area} {first}-{second}-{third}");
        }
        number(&self.0).map_or_else(|| self.0.clone(), |number| number.format().mode(Mode::International).to_string())
    }

    /// Whether it is a number of Russia. Of the numbers with +7, those that go on with 6 or 7 belong to Kazakhstan.
    #[must_use]
    pub fn is_russian(&self) -> bool {
        self.0.strip_prefix("+7").is_some_and(|national| !national.starts_with(['6', '7']))
    }

    /// The country's ISO 3166 code: «KZ». `None` if the number has become invalid since it was stored.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let country = || Some(number(&self.0)?.country().id()?.as_ref().to_owned());
        if is_russian_mobile(&self.0) { Some("RU".to_owned()) } else { country() }
    }
}

/// Never shows the number: it would end in a log.
impl std::fmt::Debug for Phone {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Phone(…)")
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

impl TryFrom<String> for Phone {
    type Error = Wrong;

    /// Takes back what was stored. Only its shape is checked: it was valid when it was stored.
    fn try_from(text: String) -> Result<Self, Wrong> {
        let digits = text.strip_prefix('+').ok_or(Wrong::BadPhone)?;
        let is_e164 = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_e164 { Ok(Self(text)) } else { Err(Wrong::BadPhone) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_number_is_recognised() {
        for (typed, country) in [
            ("+7 900 123-45-67", "RU"),
            ("8 (495) 785-31-49", "RU"),
            ("8 800 555 35 35", "RU"),
            ("+7 701 234 56 78", "KZ"),
            ("+8 7172 12-34-56", "KZ"),
            ("+375 29 123-45-67", "BY"),
            ("+84 95 785 31 49", "VN"),
            ("+1 (212) 736-5000", "US"),
            ("+44 20 7946 0958", "GB"),
        ] {
            let phone = parse(typed).unwrap();
            assert_eq!(phone.country().as_deref(), Some(country), "{typed}");
            assert_eq!(phone.is_russian(), country == "RU", "{typed}");
        }
    }

    #[test]
    fn it_is_stored_as_e164_and_never_shown_in_debug_output() {
        let phone = parse("8 900 123 45 67").unwrap();
        let stored = serde_json::to_string(&phone).unwrap();
        assert_eq!(stored, r#""+79001234567""#);
        assert_eq!(serde_json::from_str::<Phone>(&stored).unwrap(), phone);
        assert!(serde_json::from_str::<Phone>(r#""12345""#).is_err());
        assert!(serde_json::from_str::<Phone>(r#""+7900x234567""#).is_err());
        assert_eq!(format!("{phone:?}"), "Phone(…)");
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_shown_parses_to_the_same_number(subscriber in 9_000_000_000_u64..=9_999_999_999) {
            if let Ok(phone) = parse(&subscriber.to_string()) {
                proptest::prop_assert_eq!(parse(&phone.show()), Ok(phone.clone()));
                proptest::prop_assert_eq!(parse(phone.e164()), Ok(phone));
            }
        }

        #[test]
        fn it_never_panics(typed in "\\PC{0,5000}", number in "\\+?[0-9 ()-]{0,30}", several in "([0-9+/:,_ ]|или|т|₽){0,60}") {
            let _ = (parse(&typed), parse(&number), parse(&several));
        }
    }
}
