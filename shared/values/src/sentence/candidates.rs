//! The numbers of an answer that fit its question, where the answer has more words than a form needs: «150 тыс, не
//! скручен».

use std::ops::Range;

use super::mentioned::{Mentioned, Said, looks_like_year, mentioned};
use super::tokens::answer_tokens;
use super::words::{MILEAGE_WORDS, PERHAPS_MONEY_WORDS, is_of};
use crate::amount::lexer::{Kind, Token};
use crate::amount::{self, Amount, Scale, Unit, words};
use crate::typed::Doubt;
use crate::{mileage, money, year};

/// Values, and where they are in the answer, in bytes.
type Found<T> = Vec<(T, Range<usize>)>;

/// The prices in an answer to the question for one, in roubles. If there are none, the bare numbers that may be a price
/// in thousands or millions, which is a guess.
pub(crate) fn sums(answer: &str) -> (Found<u64>, Option<Doubt>) {
    let tokens = answer_tokens(answer);
    let mentioned: Vec<Mentioned> = mentioned(&tokens).into_iter().filter(|one| may_be_sum(one, &tokens)).collect();
    let exact = |one: &Mentioned| money::of_amount(&one.amount).ok();
    let has_exact = mentioned.iter().any(|one| exact(one).is_some());
    let sum = |one: &Mentioned| match exact(one) {
        None if !has_exact || is_called_sum(one) => bare_sum(&one.amount),
        exact => exact,
    };
    let found = mentioned.iter().filter_map(|one| Some((sum(one)?, span(one, &tokens)))).collect();
    (found, (!has_exact).then_some(Doubt::Guess))
}

fn may_be_sum(one: &Mentioned, tokens: &[Token]) -> bool {
    let said = one.said();
    matches!(one.amount.unit, None | Some(Unit::Roubles))
        && !matches!(said, Some(Said::Mileage | Said::Other))
        && one.after.first().is_none_or(|word| !is_of(word, MILEAGE_WORDS))
        && is_affirmed(one)
        && !counts_things(one, tokens)
        && !is_foreign_money(one, tokens)
        && !is_reduction(one)
}

/// «1,5 млн, торг до 1,4», «торг 50 000».
fn is_reduction(one: &Mentioned) -> bool {
    let nearest = one.before.iter().rev().find(|word| !matches!(word.as_str(), "до" | "в" | "на" | "около"));
    nearest.is_some_and(|word| is_of(word, &["торг", "уступ", "скин", "скидк"]))
}

/// What a bare number means as a price: «900» is 900 000.
fn bare_sum(amount: &Amount) -> Option<u64> {
    let is_bare = amount.unit.is_none() && !looks_like_year(amount);
    money::of_bare_amount(amount).filter(|_| is_bare)
}

/// Whether words say that a bare number is a price: «1,5 млн или 1,4».
fn is_called_sum(one: &Mentioned) -> bool {
    let last = one.before.last().map(String::as_str);
    one.said() == Some(Said::Money) || last.is_some_and(|word| word == "или" || PERHAPS_MONEY_WORDS.contains(&word))
}

/// The mileages in an answer to the question for one, in kilometres. A number below 1000 without a unit counts only if
/// there are no others, and is doubtful.
pub(crate) fn mileages(answer: &str) -> (Found<u32>, Option<Doubt>) {
    let tokens = answer_tokens(answer);
    let mentioned: Vec<Mentioned> = mentioned(&tokens).into_iter().filter(|one| may_be_mileage(one, &tokens)).collect();
    let is_plain =
        |one: &Mentioned| one.amount.unit.is_some() || one.amount.scale != Scale::One || one.amount.whole() >= 1_000;
    let has_plain = mentioned.iter().any(is_plain);
    let found = mentioned
        .iter()
        .filter(|one| is_plain(one) == has_plain)
        .filter_map(|one| Some((mileage::of_amount(&one.amount).ok()?, span(one, &tokens))))
        .collect();
    (found, (!has_plain).then_some(Doubt::MayBeThousands))
}

fn may_be_mileage(one: &Mentioned, tokens: &[Token]) -> bool {
    let is_year = one.amount.unit.is_none() && looks_like_year(&one.amount);
    matches!(one.amount.unit, None | Some(Unit::Kilometres))
        && !matches!(one.said(), Some(Said::Money | Said::Other))
        && !is_year
        && !one.is_distance()
        && is_affirmed(one)
        && !counts_things(one, tokens)
        && !is_foreign_money(one, tokens)
}

/// The years in an answer to the question for one. Two digits count only if no year has four, and are a guess. Of a
/// range, both ends, or with `lower_ends` only that one.
pub(crate) fn years(tokens: &[Token], this_year: i16, lower_ends: bool) -> (Found<i16>, Option<Doubt>) {
    const NOT_LEAST: &[&str] = &["до", "по"];
    let amounts = if lower_ends {
        mentioned(tokens).into_iter().map(|one| one.amount).collect()
    } else {
        amount::all_amounts(tokens)
    };
    let years: Vec<&Amount> = amounts
        .iter()
        .filter(|amount| matches!(amount.unit, None | Some(Unit::Year)) && matches!(amount.digits, 0 | 2 | 4))
        .filter(|amount| word_before(amount, tokens) != Some("не"))
        .collect();
    let is_least = |amount: &&Amount| !word_before(amount, tokens).is_some_and(|word| NOT_LEAST.contains(&word));
    if !years.first().is_some_and(is_least) {
        return (Vec::new(), None);
    }
    let is_plain = |amount: &Amount| amount.unit == Some(Unit::Year) || amount.digits == 4;
    let has_plain = years.iter().any(|amount| is_plain(amount));
    let found = years
        .into_iter()
        .filter(|amount| is_plain(amount) == has_plain && (has_plain || amount.digits == 2))
        .filter_map(|amount| Some((year::of_amount(amount, this_year).ok()?, amount::span(tokens, amount, amount))))
        .collect();
    (found, (!has_plain).then_some(Doubt::Guess))
}

fn span(one: &Mentioned, tokens: &[Token]) -> Range<usize> {
    amount::span(tokens, one.lower.as_ref().unwrap_or(&one.amount), &one.amount)
}

/// Whether a number is not denied: «не 1,5 млн, а 1,4».
fn is_affirmed(one: &Mentioned) -> bool {
    !one.amount.negative && one.before.last().is_none_or(|word| word != "не")
}

fn counts_things(one: &Mentioned, tokens: &[Token]) -> bool {
    let is_bare = one.amount.unit.is_none() && one.amount.scale == Scale::One;
    is_bare
        && matches!(tokens.get(one.amount.tokens.end), Some(Token { kind: Kind::Word(word), .. }) if words::is_thing(word))
}

fn word_before<'t>(amount: &Amount, tokens: &'t [Token]) -> Option<&'t str> {
    match &tokens.get(amount.tokens.start.checked_sub(1)?)?.kind {
        Kind::Word(word) => Some(word),
        _ => None,
    }
}

/// «$ 15 000», «USD 15 000»; behind a number, a currency is its unit.
fn is_foreign_money(one: &Mentioned, tokens: &[Token]) -> bool {
    let Some(before) = one.amount.tokens.start.checked_sub(1).and_then(|at| tokens.get(at)) else { return false };
    match &before.kind {
        Kind::Mark(mark) => *mark != '₽' && amount::is_currency(*mark),
        Kind::Word(word) => words::is_foreign_currency(word),
        _ => false,
    }
}
