//! Words as they sound, so that spelling mistakes and transliteration do not matter.

use std::ops::Range;

/// What stands in a sentence for the name of a car.
pub(super) const CAR: &str = "<car>";

/// What a rule calls a word that no rule knows.
pub(super) const OTHER: &str = "<other>";

/// At most so many words are looked at: enough for a minute of speech, little enough to stay within microseconds.
const MOST_WORDS: usize = 120;

/// A word, and what it may be taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it is written: lower case, «е» for «ё», Latin letters transliterated.
    pub(super) letters: String,
    /// Only о and а merged and soft signs dropped: what short stems are compared by.
    pub(super) plain: String,
    /// How it sounds, see [`key`].
    pub(super) sound: String,
}

impl Word {
    pub(super) fn new(written: &str) -> Self {
        if written == CAR || written == OTHER {
            return Self { letters: written.to_owned(), plain: String::new(), sound: String::new() };
        }
        let letters = letters(written);
        Self { plain: plain(&letters), sound: sound(&letters), letters }
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
    words.truncate(MOST_WORDS);
    words
}

fn push_words(text: &str, words: &mut Vec<Word>) {
    let pieces = text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty());
    words.extend(pieces.take(MOST_WORDS).map(Word::new));
}

/// How a word sounds: lower case, Latin letters transliterated, unstressed vowels merged (о and а; е, ё, э, ы and и),
/// soft signs and doubled letters dropped. «Прадаёться» and «продается» have one key.
pub(super) fn key(word: &str) -> String {
    sound(&letters(word))
}

fn letters(word: &str) -> String {
    let lower: String = word.to_lowercase().chars().map(|letter| if letter == 'ё' { 'е' } else { letter }).collect();
    if lower.bytes().any(|byte| byte.is_ascii_alphabetic()) { transliterated(&lower) } else { lower }
}

fn plain(letters: &str) -> String {
    letters
        .chars()
        .filter(|letter| !matches!(letter, 'ь' | 'ъ'))
        .map(|letter| if letter == 'о' { 'а' } else { letter })
        .collect()
}

fn sound(letters: &str) -> String {
    let mut key = String::with_capacity(letters.len());
    let mut last = None;
    for letter in letters.chars() {
        let sound = match letter {
            'о' => 'а',
            'е' | 'ё' | 'э' | 'ы' => 'и',
            'ь' | 'ъ' => continue,
            'щ' => 'ш',
            other => other,
        };
        let is_repeated = last == Some(sound) && !sound.is_ascii_digit();
        last = Some(sound);
        if is_repeated {
            continue;
        }
        // «тся» and «ться» sound «ца»; the soft sign is gone already.
        if sound == 'я' && key.ends_with("тс") {
            key.truncate(key.len() - "тс".len());
            key.push_str("ца");
        } else {
            key.push(sound);
        }
    }
    key
}

/// Letter groups of Latin transliteration, longest first.
const LATIN: [(&str, &str); 41] = [
    ("shch", "щ"),
    ("sch", "щ"),
    ("sh", "ш"),
    ("ch", "ч"),
    ("zh", "ж"),
    ("kh", "х"),
    ("ts", "ц"),
    ("yu", "ю"),
    ("ju", "ю"),
    ("iu", "ю"),
    ("ya", "я"),
    ("ja", "я"),
    ("ia", "я"),
    ("yo", "е"),
    ("ye", "е"),
    ("a", "а"),
    ("b", "б"),
    ("c", "к"),
    ("d", "д"),
    ("e", "е"),
    ("f", "ф"),
    ("g", "г"),
    ("h", "х"),
    ("i", "и"),
    ("j", "й"),
    ("k", "к"),
    ("l", "л"),
    ("m", "м"),
    ("n", "н"),
    ("o", "о"),
    ("p", "п"),
    ("q", "к"),
    ("r", "р"),
    ("s", "с"),
    ("t", "т"),
    ("u", "у"),
    ("v", "в"),
    ("w", "в"),
    ("x", "х"),
    ("y", "ы"),
    ("z", "з"),
];

fn transliterated(word: &str) -> String {
    let mut rest = word;
    let mut out = String::with_capacity(word.len() * 2);
    while let Some(letter) = rest.chars().next() {
        if letter == 'c' && rest[1..].starts_with(['e', 'i', 'y']) {
            out.push('ц'); // «cena»
            rest = &rest[1..];
        } else if let Some((latin, cyrillic)) = LATIN.iter().find(|(latin, _)| rest.starts_with(latin)) {
            out.push_str(cyrillic);
            rest = &rest[latin.len()..];
        } else {
            out.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_have_one_key() {
        for (wrong, right) in [
            ("прадать", "продать"),
            ("продаеться", "продаётся"),
            ("ПАДБИРИТЕ", "подберите"),
            ("prodat", "продать"),
            ("машына", "машина"),
            ("учот", "учот"),
            ("растаможкаа", "растаможка"),
            ("kuplyu", "куплю"),
            ("cena", "цена"),
            ("tsena", "цена"),
        ] {
            assert_eq!(key(wrong), key(right), "{wrong}");
        }
        assert_ne!(key("продам"), key("продал"));
    }

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
