//! Numbers as Russian text has them: «1,5 млн», «85т.км», «миллион двести», «2019 г.в.».
//!
//! [`lexer`] cuts text into tokens, [`words`] knows what words mean, [`grammar`] puts tokens together into an
//! [`Amount`]. The form fields ([`crate::money`], …) take text that is one amount and nothing else; [`crate::sentence`]
//! looks for several among other words.

mod grammar;
pub(crate) mod lexer;
mod sum;
pub(crate) mod words;

use std::ops::Range;

use crate::Wrong;
use lexer::{Kind, Token};

/// A number with everything written around it that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Amount {
    /// In millionths, so that «1,25 млн» is exact. Saturates far above any limit.
    pub(crate) millionths: u64,
    pub(crate) scale: Scale,
    pub(crate) unit: Option<Unit>,
    /// Digits of a whole number written without separators; 0 for any other form. «2019» has four, «2 019» none.
    pub(crate) digits: usize,
    pub(crate) negative: bool,
    pub(crate) tokens: Range<usize>,
}

/// Whether thousands or millions were said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scale {
    One,
    /// «тыс», «к», «сотка».
    Thousand,
    /// «млн», «лям», and above.
    Million,
}

/// What an amount counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Roubles,
    Kopecks,
    Kilometres,
    /// The amount is a calendar year.
    Year,
    /// Anything else: litres, horse powers, owners, dollars.
    Other,
}

const MILLION: u64 = 1_000_000;

impl Amount {
    /// The value, without its fraction.
    pub(crate) fn whole(&self) -> u64 {
        self.millionths / MILLION
    }

    /// Whether it has no fraction.
    pub(crate) fn is_whole(&self) -> bool {
        self.millionths.is_multiple_of(MILLION)
    }
}

/// The amounts of a text that consists of them, of fillers and of punctuation only. A mark that is not mere punctuation
/// is a filler if `is_filler` knows it.
///
/// # Errors
/// [`Wrong::Empty`], or [`Wrong::NotANumber`] when anything else is in it or there is no amount.
pub(crate) fn only_amounts(tokens: &[Token], is_filler: impl Fn(&str) -> bool) -> Result<Vec<Amount>, Wrong> {
    if tokens.iter().all(|token| token.kind == Kind::Mark('\n')) {
        return Err(Wrong::Empty);
    }
    let mut amounts = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(amount) = grammar::amount_at(tokens, at) {
            at = amount.tokens.end;
            amounts.push(amount);
            continue;
        }
        match &tokens[at].kind {
            Kind::Word(word) if is_filler(word) => {}
            Kind::Mark(mark) if is_punctuation(*mark) || is_filler(mark.encode_utf8(&mut [0; 4])) => {}
            _ => return Err(Wrong::NotANumber),
        }
        at += 1;
    }
    if amounts.is_empty() { Err(Wrong::NotANumber) } else { Ok(amounts) }
}

/// Where the amounts from `first` to `last` are, in bytes of the text.
pub(crate) fn span(tokens: &[Token], first: &Amount, last: &Amount) -> Range<usize> {
    tokens[first.tokens.start].span.start..tokens[last.tokens.end - 1].span.end
}

/// Whether a mark changes nothing about a number: punctuation, emoji.
fn is_punctuation(mark: char) -> bool {
    const ASCII: &str = ".,:;!?()[]+~<>=-\"'* \n";
    ASCII.contains(mark) || !(mark.is_ascii() || mark.is_alphanumeric() || is_currency(mark))
}

/// Whether a mark is a sign of a currency.
pub(crate) const fn is_currency(mark: char) -> bool {
    matches!(mark, '$' | '¢' | '£' | '¥' | '\u{20a0}'..='\u{20cf}')
}

/// Dashes that make a range.
pub(crate) const DASHES: &str = "-–—−";

/// The upper end of a range, if `from` and `to` are the ends of one: «500-700 тыс», «от 1 до 1,5»,
/// «500 тыс. - 1 млн». `joins` are the words that may stand between them.
pub(crate) fn upper_end(tokens: &[Token], from: &Amount, to: &Amount, joins: &[&str]) -> Option<Amount> {
    let between = &tokens[from.tokens.end..to.tokens.start];
    // The full stop of an abbreviation, and nothing a sentence could end with.
    let between = match between {
        [Token { kind: Kind::Mark('.'), .. }, rest @ ..] if from.scale != Scale::One => rest,
        _ => between,
    };
    let is_range = match between {
        [Token { kind: Kind::Mark(mark), .. }] => DASHES.contains(*mark),
        [Token { kind: Kind::Word(word), .. }] => joins.contains(&word.as_str()),
        _ => false,
    };
    let mut to = Some(to).filter(|_| is_range)?.clone();
    if let Some(factor) = grammar::leading_factor(tokens, from).filter(|_| to.scale == Scale::One) {
        to.millionths = to.millionths.saturating_mul(factor);
        to.scale = Scale::of(factor);
    }
    Some(to)
}

/// The amount that begins at token `at`, if one does.
pub(crate) fn at(tokens: &[Token], at: usize) -> Option<Amount> {
    grammar::amount_at(tokens, at)
}

/// Every amount among `tokens`, in order.
pub(crate) fn all_amounts(tokens: &[Token]) -> Vec<Amount> {
    let mut amounts = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        match grammar::amount_at(tokens, at) {
            Some(amount) => {
                at = amount.tokens.end;
                amounts.push(amount);
            }
            None => at += 1,
        }
    }
    amounts
}

/// «1 500 000», with no-break spaces.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push('\u{a0}');
        }
        shown.push(digit);
    }
    shown
}
