//! Russian typed with the Latin layout on: «ghjlfv rfvhb» is «продам камри».

use std::borrow::Cow;

/// The keys of the Latin layout, and what they write in the Russian one.
const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";

/// `text` as it was meant: in Russian letters if it has none and `known` knows more of its words so.
pub(super) fn as_meant(text: &str, known: impl Fn(&str) -> bool) -> Cow<'_, str> {
    let is_latin = text.contains(|letter: char| letter.is_ascii_alphabetic());
    if !is_latin || text.contains(|letter: char| !letter.is_ascii() && letter.is_alphabetic()) {
        return Cow::Borrowed(text);
    }
    let russian = in_russian(text);
    let count = |text: &str| text.split(|letter: char| !letter.is_alphabetic()).filter(|word| known(word)).count();
    if count(&russian) > count(text) { Cow::Owned(russian) } else { Cow::Borrowed(text) }
}

/// Every key as the Russian layout has it; a mark only where a letter follows.
fn in_russian(text: &str) -> String {
    let mut letters: Vec<char> = Vec::with_capacity(text.len());
    let mut is_inside = false;
    for key in text.chars().rev() {
        let letter = of_key(key).filter(|_| is_inside || key.is_ascii_alphabetic());
        is_inside = letter.is_some();
        letters.push(letter.unwrap_or(key));
    }
    letters.iter().rev().collect()
}

fn of_key(key: char) -> Option<char> {
    let at = LATIN.find(key.to_ascii_lowercase())?;
    RUSSIAN.chars().nth(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_makes_more_sense_in_russian_is_taken_so() {
        let known = |word: &str| ["продам", "пробег", "любой", "prodam", "buy"].contains(&word);
        for (typed, meant) in [
            ("ghjlfv rfvhb 2015, ghj,tu 90", "продам камри 2015, пробег 90"),
            ("GHJLFV k.,jq", "продам любой"),
            ("prodam rio", "prodam rio"),
            ("buy a camry, please", "buy a camry, please"),
            ("продам bmw", "продам bmw"),
            ("123", "123"),
        ] {
            assert_eq!(as_meant(typed, known), meant);
        }
    }
}
