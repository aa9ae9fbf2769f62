//! Menu, help, privacy, deletion.

use insta::assert_snapshot;

use super::filling::sale;
use super::talk::{Talk, answer};
use crate::{BotCommand, Input, Intent, Unsupported};

#[test]
fn the_greeting() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Start);
    assert_snapshot!(talk.screen(), @r"
    Здравствуйте! 👋 Я помощник автосалона: помогу продать, купить, подобрать или проверить автомобиль и разобраться с документами.

    Выберите, что нужно, или просто напишите своими словами.

    [🚗 Продать авто] [🔍 Купить авто]
    [🎯 Подбор авто] [🔧 Проверка авто]
    [⚖️ Юридическая помощь] [💬 Задать вопрос]
    ");
    talk.command(BotCommand::Menu);
    assert!(talk.screen().starts_with("Выберите, чем помочь"));
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn help_and_privacy_come_with_the_menu() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Help);
    assert_snapshot!(talk.screen(), @r"
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
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    talk.command(BotCommand::Privacy);
    assert_snapshot!(talk.screen(), @r"
    Какие данные хранятся и зачем

    • Ответы незаконченной заявки — 7 дней после последнего ответа, чтобы вы могли продолжить.
    • Заявка — ваши ответы, имя, телефон, фото, голосовые сообщения, профиль Telegram и ссылка, по которой вы пришли, — передаётся менеджерам автосалона в CRM и, если он у них есть, в рабочий чат, чтобы они связались с вами. Чтобы доставить её надёжно и рассказать вам, что с ней, копия хранится ещё 30 дней после передачи.
    • Разговор с менеджером, если вы его позвали или он вам написал, — он идёт через чат сотрудников автосалона и записывается в CRM к вашей заявке. Здесь остаются только номера сообщений.
    • Имя и телефон из последней заявки и номер вашего контакта в CRM — чтобы ответить вам, если вы спросите о заявке или попросите удалить данные; пока вы об этом не попросите.
    • Ваше согласие на обработку персональных данных: когда и на что вы согласились; пока вы его не отзовёте.
    • Вопросы в свободной форме и голосовые сообщения обрабатывает искусственный интеллект, в том числе внешний сервис; журнал вопросов хранится 90 дней, чтобы отвечать лучше.
    • Удалённое остаётся ещё не дольше 35 дней в резервных копиях на случай сбоя.

    Удалить свои данные можно в любой момент: /delete

    Политика конфиденциальности <https://dealer.example/privacy>

    [🚗 Продать авто] [🔍 Купить авто]
    [🎯 Подбор авто] [🔧 Проверка авто]
    [⚖️ Юридическая помощь] [💬 Задать вопрос]
    ");
    talk.tap("🎯 Подбор авто");
    assert_eq!(talk.header(), "*Подбор авто · Шаг 1 из 7*");
}

#[test]
fn deletion_asks_first() {
    let mut talk = sale();
    talk.command(BotCommand::Delete);
    assert_snapshot!(talk.screen(), @r"
    Удалить ваши данные?

    Я забуду этот разговор, ваше имя и телефон и сотру сохранённые здесь заявки. Ещё не переданные менеджеру заявки тоже удалятся — он их не получит.

    Заявки, которые уже в CRM автосалона, сам удалить не могу: передам сотрудникам, что вы об этом просите.

    [Да, удалить]
    [Нет, оставить]
    ");
    talk.tap("Нет, оставить");
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    assert!(!talk.forgotten);
    talk.command(BotCommand::Delete).tap("Да, удалить");
    assert!(talk.forgotten);
    assert_snapshot!(talk.screen(), @r"
    Готово: ваши данные удалены. Если ваши заявки есть в CRM автосалона, прошу сотрудников удалить их и там.

    Если снова понадобится помощь — нажмите /start.
    ");
    assert_eq!(talk.messages_with_buttons(), 0);
    talk.command(BotCommand::Start);
    assert!(talk.screen().starts_with("Здравствуйте!"));
}

#[test]
fn deletion_outside_a_dialog_can_be_declined_too() {
    let mut talk = Talk::new();
    talk.command(BotCommand::Delete).tap("Нет, оставить");
    assert!(talk.screen().starts_with("Выберите, чем помочь"));
}

#[test]
fn an_unsupported_message_gets_the_menu_and_a_hint() {
    let mut talk = Talk::new();
    talk.input(Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None });
    assert!(talk.screen().starts_with("Симпатичный стикер! Лучше всего я понимаю текст."));
    assert!(talk.button("🚗 Продать авто").is_some());
    talk.say("  \n ");
    assert!(talk.questions.is_empty());
    assert!(talk.screen().starts_with("Лучше всего я понимаю текст."));
}

#[test]
fn deletion_keeps_the_counters_and_nothing_else() {
    let mut talk = Talk::new();
    for number in 0..10 {
        talk.say(&format!("вопрос {number}")).understand(answer(Intent::Faq, 0.9, "Ответ"));
    }
    talk.command(BotCommand::Delete).tap("Да, удалить");
    assert!(talk.forgotten);
    let left = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!left.contains("вопрос"), "{left}");
    talk.command(BotCommand::Start).say("ещё вопрос");
    assert_eq!(talk.questions.len(), 10, "ten a minute, also after /delete");
    talk.wait(60).say("вопрос через минуту");
    assert_eq!(talk.questions.len(), 11);
}

#[test]
fn a_ban_outlives_deletion() {
    let mut talk = sale();
    talk.conversation.set_banned(true);
    talk.conversation = talk.conversation.counters_only(talk.now);
    assert_eq!(talk.conversation.expires_at(), None);
    let before = talk.messages();
    talk.command(BotCommand::Start);
    assert_eq!(talk.messages(), before);
}

#[test]
fn a_ban_leaves_nothing_of_an_open_form() {
    let mut talk = sale();
    talk.conversation.set_banned(true);
    let left = serde_json::to_string(&talk.conversation).expect("it serialises");
    assert!(!left.contains("Иван") && !left.contains("9001234567") && !left.contains("Camry"), "{left}");
    talk.conversation.set_banned(false);
    talk.command(BotCommand::Start);
    assert!(talk.screen().starts_with("Здравствуйте!"), "{}", talk.screen());
}

#[test]
fn a_banned_customer_can_still_have_everything_deleted() {
    let mut talk = sale();
    talk.conversation.set_banned(true);
    talk.command(BotCommand::Delete);
    assert!(talk.forgotten && talk.conversation.is_banned());
    assert!(talk.screen().starts_with("Готово: ваши данные удалены."), "{}", talk.screen());
    let before = talk.messages();
    talk.command(BotCommand::Start);
    assert_eq!(talk.messages(), before, "and nothing else");
    for _ in 0..10 {
        talk.at_once(Input::Command(BotCommand::Delete));
    }
    assert!(talk.messages() - before <= 5, "not as often as they like");
}

#[test]
fn an_answer_is_awaited_until_the_customer_is_forgotten() {
    let mut talk = Talk::new();
    talk.say("Сколько стоит проверка?");
    let asked = talk.last_update();
    assert!(talk.conversation.awaits_answer(asked));
    talk.command(BotCommand::Delete).tap("Да, удалить").command(BotCommand::Start);
    assert!(!talk.conversation.awaits_answer(asked));
    let before = talk.messages();
    talk.understand(answer(Intent::Faq, 0.9, "Ответ"));
    assert_eq!(talk.messages(), before);
}
