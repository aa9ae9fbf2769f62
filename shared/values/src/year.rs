//! Year of manufacture.

mod age;

use std::ops::Range;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, Scale, Unit};
use crate::{Typed, Wrong, sentence};

/// The first year taken.
pub const FIRST: i16 = 1950;

/// Words around a year that add nothing to it.
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
    "my",
    "му",
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
    "вроде",
    "бы",
    "кажется",
    "наверное",
    "наверно",
    "где",
    "то",
    "точно",
];

/// Usual words around a year that a manager wants to know of. So are months.
const REMARKS: &[&str] = &[
    "модельный",
    "модельного",
    "начало",
    "начала",
    "начале",
    "середина",
    "середины",
    "середине",
    "конец",
    "конца",
    "конце",
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

/// A year up to the next one: «2019», «2019 г.в.», «19», «18 года», «декабрь 2014», «02.2015», «2к19», «MY2019». Two
/// digits belong to the century that makes sense.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str, this_year: i16) -> Result<i16, Wrong> {
    alone(&without_months(typed), this_year).map(|(year, _)| year)
}

/// The same, where the least wanted year is asked for: of «2015-2018» and «с 2015 по 2018», the lower end.
///
/// # Errors
/// Those of [`parse`].
pub fn parse_from(typed: &str, this_year: i16) -> Result<i16, Wrong> {
    parse(typed, this_year).or_else(|wrong| lower_end(typed, this_year).ok_or(wrong))
}

/// What [`parse`] reads, with other words around it: «2019, зимой не ездила». Doubtful are several years, and two
/// digits among words.
///
/// # Errors
/// Those of [`parse`].
pub fn read(typed: &str, this_year: i16) -> Result<Typed<i16>, Wrong> {
    let typed = without_months(typed);
    alone(&typed, this_year)
        .map(|(year, span)| Typed::at(&typed, span, year, is_plain))
        .or_else(|wrong| among_words(&typed, this_year, false).ok_or(wrong))
}

/// What [`parse_from`] reads, with other words around it.
///
/// # Errors
/// Those of [`parse`].
pub fn read_from(typed: &str, this_year: i16) -> Result<Typed<i16>, Wrong> {
    let without_months = without_months(typed);
    alone(&without_months, this_year).map(|(year, span)| Typed::at(&without_months, span, year, is_plain)).or_else(
        |wrong| {
            let earliest = lower_end(typed, this_year).or_else(|| age::earliest_year(typed, this_year));
            let earliest = earliest.map(|year| Typed::at(typed, 0..0, year, is_plain));
            earliest.or_else(|| among_words(&without_months, this_year, true)).ok_or(wrong)
        },
    )
}

