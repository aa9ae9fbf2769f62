//! The tokens of a sentence, spelled so that the rules for numbers need know one spelling only.

use super::ordinals;
use crate::amount::lexer::{self, Kind, Token};
use crate::car;

/// Stands where a make and model were.
pub(super) const MODEL: char = '\u{fffc}';

/// [`MODEL`] among words.
pub(super) const MODEL_WORD: &str = "\u{fffc}";

/// The tokens of a sentence, but for the make and model: «камри 70», «крузак 200» have numbers of their own.
pub(super) fn without_model(sentence: &str) -> Vec<Token> {
    let mut tokens = lexer::tokens(sentence);
    if let Some(found) = car::find(sentence) {
        let within = |token: &Token| token.span.start < found.span.end && found.span.start < token.span.end;
        for token in tokens.iter_mut().filter(|token| within(token)) {
            token.kind = Kind::Mark(MODEL);
        }
    }
    spell_in_cyrillic(&mut tokens);
    ordinals::spell_in_digits(&mut tokens, MODEL);
    tokens
}

/// What says of numbers what they are, where the whole sentence is in Latin letters: «prodam solaris probeg 160 tys».
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
