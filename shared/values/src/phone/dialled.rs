//! What digits mean as a phone number.

use super::Phone;
use super::plans::{Lookup, lookup};
use crate::text::is_invisible;

/// The most digits E.164 has, and two for an international prefix.
pub(super) const MAX_DIGITS: usize = 17;

/// What digits were read as.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) phone: Phone,
    /// The country is neither written nor Russia.
    pub(super) is_guess: bool,
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
pub(super) fn read_run(run: &str) -> Option<Reading> {
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
        // A card without «+» has the country code; ten digits are enough to tell it from a local number. A lone 8 is
        // not a country code.
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

    /// How many of the digits are the country code, read as written. Only the library knows: see
    /// [`is_russian_mobile`](super::plans::is_russian_mobile).
    fn country_code_length(&self) -> usize {
        let code = phonenumber::parse(None, format!("+{}", self.digits)).map(|number| number.country().code());
        code.map_or(0, |code| code.to_string().len())
    }
}

/// What people, and their phones when they copy a number, put between digits; what nobody sees too.
pub(super) fn is_separator(c: char) -> bool {
    const MARKS: &str = "-‑–—−()./_";
    MARKS.contains(c) || is_invisible(c)
}

/// A decimal digit of the scripts that people's keyboards have, as an ASCII one.
pub(super) fn decimal_digit(c: char) -> Option<char> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{ff10}']; // ASCII, Arabic, Persian, full width
    zeros.iter().find_map(|zero| char::from_digit(u32::from(c).wrapping_sub(u32::from(*zero)), 10))
}

#[cfg(test)]
mod tests {
    use crate::phone::{parse, read};
    use crate::typed::Doubt;

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
}
