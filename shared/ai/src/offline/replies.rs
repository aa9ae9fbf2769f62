//! What the bot says when no model does.

use dialog::{Intent, SURE};
use texts::Language;
use values::car::Car;
use values::sound;

use super::words;

/// The rules understand Russian only, so they answer in Russian.
const LANGUAGE: Language = Language::Russian;

/// A short reply to `text`.
pub(crate) fn reply(intent: Intent, confidence: f32, car: Option<&Car>, text: &str) -> String {
    let id = format!("ai-{}", intent.name());
    match intent {
        Intent::Faq => faq(&id, text),
        Intent::Unknown => LANGUAGE.text(&id),
        _ if confidence < SURE => LANGUAGE.text(&format!("{id}.guess")),
        _ => match car.filter(|_| LANGUAGE.has(&format!("{id}.car"))) {
            Some(car) => LANGUAGE.text_with(&format!("{id}.car"), [("car", car.show().into())]),
            None => LANGUAGE.text(&id),
        },
    }
}

/// What the bot knows of itself: the beginnings of words that ask for it, all of which must be there. The first that
/// fits answers.
const ABOUT_THE_BOT: [(&str, &[&str]); 9] = [
    ("privacy", &["персональн"]),
    ("privacy", &["мо", "данн"]),
    ("privacy", &["личн", "данн"]),
    ("services", &["умее"]),
    ("services", &["чем", "занима"]),
    ("services", &["чем", "полез"]),
    ("services", &["кто", "так"]),
    ("services", &["что", "может"]),
    ("services", &["что", "можеш"]),
];

/// Whether a question about the dealer is one that the bot itself answers.
pub(crate) fn is_about_the_bot(question: &str) -> bool {
    subject(question).is_some()
}

fn subject(question: &str) -> Option<&'static str> {
    let words = words::words(question, None);
    let has = |stem: &&str| words.iter().any(|word| word.sound.starts_with(&sound::key(stem)));
    ABOUT_THE_BOT.iter().find(|(_, stems)| stems.iter().all(has)).map(|(subject, _)| *subject)
}

fn faq(id: &str, text: &str) -> String {
    subject(text).map_or_else(|| LANGUAGE.text(id), |subject| LANGUAGE.text(&format!("{id}.{subject}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_names_the_car() {
        let camry = Car { brand: "Toyota".to_owned(), model: Some("Camry".to_owned()) };
        insta::assert_snapshot!(
            reply(Intent::Sell, 0.9, Some(&camry), ""),
            @"Поможем продать Toyota Camry. Ответьте на несколько вопросов, и менеджер назовёт цену."
        );
        insta::assert_snapshot!(
            reply(Intent::Check, 0.9, None, ""),
            @"Проверим автомобиль: технически, юридически или всё сразу. Несколько вопросов — и специалист свяжется с вами."
        );
    }

    #[test]
    fn a_guess_asks_for_a_press() {
        insta::assert_snapshot!(
            reply(Intent::Legal, 0.6, None, ""),
            @"Похоже, у вас юридический вопрос. Если я понял верно, нажмите кнопку ниже, если нет — опишите задачу чуть подробнее."
        );
    }

    #[test]
    fn every_intent_has_its_replies() {
        for intent in Intent::ALL {
            let id = format!("ai-{}", intent.name());
            assert!(LANGUAGE.has(&id), "{id}");
            assert!(intent.branch().is_none() || LANGUAGE.has(&format!("{id}.guess")), "{id}");
        }
        for (subject, _) in ABOUT_THE_BOT {
            assert!(LANGUAGE.has(&format!("ai-faq.{subject}")), "{subject}");
        }
    }

    #[test]
    fn the_bot_answers_for_itself_only() {
        for (question, word) in [
            ("а вы кто такие", "Мы помогаем"),
            ("что ты умеешь?", "Мы помогаем"),
            ("что вы можете", "Мы помогаем"),
            ("как удалить мои данные", "храним"),
            ("до скольки вы работаете?", "Точного ответа"),
            ("даёте кредит?", "Точного ответа"),
            ("можете привезти машину из Кореи?", "Точного ответа"),
        ] {
            let reply = reply(Intent::Faq, 0.9, None, question);
            assert!(reply.contains(word), "{question}: {reply}");
            assert_eq!(is_about_the_bot(question), !word.contains("Точного"), "{question}");
        }
    }
}
