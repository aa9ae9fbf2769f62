//! What customers do besides answering: they go back, change their minds, get lost, and press what is long gone.

use insta::assert_snapshot;
use simulators::telegram::{self, PersonError};
use stories::{Bot, Customer, story, to_confirmation, to_photos};

/// To the question for the mileage of a car that is to be sold.
pub(crate) async fn to_mileage(customer: &Customer) {
    customer.say("/start").await;
    customer.tap("🚗 Продать авто").await;
    customer.say("Toyota Camry").await;
    customer.tap("2019").await;
    customer.finally_sees("Какой пробег");
}

#[tokio::test]
async fn back_keeps_the_answers_and_shows_them() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_mileage(&anna).await;
        anna.tap("⬅️ Назад").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 2 из 8

        Какого года автомобиль?

        Текущее значение: 2019
        [✅ Принять]
        [2027] [2026] [2025]
        [2024] [2023] [2022]
        [2021] [2020] [2019]
        [2018] [2017] [Старше]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.tap("⬅️ Назад").await;
        assert_snapshot!(anna.screen(), @"
        Продажа авто · Шаг 1 из 8

        Какой автомобиль продаёте? Напишите марку и модель.
        Например: Toyota Camry

        Текущее значение: Toyota Camry
        [✅ Принять]
        [🏠 В начало]
        ");
        anna.tap("✅ Принять").await;
        anna.sees("Текущее значение: 2019");
        anna.tap("2021").await;
        anna.sees("Какой пробег");
        anna.tap("⬅️ Назад").await;
        anna.sees("Текущее значение: 2021");
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn one_answer_is_changed_and_the_others_stay() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let before = to_confirmation(&anna).await;
        anna.tap("✏️ Изменить").await;
        assert_snapshot!(anna.screen(), @"
        Проверка авто · Что изменить?
        [Вид проверки] [Марка и модель]
        [VIN или госномер] [Имя]
        [Телефон] [Комментарий]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.tap("Имя").await;
        assert_snapshot!(anna.screen(), @"
        Проверка авто · Шаг 4 из 6

        Как к вам обращаться?

        Текущее значение: Анна
        [✅ Принять]
        [⬅️ Назад] [🏠 В начало]
        ");
        anna.say("Пётр").await;
        assert_eq!(anna.screen(), before.replace("Имя: Анна", "Имя: Пётр"));
        anna.tap("✏️ Изменить").await;
        anna.sees("Что изменить?");
        anna.tap("Телефон").await;
        anna.finally_sees("Текущее значение: +7 900 123-45-67");
        anna.say("+7 912 000-11-22").await;
        anna.finally_sees("Телефон: +7 912 000-11-22");
        let _ = anna.send_request().await;

        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(deal.name, "Проверка авто — Skoda Octavia — Пётр");
        assert_eq!(deal.contact.expect("a contact").phones, ["+79120001122"]);
    })
    .await;
}

