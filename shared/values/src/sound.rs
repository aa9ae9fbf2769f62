//! How words sound, so that spelling mistakes and transliteration do not matter.

/// How a word sounds: lower case, Latin letters transliterated, unstressed vowels merged (о and а; е, ё, э, ы and и),
/// soft signs and doubled letters dropped. «Прадаёться» and «продается» have one key.
#[must_use]
pub fn key(word: &str) -> String {
    of_letters(&letters(word))
}

/// A word as it is written: lower case, «е» for «ё», Latin letters transliterated.
#[must_use]
pub fn letters(word: &str) -> String {
    let lower: String = word.to_lowercase().chars().map(|letter| if letter == 'ё' { 'е' } else { letter }).collect();
    if lower.bytes().any(|byte| byte.is_ascii_alphabetic()) { transliterated(&lower) } else { lower }
}

/// The [`letters`] of a word with only о and а merged and soft signs dropped: what short words are compared by.
#[must_use]
pub fn plain(letters: &str) -> String {
    letters
        .chars()
        .filter(|letter| !matches!(letter, 'ь' | 'ъ'))
        .map(|letter| if letter == 'о' { 'а' } else { letter })
        .collect()
}

/// How the [`letters`] of a word sound, see [`key`].
#[must_use]
pub fn of_letters(letters: &str) -> String {
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
}
