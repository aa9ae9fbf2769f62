//! Phone numbers of the world; those without a country code are Russian.

use std::ops::Range;

use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type};
use serde::{Deserialize, Serialize};

use crate::Wrong;
use crate::text::is_invisible;
use crate::typed::{Doubt, Typed, words};

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

/// The number of a contact card, which often has no «+», or the only number that was typed. Of several, the first if they are
/// alternatives: separated by a comma, a slash or «или».
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadPhone`].
pub fn parse(typed: &str) -> Result<Phone, Wrong> {
    let read = read(typed)?;
    if read.doubt == Some(Doubt::SeveralValues) { Err(Wrong::BadPhone) } else { Ok(read.value) }
}

/// The number in what was typed, with the words around it. Doubtful are several numbers that are not alternatives, and a
/// number whose country is a guess.
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadPhone`].
pub fn read(typed: &str) -> Result<Typed<Phone>, Wrong> {
    if typed.trim().is_empty() {
        return Err(Wrong::Empty);
    }
    let numbers = numbers(typed);
    let Some((reading, span)) = numbers.first().cloned() else { return Err(Wrong::BadPhone) };
    let negated = || words(typed).any(|word| word == "не");
    let are_alternatives = numbers.windows(2).all(|pair| match pair {
        [(number, span), (next, next_span)] => {
            number.phone == next.phone || (is_between_alternatives(&typed[span.end..next_span.start]) && !negated())
        }
        _ => true,
    });
    let doubt = match are_alternatives {
        true => reading.is_guess.then_some(Doubt::Guess),
        false => Some(Doubt::SeveralValues),
    };
    Ok(Typed { doubt, ..Typed::at(typed, span, reading.phone, is_plain) })
}

