//! Spellings: tokens of a text, the key a name is looked up by, Russian case endings, letters of the other alphabet.

use std::ops::Range;

use crate::amount::lexer::fold;

/// A run of letters, or of digits (with its decimal fraction).
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// In lower case, with «е» for «ё».
    pub(super) text: String,
    /// Where it is, in bytes.
    pub(super) span: Range<usize>,
    /// It begins with a digit.
    pub(super) number: bool,
    /// What separates it from the token before.
    pub(super) gap: Gap,
}

/// What separates two tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gap {
    /// Nothing.
    Glued,
    /// Something that names have inside: a hyphen, a full stop.
    Hyphen,
    /// White space.
    Space,
    /// Anything else: two sides of it are not one name.
    Break,
}

/// The first `limit` tokens of `text`.
pub(super) fn tokens(text: &str, limit: usize) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let offset = |at: usize| chars.get(at).map_or(text.len(), |(offset, _)| *offset);
    let is_digit = |at: usize| chars.get(at).is_some_and(|(_, c)| c.is_ascii_digit());
    let mut tokens = Vec::new();
    let (mut at, mut gap) = (0, Gap::Break);
    while at < chars.len() && tokens.len() < limit {
        let first = chars[at].1;
        let start = at;
        if first.is_ascii_digit() {
            while is_digit(at) || (matches!(chars.get(at), Some((_, '.' | ','))) && is_digit(at + 1)) {
                at += 1;
            }
        } else if first.is_alphabetic() {
            while chars.get(at).is_some_and(|(_, c)| c.is_alphabetic()) {
                at += 1;
            }
        } else {
            gap = gap_of(gap, first);
            at += 1;
            continue;
        }
        let folded = chars[start..at].iter().map(|(_, c)| fold(*c)).collect();
        tokens.push(Token { text: folded, span: offset(start)..offset(at), number: first.is_ascii_digit(), gap });
        gap = Gap::Glued;
    }
    tokens
}

fn gap_of(before: Gap, c: char) -> Gap {
    match (before, c) {
        (Gap::Break, _) => Gap::Break,
        (Gap::Glued | Gap::Hyphen, '-' | '–' | '—' | '‑' | '.' | '_' | '&' | '+' | '\'' | '’') => Gap::Hyphen,
        (Gap::Space, '-' | '–' | '—' | '&' | '+' | '"' | '«' | '»') => Gap::Space,
        (_, '"' | '«' | '»') => Gap::Space,
        (_, c) if c.is_whitespace() => Gap::Space,
        _ => Gap::Break,
    }
}

/// What a name is looked up by: its letters and digits, folded.
pub(super) fn key(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric() || *c == '#').map(fold).collect()
}

pub(super) fn is_cyrillic(c: char) -> bool {
    ('а'..='я').contains(&c)
}

/// Nominative endings with those of the other cases: first and third declension nouns, masculine and feminine.
const DECLENSIONS: [(&str, &[&str]); 5] = [
    ("а", &["ы", "и", "е", "у", "ой", "ою", "ам", "ами", "ах"]),
    ("я", &["и", "е", "ю", "ей", "ею", "ям", "ями", "ях"]),
    ("ь", &["я", "ю", "ем", "е", "и", "ью", "ей", "ям"]),
    ("й", &["я", "ю", "ем", "е", "и", "ев"]),
    ("", &["а", "у", "ом", "ем", "е", "ы", "и", "ов", "ам", "ами", "ах"]),
];

/// Whether two words have the same two letters at the beginning, in either order.
pub(super) fn begin_alike(one: &str, other: &str) -> bool {
    let first_two = |word: &str| {
        let mut letters = word.chars();
        (letters.next(), letters.next())
    };
    let ((a, b), (c, d)) = (first_two(one), first_two(other));
    (a == c && b == d) || (a == d && b == c)
}

/// The fewest letters before a case ending.
const MIN_STEM: usize = 3;

/// The nominatives that `word` may be another case of: «приору» → «приора», «приор».
pub(super) fn nominatives(word: &str) -> Vec<String> {
    if !word.chars().all(is_cyrillic) {
        return Vec::new();
    }
    let stems = DECLENSIONS.iter().flat_map(|(nominative, endings)| {
        endings.iter().filter_map(|ending| Some((word.strip_suffix(ending)?, *nominative)))
    });
    stems
        .filter(|(stem, _)| stem.len() >= MIN_STEM * 2)
        .map(|(stem, nominative)| format!("{stem}{nominative}"))
        .collect()
}

