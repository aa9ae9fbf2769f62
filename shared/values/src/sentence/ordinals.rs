//! Years in words, as a voice keyboard writes them: «десятого года», «двадцать первого», «две тысячи пятнадцатый год».

use super::tokens::MODEL;
use crate::amount::lexer::{Kind, Number, Token};
use crate::year::MONTHS;

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
    (80, "восьмидесят"),
    (90, "девяност"),
];

const ENDINGS: &[&str] = &["ого", "его", "ый", "ий", "ой", "ом", "ем", "ье", "ьем", "ьего"];

/// Words before an ordinal that is a year even without «год»: «не старше семнадцатого».
const BEFORE_YEARS: &[&str] = &["старше", "старее", "моложе", "новее", "свежее", "ниже", "выше", "позднее", "позже"];
/// The same, but in a sentence that names a model.
const PERHAPS_BEFORE_YEARS: &[&str] = &["с", "от", "после"];

/// Puts digits in place of every ordinal that is a year: one that «год» follows, or «две тысячи» precedes, or that
/// stands where only a year can.
pub(crate) fn spell_in_digits(tokens: &mut [Token]) {
    spell_numeral_with_k(tokens);
    let is_model = |token: &Token| token.kind == Kind::Mark(MODEL);
    let has_model = tokens.iter().any(is_model);
    for at in 0..tokens.len() {
        let Some(mut value) = ordinal(&tokens[at]) else { continue };
        let mut from = at;
        if value < 10
            && let Some(tens) = from.checked_sub(1).and_then(|before| tens(&tokens[before]))
        {
            value += tens;
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
        // «не езжу третий год» says how long.
        let is_duration = value < 10 && is_word(tokens.get(at + 1), |word| word == "год");
        let named = (is_word(tokens.get(at + 1), is_year) && !is_duration) || digits == 4;
        if !named {
            let before = from.checked_sub(1).map(|before| &tokens[before]);
            let stands = is_word(before, |word| BEFORE_YEARS.contains(&word))
                || before.is_some_and(is_model)
                || (has_model && is_word(before, |word| PERHAPS_BEFORE_YEARS.contains(&word)));
            if !stands || !(10..=30).contains(&value) || is_word(tokens.get(at + 1), rules_out_year) {
                continue;
            }
            value += 2_000;
            digits = 4;
        }
        // The other words of the number.
        for token in &mut tokens[from..at] {
            token.kind = Kind::Mark(' ');
        }
        tokens[at].kind = number(value, digits);
        tokens[at].span.start = tokens[from].span.start;
    }
}

/// «2к17» is 2017.
fn spell_numeral_with_k(tokens: &mut [Token]) {
    for at in 0..tokens.len().saturating_sub(2) {
        let digits = |token: &Token| match token.kind {
            Kind::Number(number) => (number.millionths / 1_000_000, number.digits),
            _ => (0, 0),
        };
        let (first, last) = (digits(&tokens[at]), digits(&tokens[at + 2]));
        let glued = tokens[at + 1].glued && tokens[at + 2].glued;
        if first == (2, 1) && last.1 == 2 && glued && is_word(tokens.get(at + 1), |word| matches!(word, "к" | "k")) {
            tokens[at].kind = Kind::Mark(' ');
            tokens[at + 1].kind = Kind::Mark(' ');
            tokens[at + 2].kind = number(2_000 + last.0, 4);
            tokens[at + 2].span.start = tokens[at].span.start;
        }
    }
}

fn number(value: u64, digits: usize) -> Kind {
    Kind::Number(Number { millionths: value * 1_000_000, digits, as_decimal: None })
}

fn tens(token: &Token) -> Option<u64> {
    let Kind::Word(word) = &token.kind else { return None };
    Some(match word.as_str() {
        "двадцать" => 20,
        "семьдесят" => 70,
        "восемьдесят" => 80,
        "девяносто" => 90,
        _ => return None,
    })
}

/// Whether an ordinal before `word` is a day or a place rather than a year: «с пятнадцатого марта».
pub(super) fn rules_out_year(word: &str) -> bool {
    const STEMS: &[&str] =
        &["числ", "этаж", "раза", "дома", "подъезд", "километр", "регион", "кузов", "поколен", "размер"];
    STEMS.iter().chain(MONTHS).any(|stem| word.starts_with(stem))
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
