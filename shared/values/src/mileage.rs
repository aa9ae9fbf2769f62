//! Mileage in kilometres.

use std::ops::Range;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, Scale, Unit, words};
use crate::{Doubt, Typed, Wrong, sentence};

/// The most kilometres taken.
pub const MAX: u32 = 2_000_000;

/// Words around a mileage that add nothing to it.
const FILLERS: &[&str] = &[
    "пробег",
    "пробега",
    "пробегом",
    "около",
    "примерно",
    "приблизительно",
    "где",
    "то",
    "на",
    "одометре",
    "спидометре",
    "порядка",
    "с",
    "чуть",
    "больше",
    "более",
    "меньше",
    "менее",
    "до",
    "под",
    "всего",
    "километров",
    "км",
];

/// Usual words around a mileage that a manager wants to know of.
const REMARKS: &[&str] = &["реальный", "родной"];

/// Ways to say that a car has not been driven; compared by their beginning.
const NEW: &[&str] =
    &["новая", "новый", "новое", "новье", "без пробега", "нулев", "с нуля", "нет пробега", "из салона"];

/// Whole kilometres: «85 000 км», «85 тыс», «85т.км», «сто двадцать тысяч», «сотка»; «новая» is 0.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`] for a negative number, [`Wrong::TooLarge`].
pub fn parse(typed: &str) -> Result<u32, Wrong> {
    if is_new(typed) {
        return Ok(0);
    }
    alone(typed).map(|alone| alone.km)
}

/// The same with other words around it: «150 тыс, не скручен». Doubtful are several mileages, and a bare number below
/// 1000, which may be in thousands.
///
/// # Errors
/// Those of [`parse`].
pub fn read(typed: &str) -> Result<Typed<u32>, Wrong> {
    if is_new(typed) {
        return Ok(Typed::at(typed, 0..0, 0, is_said_of_new));
    }
    match alone(typed) {
        Ok(Alone { km, span, may_be_thousands }) => {
            let doubt = may_be_thousands.then_some(Doubt::MayBeThousands);
            Ok(Typed { doubt, ..Typed::at(typed, span, km, is_plain) })
        }
        Err(wrong) => Typed::among_words(typed, || sentence::mileages(typed), is_plain).ok_or(wrong),
    }
}

/// Whether what [`parse`] takes as it is may be meant in thousands: «150», «100+», «на спидометре 120». A new car has
/// as few kilometres; who writes «150 км» or «150 тыс» leaves no doubt.
#[must_use]
pub fn may_be_thousands(typed: &str) -> bool {
    read(typed).is_ok_and(|mileage| mileage.doubt == Some(Doubt::MayBeThousands))
}

fn is_plain(word: &str) -> bool {
    FILLERS.contains(&word)
}

fn is_new(typed: &str) -> bool {
    let folded: String = typed.trim().chars().map(lexer::fold).collect();
    !folded.contains(|c: char| c.is_ascii_digit()) && NEW.iter().any(|phrase| folded.starts_with(phrase))
}

/// Whether a word adds nothing to a new car's having no mileage.
fn is_said_of_new(word: &str) -> bool {
    let is_part = |part: &str| word == part || (part.chars().count() > 3 && word.starts_with(part));
    NEW.iter().flat_map(|phrase| phrase.split(' ')).any(is_part) || matches!(word, "авто" | "автомобиль" | "машина")
}

/// A mileage that is all of the text but for usual words.
struct Alone {
    km: u32,
    span: Range<usize>,
    may_be_thousands: bool,
}

fn alone(typed: &str) -> Result<Alone, Wrong> {
    let tokens = lexer::tokens(typed);
    let amounts = amount::only_amounts(&tokens, |word| is_plain(word) || REMARKS.contains(&word))?;
    let [amount] = amounts.as_slice() else { return Err(Wrong::NotANumber) };
    if !matches!(amount.unit, None | Some(Unit::Kilometres)) {
        return Err(Wrong::NotANumber);
    }
    let says_unit = |token: &Token| matches!(&token.kind, Kind::Word(word) if words::unit(word).is_some());
    let is_small = amount.scale == Scale::One && (1..1_000).contains(&amount.whole());
    Ok(Alone {
        km: of_amount(amount)?,
        span: amount::span(&tokens, amount, amount),
        may_be_thousands: is_small && !tokens.iter().any(says_unit),
    })
}

