//! Words of which a model may make its reply. Whatever it invents (a number, a price, a time, a place, a term, a
//! promise) takes another word, and new inventions need no new rule.
//!
//! A reply that is stopped in vain costs little: the customer reads the bot's own sentence instead.

use std::collections::HashSet;
use std::sync::LazyLock;

use values::car;
use values::sound;
use values::text::is_invisible;

static WORDS: LazyLock<Words> = LazyLock::new(|| Words::parse(include_str!("harmless.txt")));

struct Words {
    whole: HashSet<&'static str>,
    beginnings: Vec<&'static str>,
}

impl Words {
    fn parse(text: &'static str) -> Self {
        let entries = text.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
        let (beginnings, whole): (Vec<&str>, Vec<&str>) = entries.partition(|entry| entry.ends_with('*'));
        let beginnings = beginnings.into_iter().map(|beginning| beginning.trim_end_matches('*')).collect();
        Self { whole: whole.into_iter().collect(), beginnings }
    }

    fn has(&self, word: &str) -> bool {
        self.whole.contains(word) || self.beginnings.iter().any(|beginning| word.starts_with(beginning))
    }
}

/// Whether `reply` is made of harmless words and at most one car.
pub(super) fn is_harmless(reply: &str) -> bool {
    const SYMBOLS: &str = "%‰₽$€£¥№";
    let visible: String = reply.chars().filter(|letter| letter.is_whitespace() || !is_invisible(*letter)).collect();
    if visible.chars().any(|letter| letter.is_numeric() || SYMBOLS.contains(letter)) {
        return false;
    }
    let (before, after) = match car::find(&visible) {
        Some(found) => (&visible[..found.span.start], &visible[found.span.end..]),
        None => (visible.as_str(), ""),
    };
    let words = [before, after].into_iter().flat_map(|part| part.split(|letter: char| !letter.is_alphanumeric()));
    words.filter(|word| !word.is_empty()).all(|word| WORDS.has(&sound::letters(word)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CLAIMS: [&str; 16] = [
        "5000",
        "за 5 тысяч",
        "пять процентов",
        "бесплатно",
        "со скидкой",
        "в наличии",
        "гарантируем",
        "завтра",
        "до восьми вечера",
        "на улице Ленина",
        "+7 495 123",
        "по закону",
        "одобрим кредит",
        "в подарок",
        "½",
        "100 %",
    ];
    const HARMLESS: [&str; 6] = [
        "Поможем продать",
        "машину",
        "Ответьте на несколько вопросов",
        "пожалуйста",
        "и менеджер свяжется с вами",
        "Kia",
    ];

    proptest! {
        #[test]
        fn a_claim_is_found_wherever_it_stands(
            before in prop::collection::vec(prop::sample::select(&HARMLESS[..5]), 0..5),
            claim in prop::sample::select(&CLAIMS[..]),
            after in prop::collection::vec(prop::sample::select(&HARMLESS[..5]), 0..5),
            is_shouted in any::<bool>(),
            hidden_at in 0..20_usize,
        ) {
            let claim = if is_shouted { claim.to_uppercase() } else { claim.to_owned() };
            let hidden: String = claim
                .chars()
                .enumerate()
                .flat_map(|(at, letter)| [Some(letter), (at == hidden_at).then_some('\u{200b}')])
                .flatten()
                .collect();
            let reply = format!("{} {hidden} {}.", before.join(" "), after.join(", "));
            prop_assert!(!is_harmless(&reply), "{}", reply);
            let harmless = [before, vec![HARMLESS[5]], after].concat().join(" ");
            prop_assert!(is_harmless(&harmless), "{}", harmless);
        }

        #[test]
        fn nothing_with_a_digit_is_harmless(before in "\\PC{0,60}", digit in "[0-9٠-٩]", after in "\\PC{0,60}") {
            let reply = [before, digit, after].concat();
            prop_assert!(!is_harmless(&reply));
        }

        #[test]
        fn nothing_with_an_unknown_word_is_harmless(word in "[а-яё]{1,12}", after in "[а-яё ]{0,40}") {
            let reply = format!("Поможем продать {word} {after}");
            let known = reply.split(' ').all(|word| word.is_empty() || WORDS.has(&sound::letters(word)));
            prop_assert!(!is_harmless(&reply) || known || car::find(&reply).is_some());
        }
    }
}
