//! Looks up one word, or a few written together, in the catalogue.

use super::catalogue::{CATALOGUE, LongSpelling, MAX_LETTERS_FOR_TYPOS, MIN_LETTERS_FOR_TYPOS, Spelling};
use super::spelling;

/// What `key` spells: as it is, as a code in the other alphabet, by pattern, or in another grammatical case.
pub(super) fn spellings(key: &str) -> Vec<(Spelling, Option<String>)> {
    let plain = |key: &str| CATALOGUE.exact(key).iter().map(|spelling| (*spelling, None)).collect::<Vec<_>>();
    let codes = || std::iter::once(key.to_owned()).chain(spelling::latin_codes(key));
    let exact: Vec<_> = codes().flat_map(|code| plain(&code)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let by_pattern: Vec<_> = codes()
        .filter_map(|code| {
            let (pattern, digits) = spelling::pattern(&code)?;
            let spellings = CATALOGUE.exact(&pattern);
            Some(spellings.iter().map(|spelling| (*spelling, Some(digits.to_owned()))).collect::<Vec<_>>())
        })
        .flatten()
        .collect();
    if !by_pattern.is_empty() {
        return by_pattern;
    }
    if CATALOGUE.is_ordinary(key) {
        return Vec::new();
    }
    spelling::nominatives(key)
        .iter()
        .map(|nominative| plain(nominative))
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// The spelling nearest to `word`, unless that is a word or a name in its own right. One typo is forgiven in five
/// letters and more, two in eight and more; the first letter must be right.
pub(super) fn nearest(word: &str, wanted: impl Fn(&LongSpelling) -> bool) -> Option<Spelling> {
    let length = word.chars().count();
    if !(MIN_LETTERS_FOR_TYPOS..=MAX_LETTERS_FOR_TYPOS).contains(&length)
        || CATALOGUE.is_ordinary_in_any_case(word)
        || !spellings(word).is_empty()
    {
        return None;
    }
    let (letters, stem) = (spelling::letters(word), spelling::stem(word));
    let candidates = CATALOGUE.long(word.chars().next()?).iter().filter(|long| {
        let max_typos = max_typos(long.length.min(length));
        long.length.abs_diff(length) <= max_typos + 2
            && (long.letters ^ letters).count_ones() as usize <= 2 * max_typos + 3
    });
    let near = candidates.filter(|long| wanted(long)).filter_map(|long| {
        let max_typos = max_typos(long.length.min(length));
        if spelling::is_near(word, long.key, max_typos) {
            return Some((strsim::osa_distance(word, long.key), long));
        }
        // A typo in the stem of another case: «октваию».
        let long_stem = spelling::stem(long.key);
        let stems_are_long =
            long_stem.chars().count() > MIN_LETTERS_FOR_TYPOS && stem.chars().count() > MIN_LETTERS_FOR_TYPOS;
        (stems_are_long && spelling::is_near(stem, long_stem, 1)).then_some((max_typos + 1, long))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, long)| long.spelling)
}

/// The most typos in a word of this length.
fn max_typos(length: usize) -> usize {
    if length >= 8 { 2 } else { 1 }
}