/// The kilometres that an amount is.
pub(crate) fn of_amount(amount: &Amount) -> Result<u32, Wrong> {
    if amount.negative {
        return Err(Wrong::TooSmall { min: 0 });
    }
    if !amount.is_whole() {
        return Err(Wrong::NotANumber); // «85.5» may be thousands or not
    }
    u32::try_from(amount.whole()).map_err(|_| TOO_LARGE).and_then(check)
}

const TOO_LARGE: Wrong = Wrong::TooLarge { max: MAX as i64 };

/// Whether a customer may have typed these kilometres.
///
/// # Errors
/// [`Wrong::TooLarge`].
pub fn check(km: u32) -> Result<u32, Wrong> {
    if km > MAX { Err(TOO_LARGE) } else { Ok(km) }
}

/// «85 000 км», with no-break spaces.
#[must_use]
pub fn show(km: u32) -> String {
    format!("{}\u{a0}км", amount::grouped(km.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mileages_as_people_write_them() {
        for (typed, km) in [
            ("85 тыс", 85_000),
            ("85т.км", 85_000),
            ("85 т.км.", 85_000),
            ("85 т. км", 85_000),
            ("85 ткм", 85_000),
            ("120тк", 120_000),
            ("85 000 км", 85_000),
            ("85\u{a0}000\u{a0}км", 85_000),
            ("85.000", 85_000),
            ("85,000 км", 85_000),
            ("85000", 85_000),
            ("85000км", 85_000),
            ("85k", 85_000),
            ("85К", 85_000),
            ("85 к", 85_000),
            ("85,5 тыс", 85_500),
            ("85.5к", 85_500),
            ("85 тыс. км", 85_000),
            ("пробег 85 тыс.", 85_000),
            ("около 85 тысяч километров", 85_000),
            ("85", 85),
            ("0", 0),
            ("сто двадцать тысяч", 120_000),
            ("сто двадцать пять тысяч триста", 125_300),
            ("двести тыщ", 200_000),
            ("полторы тысячи", 1_500),
            ("сотка", 100_000),
            ("две сотки", 200_000),
            ("сотка тысяч", 100_000),
            ("полторы сотни", 150_000),
            ("1 млн км", 1_000_000),
            ("миллион", 1_000_000),
            ("2 000 000", 2_000_000),
            ("Новая", 0),
            ("новый автомобиль", 0),
            ("без пробега", 0),
            ("123 456 км", 123_456),
            ("~150 тыс", 150_000),
        ] {
            assert_eq!(parse(typed), Ok(km), "{typed}");
        }
    }

    #[test]
    fn other_text_is_not_a_mileage() {
        assert_eq!(parse("\t"), Err(Wrong::Empty));
        for typed in ["2 000 001", "3 млн", "99999999999999999999", "2001 тыс"] {
            assert_eq!(parse(typed), Err(Wrong::TooLarge { max: 2_000_000 }), "{typed}");
        }
        assert_eq!(parse("-5"), Err(Wrong::TooSmall { min: 0 }));
        for typed in [
            "не знаю",
            "85.5",
            "85 тыс миль",
            "85 тыс руб",
            "2019 г.в.",
            "85 или 90",
            "85-90 тыс",
            "х5",
            "🚗",
            "км",
            "тыс",
            "12.05.2019",
            "85 000 и 90 000",
            "новая 2",
        ] {
            assert_eq!(parse(typed), Err(Wrong::NotANumber), "{typed}");
        }
    }

    #[test]
    fn a_mileage_is_found_among_words() {
        for (typed, km, remark) in [
            ("150 тыс, не скручен", 150_000, Some("не скручен")),
            ("98 500км оригинал", 98_500, Some("оригинал")),
            ("85 тыс. км, весь по трассе", 85_000, Some("весь по трассе")),
            ("честные 120 тысяч", 120_000, Some("честные")),
            ("пробег 98000 родной, есть сервисная книжка", 98_000, Some("родной, есть сервисная книжка")),
            ("реальный пробег 98 000", 98_000, Some("реальный пробег")),
            ("по одометру 143 тыс км", 143_000, Some("по одометру")),
            ("примерно 200 тыс точно не знаю", 200_000, Some("точно не знаю")),
            ("сто пятьдесят тысяч, один хозяин", 150_000, Some("один хозяин")),
            ("сотка, не крутил", 100_000, Some("не крутил")),
            ("150 тыс, цена 900 тыс", 150_000, Some("цена 900 тыс")),
            ("150 тыс на 2023 год", 150_000, Some("на 2023 год")),
            ("150 тыс, двигатель 1.6, 123 л.с.", 150_000, Some("двигатель 1.6, 123 л.с.")),
            ("85 т.км, 2 владельца", 85_000, Some("2 владельца")),
            ("98500 км✅ проверен", 98_500, Some("проверен")),
            ("320 000 км, мотор после капремонта", 320_000, Some("мотор после капремонта")),
            ("новая, 15 км", 15, Some("новая")),
            ("новая", 0, None),
            ("Новый автомобиль", 0, None),
            ("новая, на гарантии", 0, Some("новая, на гарантии")),
            ("без пробега по РФ", 0, Some("без пробега по РФ")),
        ] {
            let read = read(typed).unwrap();
            assert_eq!(read, Typed { value: km, remark: remark.map(str::to_owned), doubt: None }, "{typed}");
        }
    }

    #[test]
    fn several_mileages_and_small_numbers_are_doubtful() {
        for (typed, km, doubt) in [
            ("85 000 и 90 000", 85_000, Doubt::SeveralValues),
            ("150 тыс или 160 тыс", 150_000, Doubt::SeveralValues),
            ("98 500 (двигатель менял на 60 000)", 98_500, Doubt::SeveralValues),
            ("85 или 90", 85, Doubt::SeveralValues),
            ("150", 150, Doubt::MayBeThousands),
            ("150, не скручен", 150, Doubt::MayBeThousands),
            ("на спидометре 120 честных", 120, Doubt::MayBeThousands),
        ] {
            let read = read(typed).map(|mileage| (mileage.value, mileage.doubt));
            assert_eq!(read, Ok((km, Some(doubt))), "{typed}");
        }
    }

    #[test]
    fn words_with_other_numbers_are_not_a_mileage() {
        for typed in [
            "85 тыс миль, американка",
            "150 тыс. миль",
            "2 хозяина",
            "цена 900 тыс, торг",
            "900 000 руб и торг",
            "2019 года, не битая",
            "мотор 150 л.с.",
            "двигатель 1.6",
            "5 лет не ездил",
            "не знаю, звоните 8 900 123 45 67",
            "не 150 тыс",
        ] {
            assert_eq!(read(typed), Err(Wrong::NotANumber), "{typed}");
        }
    }

    #[test]
    fn a_small_bare_number_may_be_thousands() {
        for typed in ["150", "85", "9", "999", "100+", "на спидометре 120", "пробег 90", "~150", "сто двадцать"]
        {
            assert!(may_be_thousands(typed), "{typed}");
        }
        for typed in [
            "0",
            "1000",
            "85000",
            "150 км",
            "150км",
            "12 километров",
            "км: 150",
            "150 тыс",
            "150к",
            "сотка",
            "новая",
            "нет",
            "",
        ] {
            assert!(!may_be_thousands(typed), "{typed}");
        }
    }

    #[test]
    fn it_is_shown_in_groups() {
        assert_eq!(show(0), "0\u{a0}км");
        assert_eq!(show(85_000), "85\u{a0}000\u{a0}км");
        assert_eq!(show(2_000_000), "2\u{a0}000\u{a0}000\u{a0}км");
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_is_read_back(km in 0..=MAX) {
            proptest::prop_assert_eq!(parse(&show(km)), Ok(km));
            let with_words = format!("{}, не скручен, честный", show(km));
            proptest::prop_assert_eq!(read(&with_words).map(Typed::certain), Ok(Some(km)));
            proptest::prop_assert_eq!(parse(&km.to_string()), Ok(km));
        }

        #[test]
        fn it_never_panics(typed in "\\PC{0,5000}", like_a_number in "[0-9тыскмлн .,-]{0,200}") {
            let _ = (read(&typed), read(&like_a_number));
        }
    }
}
