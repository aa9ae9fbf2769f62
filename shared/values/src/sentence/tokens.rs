//! The tokens of a sentence, in the one spelling that the rules for numbers know.

use std::ops::Range;

use super::{index, ordinals};
use crate::amount::lexer::{self, Kind, Token};
use crate::car;

/// Stands where a make and model were.
pub(super) const MODEL: char = '\u{fffc}';

/// [`MODEL`] among words.
pub(super) const MODEL_WORD: &str = "\u{fffc}";

/// The tokens of a sentence, but for the make and model: «камри 70», «крузак 200» have numbers of their own.
pub(super) fn without_model(sentence: &str) -> Vec<Token> {
    without(sentence, car::find(sentence))
}

/// The same of an answer to the question for a number: there, digits alone are not a model («900»).
pub(crate) fn answer_tokens(answer: &str) -> Vec<Token> {
    without(answer, car::find(answer).filter(|found| answer[found.span.clone()].contains(char::is_alphabetic)))
}

fn without(sentence: &str, model: Option<car::Found>) -> Vec<Token> {
    let mut tokens = lexer::tokens(sentence);
    if let Some(found) = model {
        split_off_index(sentence, &found, &mut tokens);
        let within = |token: &Token| token.span.start < found.span.end && found.span.start < token.span.end;
        for token in tokens.iter_mut().filter(|token| within(token)) {
            token.kind = Kind::Mark(MODEL);
        }
        index::hide(&mut tokens, &found.car);
    }
    spell_in_cyrillic(&mut tokens);
    ordinals::spell_in_digits(&mut tokens);
    tokens
}

/// «камри 70 850 000» has two numbers, and so has «мазда 3 450 000».
fn split_off_index(sentence: &str, found: &car::Found, tokens: &mut Vec<Token>) {
    const DEAREST: u64 = 20_000_000;
    let Some(at) = tokens.iter().position(|token| token.span.start >= found.span.end) else { return };
    let Kind::Number(number) = tokens[at].kind else { return };
    let Range { start, end } = tokens[at].span;
    let Some((index, sum)) = sentence[start..end].split_once(char::is_whitespace) else { return };
    if !sum.contains(char::is_whitespace) {
        return;
    }
    let names_model = found.car.model.is_none()
        && car::find(&sentence[..start + index.len()]).is_some_and(|found| found.car.model.is_some());
    if names_model || number.millionths / 1_000_000 >= DEAREST {
        let numbers = [(start, index), (end - sum.len(), sum)].map(|(start, text)| {
            let number = lexer::tokens(text).into_iter().next();
            number.map(|number| Token { span: start..start + text.len(), glued: false, ..number })
        });
        tokens.splice(at..=at, numbers.into_iter().flatten());
    }
}

/// Puts telling words of a sentence in Latin letters into Cyrillic: «prodam solaris probeg 160 tys».
fn spell_in_cyrillic(tokens: &mut [Token]) {
    const LATIN: &[(&str, &str)] = &[
        ("probeg", "пробег"),
        ("probegom", "пробегом"),
        ("cena", "цена"),
        ("tsena", "цена"),
        ("price", "цена"),
        ("budget", "бюджет"),
        ("byudzhet", "бюджет"),
        ("god", "год"),
        ("goda", "года"),
        ("do", "до"),
        ("za", "за"),
        ("ot", "от"),
        ("prodam", "продам"),
        ("prodayu", "продаю"),
        ("kuplu", "куплю"),
        ("kuplyu", "куплю"),
        ("hochu", "хочу"),
        ("proshu", "прошу"),
    ];
    for token in tokens {
        if let Kind::Word(word) = &mut token.kind
            && let Some((_, cyrillic)) = LATIN.iter().find(|(latin, _)| latin == word)
        {
            (*cyrillic).clone_into(word);
        }
    }
}

pub(super) fn word(token: &Token) -> Option<String> {
    match &token.kind {
        Kind::Word(word) => Some(word.clone()),
        _ => None,
    }
}

pub(super) fn ends_clause(token: &Token) -> bool {
    matches!(token.kind, Kind::Mark(',' | ';' | '.' | '!' | '?' | '\n' | '(' | ')'))
}
