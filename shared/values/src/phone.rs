//! Phone numbers of the world; those without a country code are Russian.

use phonenumber::{Mode, PhoneNumber};
use serde::{Deserialize, Serialize};

use crate::Wrong;
use crate::text::is_unseen;

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

    /// Takes back what was stored. Only its shape is looked at: it was valid when it was stored.
    fn try_from(text: String) -> Result<Self, Wrong> {
        let digits = text.strip_prefix('+').ok_or(Wrong::BadPhone)?;
        let is_e164 = (7..=15).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit());
        if is_e164 { Ok(Self(text)) } else { Err(Wrong::BadPhone) }
    }
}

/// A number typed or taken from a contact card, which often has no «+».
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadPhone`].
pub fn parse(typed: &str) -> Result<Phone, Wrong> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(Wrong::Empty);
    }
    let (digits, has_plus) = digits(typed)?;
    readings(&digits, has_plus).iter().find_map(|reading| existing(reading)).ok_or(Wrong::BadPhone)
}

/// The most digits E.164 has, and two for an international prefix.
const MAX_DIGITS: usize = 17;

/// The digits of `typed`, an extension cut off, and whether a «+» stood before them. Words are refused: «позвоните 900…»
/// is a message, not a number.
fn digits(typed: &str) -> Result<(String, bool), Wrong> {
    let lower = typed.to_lowercase();
    let number = ["доб", "ext", "#", ";", ","]
        .iter()
        .fold(lower.as_str(), |rest, mark| rest.split_once(mark).map_or(rest, |(number, _)| number));
    let number = ["tel:", "тел.", "тел", "моб.", ":"]
        .iter()
        .fold(number.trim(), |rest, label| rest.strip_prefix(label).unwrap_or(rest).trim());
    let mut digits = String::new();
    let mut has_plus = false;
    for c in number.chars() {
        if let Some(digit) = decimal_digit(c) {
            digits.push(digit);
        } else if c == '+' && digits.is_empty() && !has_plus {
            has_plus = true;
        } else if !is_separator(c) {
            return Err(Wrong::BadPhone);
        }
        if digits.len() > MAX_DIGITS {
            return Err(Wrong::BadPhone);
        }
    }
    Ok((digits, has_plus))
}

/// What people, and their phones when they copy a number, put between digits; what nobody sees too.
fn is_separator(c: char) -> bool {
    const MARKS: &str = "-‑–—−()./";
    MARKS.contains(c) || is_unseen(c)
}

/// A decimal digit of the scripts that people's keyboards have, as an ASCII one.
fn decimal_digit(c: char) -> Option<char> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{ff10}']; // ASCII, Arabic, Persian, full width
    zeros.iter().find_map(|zero| char::from_digit(u32::from(c).wrapping_sub(u32::from(*zero)), 10))
}

/// What the digits may mean in E.164, the likeliest first.
fn readings(digits: &str, has_plus: bool) -> Vec<String> {
    let as_written = format!("+{digits}");
    if has_plus {
        // «+8 900…» is how some write the Russian trunk prefix; no country code is 8 followed by ten digits of a mobile.
        let trunk = digits.strip_prefix("89").filter(|_| digits.len() == 11).map(|rest| format!("+79{rest}"));
        return trunk.into_iter().chain([as_written]).collect();
    }
    let mut readings = Vec::new();
    match (digits.len(), digits.as_bytes().first()) {
        (10, _) => readings.push(format!("+7{digits}")),
        (11, Some(b'8')) => readings.push(format!("+7{}", &digits[1..])),
        _ => {}
    }
    let international = ["810", "00"].iter().find_map(|prefix| digits.strip_prefix(prefix));
    readings.extend(international.map(|rest| format!("+{rest}")));
    // A contact card without «+» has the country code; ten digits and more are enough to tell it from a local number.
    if digits.len() >= 10 {
        readings.push(as_written);
    }
    readings
}

/// Whether it is «+7 9…», where every number is a mobile one. Nearly all customers have one; knowing it without the library
/// saves a cold start from unpacking the numbering plans of the world (60 ms and more). A test holds it against the library.
fn is_russian_mobile(e164: &str) -> bool {
    e164.len() == 12 && e164.starts_with("+79") && e164[1..].bytes().all(|digit| digit.is_ascii_digit())
}

/// The number as the library knows it, whether or not it exists.
fn number(e164: &str) -> Option<PhoneNumber> {
    let parsed = phonenumber::parse(None, e164).ok()?;
    // In «+7 812…» and «+7 800…» the library takes the 8 for the trunk prefix, twice, and drops it: it is given two to drop.
    if e164.starts_with("+78") && parsed.format().mode(Mode::E164).to_string() != e164 {
        return phonenumber::parse(None, format!("+788{}", &e164[2..])).ok();
    }
    Some(parsed)
}

/// The number, if it exists in its country's plan.
fn existing(e164: &str) -> Option<Phone> {
    if is_russian_mobile(e164) {
        return Some(Phone(e164.to_owned()));
    }
    let number = number(e164).filter(phonenumber::is_valid)?;
    let normal = number.format().mode(Mode::E164).to_string();
    // A parse that changed the digits found a trunk prefix where none belongs.
    (normal == e164).then_some(Phone(normal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(typed: &str) -> String {
        parse(typed).map_or_else(|wrong| format!("{wrong:?}"), |phone| format!("{} = {}", phone.e164(), phone.show()))
    }

    #[test]
    fn russian_numbers_in_every_dress() {
        for typed in [
            "+7 900 123-45-67",
            "8 900 123 45 67",
            "8(900)123-45-67",
            "900 123 45 67",
            "79001234567",
            "+79001234567",
            "+8 900 123 45 67",
            "тел. 8-900-123-45-67",
            "tel:+79001234567",
            "\u{202a}+7 900 123‑45‑67\u{202c}",
            "8 900 123 45 67 доб. 12",
            "+7 (900) 123 45 67 ext 5",
            "٨٩٠٠١٢٣٤٥٦٧",
        ] {
            assert_eq!(shown(typed), "+79001234567 = +7 900 123-45-67", "{typed}");
        }
        assert_eq!(shown("8 (495) 123-45-67"), "+74951234567 = +7 495 123-45-67");
        assert_eq!(shown("+7 812 123-45-67"), "+78121234567 = +7 812 123-45-67");
        assert_eq!(shown("88611234567"), "+78611234567 = +7 861 123-45-67");
        assert_eq!(shown("8 800 555 35 35"), "+78005553535 = +7 800 555-35-35");
    }

    #[test]
    fn the_library_agrees_on_russian_mobile_numbers() {
        for area in 900..=999 {
            let e164 = format!("+7{area}1234567");
            let number = number(&e164).unwrap();
            assert!(phonenumber::is_valid(&number), "{e164}");
            let shown = number.format().mode(Mode::International).to_string();
            assert_eq!(Phone(e164).show(), shown);
        }
    }

    #[test]
    fn other_countries() {
        for (typed, expected) in [
            ("+375 29 123-45-67", "+375291234567 = +375 29 123-45-67"),
            ("375291234567", "+375291234567 = +375 29 123-45-67"),
            ("+7 701 234 56 78", "+77012345678 = +7 701 234 5678"),
            ("8 701 234 56 78", "+77012345678 = +7 701 234 5678"),
            ("+380 50 123 45 67", "+380501234567 = +380 50 123 4567"),
            ("+998 90 123 45 67", "+998901234567 = +998 90 123 45 67"),
            ("+49 151 23456789", "+4915123456789 = +49 1512 3456789"),
            ("8 10 49 151 23456789", "+4915123456789 = +49 1512 3456789"),
            ("0049 151 23456789", "+4915123456789 = +49 1512 3456789"),
            ("+1 (212) 736-5000", "+12127365000 = +1 212-736-5000"),
            ("+374 91 123456", "+37491123456 = +374 91 123456"),
            ("+995 555 12 34 56", "+995555123456 = +995 555 12 34 56"),
        ] {
            assert_eq!(shown(typed), expected, "{typed}");
        }
    }

    #[test]
    fn what_is_no_phone() {
        assert_eq!(parse(" "), Err(Wrong::Empty));
        for typed in [
            "нет",
            "12345",
            "123-45-67",
            "+7 900 123 45 6",
            "+7 900 123 45 678",
            "8 900 123 45 6",
            "00000000000",
            "11111111111",
            "+7 000 000 00 00",
            "+999 123456789",
            "позвоните 89001234567",
            "89001234567 89001234568",
            "+",
            "++79001234567",
            "½½½½½½½½½½½",
            "1M8GDM9AXKP042788",
        ] {
            assert_eq!(parse(typed), Err(Wrong::BadPhone), "{typed}");
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
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", number in "\\+?[0-9 ()-]{0,30}") {
            let _ = (parse(&typed), parse(&number));
        }
    }
}
