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

/// Subjects of questions about the dealer, by the beginnings of their words; the first that fits answers.
const SUBJECTS: [(&str, &[&str]); 11] = [
    (
        "hours",
        &["режим", "график", "час", "откр", "закр", "работает", "выходн", "воскрес", "суббот", "праздник", "расписан"],
    ),
    (
        "address",
        &[
            "адрес",
            "где",
            "находит",
            "располож",
            "доехать",
            "добраться",
            "проехать",
            "офис",
            "город",
            "москв",
            "парков",
        ],
    ),
    (
        "technical",
        &["масл", "антифриз", "вариатор", "робот", "механик", "дизел", "бензин", "расход", "отлич", "резин", "ремонт"],
    ),
    ("credit", &["кредит", "автокредит", "рассроч", "лизинг", "процент", "взнос", "банк", "ставк", "одобр"]),
    ("trade-in", &["трейд", "trade", "обмен"]),
    ("price", &["сколько", "скока", "цен", "стоим", "стоит", "прайс", "тариф", "бесплатн", "платн", "расцен"]),
    ("guarantee", &["гарант"]),
    ("delivery", &["достав", "привез", "пригон", "отправ"]),
    ("contact", &["телефон", "связ", "позвон", "контакт", "менеджер", "оператор", "человек", "заявк", "перезвон"]),
    ("privacy", &["персональн", "данн", "личн"]),
    ("services", &["умее", "може", "кто", "занима", "бот", "услуг", "дилер", "компан"]),
];

fn faq(id: &str, text: &str) -> String {
    let words = words::words(text, None);
    let is_about = |stems: &[&str]| {
        let stems: Vec<String> = stems.iter().map(|stem| sound::key(stem)).collect();
        words.iter().any(|word| stems.iter().any(|stem| word.sound.starts_with(stem.as_str())))
    };
    let subject = SUBJECTS.iter().find(|(_, stems)| is_about(stems));
    subject.map_or_else(|| LANGUAGE.text(id), |(subject, _)| LANGUAGE.text(&format!("{id}.{subject}")))
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
        for (subject, _) in SUBJECTS {
            assert!(LANGUAGE.has(&format!("ai-faq.{subject}")), "{subject}");
        }
    }

    #[test]
    fn a_question_is_answered_by_its_subject() {
        for (question, word) in [
            ("до скольки вы работаете?", "Часы"),
            ("какой у вас адрес", "Адрес"),
            ("даёте кредит?", "кредита"),
            ("сколько стоит подбор", "Стоимость"),
            ("а вы кто такие", "Мы помогаем"),
            ("а что по лунным затмениям", "менеджер"),
        ] {
            let reply = reply(Intent::Faq, 0.9, None, question);
            assert!(reply.contains(word), "{question}: {reply}");
        }
    }
}