/// The word without what may be a case ending.
pub(super) fn stem(word: &str) -> &str {
    let stem = word.trim_end_matches(['а', 'я', 'ь', 'й', 'ы', 'и', 'е', 'у', 'ю', 'о']);
    if stem.len() >= MIN_STEM * 2 { stem } else { word }
}

/// The digits of an ordinal or a short numeral, as it stands in a name: «двухсотый» крузак, ауди «шестая», икс «пять».
pub(super) fn spoken_digits(word: &str) -> Option<&'static str> {
    const ORDINALS: &[(&str, &str)] = &[
        ("перв", "1"),
        ("втор", "2"),
        ("трет", "3"),
        ("четверт", "4"),
        ("пят", "5"),
        ("шест", "6"),
        ("седьм", "7"),
        ("восьм", "8"),
        ("девят", "9"),
        ("десят", "10"),
        ("семидесят", "70"),
        ("восьмидесят", "80"),
        ("сот", "100"),
        ("двухсот", "200"),
        ("трехсот", "300"),
        ("четырехсот", "400"),
        ("пятисот", "500"),
    ];
    const ENDINGS: &[&str] = &[
        "ый", "ий", "ой", "ая", "яя", "ую", "ого", "его", "ом", "ем", "ему", "ому", "ья", "ью", "ьей", "ьего", "ьем",
        "ое", "ые", "ых",
    ];
    const NUMERALS: [&str; 9] = ["один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"];
    if let Some(at) = NUMERALS.iter().position(|numeral| *numeral == word) {
        return ["1", "2", "3", "4", "5", "6", "7", "8", "9"].get(at).copied();
    }
    let is_it = |stem: &str| word.strip_prefix(stem).is_some_and(|ending| ENDINGS.contains(&ending));
    ORDINALS.iter().find(|(stem, _)| is_it(stem)).map(|(_, digits)| *digits)
}

/// Latin letters that look like the Cyrillic ones, for codes: «х5» is X5.
fn looks_like(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'в' => 'b',
        'е' => 'e',
        'к' => 'k',
        'м' => 'm',
        'н' => 'h',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'т' => 't',
        'у' => 'y',
        'х' => 'x',
        _ => return None,
    })
}

/// Latin letters that sound like the Cyrillic ones, for codes: «рх350» is RX350.
fn sounds_like(c: char) -> Option<char> {
    Some(match c {
        'а' => 'a',
        'б' => 'b',
        'в' => 'v',
        'г' => 'g',
        'д' => 'd',
        'е' | 'э' => 'e',
        'ж' | 'й' => 'j',
        'з' => 'z',
        'и' => 'i',
        'к' => 'k',
        'л' => 'l',
        'м' => 'm',
        'н' => 'n',
        'о' => 'o',
        'п' => 'p',
        'р' => 'r',
        'с' => 's',
        'т' => 't',
        'у' => 'u',
        'ф' => 'f',
        'х' => 'x',
        'ц' => 'c',
        _ => return None,
    })
}

/// The Latin codes that a key with digits may mean, the likeliest first.
pub(super) fn latin_codes(key: &str) -> Vec<String> {
    if !key.contains(|c: char| c.is_ascii_digit()) || !key.contains(is_cyrillic) {
        return Vec::new();
    }
    let with = |letter: fn(char) -> Option<char>| {
        key.chars().map(|c| if is_cyrillic(c) { letter(c) } else { Some(c) }).collect::<Option<String>>()
    };
    with(looks_like).into_iter().chain(with(sounds_like)).collect()
}

/// A key with its only run of two or three digits replaced by «#», and those digits.
pub(super) fn pattern(key: &str) -> Option<(String, &str)> {
    let start = key.find(|c: char| c.is_ascii_digit()).filter(|start| *start > 0)?;
    let rest = &key[start..];
    let digits = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    let after = &rest[digits.len()..];
    let fits = (2..=3).contains(&digits.len()) && !after.contains(|c: char| c.is_ascii_digit());
    fits.then(|| (format!("{}#{after}", &key[..start]), digits))
}

/// Whether two words are at most `most` typos apart: a letter more, less, other, or two swapped.
pub(super) fn is_near(one: &str, other: &str, most: usize) -> bool {
    strsim::osa_distance(one, other) <= most
}

/// The set of a word's letters, which rules out unlike words before their distance is computed.
pub(super) fn letters(word: &str) -> u64 {
    word.chars().fold(0, |set, c| set | 1 << (u32::from(c) % 64))
}