#[tokio::test]
async fn text_typed_at_the_confirmation_changes_nothing() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let before = to_confirmation(&anna).await;
        anna.say("Пётр").await;
        let after = anna.screen();
        assert!(after.contains("Сообщения здесь ничего не меняют"), "{after}");
        assert!(after.contains("Имя: Анна") && !after.contains("Пётр"), "{after}");
        assert_eq!(before.lines().last(), after.lines().last(), "the same buttons");
        assert_eq!(anna.messages_with_buttons().len(), 1, "the old ones are gone");
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_request_reaches_nobody() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        anna.tap("❌ Отменить").await;
        anna.sees("Заявка отменена, ничего не отправлено.");
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn home_and_commands_ask_before_answers_are_thrown_away() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_mileage(&anna).await;
        for way in ["🏠 В начало", "/start", "/menu"] {
            if way.starts_with('/') {
                anna.say(way).await
            } else {
                anna.tap(way).await
            };
            anna.sees("Прервать заявку «Продажа авто»? Ваши ответы в ней пропадут.");
            anna.tap("Нет, продолжить").await;
            anna.sees("Шаг 3 из 8");
        }
        anna.say("85000").await;
        anna.sees("Шаг 4 из 8");
        anna.say("/start").await;
        assert_snapshot!(anna.screen(), @"
        Прервать заявку «Продажа авто»? Ваши ответы в ней пропадут.
        [Да, сбросить]
        [Нет, продолжить]
        ");
        anna.say("не знаю").await;
        anna.sees("Здесь, пожалуйста, нажмите одну из кнопок.");
        anna.tap("Да, сбросить").await;
        anna.sees("Выберите, чем помочь");
        anna.tap("🚗 Продать авто").await;
        let first = anna.screen();
        assert!(!first.contains("Текущее значение"), "nothing is left of the old dialog: {first}");
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn help_and_privacy_come_back_to_the_question() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/help").await;
        assert_snapshot!(anna.screen(), @"
        Я бот автосалона: принимаю заявки и отвечаю на вопросы.

        • Выберите услугу в меню и ответьте на несколько коротких вопросов.
        • Или напишите своими словами: «Продаю Камри 2019, пробег 85 тыс».
        • Перед отправкой я покажу все ответы — их можно поправить.

        /menu — главное меню
        /status — что с моими заявками
        /human — позвать человека
        /privacy — какие данные хранятся
        /delete — удалить мои данные
        [👤 Позвать человека]
        [🚗 Продать авто] [🔍 Купить авто]
        [🎯 Подбор авто] [🔧 Проверка авто]
        [⚖️ Юридическая помощь] [💬 Задать вопрос]
        ");
        anna.say("/privacy").await;
        assert_snapshot!(anna.screen(), @"
        Какие данные хранятся и зачем

        • Ответы незаконченной заявки — 7 дней после последнего ответа, чтобы вы могли продолжить.
        • Заявка — ваши ответы, имя, телефон, фото, голосовые сообщения, профиль Telegram и ссылка, по которой вы пришли, — передаётся менеджерам автосалона в CRM и, если он у них есть, в рабочий чат, чтобы они связались с вами. Чтобы доставить её надёжно и рассказать вам, что с ней, копия хранится ещё 30 дней после передачи.
        • Разговор с менеджером, если вы его позвали или он вам написал, — он идёт через чат сотрудников автосалона и записывается в CRM к вашей заявке. Здесь остаются только номера сообщений.
        • Имя и телефон из последней заявки и номер вашего контакта в CRM — чтобы ответить вам, если вы спросите о заявке или попросите удалить данные; пока вы об этом не попросите.
        • Ваше согласие на обработку персональных данных: когда и на что вы согласились; пока вы его не отзовёте.
        • Вопросы в свободной форме и голосовые сообщения обрабатывает искусственный интеллект, в том числе внешний сервис; журнал вопросов хранится 90 дней, чтобы отвечать лучше.
        • Удалённое остаётся ещё не дольше 35 дней в резервных копиях на случай сбоя.

        Удалить свои данные можно в любой момент: /delete
        [🚗 Продать авто] [🔍 Купить авто]
        [🎯 Подбор авто] [🔧 Проверка авто]
        [⚖️ Юридическая помощь] [💬 Задать вопрос]
        ");
        to_mileage(&anna).await;
        for (command, beginning) in [("/help", "Я бот автосалона"), ("/privacy", "Какие данные хранятся")] {
            anna.say(command).await;
            let read = anna.reads();
            assert_eq!(read.len(), 2, "{read:#?}");
            assert!(read[0].starts_with(beginning) && read[1].contains("Шаг 3 из 8"), "{read:#?}");
            assert_eq!(anna.messages_with_buttons().len(), 1);
        }
        anna.say("/unknown").await;
        anna.sees("Такой команды я не знаю.");
        anna.say("85000").await;
        anna.sees("Шаг 4 из 8");
    })
    .await;
}

#[tokio::test]
async fn after_half_an_hour_a_press_asks_whether_to_continue() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let send = anna.button("✅ Отправить");
        bot.wait(1801);
        anna.press(&send).await;
        assert_snapshot!(anna.screen(), @"
        Заявка «Проверка авто» ещё не отправлена: вы остановились на шаге «Проверка и отправка». Ответы сохраню ещё 7 дней.
        [Продолжить]
        [Начать заново]
        ");
        assert_eq!(anna.messages_with_buttons().len(), 1, "the old buttons are gone");
        bot.nothing_was_requested().await;
        anna.tap("Продолжить").await;
        anna.sees("Проверьте заявку");
    })
    .await;
}

#[tokio::test]
async fn after_half_an_hour_a_text_asks_whether_to_continue() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_mileage(&anna).await;
        bot.wait(1795);
        anna.say("много").await;
        anna.sees("Не вижу здесь пробега");
        bot.wait(1801);
        anna.say("85000").await;
        let question = anna.screen();
        assert!(question.contains("вы остановились на шаге «Пробег»"), "{question}");
        anna.tap("Начать заново").await;
        anna.sees("Выберите, чем помочь");
        anna.tap("🚗 Продать авто").await;
        let first = anna.screen();
        assert!(!first.contains("Текущее значение"), "the old answers are gone: {first}");
        assert!(bot.stack().openai().expect("simulated").questions().is_empty(), "a late answer is not a question");
    })
    .await;
}