/// Words that add nothing to a phone number.
fn is_plain(word: &str) -> bool {
    const OTHERS: [&str; 8] = ["мой", "телефона", "номера", "позвоните", "звоните", "вот", "это", "на"];
    LABELS.contains(&word) || OTHERS.contains(&word)
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
fn numbers(text: &str) -> Vec<(Reading, Range<usize>)> {
    let mut numbers = Vec::new();
    for span in runs(text).into_iter().filter(|span| may_be_phone(text, span)) {
        let run = &text[span.clone()];
        if let Some(reading) = read_run(run) {
            numbers.push((reading, span));
            continue;
        }
        if let Some(both) = two_numbers(text, &span) {
            numbers.extend(both);
            continue;
        }
        let mut start = span.start;
        for part in run.split('/').filter(|part| part.len() < run.len()) {
            let end = start + part.len();
            numbers.extend(read_run(part).map(|reading| (reading, start..end)));
            start = end + 1;
        }
    }
    numbers
}

/// Two numbers with nothing but white space between them.
fn two_numbers(text: &str, span: &Range<usize>) -> Option<[(Reading, Range<usize>); 2]> {
    let run = &text[span.clone()];
    if run.chars().filter(|c| decimal_digit(*c).is_some()).count() > 2 * MAX_DIGITS {
        return None;
    }
    run.match_indices(char::is_whitespace).find_map(|(at, space)| {
        let (first, second) = (read_run(&run[..at])?, read_run(&run[at + space.len()..])?);
        Some([(first, span.start..span.start + at), (second, span.start + at + space.len()..span.end)])
    })
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
        // «+7+7916…»
        Some(c) if is_digit(c) && text[span.start..].starts_with('+') => true,
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

fn is_between_alternatives(text: &str) -> bool {
    text.contains([',', ';', '/']) || words(text).any(|word| word == "или")
}

/// What digits were read as.
#[derive(Clone)]
struct Reading {
    phone: Phone,
    /// The country is neither written nor Russia.
    is_guess: bool,
}

/// Digits as somebody typed them.
struct Dialled {
    /// As ASCII.
    digits: String,
    has_plus: bool,
    /// How many of them precede the first separator.
    first_group: usize,
}

/// The number that a run of digits is.
fn read_run(run: &str) -> Option<Reading> {
    let run = run.replace("(0)", ""); // «+49 (0)151 …»: only dialled at home
    let has_plus = run.trim_start_matches(is_separator).starts_with('+');
    let written = run.trim_start_matches(|c| c == '+' || is_separator(c));
    let first_group = written.chars().take_while(|c| decimal_digit(*c).is_some()).count();
    let digits: String = written.chars().filter_map(decimal_digit).collect();
    if digits.len() > MAX_DIGITS {
        return None;
    }
    for (e164, is_guess) in (Dialled { digits, has_plus, first_group }).readings() {
        match lookup(&e164) {
            Lookup::Found(phone) => return Some(Reading { phone, is_guess }),
            Lookup::NotForCustomers => return None,
            Lookup::Unknown => {}
        }
    }
    None
}

impl Dialled {
    /// What the digits may mean in E.164, the likeliest first, and whether that is a guess.
    fn readings(&self) -> Vec<(String, bool)> {
        let Self { digits, has_plus, first_group } = self;
        let written = format!("+{digits}");
        let russian = self.russian();
        let mut readings = Vec::new();
        if *has_plus {
            let is_code = || digits.len() == 12 || (*first_group > 1 && *first_group == self.country_code_length());
            let comes_first = russian.is_some() && !is_code();
            let written = Some((written.clone(), false));
            readings.extend(if comes_first { [russian, written] } else { [written, russian] }.into_iter().flatten());
        } else {
            readings.extend(russian);
        }
        let international = ["810", "00"].iter().find_map(|prefix| digits.strip_prefix(prefix));
        readings.extend(international.map(|rest| (format!("+{rest}"), false)));
        if let Some(national) = digits.strip_prefix("37580") {
            readings.push((format!("+375{national}"), false)); // with the trunk prefix of Belarus: «+375 8 029 …»
        }
        // «8 (029) …» is how Belarus dials at home, and how Ukraine did.
        if let Some(national) = digits.strip_prefix("80").filter(|national| national.len() == 9) {
            readings.extend(["375", "380"].map(|code| (format!("+{code}{national}"), true)));
        }
        // A card without «+» has the country code; ten digits are enough to tell it from a local number. A lone 8 is not a
        // country code.
        if !has_plus && digits.len() >= 10 && !(digits.starts_with('8') && *first_group == 1) {
            readings.push((written, !digits.starts_with('7')));
        }
        readings
    }

    /// The digits as a number with +7, and whether that is a guess.
    fn russian(&self) -> Option<(String, bool)> {
        let Self { digits, has_plus, first_group } = self;
        let (national, is_guess) = match (digits.len(), &digits.as_bytes()[..digits.len().min(2)]) {
            (10, _) => (&digits[..], *has_plus),
            // Some write a plus before the trunk prefix: «+8 (495) …». No country has the code 8.
            (11, [b'8', next]) => (&digits[1..], *has_plus && *first_group > 1 && *next != b'9'),
            // The country code and the trunk prefix at once: «+7 8 916 …».
            (12, b"78") => (&digits[2..], false),
            (12, b"77" | b"87" | b"88") => (&digits[2..], true),
            _ => return None,
        };
        Some((format!("+7{national}"), is_guess))
    }

    /// How many of the digits are the country code, read as written. Needs the library: see [`is_russian_mobile`].
    fn country_code_length(&self) -> usize {
        let code = phonenumber::parse(None, format!("+{}", self.digits)).map(|number| number.country().code());
        code.map_or(0, |code| code.to_string().len())
    }
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

/// What the numbering plans say of a number.
enum Lookup {
    Found(Phone),
    /// It exists, but calling it costs a lot or reaches nobody: premium-rate, satellite, pagers.
    NotForCustomers,
    Unknown,
}

fn lookup(e164: &str) -> Lookup {
    if is_russian_mobile(e164) {
        return Lookup::Found(Phone(e164.to_owned()));
    }
    let Some(number) = number(e164).filter(phonenumber::is_valid) else { return Lookup::Unknown };
    let normal = number.format().mode(Mode::E164).to_string();
    // The library drops a trunk prefix: a zero that people write behind the code of a foreign country, or a digit that belongs
    // to the number.
    let code = number.country().code().to_string();
    let zero_dropped = e164.replacen(&format!("+{code}0"), &format!("+{code}"), 1) == normal;
    if normal != e164 && !zero_dropped {
        return Lookup::Unknown;
    }
    // Satellite networks have codes of their own, without a country.
    let is_of_country = number.country().id().is_some();
    let is_ordinary = matches!(
        number.number_type(&DATABASE),
        Type::FixedLine | Type::Mobile | Type::FixedLineOrMobile | Type::TollFree | Type::Voip | Type::Uan
    );
    if is_of_country && is_ordinary { Lookup::Found(Phone(normal)) } else { Lookup::NotForCustomers }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(typed: &str) -> String {
        parse(typed).map_or_else(|wrong| format!("{wrong:?}"), |phone| format!("{} = {}", phone.e164(), phone.show()))
    }

    #[test]
    fn russian_numbers_in_every_spelling() {
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
    fn a_number_is_found_among_words() {
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
            "+7+79001234567",
            "8 +7 900 123-45-67",
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
            ("+84 95 785 31 49", "+84957853149 = +84 957 853 149"),
            ("+81 3 1234 5678", "+81312345678 = +81 3-1234-5678"),
            ("+852 2123 4567", "+85221234567 = +852 2123 4567"),
            ("+86 138 1234 5678", "+8613812345678 = +86 138 1234 5678"),
            ("+372 512 3456", "+3725123456 = +372 512 3456"),
            ("+49 (0)151 23456789", "+4915123456789 = +49 1512 3456789"),
            ("+375 (029) 123-45-67", "+375291234567 = +375 29 123-45-67"),
            ("+375 8 029 123-45-67", "+375291234567 = +375 29 123-45-67"),
            ("+8 10 375 29 123-45-67", "+375291234567 = +375 29 123-45-67"),
            ("+44 (0)20 7946 0958", "+442079460958 = +44 20 7946 0958"),
        ] {
            assert_eq!(shown(typed), expected, "{typed}");
        }
    }

    #[test]
    fn a_russian_number_is_never_a_foreign_one() {
        for (typed, e164) in [
            ("+8 (495) 785-31-49", "+74957853149"), // not +84 957 853 149 in Vietnam
            ("+8 495 785 31 49", "+74957853149"),
            ("+8(495)7853149", "+74957853149"),
            ("+8-499-785-31-49", "+74997853149"),
            ("8 (495) 785-31-49", "+74957853149"),
            ("84957853149", "+74957853149"),
            ("+8 (812) 320-75-10", "+78123207510"),
            ("+8 (861) 234-56-78", "+78612345678"),
            ("+8 (843) 234-56-78", "+78432345678"),
            ("+8 (383) 234-56-78", "+73832345678"),
            ("+8 800 555-35-35", "+78005553535"),
            ("+8 916 123-45-67", "+79161234567"),
            ("+7 8 916 123-45-67", "+79161234567"),
            ("+7 (8916) 123-45-67", "+79161234567"),
            ("+7 (8-916) 123 45 67", "+79161234567"),
            ("7 8 916 123 45 67", "+79161234567"),
            ("+7 8 (495) 785-31-49", "+74957853149"),
            ("+7 (8 812) 320-75-10", "+78123207510"),
            ("(495) 785-31-49", "+74957853149"),
            ("495 785 31 49", "+74957853149"),
            ("+8 7172 12-34-56", "+77172123456"),
            ("8 (7172) 12-34-56", "+77172123456"),
            ("+8 (727) 234-56-78", "+77272345678"),
            ("+8 701 234 56 78", "+77012345678"),
        ] {
            assert_eq!(read(typed).map(|read| (read.value.0, read.doubt)), Ok((e164.to_owned(), None)), "{typed}");
        }
    }

    #[test]
    fn a_guessed_number_is_doubtful() {
        for (typed, e164) in [
            ("8 (029) 123-45-67", "+375291234567"),
            ("8 029 123 45 67", "+375291234567"),
            ("80291234567", "+375291234567"),
            ("8-044-712-34-56", "+375447123456"),
            ("8 (017) 234-56-78", "+375172345678"),
            ("8 (050) 123-45-67", "+380501234567"),
            ("375291234567", "+375291234567"),
            ("998 90 123 45 67", "+998901234567"),
            ("374 91 123456", "+37491123456"),
            ("+84957853149", "+74957853149"),
            ("+88123207510", "+78123207510"),
            ("+495 785-31-49", "+74957853149"),
            ("+9161234567", "+79161234567"),
            ("+7 7916 123-45-67", "+79161234567"),
            ("8 8 916 123-45-67", "+79161234567"),
            ("87 916 123 45 67", "+79161234567"),
        ] {
            let read = read(typed).map(|read| (read.value.0, read.doubt));
            assert_eq!(read, Ok((e164.to_owned(), Some(Doubt::Guess))), "{typed}");
        }
        for typed in ["89001234567 и 89001234568", "89001234567 89001234568", "8 900 123 45 67 8 900 123 45 68"] {
            let several = read(typed).unwrap();
            assert_eq!((several.value.e164(), several.doubt), ("+79001234567", Some(Doubt::SeveralValues)), "{typed}");
        }
    }

    #[test]
    fn the_words_around_a_number_are_kept() {
        for (typed, remark) in [
            ("Мой номер: +7 900 123-45-67.", None),
            ("тел. 89001234567", None),
            ("89001234567, Иван", Some("Иван")),
            ("8 900 123 45 67 доб. 12", Some("доб. 12")),
            ("89001234567 (WhatsApp)", Some("WhatsApp")),
            ("89001234567 звоните с 9 до 18:00", Some("звоните с 9 до 18:00")),
            ("89001234567, 89001234568", Some("89001234568")),
            ("после 18:00, 89001234567", Some("после 18:00")),
        ] {
            let read = read(typed).unwrap();
            assert_eq!((read.remark.as_deref(), read.doubt), (remark, None), "{typed}");
        }
    }

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
    fn other_text_is_not_a_phone() {
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
            // Premium-rate and satellite numbers.
            "+7 809 123-45-67",
            "8 (809) 123-45-67",
            "88091234567",
            "+371 90 123 456",
            "+371 90001234",
            "+881 6 2245 1234",
            "+882 16 5555 1234",
            "+883 510 0123 45678",
            "+870 773 123 456",
            "+979 123 456 789",
            "+44 909 879 0000",
            "+49 900 1 234567",
            // A typo in a Russian number does not make it foreign.
            "8 495 785-31-4",
            "8 (495) 785-31-499",
            "+7 495 785-31-4",
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
        fn it_never_panics(typed in "\\PC{0,5000}", number in "\\+?[0-9 ()-]{0,30}", several in "([0-9+/:,_ ]|или|т|₽){0,60}") {
            let _ = (parse(&typed), parse(&number), parse(&several));
        }
    }
}
