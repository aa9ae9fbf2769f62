//! Whether a text asks something.

use std::collections::HashSet;
use std::sync::LazyLock;

use values::sound;

/// Words that may stand before a question.
static OPENINGS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "а и но ну так здравствуйте привет добрый доброе день вечер утро подскажите скажите пожалуйста извините простите кстати еще \
     у вас вы меня в во до с со на по за к из от о для"
        .split_whitespace()
        .collect()
});
/// A text that begins with one of them asks something, whatever follows but [`INDIFFERENT`].
static QUESTION_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "где куда откуда когда как какой какая какое какие какую каком каким какими каких сколько скольки скока почем почему зачем что \
     чем кто кому чей работаете делаете даете берете принимаете продаете покупаете оформляете доставляете помогаете выкупаете \
     привозите проводите меняете"
        .split_whitespace()
        .collect()
});
/// With one of them a text may begin as a question or as a wish.
static WISH_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "можно можете могу есть будет надо нужно нужна нужен нужны возможно имеется бывает".split_whitespace().collect()
});
/// A text with one of them asks for information.
const REQUESTS: [&str; 8] = ["подскажите", "подскажи", "скажите", "скажи", "дайте", "скиньте", "пришлите", "узнать"];
/// After a question word, these make it ask nothing: «какая угодно», «как договоримся».
static INDIFFERENT: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "угодно нибудь либо то попало обычно больше есть договоримся скажете получится все всегда"
        .split_whitespace()
        .collect()
});

/// Whether `text` asks something: by its question mark, «ли», or its first words.
#[must_use]
pub fn is_question(text: &str) -> bool {
    let words: Vec<String> = words(text).collect();
    let begins_with_wish = words.len() > 1 && opening(&words).is_some_and(|(word, _)| WISH_WORDS.contains(word));
    let requests = words.len() > 1 && words.iter().any(|word| REQUESTS.contains(&word.as_str()));
    (text.contains('?') && !words.is_empty()) || begins_with_wish || requests || begins(&words)
}

/// Whether `text` certainly asks something, because it begins as only a question does or has «ли».
#[must_use]
pub fn begins_as_question(text: &str) -> bool {
    begins(&words(text).collect::<Vec<_>>())
}

fn begins(words: &[String]) -> bool {
    let has_whether = words.iter().skip(1).any(|word| word == "ли");
    let asks = |(word, next): (&str, &str)| QUESTION_WORDS.contains(word) && !INDIFFERENT.contains(next);
    has_whether || (words.len() > 1 && opening(words).is_some_and(asks))
}

/// The first word that says something, and the one after it.
fn opening(words: &[String]) -> Option<(&str, &str)> {
    let at = words.iter().position(|word| !OPENINGS.contains(word.as_str()))?;
    Some((&words[at], words.get(at + 1).map_or("", String::as_str)))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(sound::letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_by_their_mark_or_their_words() {
        for text in [
            "а кредит?",
            "где вы находитесь",
            "А до скольки вы работаете",
            "можно без записи",
            "кредит даете ли",
            "адрес скиньте",
        ] {
            assert!(is_question(text), "{text}");
        }
        for text in
            ["Toyota Camry", "Анна", "85 тыс", "?", "", "до 2 млн", "адрес", "Какой", "какая угодно", "что-нибудь"]
        {
            assert!(!is_question(text), "{text}");
        }
    }

    #[test]
    fn wishes_do_not_begin_as_questions() {
        for text in ["зачем вам имя", "с какими банками работаете", "А вы даете гарантию", "есть ли скидки"]
        {
            assert!(begins_as_question(text), "{text}");
        }
        for text in ["нужна надёжная машина", "можно любую", "Анна?", "Камри есть?", "что-нибудь попроще", "Кто"]
        {
            assert!(!begins_as_question(text), "{text}");
        }
    }
}
