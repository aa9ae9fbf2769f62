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
    "начало",
    "начала",
    "начале",
    "середина",
    "середины",
    "середине",
    "конец",
    "конца",
    "конце",
    "вроде",
    "бы",
    "кажется",
    "наверное",
    "наверно",
    "где",
    "то",
    "точно",
];

/// Months, by the part before their ending.
pub(crate) const MONTHS: &[&str] = &[
    "январ",
    "феврал",
    "март",
    "апрел",
    "май",
    "мая",
    "мае",
    "июн",
    "июл",
    "август",
    "сентябр",
    "октябр",
    "ноябр",
    "декабр",
];

/// Words that make a year the least wanted only behind «не»: «старше 2018» is another wish than «не старше 2018».
const WITH_NOT: &[&str] = &["старше", "старее", "ниже", "раньше"];

/// A year up to the next one: «2019», «2019 г.в.», «19», «18 года», «декабрь 2014», «02.2015». Two digits belong to the
/// century that makes sense.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str, this_year: i16) -> Result<i16, Wrong> {
    let (amounts, tokens) =
        amount::only_amounts(&without_months(typed), |word| FILLERS.contains(&word) || is_month(word))?;
    match amounts.as_slice() {
        [amount] if is_year(amount) && is_least(&tokens) && !is_day(amount, &tokens) => of_amount(amount, this_year),
        _ => Err(Wrong::NotANumber),
    }
}

/// The same, where the least wanted year is asked for: of «2015-2018» and «с 2015 по 2018», the lower end.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_from(typed: &str, this_year: i16) -> Result<i16, Wrong> {
    parse(typed, this_year).or_else(|wrong| lower_end(typed, this_year).ok_or(wrong))
}

fn lower_end(typed: &str, this_year: i16) -> Option<i16> {
    const JOINS: &[&str] = &["до", "по"];
    let is_filler = |word: &str| FILLERS.contains(&word) || JOINS.contains(&word);
    let (amounts, tokens) = amount::only_amounts(typed, is_filler).ok()?;
    let [from, to] = amounts.as_slice() else { return None };
    amount::upper_end(&tokens, from, to, JOINS)?;
    let year = |amount: &Amount| of_amount(amount, this_year).ok().filter(|_| is_year(amount));
    year(from).filter(|from| is_least(&tokens) && year(to).is_some_and(|to| *from <= to))
}

fn is_year(amount: &Amount) -> bool {
    matches!(amount.unit, None | Some(Unit::Year))
}

/// Without months in digits before their year: «02.2015», «2/2015».
fn without_months(typed: &str) -> String {
    let is_month = |number: &str| number.len() <= 2 && number.parse().is_ok_and(|month: u8| (1..=12).contains(&month));
    let words = typed.split_whitespace().map(|word| match word.split_once(['.', '/', '-']) {
        Some((month, year)) if is_month(month) && begins_with_year(year) => year,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

fn begins_with_year(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let goes_on = rest.starts_with(['.', ',', '/', '-', ':']) && rest[1..].starts_with(|c: char| c.is_ascii_digit());
    text.len() - rest.len() == 4 && !goes_on
}

fn is_month(word: &str) -> bool {
    let is_short = |month: &str| month.starts_with(word) && word.chars().count() >= 3;
    MONTHS.iter().any(|month| word.starts_with(month) || is_short(month))
}

/// Whether a number beside a month is no year but a day of it: «14 декабря».
fn is_day(amount: &Amount, tokens: &[Token]) -> bool {
    let names_month = tokens.iter().any(|token| matches!(&token.kind, Kind::Word(word) if is_month(word)));
    names_month && amount.digits < 4 && amount.unit.is_none()
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
    i16::try_from(year).map_err(|_| Wrong::TooLarge { max: last }).and_then(|year| check(year, this_year))
}

/// Whether a customer may have typed this year.
///
/// # Errors
/// [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn check(year: i16, this_year: i16) -> Result<i16, Wrong> {
    let last = this_year.saturating_add(1);
    if year < FIRST {
        Err(Wrong::TooSmall { min: FIRST.into() })
    } else if year > last {
        Err(Wrong::TooLarge { max: last.into() })
    } else {
        Ok(year)
    }
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
            ("2012й", 2012),
            ("2012го года", 2012),
            ("2012ого", 2012),
            ("19й год", 2019),
            ("19го", 2019),
            ("декабрь 2014", 2014),
            ("в декабре 2014 г.", 2014),
            ("дек. 2014", 2014),
            ("май 14 года", 2014),
            ("2019 год выпуска, февраль", 2019),
            ("02.2015", 2015),
            ("2.2015", 2015),
            ("12/2015 г.", 2015),
            ("11-2015", 2015),
            ("начало 2010", 2010),
            ("конец 2019", 2019),
            ("середина 2019 года", 2019),
            ("2010?", 2010),
            ("2015 вроде", 2015),
            ("вроде бы 2015", 2015),
            ("где-то 2015", 2015),
            ("выпуск 02.2015.", 2015),
        ] {
            assert_eq!(parse(typed, NOW), Ok(year), "{typed}");
        }
    }

    #[test]
    fn what_is_no_year() {
        assert_eq!(parse("", NOW), Err(Wrong::Empty));
        for typed in ["1949", "02.1949", "28", "49", "2", "7", "0", "201", "1 года"] {
            assert_eq!(parse(typed, NOW), Err(Wrong::TooSmall { min: 1950 }), "{typed}");
        }
        for typed in ["2028", "2028й", "декабрь 2028", "20190", "99999999999999999999"] {
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
            "14 декабря",
            "12 декабря 2014",
            "13.2015",
            "00.2015",
            "02.2015.03",
            "2й",
            "201й",
            "85 тыс?",
            "с 2015 по 2018",
            "по 2015",
            "февраль",
        ] {
            assert_eq!(parse(typed, NOW), Err(Wrong::NotANumber), "{typed}");
        }
    }

    #[test]
    fn of_a_range_the_least_year_is_its_lower_end() {
        for (typed, year) in [
            ("2015-2018", 2015),
            ("2015 – 2018", 2015),
            ("2015-2018 гг.", 2015),
            ("15-18 год", 2015),
            ("2015-18", 2015),
            ("с 2015 по 2018", 2015),
            ("от 2015 до 2018 года", 2015),
            ("2015", 2015),
            ("не старше 2015", 2015),
        ] {
            assert_eq!(parse_from(typed, NOW), Ok(year), "{typed}");
        }
        for typed in [
            "2018-2015",
            "2015-2030",
            "1940-1960",
            "2015 или 2018",
            "2015, 2018",
            "2015-2018-2020",
            "2015-85 тыс",
            "до 2015",
            "по 2015 до",
            "старше 2015-2018",
        ] {
            assert_eq!(parse_from(typed, NOW), Err(Wrong::NotANumber), "{typed}");
        }
        assert_eq!(parse_from("1949", NOW), Err(Wrong::TooSmall { min: 1950 }));
        assert_eq!(parse_from(" ", NOW), Err(Wrong::Empty));
    }

    proptest::proptest! {
        #[test]
        fn every_year_is_read_back(year in FIRST..=NOW + 1) {
            proptest::prop_assert_eq!(parse(&year.to_string(), NOW), Ok(year));
            proptest::prop_assert_eq!(parse(&format!("{year} г.в."), NOW), Ok(year));
        }

        #[test]
        fn no_text_makes_it_panic(typed in "\\PC{0,5000}", this_year in proptest::prelude::any::<i16>()) {
            let _ = (parse(&typed, this_year), parse_from(&typed, this_year));
        }
    }
}
