//! Year of manufacture.

use crate::Wrong;
use crate::amount::lexer::{Kind, Token};
use crate::amount::{self, Amount, Scale, Unit};

/// The first year taken.
pub const FIRST: i16 = 1950;

/// Words that may stand around a year.
const FILLERS: &[&str] = &[
    "в",
    "с",
    "от",
    "около",
    "примерно",
    "год",
    "года",
    "году",
    "г",
    "выпуска",
    "выпуск",
    "модельный",
    "модельного",
    "го",
    "и",
    "не",
    "старше",
    "старее",
    "ниже",
    "раньше",
    "новее",
    "моложе",
    "свежее",
    "выше",
    "позже",
    "позднее",
    "после",
    "начиная",
    "минимум",
];

/// Words that make a year the least wanted only behind «не»: «старше 2018» is another wish than «не старше 2018».
const WITH_NOT: &[&str] = &["старше", "старее", "ниже", "раньше"];

/// A year up to the next one: «2019», «2019 г.в.», «19», «18 года». Two digits belong to the century that makes sense.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str, this_year: i16) -> Result<i16, Wrong> {
    let (amounts, tokens) = amount::only_amounts(typed, FILLERS)?;
    match amounts.as_slice() {
        [amount] if matches!(amount.unit, None | Some(Unit::Year)) && is_least(&tokens) => of_amount(amount, this_year),
        _ => Err(Wrong::NotANumber),
    }
}

/// Whether the words around a year leave it the year itself or the least wanted: «не старше 2018», «2018 и новее».
fn is_least(tokens: &[Token]) -> bool {
    let words = tokens.iter().filter_map(|token| match &token.kind {
        Kind::Word(word) => Some(word.as_str()),
        _ => None,
    });
    let mut negated = false;
    for word in words {
        let with_not = WITH_NOT.contains(&word);
        let without = matches!(word, "новее" | "моложе" | "свежее" | "выше" | "позже" | "позднее" | "после");
        if (with_not && !negated) || (without && negated) {
            return false;
        }
        negated = word == "не";
    }
    true
}

/// The year that an amount is.
pub(crate) fn of_amount(amount: &Amount, this_year: i16) -> Result<i16, Wrong> {
    if amount.scale != Scale::One || !amount.is_whole() || amount.negative {
        return Err(Wrong::NotANumber);
    }
    let last = i64::from(this_year) + 1;
    let year = match (amount.digits, amount.whole()) {
        (2, number) if 2000 + number <= last.unsigned_abs() => 2000 + number,
        (2, number) => 1900 + number,
        (_, number) => number,
    };
    if year > last.unsigned_abs() {
        return Err(Wrong::TooLarge { max: last });
    }
    i16::try_from(year).ok().filter(|year| *year >= FIRST).ok_or(Wrong::TooSmall { min: FIRST.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i16 = 2026;

    #[test]
    fn years_as_people_write_them() {
        for (typed, year) in [
            ("2019", 2019),
            (" 2019 г.в.", 2019),
            ("2019г", 2019),
            ("2019 г. в.", 2019),
            ("2019г/в", 2019),
            ("2019 гв", 2019),
            ("2019 год выпуска", 2019),
            ("2019 года", 2019),
            ("2019-го", 2019),
            ("2018-й год", 2018),
            ("в 2019 году", 2019),
            ("19", 2019),
            ("18 года", 2018),
            ("05", 2005),
            ("00 год", 2000),
            ("99", 1999),
            ("27", 2027),
            ("50", 1950),
            ("1950", 1950),
            ("2027", 2027),
            ("год выпуска: 2015", 2015),
            ("2018 и новее", 2018),
            ("2018 и выше", 2018),
            ("не старше 2018", 2018),
            ("не старше 2018 года", 2018),
            ("после 2015", 2015),
            ("от 2015 года и выше", 2015),
            ("не ниже 15 года", 2015),
            ("начиная с 2016", 2016),
            ("2017+", 2017),
        ] {
            assert_eq!(parse(typed, NOW), Ok(year), "{typed}");
        }
    }

    #[test]
    fn what_is_no_year() {
        assert_eq!(parse("", NOW), Err(Wrong::Empty));
        for typed in ["1949", "28", "49", "7", "0", "201", "1 года"] {
            assert_eq!(parse(typed, NOW), Err(Wrong::TooSmall { min: 1950 }), "{typed}");
        }
        for typed in ["2028", "20190", "99999999999999999999"] {
            assert_eq!(parse(typed, NOW), Err(Wrong::TooLarge { max: 2027 }), "{typed}");
        }
        for typed in [
            "не помню",
            "2019 или 2020",
            "2019-2020",
            "2019/2020",
            "12.05.2019",
            "20 лет",
            "85 тыс",
            "2019 км",
            "2019,5",
            "-2019",
            "🚗",
            "г.в.",
            "2019 камри",
            "до 2015",
            "старше 2010",
            "не новее 2015",
        ] {
            assert_eq!(parse(typed, NOW), Err(Wrong::NotANumber), "{typed}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_year_is_read_back(year in FIRST..=NOW + 1) {
            proptest::prop_assert_eq!(parse(&year.to_string(), NOW), Ok(year));
            proptest::prop_assert_eq!(parse(&format!("{year} г.в."), NOW), Ok(year));
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", this_year in proptest::prelude::any::<i16>()) {
            let _ = parse(&typed, this_year);
        }
    }
}
