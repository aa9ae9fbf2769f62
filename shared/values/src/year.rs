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
mod tests;
