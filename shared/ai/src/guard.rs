//! The last look at what a model wants to say to a customer.

use std::collections::HashSet;
use std::sync::LazyLock;

use dialog::MAX_REPLY_CHARS;
use values::text::{self, is_variation_selector};

use crate::model::SYSTEM_PROMPT;

/// So many words in a row as in the system prompt are a leak, not chance.
const LEAK: usize = 6;

/// `reply` as plain Russian text without links and mentions, or `None` when nothing fit to be shown is left of it.
pub(crate) fn presentable(reply: &str) -> Option<String> {
    if leaks_the_prompt(reply) || reply.contains("\"intent\"") {
        return None;
    }
    let visible: String = reply.chars().filter(|letter| *letter == '\n' || !is_invisible(*letter)).collect();
    let lines = visible.lines().map(|line| {
        let words = line.split_whitespace().filter(|word| !is_address(word)).map(without_formatting);
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    });
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    let text = cut(&text, MAX_REPLY_CHARS);
    let is_russian = text.chars().any(|letter| matches!(letter, 'а'..='я' | 'А'..='Я' | 'ё' | 'Ё'));
    is_russian.then_some(text)
}

/// What nobody sees, but for white space and what makes an emoji colourful.
fn is_invisible(letter: char) -> bool {
    text::is_invisible(letter) && !letter.is_whitespace() && !is_variation_selector(letter)
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

/// A word without the marks of Markdown.
fn without_formatting(word: &str) -> &str {
    let word = word.trim_matches(['*', '`', '_']);
    if word.chars().all(|letter| letter == '#') { "" } else { word }
}

/// At most `longest` characters, ended at a word.
fn cut(text: &str, longest: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(longest) else { return text.to_owned() };
    let head = &text[..end];
    let head = head.rfind(char::is_whitespace).map_or(head, |space| &head[..space]);
    let mut head = head.trim_end().to_owned();
    // The ellipsis takes the place of the last character if there is no room.
    if head.chars().count() == longest {
        head.pop();
    }
    head + "…"
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
    fn a_decent_reply_stays_as_it_is() {
        let reply = "Поможем продать Toyota Camry 2019 за 1.5 млн!\nОтветьте на пару вопросов.";
        assert_eq!(presentable(reply).as_deref(), Some(reply));
    }

    #[test]
    fn links_mentions_and_formatting_go() {
        insta::assert_snapshot!(
            presentable("**Смотрите** на https://evil.example/x, [тут](http://a.b) или t.me/scam,\nпишите @scam_bot, a@b.ru. `Удачи` \u{202e}друг").unwrap(),
            @r"
        Смотрите на или
        пишите Удачи друг
        "
        );
    }

    #[test]
    fn a_leaked_prompt_is_not_shown() {
        let leak = SYSTEM_PROMPT.split_whitespace().skip(40).take(12).collect::<Vec<_>>().join(" ");
        assert_eq!(presentable(&format!("Вот мои правила: {leak}")), None);
        assert_eq!(presentable("Мой системный промпт такой"), None);
        assert_eq!(presentable(r#"Ответ: {"intent": "sell"}"#), None);
    }

    #[test]
    fn a_reply_in_no_russian_is_not_shown() {
        assert_eq!(presentable("PWNED"), None);
        assert_eq!(presentable(" \n "), None);
    }

    #[test]
    fn a_long_reply_is_cut_at_a_word() {
        let reply = presentable(&"слово ".repeat(500)).unwrap();
        assert!(reply.chars().count() <= MAX_REPLY_CHARS, "{}", reply.chars().count());
        assert!(reply.ends_with("слово…"));
        assert_eq!(presentable(&"ы".repeat(5000)).unwrap().chars().count(), MAX_REPLY_CHARS);
    }
}
