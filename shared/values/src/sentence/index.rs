//! Numbers that belong to a car's name though the catalogue does not have them: an index («нива 21214»), a generation
//! («камри 70»), a body («е39»), an engine («октавия 1.8»). They are not a price, whatever their size.

use super::tokens::MODEL;
use super::words::{MILEAGE_WORDS, is_of};
use crate::amount::lexer::{self, Kind, Number, Token};
use crate::amount::{self, DASHES, Scale, words};
use crate::car::Car;

/// Puts [`MODEL`] in place of the numbers that belong to the name of `car`, which has been replaced by it already.
pub(super) fn hide(tokens: &mut [Token], car: &Car) {
    let has_index = is_russian(car);
    for at in 0..tokens.len() {
        if has_index && is_bare(tokens, at) && number(&tokens[at]).is_some_and(is_long_index) {
            tokens[at].kind = Kind::Mark(MODEL);
        }
    }
    let Some(name) = tokens.iter().position(is_model) else { return };
    let mut at = name + tokens[name..].iter().take_while(|token| is_model(token)).count();
    let mut may_be_generation = true;
    while let Some(part) = part_of_name(&tokens[at..]) {
        let is_part = match part.number {
            _ if part.is_code => true,
            number if is_engine(number) => is_bare(tokens, at + part.at),
            number => {
                let fits = match number.digits {
                    1 | 2 => true,
                    3 => {
                        !ends_with_digit(car)
                            && !has_budget(&tokens[..name])
                            && !is_called_sum(tokens, at + part.at + 1)
                    }
                    4 => has_index && !(1950..2100).contains(&whole(number)),
                    _ => false,
                };
                let is_generation = fits && may_be_generation && is_bare(tokens, at + part.at);
                may_be_generation = false;
                is_generation && !is_mileage(tokens, at + part.at + 1)
            }
        };
        if !is_part {
            return;
        }
        for token in &mut tokens[at..at + part.length] {
            token.kind = Kind::Mark(MODEL);
        }
        at += part.length;
    }
}

/// A number directly behind a car's name.
struct Part {
    number: Number,
    /// Where among the tokens the number is, and how many tokens belong to it.
    at: usize,
    length: usize,
    /// Letters precede it directly: «е39».
    is_code: bool,
}

fn part_of_name(tokens: &[Token]) -> Option<Part> {
    let number_at = |at: usize| tokens.get(at).and_then(number);
    let is_glued = |at: usize| tokens.get(at).is_some_and(|token| token.glued);
    if let Some(number) = number_at(0) {
        return Some(Part { number, at: 0, length: 1, is_code: false });
    }
    let number = number_at(1)?;
    match &tokens[0].kind {
        Kind::Mark(dash) if DASHES.contains(*dash) && is_glued(0) && is_glued(1) => {
            Some(Part { number, at: 1, length: 2, is_code: false })
        }
        Kind::Mark('(') if matches!(tokens.get(2)?.kind, Kind::Mark(')')) => {
            Some(Part { number, at: 1, length: 3, is_code: false })
        }
        Kind::Word(letters) => {
            let fits = lexer::is_code(letters) && is_glued(1) && (1..=3).contains(&number.digits);
            fits.then_some(Part { number, at: 1, length: 2, is_code: true })
        }
        _ => None,
    }
}

fn is_model(token: &Token) -> bool {
    token.kind == Kind::Mark(MODEL)
}

fn number(token: &Token) -> Option<Number> {
    match token.kind {
        Kind::Number(number) => Some(number),
        _ => None,
    }
}

fn word(token: Option<&Token>) -> Option<&str> {
    match token {
        Some(Token { kind: Kind::Word(word), .. }) => Some(word),
        _ => None,
    }
}

const fn whole(number: Number) -> u64 {
    number.millionths / 1_000_000
}

/// Whether cars of this make are known by an index of four to six digits.
fn is_russian(car: &Car) -> bool {
    matches!(car.brand.as_str(), "Lada" | "GAZ" | "UAZ" | "IZh" | "ZAZ" | "Moskvich" | "ZIL" | "KamAZ")
}

/// «21214», «217030»: five or six digits that begin like the factories' indices and are not as round as a price is.
fn is_long_index(number: Number) -> bool {
    const BEGINNINGS: [u64; 14] = [11, 21, 22, 23, 27, 31, 32, 33, 37, 39, 43, 45, 53, 69];
    let beginning = match number.digits {
        5 => whole(number) / 1_000,
        6 => whole(number) / 10_000,
        _ => return false,
    };
    BEGINNINGS.contains(&beginning) && !whole(number).is_multiple_of(500)
}

/// Litres: «1.8».
const fn is_engine(number: Number) -> bool {
    number.digits == 0 && number.as_decimal.is_none() && number.millionths < 7_000_000
}

/// Whether a number has no unit, counts nothing and is not the beginning of a range.
fn is_bare(tokens: &[Token], at: usize) -> bool {
    let Some(amount) = amount::at(tokens, at) else { return false };
    let next = tokens.get(at + 1).map(|token| &token.kind);
    let goes_on = match next {
        Some(Kind::Mark('+')) => true,
        Some(Kind::Mark(dash)) if DASHES.contains(*dash) => tokens.get(at + 2).and_then(number).is_some(),
        Some(Kind::Word(word)) => words::is_thing(word),
        _ => false,
    };
    amount.tokens.len() == 1 && amount.unit.is_none() && amount.scale == Scale::One && !goes_on
}

fn ends_with_digit(car: &Car) -> bool {
    car.model.as_ref().is_some_and(|model| model.ends_with(|c: char| c.is_ascii_digit()))
}

/// «бюджет на камри 900»
fn has_budget(before: &[Token]) -> bool {
    before.iter().any(|token| word(Some(token)).is_some_and(|word| word.starts_with("бюджет")))
}

/// «солярис 650 торг»
fn is_called_sum(tokens: &[Token], next: usize) -> bool {
    word(tokens.get(next)).is_some_and(|word| word.starts_with("торг"))
}

/// «приора 150 пробег»; in «камри 70 пробег 150» the word belongs to the next number.
fn is_mileage(tokens: &[Token], next: usize) -> bool {
    word(tokens.get(next)).is_some_and(|word| is_of(word, MILEAGE_WORDS))
        && tokens.get(next + 1).and_then(number).is_none()
        && !matches!(tokens.get(next + 1), Some(Token { kind: Kind::Mark(':' | '-'), .. }))
}
