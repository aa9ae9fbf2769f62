//! Whether a text asks something.

use values::sound;

/// Words that may stand before a question.
const OPENINGS: [&str; 24] = [
    "а",
    "и",
    "но",
    "ну",
    "так",
    "здравствуйте",
    "привет",
    "добрый",
    "доброе",
    "день",
    "вечер",
    "утро",
    "подскажите",
    "скажите",
    "пожалуйста",
    "извините",
    "простите",
    "кстати",
    "еще",
    "у",
    "вас",
    "вы",
    "меня",
    "вопрос",
];
/// A question begins with one of them.
const QUESTION_WORDS: [&str; 47] = [
    "где",
    "куда",
    "откуда",
    "когда",
    "как",
    "какой",
    "какая",
    "какое",
    "какие",
    "какую",
    "каком",
    "сколько",
    "скольки",
    "скока",
    "почем",
    "почему",
    "зачем",
    "что",
    "чем",
    "кто",
    "кому",
    "чей",
    "можно",
    "можете",
    "могу",
    "есть",
    "будет",
    "надо",
    "нужно",
    "нужна",
    "нужен",
    "нужны",
    "возможно",
    "работаете",
    "делаете",
    "даете",
    "берете",
    "принимаете",
    "продаете",
    "покупаете",
    "оформляете",
    "доставляете",
    "помогаете",
    "выкупаете",
    "привозите",
    "имеется",
    "бывает",
];

/// Whether `text` asks something: by its question mark, «ли», or its first words.
#[must_use]
pub fn is_question(text: &str) -> bool {
    let words: Vec<String> = words(text).collect();
    let begins = words.iter().find(|word| !OPENINGS.contains(&word.as_str()) && !is_preposition(word));
    text.contains('?') && !words.is_empty()
        || words.iter().skip(1).any(|word| word == "ли")
        || words.len() > 1 && begins.is_some_and(|word| QUESTION_WORDS.contains(&word.as_str()))
}

/// «До скольки», «с какими», «во сколько».
fn is_preposition(word: &str) -> bool {
    ["в", "во", "до", "с", "со", "на", "по", "за", "к", "из", "от", "о", "для"].contains(&word)
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).map(sound::letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_by_their_mark_or_their_words() {
        for text in
            ["а кредит?", "где вы находитесь", "А до скольки вы работаете", "есть ли парковка", "кредит даете ли"]
        {
            assert!(is_question(text), "{text}");
        }
        for text in ["Toyota Camry", "Анна", "85 тыс", "?", "", "до 2 млн", "адрес", "Какой"] {
            assert!(!is_question(text), "{text}");
        }
    }
}
