//! What speech models write when nothing is said: the ends of the videos they learned from, and their own prompt.

/// Such texts, in lower case without punctuation.
const SOUNDS: [&str; 6] =
    ["аплодисменты", "динамичная музыка", "играет музыка", "музыка", "музыкальная заставка", "спокойная музыка"];

/// Beginnings of such texts.
const CLOSINGS: [&str; 15] = [
    "благодарю за внимание",
    "добавил субтитры",
    "до новых встреч",
    "не забудьте подписаться",
    "подписывайтесь на",
    "подпишись на",
    "подпишитесь на",
    "продолжение следует",
    "редактор субтитров",
    "смотрите продолжение",
    "спасибо за внимание",
    "спасибо за просмотр",
    "спасибо что посмотрели",
    "ставьте лайк",
    "субтитры",
];

/// Names that only those who made such subtitles have.
const SUBTITLERS: [&str; 4] = ["dimatorzok", "а семкин", "а егорова", "amara org"];

/// The longest of such texts, in words. A customer can begin a long message the same way.
const MAX_WORDS: usize = 12;

/// Customers name fewer cars in a row, in the order of the prompt.
const WORDS_OF_PROMPT: usize = 6;

/// Whether nobody said this.
pub(super) fn is_made_up(text: &str, prompt: &str) -> bool {
    let text = bare(text);
    let words = text.split(' ').count();
    let starts_with =
        |beginning: &str| text.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    let is_closing =
        || CLOSINGS.iter().any(|closing| starts_with(closing)) || SUBTITLERS.iter().any(|name| text.contains(name));
    text.is_empty()
        || SOUNDS.contains(&text.as_str())
        || words <= MAX_WORDS && is_closing()
        || words >= WORDS_OF_PROMPT && bare(prompt).contains(&text)
}

/// The words in lower case, one space between them, with «е» for «ё».
fn bare(text: &str) -> String {
    let letters = text.to_lowercase().replace('ё', "е");
    letters.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "Клиент говорит о машине: Лада Веста, Гранта, Киа Рио, Сид.";

    #[test]
    fn what_models_write_for_silence_was_said_by_nobody() {
        for text in [
            "",
            " … ",
            "Продолжение следует...",
            "Субтитры сделал DimaTorzok",
            "Субтитры создавал DimaTorzok",
            "Спасибо за просмотр!",
            "Редактор субтитров А.Семкин Корректор А.Егорова",
            "ПОДПИСЫВАЙТЕСЬ НА КАНАЛ",
            "[музыка]",
            "Клиент говорит о машине: Лада Веста, Гранта",
            "Лада Веста, Гранта, Киа Рио, Сид",
        ] {
            assert!(is_made_up(text, PROMPT), "{text}");
        }
    }

    #[test]
    fn what_customers_say_is_kept() {
        for text in [
            "Лада Веста",
            "Киа Рио 2019 года",
            "музыка не играет",
            "Спасибо",
            "До новых встреч с вами, продаю Ладу Весту две тысячи девятнадцатого года, пробег восемьдесят пять тысяч",
            "85 тысяч",
            "Корректор фар не работает",
        ] {
            assert!(!is_made_up(text, PROMPT), "{text}");
        }
    }
}
