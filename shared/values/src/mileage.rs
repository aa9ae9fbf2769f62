//! Mileage in kilometres.

use crate::Wrong;
use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, Scale, Unit, words};

/// The most kilometres taken.
pub const MAX: u32 = 2_000_000;

/// Words that may stand around a mileage.
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
    "реальный",
    "родной",
    "всего",
    "километров",
    "км",
];

/// Ways to say that a car has not been driven; compared by their beginning.
const NEW: &[&str] =
    &["новая", "новый", "новое", "новье", "без пробега", "нулев", "с нуля", "нет пробега", "из салона"];

/// Whole kilometres: «85 000 км», «85 тыс», «85т.км», «сто двадцать тысяч», «сотка»; «новая» is 0.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`] for a negative number, [`Wrong::TooLarge`].
pub fn parse(typed: &str) -> Result<u32, Wrong> {
    let folded: String = typed.trim().chars().map(lexer::fold).collect();
    if !folded.contains(|c: char| c.is_ascii_digit()) && NEW.iter().any(|word| folded.starts_with(word)) {
        return Ok(0);
    }
    let (amounts, _) = amount::only_amounts(typed, |word| FILLERS.contains(&word))?;
    match amounts.as_slice() {
        [amount] if matches!(amount.unit, None | Some(Unit::Kilometres)) => of_amount(amount),
        _ => Err(Wrong::NotANumber),
    }
}

/// Whether what [`parse`] takes as it is may be meant in thousands: «150», «100+», «на спидометре 120». A new car has as few
/// kilometres; who writes «150 км» or «150 тыс» leaves no doubt.
#[must_use]
pub fn may_be_thousands(typed: &str) -> bool {
    let Ok((amounts, tokens)) = amount::only_amounts(typed, |word| FILLERS.contains(&word)) else { return false };
    let says_unit = |token: &Token| matches!(&token.kind, Kind::Word(word) if words::unit(word).is_some());
    matches!(amounts.as_slice(), [amount] if amount.scale == Scale::One && (1..1_000).contains(&amount.whole()))
        && !tokens.iter().any(says_unit)
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
    fn what_is_no_mileage() {
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
            proptest::prop_assert_eq!(parse(&km.to_string()), Ok(km));
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", like_a_number in "[0-9тыскмлн .,-]{0,200}") {
            let _ = (parse(&typed), parse(&like_a_number));
        }
    }
}
