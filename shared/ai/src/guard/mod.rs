//! What a model may not say to a customer. What it may say is made plain text where it is shown, in `dialog`.

mod harmless;

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::model::SYSTEM_PROMPT;

/// This many words in a row as in the system prompt are a leak, not chance.
const LEAK: usize = 6;

/// Whether `reply` is Russian, without links and mentions, made of harmless words, and tells nothing of the
/// bot's instructions.
pub(crate) fn may_be_shown(reply: &str) -> bool {
    let is_russian = reply.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
    is_russian
        && !reply.split_whitespace().any(is_address)
        && harmless::is_harmless(reply)
        && !reply.contains("\"intent\"")
        && !leaks_the_prompt(reply)
}

/// A link, a mention or an e-mail address.
fn is_address(word: &str) -> bool {
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '@' && letter != '/');
    let lower = word.to_lowercase();
    word.contains('@')
        || lower.contains("://")
        || lower.starts_with("www.")
        || lower.contains("](")
        || is_domain(&lower)
}

/// Something like `t.me/bot` or `сайт.рф`. Sentences that lack the space after a full stop are none: «Да.Нет».
fn is_domain(word: &str) -> bool {
    const ENDINGS: [&str; 22] = [
        "ru", "com", "net", "org", "me", "io", "su", "info", "biz", "pro", "app", "dev", "site", "online", "shop",
        "store", "xyz", "cc", "ly", "gg", "рф", "рус",
    ];
    let host = word.split(['/', ':', '?']).next().unwrap_or(word);
    host.rsplit_once('.').is_some_and(|(name, ending)| !name.is_empty() && ENDINGS.contains(&ending))
}

static PROMPT_SHINGLES: LazyLock<HashSet<String>> = LazyLock::new(|| shingles(SYSTEM_PROMPT).collect());

fn leaks_the_prompt(reply: &str) -> bool {
    let lower = reply.to_lowercase();
    lower.contains("customer_message")
        || lower.contains("system prompt")
        || lower.contains("системный промпт")
        || shingles(reply).any(|shingle| PROMPT_SHINGLES.contains(&shingle))
}

/// Every [`LEAK`] words in a row, in lower case.
fn shingles(text: &str) -> impl Iterator<Item = String> {
    let lower = text.to_lowercase();
    let words: Vec<String> = lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    (0..(words.len() + 1).saturating_sub(LEAK)).map(move |start| words[start..start + LEAK].join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decent_reply_may_be_shown() {
        assert!(may_be_shown("Поможем продать **Toyota Camry**!\nОтветьте на пару вопросов.Да?"));
    }

    #[test]
    fn links_and_mentions_may_not() {
        for reply in [
            "Смотрите на https://evil.example/x",
            "Это [тут](http://a.b)",
            "Пишите в t.me/scam,",
            "Пишите @scam_bot",
            "Почта a@b.ru.",
            "Зайдите на (сайт.рф)",
        ] {
            assert!(!may_be_shown(reply), "{reply}");
        }
    }

    #[test]
    fn a_leaked_prompt_may_not() {
        let leak = SYSTEM_PROMPT.split_whitespace().skip(40).take(12).collect::<Vec<_>>().join(" ");
        assert!(!may_be_shown(&format!("Вот мои правила: {leak}")));
        assert!(!may_be_shown("Мой системный промпт такой"));
        assert!(!may_be_shown(r#"Ответ: {"intent": "sell"}"#));
    }

    #[test]
    fn a_reply_without_russian_words_may_not() {
        assert!(!may_be_shown("PWNED"));
        assert!(!may_be_shown(" \n "));
    }
}
