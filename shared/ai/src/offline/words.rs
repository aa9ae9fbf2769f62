//! Words as they sound, so that spelling mistakes and transliteration do not matter.

use std::ops::Range;

use values::sound;

/// Replaces the name of a car in a sentence.
pub(super) const CAR: &str = "<car>";

/// In a rule: a word that no rule knows.
pub(super) const OTHER: &str = "<other>";

/// At most this many words are read: about a minute of speech, in microseconds.
const MAX_WORDS: usize = 120;

/// A word in the spellings that it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As written: lower case, «е» for «ё», Latin letters transliterated.
    pub(super) letters: String,
    /// With only о and а merged and soft signs dropped, for short stems.
    pub(super) plain: String,
    /// How it sounds, see [`sound::key`].
    pub(super) sound: String,
}

impl Word {
    pub(super) fn new(written: &str) -> Self {
        if written == CAR || written == OTHER {
            return Self { letters: written.to_owned(), plain: String::new(), sound: String::new() };
        }
        let letters = sound::letters(written);
        Self { plain: sound::plain(&letters), sound: sound::of_letters(&letters), letters }
    }
}

/// The words of `text`, in order; the part at `car` is one word, [`CAR`].
pub(super) fn words(text: &str, car: Option<Range<usize>>) -> Vec<Word> {
    let mut words = Vec::new();
    let car = car.filter(|span| text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
    match car {
        None => push_words(text, &mut words),
        Some(span) => {
            push_words(&text[..span.start], &mut words);
            words.push(Word::new(CAR));
            push_words(&text[span.end..], &mut words);
        }
    }
    words.truncate(MAX_WORDS);
    words
}

fn push_words(text: &str, words: &mut Vec<Word>) {
    let pieces = text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty());
    words.extend(pieces.take(MAX_WORDS).map(Word::new));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_car_is_one_word_of_the_sentence() {
        let text = "Куплю тойоту камри, недорого";
        let start = text.find("тойоту").unwrap();
        let end = start + "тойоту камри".len();
        let sounds = |words: Vec<Word>| words.into_iter().map(|word| (word.letters, word.sound)).collect::<Vec<_>>();
        let pair = |letters: &str, sound: &str| (letters.to_owned(), sound.to_owned());
        assert_eq!(
            sounds(words(text, Some(start..end))),
            [pair("куплю", "куплю"), pair(CAR, ""), pair("недорого", "нидарага")]
        );
        assert_eq!(sounds(words("Куплю", Some(1..3))), [pair("куплю", "куплю")], "a span inside a letter is ignored");
    }
}
