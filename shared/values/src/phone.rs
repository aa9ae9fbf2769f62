//! Phone numbers of the world; those without a country code are Russian.

use std::ops::Range;

use phonenumber::{Mode, PhoneNumber};
use serde::{Deserialize, Serialize};

use crate::Wrong;
use crate::text::is_invisible;

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

/// The number in what was typed, whatever words are around it, or taken from a contact card, which often has no «+». Of
/// several, the first, if they are told apart as alternatives: by a comma, a slash or «или».
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadPhone`].
pub fn parse(typed: &str) -> Result<Phone, Wrong> {
    if typed.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    let numbers = numbers(typed);
    let negated = || words(typed).any(|word| word == "не");
    let are_alternatives = numbers.windows(2).all(|pair| match pair {
        [(phone, span), (next, next_span)] => {
            phone == next || (is_between_alternatives(&typed[span.end..next_span.start]) && !negated())
        }
        _ => true,
    });
    numbers.into_iter().next().map(|(phone, _)| phone).filter(|_| are_alternatives).ok_or(Wrong::BadPhone)
}

/// The most digits E.164 has, and two for an international prefix.
const MAX_DIGITS: usize = 17;

/// Words that may stand directly before a number, without a space.
const LABELS: &[&str] = &["т", "тел", "телефон", "моб", "сот", "номер", "tel", "phone"];

/// An extension may directly follow.
const EXTENSIONS: &[&str] = &["доб", "ext"];

/// Words before digits that are another number.
const OTHER_BEFORE: &[&str] = &[
    "паспорт",
    "паспорта",
    "снилс",
    "инн",
    "огрн",
    "карта",
    "карты",
    "счет",
    "счёт",
    "полис",
    "птс",
    "стс",
    "vin",
    "вин",
    "пробег",
    "цена",
    "цену",
    "бюджет",
];

/// Words after digits that are a sum or a mileage.
const OTHER_AFTER: &[&str] = &["р", "руб", "рублей", "рубля", "тыс", "тысяч", "млн", "миллионов", "км"];

/// The phone numbers in `text`, in order, and where they are.
fn numbers(text: &str) -> Vec<(Phone, Range<usize>)> {
    let mut numbers = Vec::new();
    for span in runs(text).into_iter().filter(|span| may_be_phone(text, span)) {
        let run = &text[span.clone()];
        if let Some(phone) = read(run) {
            numbers.push((phone, span));
            continue;
        }
        let mut start = span.start;
        for part in run.split('/').filter(|part| part.len() < run.len()) {
            let end = start + part.len();
            numbers.extend(read(part).map(|phone| (phone, start..end)));
            start = end + 1;
        }
    }
    numbers
}

/// Where digits with nothing but separators between them are, each from its «+» or first digit to its last one.
fn runs(text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let mut plus = None;
    let mut is_open = false;
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        match runs.last_mut().filter(|_| is_open) {
            Some(run) if decimal_digit(c).is_some() => run.end = end,
            None if decimal_digit(c).is_some() => {
                runs.push(plus.take().unwrap_or(at)..end);
                is_open = true;
            }
            _ if is_separator(c) => {}
            _ => {
                plus = (c == '+').then_some(at);
                is_open = false;
            }
        }
    }
    runs
}

/// Whether digits are neither part of a word, a time or a VIN nor said to be something else.
fn may_be_phone(text: &str, span: &Range<usize>) -> bool {
    let (before, after) = (&text[..span.start], &text[span.end..]);
    let is_digit = |c: char| decimal_digit(c).is_some();
    let begins = match before.chars().next_back() {
        Some('+') => false,
        Some(':') => !before.trim_end_matches(':').ends_with(is_digit),
        Some(c) if c.is_alphanumeric() => words(before).next_back().is_some_and(|word| LABELS.contains(&word.as_str())),
        _ => true,
    };
    let ends = match after.chars().next() {
        Some(':') => !after.trim_start_matches(':').starts_with(is_digit),
        Some(c) if c.is_alphanumeric() => EXTENSIONS.iter().any(|word| after.to_lowercase().starts_with(word)),
        _ => true,
    };
    let after = after.trim_start();
    let is_sum = after.starts_with(['₽', '$', '€'])
        || (after.starts_with(char::is_alphabetic)
            && words(after).next().is_some_and(|word| OTHER_AFTER.contains(&word.as_str())));
    let is_other = words(before).next_back().is_some_and(|word| OTHER_BEFORE.contains(&word.as_str()));
    begins && ends && !is_sum && !is_other
}

/// Letters and digits that stand together, in lower case.
fn words(text: &str) -> impl DoubleEndedIterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

fn is_between_alternatives(text: &str) -> bool {
    text.contains([',', ';', '/']) || words(text).any(|word| word == "или")
}

/// The number that a run of digits is.
fn read(run: &str) -> Option<Phone> {
    let digits: String = run.chars().filter_map(decimal_digit).collect();
    let has_plus = run.trim_start_matches(is_separator).starts_with('+');
    let readings = if digits.len() > MAX_DIGITS { Vec::new() } else { readings(&digits, has_plus) };
    readings.iter().find_map(|reading| existing(reading))
}

/// What people, and their phones when they copy a number, put between digits; what nobody sees too.
fn is_separator(c: char) -> bool {
    const MARKS: &str = "-‑–—−()./_";
    MARKS.contains(c) || is_invisible(c)
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
            "8_900_123_45_67",
        ] {
            assert_eq!(shown(typed), "+79001234567 = +7 900 123-45-67", "{typed}");
        }
        assert_eq!(shown("8 (495) 123-45-67"), "+74951234567 = +7 495 123-45-67");
        assert_eq!(shown("+7 812 123-45-67"), "+78121234567 = +7 812 123-45-67");
        assert_eq!(shown("88611234567"), "+78611234567 = +7 861 123-45-67");
        assert_eq!(shown("8 800 555 35 35"), "+78005553535 = +7 800 555-35-35");
    }

    #[test]
    fn the_words_around_a_number_say_nothing() {
        for typed in [
            "Телефон: 89001234567",
            "телефон 89001234567",
            "номер 8 900 123-45-67",
            "мой номер 89001234567",
            "Мой номер: +7 900 123-45-67.",
            "сот. 89001234567",
            "т. 89001234567",
            "т.89001234567",
            "тел89001234567",
            "89001234567!",
            "89001234567 (WhatsApp)",
            "89001234567, Иван",
            "Инна 89001234567",
            "89001234567 Рубен",
            "Иван\n+7 (900) 123-45-67",
            "добрый день, 89001234567",
            "позвоните 89001234567",
            "89001234567 звоните с 9 до 18:00",
            "после 18:00, 89001234567",
            "8 900 123 45 67доб12",
            "89001234567#12",
            "89001234567; 12",
            "🚗 89001234567 👍",
            "продам за 1 500 000, тел. 89001234567",
            "+ 7 900 123-45-67",
        ] {
            assert_eq!(shown(typed), "+79001234567 = +7 900 123-45-67", "{typed}");
        }
    }

    #[test]
    fn of_alternatives_the_first_is_taken() {
        for typed in [
            "89001234567, 89001234568",
            "89001234567/89001234568",
            "89001234567 / +79001234568",
            "89001234567 или 89001234568",
            "8 900 123-45-67 (мой), 8 900 123-45-68 (жены)",
            "89001234567 он же +7 900 123-45-67",
            "8/900/123/45/67",
        ] {
            assert_eq!(shown(typed), "+79001234567 = +7 900 123-45-67", "{typed}");
        }
        for typed in [
            "89001234567 89001234568",
            "89001234567 +79001234568",
            "89001234567 и 89001234568",
            "не 89001234567, а 89001234568",
        ] {
            assert_eq!(parse(typed), Err(Wrong::BadPhone), "{typed}");
        }
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
            "+",
            "++79001234567",
            "½½½½½½½½½½½",
            "1M8GDM9AXKP042788",
            "VIN XTA21099043576123",
            "XTA9001234567",
            "А123ВС777",
            "900",
            "1 500 000",
            "цена 1 500 000 руб",
            "90 000 - 95 000 км",
            "9 000 000 000 ₽",
            "12.05.2019",
            "12.05.2019 в 18:00",
            "30.12.2019 12:00",
            "2019-05-12",
            "паспорт 9012 345678",
            "мой номер 900",
            "позвоните мне",
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
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", number in "\\+?[0-9 ()-]{0,30}", several in "([0-9+/:,_ ]|или|т|₽){0,60}") {
            let _ = (parse(&typed), parse(&number), parse(&several));
        }
    }
}
