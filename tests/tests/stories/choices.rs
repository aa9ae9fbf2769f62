//! Every button of every question.

use stories::story;

/// The branch's button, what is typed first, and the choices of the questions that follow.
type Walk = (&'static str, Option<&'static str>, &'static [&'static [&'static str]]);

/// Each button of each question answers it, and the answer is there when the customer comes back.
#[tokio::test]
async fn every_choice_is_taken() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        let walks: [Walk; 4] = [
            (
                "🎯 Подбор авто",
                None,
                &[
                    &["Для города", "Для семьи", "Для бизнеса", "Для бездорожья"],
                    &[
                        "до 500 000 ₽",
                        "500 000 – 1 000 000 ₽",
                        "1 000 000 – 2 000 000 ₽",
                        "2 000 000 – 3 000 000 ₽",
                        "от 3 000 000 ₽",
                    ],
                    &["Без разницы"],
                    &["Седан", "Кроссовер", "Внедорожник", "Хэтчбек", "Универсал", "Любой"],
                ],
            ),
            (
                "🔍 Купить авто",
                Some("Kia Sportage"),
                &[
                    &["до 500 000 ₽"],
                    &["2027", "2026", "2025", "2024", "2023", "2021", "2018", "Любой"],
                    &["АКПП", "МКПП", "Робот", "Вариатор", "Любая"],
                    &["Передний", "Задний", "Полный", "Любой"],
                ],
            ),
            ("🔧 Проверка авто", None, &[&["Техническая диагностика", "Юридическая проверка", "Комплексная проверка"]]),
            (
                "⚖️ Юридическая помощь",
                None,
                &[&[
                    "Переоформление / постановка на учёт",
                    "Страхование (ОСАГО / КАСКО)",
                    "Возврат авто / спор с продавцом",
                ]],
            ),
        ];
        for (branch, typed, questions) in walks {
            anna.tap(branch).await;
            if let Some(typed) = typed {
                anna.say(typed).await;
            }
            for choices in questions {
                let labels = anna.reads().pop().unwrap_or_default();
                for choice in *choices {
                    assert!(labels.contains(&format!("[{choice}]")), "«{choice}» is missing in:\n{labels}");
                    anna.tap(choice).await;
                    anna.tap("⬅️ Назад").await;
                    let kept = anna.reads().pop().unwrap_or_default();
                    assert!(kept.contains(&format!("Текущее значение: {choice}")), "{kept}");
                }
                anna.tap("✅ Принять").await;
            }
            let _ = anna.reads();
            anna.say("/menu").await;
            anna.tap("Да, сбросить").await;
            let _ = anna.reads();
        }
        bot.nothing_was_requested().await;
    })
    .await;
}
