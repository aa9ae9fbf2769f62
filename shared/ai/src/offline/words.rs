//! Words as they sound, so that spelling mistakes and transliteration do not matter.

use std::ops::Range;

/// What stands in a sentence for the name of a car.
pub(super) const CAR: &str = "<car>";

/// What a rule calls a word that no rule knows.
pub(super) const OTHER: &str = "<other>";

/// At most so many words are looked at: enough for a minute of speech, little enough to stay within microseconds.
const MOST_WORDS: usize = 120;

/// The words of `text` as [`key`]s, in order; the part at `car` is one word, [`CAR`].
pub(super) fn words(text: &str, car: Option<Range<usize>>) -> Vec<String> {
    let mut words = Vec::new();
    let car = car.filter(|span| text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
    match car {
        None => push_words(text, &mut words),
        Some(span) => {
            push_words(&text[..span.start], &mut words);
            words.push(CAR.to_owned());
            push_words(&text[span.end..], &mut words);
        }
    }
    words.truncate(MOST_WORDS);
    words
}

fn push_words(text: &str, words: &mut Vec<String>) {
    let pieces = text.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty());
    words.extend(pieces.take(MOST_WORDS).map(key));
}

/// How a word sounds: lower case, Latin letters transliterated, unstressed vowels merged (о and а; е, ё, э, ы and и),
/// soft signs and doubled letters dropped. «Прадаёться» and «продается» have one key.
pub(super) fn key(word: &str) -> String {
    let lower = word.to_lowercase();
    let cyrillic = if lower.bytes().any(|byte| byte.is_ascii_alphabetic()) { transliterated(&lower) } else { lower };
    let mut key = String::with_capacity(cyrillic.len());
    let mut last = None;
    for letter in cyrillic.chars() {
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
        if let Some((latin, cyrillic)) = LATIN.iter().find(|(latin, _)| rest.starts_with(latin)) {
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
        assert_eq!(words(text, Some(start..end)), ["куплю", CAR, "нидарага"]);
        assert_eq!(words("Куплю", Some(1..3)), ["куплю"], "a span inside a letter is ignored");
    }
}
