//! Years in words, as a voice keyboard writes them: «десятого года», «двадцать первого», «две тысячи пятнадцатый год».

use crate::amount::lexer::{Kind, Number, Token};

/// Ordinals of a year's last two digits, by the part before their ending.
const ORDINALS: &[(u64, &str)] = &[
    (1, "перв"),
    (2, "втор"),
    (3, "трет"),
    (4, "четверт"),
    (5, "пят"),
    (6, "шест"),
    (7, "седьм"),
    (8, "восьм"),
    (9, "девят"),
    (10, "десят"),
    (11, "одиннадцат"),
    (12, "двенадцат"),
    (13, "тринадцат"),
    (14, "четырнадцат"),
    (15, "пятнадцат"),
    (16, "шестнадцат"),
    (17, "семнадцат"),
    (18, "восемнадцат"),
    (19, "девятнадцат"),
    (20, "двадцат"),
    (30, "тридцат"),
];

const ENDINGS: &[&str] = &["ого", "его", "ый", "ий", "ой", "ом", "ем", "ье", "ьем", "ьего"];

/// Puts digits in place of every ordinal that «год» follows.
pub(super) fn spell_in_digits(tokens: &mut [Token]) {
    for at in 0..tokens.len() {
        let Some(mut value) = ordinal(&tokens[at]).filter(|_| is_word(tokens.get(at + 1), is_year)) else { continue };
        let mut from = at;
        if value < 10 && from > 0 && is_word(tokens.get(from - 1), |word| word == "двадцать") {
            value += 20;
            from -= 1;
        }
        let mut digits = 2;
        if from >= 2
            && is_word(tokens.get(from - 1), |word| word.starts_with("тысяч"))
            && is_word(tokens.get(from - 2), |word| word == "две")
        {
            value += 2_000;
            digits = 4;
            from -= 2;
        }
        // The words that are part of the number now say nothing.
        for token in &mut tokens[from..at] {
            token.kind = Kind::Mark(' ');
        }
        tokens[at].kind = Kind::Number(Number { millionths: value * 1_000_000, digits, as_decimal: None });
    }
}

fn ordinal(token: &Token) -> Option<u64> {
    let Kind::Word(word) = &token.kind else { return None };
    let is_it = |stem: &str| word.strip_prefix(stem).is_some_and(|ending| ENDINGS.contains(&ending));
    ORDINALS.iter().find(|(_, stem)| is_it(stem)).map(|(value, _)| *value)
}

fn is_year(word: &str) -> bool {
    matches!(word, "г" | "год" | "года" | "году" | "годе")
}

fn is_word(token: Option<&Token>, is_it: impl Fn(&str) -> bool) -> bool {
    matches!(token, Some(Token { kind: Kind::Word(word), .. }) if is_it(word))
}