#[tokio::test]
async fn a_message_without_text_gets_a_hint_and_the_dialog_stands_still() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_mileage(&anna).await;
        type Send = fn(&telegram::Person) -> Result<i64, PersonError>;
        let sends: [(Send, &str); 6] = [
            (|app| app.send_sticker(), "Симпатичный стикер!"),
            (|app| app.send_voice(&b"OggS"[..], 3), "Голосовые сообщения я пока не понимаю."),
            (|app| app.send_document(&b"%PDF"[..], "pts.pdf"), "Такой файл принять не могу."),
            (|app| app.send_location(55.7, 37.6), "Геопозиция мне не понадобится."),
            (|app| app.send_photo(stories::photo(1), None), "Спасибо за фото, но сейчас вопрос о другом."),
            (|app| app.share_contact(stories::PHONE), "Спасибо за контакт, но сейчас вопрос о другом."),
        ];
        for (send, hint) in sends {
            anna.act(send).await;
            let hinted = anna.screen();
            assert!(hinted.contains(hint) && hinted.contains("Шаг 3 из 8"), "«{hint}» is not in {hinted}");
        }
        anna.say(&"1".repeat(4000)).await;
        anna.sees("Шаг 3 из 8");
        anna.say("85000").await;
        anna.sees("Шаг 4 из 8");
    })
    .await;
}

/// Types a comment and reads it back from the confirmation, the deal's note and the name.
async fn shown_as_typed(bot: &Bot, text: &str) {
    let anna = bot.customer("Анна");
    to_confirmation(&anna).await;
    anna.tap("✏️ Изменить").await;
    anna.tap("Комментарий").await;
    let _ = anna.reads();
    anna.say(text).await;
    let confirmation = anna.screen();
    assert!(confirmation.contains(text), "{text:?} is not in {confirmation:?}");
    let _ = anna.send_request().await;
    bot.deliver().await;
    let deal = bot.next_deal();
    // Nothing that a customer types is a link in the note, or looks like a line of it.
    let noted = text.replace("://", ": //").replace('\n', "\n│ ");
    assert!(deal.notes[0].contains(&noted), "{noted:?} is not in {:?}", deal.notes);
}

#[tokio::test]
async fn what_customers_type_is_shown_as_typed_and_breaks_nothing() {
    story(async |bot| {
        for text in [
            "<b>не</b> </script> &amp; &lt;",
            "*звёзды* _черта_ `код` [ссылка](http://x) ~ | \\ {$name}",
            "👨‍👩‍👧‍👦 𝕏 🇷🇺 семья",
            "سيارة עברית",
        ] {
            shown_as_typed(bot, text).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_direction_mark_disturbs_no_other_line() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        anna.tap("✏️ Изменить").await;
        anna.tap("Комментарий").await;
        let _ = anna.reads();
        anna.say("\u{202e}наоборот").await;
        let confirmation = anna.screen();
        let line = confirmation.lines().find(|line| line.contains("наоборот")).expect("the comment is shown");
        assert!(line.starts_with("Комментарий: "), "{line:?}");
        let opened = line.matches(['\u{202a}', '\u{202b}', '\u{202d}', '\u{202e}']).count();
        let closed = line.matches('\u{202c}').count();
        let isolated = line.contains('\u{2068}') && line.contains('\u{2069}');
        assert!(opened == 0 || closed >= opened || isolated, "the mark goes on after its line: {line:?}");
        anna.tap("❌ Отменить").await;
        let _ = anna.reads();
    })
    .await;
}

#[tokio::test]
async fn someone_elses_contact_is_taken_and_an_odd_number_is_asked_again() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.tap("⏭ Пропустить").await;
        anna.say("Анна").await;
        let _ = anna.reads();
        anna.say("12345").await;
        anna.sees("Не похоже на номер телефона.");
        anna.act(|app| app.share_contact_of("Hans", "+49 30 901820")).await;
        let read = anna.reads();
        assert!(read[0].starts_with("Принято: +49 30"), "{read:#?}");
        anna.tap("⏭ Пропустить").await;
        anna.sees("+49 30");
        let _ = anna.send_request().await;
        bot.deliver().await;
        assert_eq!(bot.next_deal().contact.expect("a contact").phones, ["+4930901820"]);
    })
    .await;
}