fn is_plain(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// The year that is all of the text but for usual words, and where it is.
fn alone(typed: &str, this_year: i16) -> Result<(i16, Range<usize>), Wrong> {
    let mut tokens = lexer::tokens(typed);
    separate_model_year(&mut tokens);
    sentence::spell_in_digits(&mut tokens);
    let is_usual = |word: &str| is_plain(word) || REMARKS.contains(&word) || is_month(word);
    match amount::only_amounts(&tokens, is_usual)?.as_mut_slice() {
        // «две тысячи девятнадцать»
        [amount]
            if amount.scale == Scale::Thousand
                && amount.tokens.len() >= 3
                && (2_001..2_100).contains(&amount.whole()) =>
        {
            amount.scale = Scale::One;
            Ok((of_amount(amount, this_year)?, amount::span(&tokens, amount, amount)))
        }
        [amount] if is_year(amount) && is_least(&tokens) && !is_day(amount, &tokens) => {
            Ok((of_amount(amount, this_year)?, amount::span(&tokens, amount, amount)))
        }
        _ => Err(Wrong::NotANumber),
    }
}

fn among_words(typed: &str, this_year: i16, lower_ends: bool) -> Option<Typed<i16>> {
    let find = || {
        let mut tokens = sentence::answer_tokens(typed);
        separate_model_year(&mut tokens);
        if is_least(&tokens) { sentence::years(&tokens, this_year, lower_ends) } else { (Vec::new(), None) }
    };
    Typed::among_words(typed, find, is_plain)
}

/// «MY2019» has a word and a number.
fn separate_model_year(tokens: &mut [Token]) {
    for at in 1..tokens.len() {
        let is_label = matches!(&tokens[at - 1].kind, Kind::Word(word) if matches!(word.as_str(), "my" | "му"));
        tokens[at].glued &= !is_label;
    }
}

/// The lower end of a range of years that is all of the text.
fn lower_end(typed: &str, this_year: i16) -> Option<i16> {
    const JOINS: &[&str] = &["до", "по"];
    let tokens = lexer::tokens(typed);
    let amounts = amount::only_amounts(&tokens, |word| is_plain(word) || JOINS.contains(&word)).ok()?;
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

/// Whether a number beside a month is its day, not a year: «14 декабря».
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
    use crate::Doubt;

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
            ("2к19", 2019),
            ("2k19", 2019),
            ("2К05 г.", 2005),
            ("MY2019", 2019),
            ("my 2019", 2019),
            ("МУ2019", 2019),
            ("MY19", 2019),
            ("модельный год 2019", 2019),
            ("две тысячи девятнадцатый год", 2019),
            ("две тысячи пятнадцатого", 2015),
            ("девятнадцатого года", 2019),
            ("две тысячи девятнадцать", 2019),
            ("две тысячи двадцать один", 2021),
            ("[2019]", 2019),
            ("2019 ✅", 2019),
            ("2019\n", 2019),
        ] {
            assert_eq!(parse(typed, NOW), Ok(year), "{typed}");
        }
    }

    #[test]
    fn other_text_is_not_a_year() {
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
    fn a_year_is_found_among_words() {
        for (typed, year, remark) in [
            ("2019", 2019, None),
            ("2019 г.в., по птс", 2019, Some("по птс")),
            ("декабрь 2014", 2014, Some("декабрь")),
            ("модельный год 2019", 2019, Some("модельный год")),
            ("12 декабря 2014", 2014, Some("12 декабря")),
            ("2019 камри", 2019, Some("камри")),
            ("камри 70 2019", 2019, Some("камри 70")),
            ("2019, зимой не ездила", 2019, Some("зимой не ездила")),
            ("по документам 2018-й", 2018, Some("по документам")),
            ("2018, 2 хозяина", 2018, Some("2 хозяина")),
            ("2018, пробег 85 тыс", 2018, Some("пробег 85 тыс")),
            ("2к19 рестайл", 2019, Some("рестайл")),
            ("MY2019 европейка", 2019, Some("европейка")),
            ("машина 2008 года", 2008, Some("машина")),
            ("18 года, гаражное хранение", 2018, Some("гаражное хранение")),
            ("2019🚗 как новая", 2019, Some("как новая")),
            ("2015 (растаможена)", 2015, Some("растаможена")),
        ] {
            let expected = Typed { value: year, remark: remark.map(str::to_owned), doubt: None };
            assert_eq!(read(typed, NOW), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn several_years_and_two_digits_among_words_are_doubtful() {
        for (typed, year, doubt) in [
            ("2019 или 2020", 2019, Doubt::SeveralValues),
            ("2019-2020", 2019, Doubt::SeveralValues),
            ("с 2015 по 2018", 2015, Doubt::SeveralValues),
            ("от 2015 до 2018 года", 2015, Doubt::SeveralValues),
            ("выпуск 2018, куплена в 2020", 2018, Doubt::SeveralValues),
            ("19, но в птс не смотрела", 2019, Doubt::Guess),
        ] {
            let read = read(typed, NOW).map(|year| (year.value, year.doubt));
            assert_eq!(read, Ok((year, Some(doubt))), "{typed}");
        }
    }

    #[test]
    fn words_with_other_numbers_are_not_a_year() {
        for typed in [
            "до 2015, не новее",
            "старше 2010, недорого",
            "не новее 2015 пожалуйста",
            "20 лет машине",
            "мотор 1.6, пробег 85 тыс",
            "пробег 2019 км всего",
            "12.05.2019 купил",
            "камри 70",
            "3 хозяина",
        ] {
            assert_eq!(read(typed, NOW), Err(Wrong::NotANumber), "{typed}");
        }
    }

    #[test]
    fn the_least_year_is_found_among_words() {
        for (typed, year, remark) in [
            ("2015", 2015, None),
            ("2015-2018", 2015, Some("2015-2018")),
            ("с 2015 по 2018, не битый", 2015, Some("по 2018, не битый")),
            ("желательно не старше 2017", 2017, Some("желательно не старше")),
            ("от 2016 можно японца", 2016, Some("можно японца")),
        ] {
            let expected = Typed { value: year, remark: remark.map(str::to_owned), doubt: None };
            assert_eq!(read_from(typed, NOW), Ok(expected), "{typed}");
        }
        assert_eq!(read_from("до 2015 года, недорого", NOW), Err(Wrong::NotANumber));
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
        fn it_never_panics(typed in "\\PC{0,5000}", this_year in proptest::prelude::any::<i16>()) {
            let _ = (read(&typed, this_year), read_from(&typed, this_year));
        }
    }
}
