//! Where phone numbers are in what somebody typed.

use std::ops::Range;

use super::Phone;
use super::dialled::{MAX_DIGITS, Reading, decimal_digit, is_separator, read_run};
use crate::Wrong;
use crate::typed::{Doubt, Typed, words};

/// The number of a contact card, which often has no «+», or the only number that was typed. Of several, the first if
/// they are alternatives: separated by a comma, a slash or «или».
///
/// # Errors
/// [`Wrong::Empty`] or [`Wrong::BadPhone`].
pub fn parse(typed: &str) -> Result<Phone, Wrong> {
    let read = read(typed)?;
    if read.doubt == Some(Doubt::SeveralValues) { Err(Wrong::BadPhone) } else { Ok(read.value) }
}

/// The number in what was typed, with the words around it. Doubtful are several numbers that are not alternatives, and
/// a number whose country is a guess.
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

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(parse(typed).as_ref().map(Phone::e164), Ok("+79001234567"), "{typed}");
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
            assert_eq!(parse(typed).as_ref().map(Phone::e164), Ok("+79001234567"), "{typed}");
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
}
