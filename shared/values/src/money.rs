//! Money in roubles.

use std::ops::Range;

use crate::amount::lexer::{self, Kind, Token};
use crate::amount::{self, Amount, DASHES, Scale, Unit};
use crate::{Typed, Wrong, sentence};

/// The least that is taken, in roubles: no car costs less. Less is a number whose «тыс» or «млн» was left out: «900»,
/// «1200», «1.350».
pub const MIN: u64 = 10_000;

/// The most that is taken, in roubles.
pub const MAX: u64 = 1_000_000_000;

/// Words and signs around a sum that add nothing to it.
const FILLERS: &[&str] = &[
    "до",
    "за",
    "от",
    "около",
    "примерно",
    "приблизительно",
    "максимум",
    "не",
    "более",
    "больше",
    "выше",
    "дороже",
    "где",
    "то",
    "в",
    "пределах",
    "районе",
    "порядка",
    "цена",
    "цену",
    "бюджет",
    "бюджета",
    "стоимость",
    "сумма",
    "сумму",
    "хочу",
    "прошу",
    "и",
    "руб",
    "рублей",
    "рубли",
    "рублях",
    "р",
    "rub",
    "rur",
    "₽",
];

/// Usual words around a sum that a manager wants to know of.
const REMARKS: &[&str] = &["торг", "с", "торгом", "без", "торга", "наличными", "минимум", "ровно"];

/// Whole roubles: «1 500 000 р.», «1,5 млн», «900к», «полтора миллиона», «1м200», «до 2 млн». Of a range, the upper
/// end.
///
/// # Errors
/// [`Wrong::Empty`], [`Wrong::NotANumber`], [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn parse(typed: &str) -> Result<u64, Wrong> {
    alone(typed).map(|(roubles, _)| roubles)
}

/// The same with other words around it: «хотелось бы 1 350 000, торг у капота». Doubtful are several sums, and a bare
/// number that may be in thousands or millions: «900» is 900 000.
///
/// # Errors
/// Those of [`parse`].
pub fn read(typed: &str) -> Result<Typed<u64>, Wrong> {
    alone(typed)
        .map(|(roubles, span)| Typed::at(typed, span, roubles, is_plain))
        .or_else(|wrong| Typed::among_words(typed, || sentence::sums(typed), is_plain).ok_or(wrong))
}

fn is_plain(word: &str) -> bool {
    FILLERS.contains(&word)
}

/// The sum that is all of the text but for usual words, and where it is.
fn alone(typed: &str) -> Result<(u64, Range<usize>), Wrong> {
    let tokens = lexer::tokens(typed);
    let mut amounts = amount::only_amounts(&tokens, |word| is_plain(word) || REMARKS.contains(&word))?;
    let (Some(first), Some(last)) = (amounts.first().cloned(), amounts.last().cloned()) else {
        return Err(Wrong::NotANumber);
    };
    amounts.retain(|amount| !is_kopecks(amount, &tokens));
    if let [from, to] = amounts.as_slice() {
        amounts = vec![amount::upper_end(&tokens, from, to, &["до"]).ok_or(Wrong::NotANumber)?];
    }
    match amounts.as_slice() {
        [amount] if matches!(amount.unit, None | Some(Unit::Roubles)) => {
            Ok((of_amount(amount)?, amount::span(&tokens, &first, &last)))
        }
        _ => Err(Wrong::NotANumber),
    }
}

/// «1 350 000 рублей 00 копеек», and as invoices have it: «1 350 000-00».
fn is_kopecks(amount: &Amount, tokens: &[Token]) -> bool {
    let is_glued_to = |marks: &str, at: usize| {
        tokens[at].glued && tokens[at + 1].glued && matches!(tokens[at].kind, Kind::Mark(mark) if marks.contains(mark))
    };
    let behind_dash = || amount.tokens.start.checked_sub(1).is_some_and(|before| is_glued_to(DASHES, before));
    amount.unit == Some(Unit::Kopecks) || (amount.whole() == 0 && amount.digits == 2 && behind_dash())
}

/// The roubles that an amount is.
pub(crate) fn of_amount(amount: &Amount) -> Result<u64, Wrong> {
    check(if amount.negative { 0 } else { amount.whole() })
}

/// Whether a customer may have typed this sum.
///
/// # Errors
/// [`Wrong::TooSmall`], [`Wrong::TooLarge`].
pub fn check(roubles: u64) -> Result<u64, Wrong> {
    match roubles {
        ..MIN => Err(Wrong::TooSmall { min: MIN.cast_signed() }),
        MIN..=MAX => Ok(roubles),
        _ => Err(Wrong::TooLarge { max: MAX.cast_signed() }),
    }
}

/// What a bare number means where a sum in thousands or millions is talked of: «бюджет 700», «за 1.2», «хочу полтора».
/// `None` when it may be either.
pub(crate) fn of_bare_amount(amount: &Amount) -> Option<u64> {
    let factor = match amount.whole() {
        _ if amount.scale != Scale::One => 1,
        1..=9 => 1_000_000,
        10..=29 | 0 => return None,
        30..=9_999 if amount.is_whole() => 1_000,
        10_000.. => 1,
        _ => return None,
    };
    let roubles = amount.millionths.saturating_mul(factor) / 1_000_000;
    (MIN..=MAX).contains(&roubles).then_some(roubles)
}

/// «1 500 000 ₽», with no-break spaces.
#[must_use]
pub fn show(roubles: u64) -> String {
    format!("{}\u{a0}₽", amount::grouped(roubles))
}

#[cfg(test)]
mod tests;
