//! A form that was left half-way can be continued for days.

use insta::assert_snapshot;

use super::filling::sale;
use super::talk::{Talk, captioned, photo};
use crate::{BotCommand, Input, Unsupported};

const DAY: i64 = 24 * 3600;

/// A sale that was left at the question for the mileage.
fn paused() -> Talk {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").wait(3 * DAY);
    talk
}

fn asks_to_continue(talk: &Talk) -> bool {
    talk.screen().starts_with("Заявка «Продажа авто» ещё не отправлена: вы остановились на шаге «Пробег».")
}

#[test]
fn continuing_shows_the_question_with_the_answers() {
    let mut talk = paused();
    talk.say("85 тыс");
    assert_snapshot!(talk.screen(), @r"
    Заявка «Продажа авто» ещё не отправлена: вы остановились на шаге «Пробег». Ответы сохраню ещё 7 дней.

    [Продолжить]
    [Начать заново]
    ");
    talk.tap("Продолжить");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 3 из 8*

    Марка и модель: Kia Rio
    Год выпуска: 2019

    Какой пробег, в километрах?
    Можно так: 85 000 или 85 тыс.

    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    assert!(!talk.screen().contains("Kia Rio"), "{}", talk.screen());
    talk.say("1,5 млн").tap("⏭ Пропустить").say_all(&["Иван", "8 900 123-45-67"]);
    talk.tap("⏭ Пропустить").wait(DAY).say("Ау").tap("Продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    assert!(talk.screen().contains("\n\n*Марка и модель:* Kia Rio\n"), "once is enough: {}", talk.screen());
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1);
}

#[test]
fn starting_over_discards_the_form() {
    let mut talk = paused();
    talk.say("85 тыс").tap("Начать заново");
    assert!(talk.screen().starts_with("Выберите, чем помочь"), "{}", talk.screen());
    talk.tap("🚗 Продать авто");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 1 из 8*");
    talk.wait(3 * DAY).say("Kia Rio");
    assert!(talk.screen().starts_with("Время вышло"), "nothing was answered in the new form: {}", talk.screen());
}

#[test]
fn whatever_comes_asks_whether_to_continue() {
    let inputs = [
        Input::Text("85 тыс".into()),
        Input::Edited("Kia Ceed".into()),
        Input::Unsupported { kind: Unsupported::Sticker, album: None, caption: None },
        Input::Contact { phone: "79001234567".into(), is_own: true },
        photo("a", None),
        captioned("a", None, "Продаю"),
        Input::Command(BotCommand::Start),
        Input::Command(BotCommand::Menu),
        Input::Link("s_avito".parse().expect("a link")),
        Input::Press { callback_id: "1".into(), message_id: Some(1), data: "1:choose:any".into() },
    ];
    for input in inputs {
        let mut talk = paused();
        talk.input(input.clone());
        assert!(asks_to_continue(&talk), "{input:?}: {}", talk.screen());
        assert_eq!((talk.questions.len(), talk.messages_with_buttons()), (0, 1), "{input:?}");
        talk.wait(3600).input(input.clone());
        assert!(asks_to_continue(&talk), "again: {input:?}: {}", talk.screen());
        talk.tap("Продолжить");
        assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*", "{input:?}");
    }
}

#[test]
fn a_press_on_the_old_question_turns_it_into_this_one() {
    for button in ["⬅️ Назад", "🏠 В начало"] {
        let mut talk = paused();
        let messages = talk.messages();
        talk.tap(button);
        assert!(asks_to_continue(&talk), "{}", talk.screen());
        assert_eq!((talk.messages(), talk.popups.len()), (messages, 0), "in place, and nothing pops up");
    }
    let mut talk = sale();
    talk.wait(3 * DAY).tap("✅ Отправить");
    assert!(talk.requests.is_empty());
    talk.tap("Продолжить").tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1);
}

#[test]
fn an_open_question_is_not_answered_days_later() {
    let mut talk = paused();
    talk.say("Ау").tap("Продолжить").command(BotCommand::Start).wait(DAY).tap("Да, сбросить");
    assert!(asks_to_continue(&talk), "{}", talk.screen());
    talk.tap("Продолжить").command(BotCommand::Delete).wait(DAY).tap("Да, удалить");
    assert!(asks_to_continue(&talk) && !talk.forgotten, "{}", talk.screen());
}

#[test]
fn the_question_itself_can_be_answered_days_later() {
    let mut talk = paused();
    talk.say("Ау").wait(3 * DAY).tap("Продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    assert!(talk.popups.is_empty());
}

#[test]
fn an_album_gets_one_reply() {
    let mut talk = paused();
    let messages = talk.messages();
    talk.send_album("album", &["1", "2", "3"]);
    assert!(asks_to_continue(&talk));
    assert_eq!(talk.messages(), messages + 1);
}

#[test]
fn a_link_counts_and_its_service_starts_when_the_form_is_discarded() {
    let mut talk = paused();
    talk.follow("s_avito__b_legal");
    assert!(asks_to_continue(&talk), "{}", talk.screen());
    talk.tap("Начать заново");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 1 из 5*");
    talk.tap("Страхование (ОСАГО / КАСКО)").say_all(&["Нужен полис", "Иван", "+79001234567"]);
    talk.tap("⏭ Пропустить").tap("✅ Отправить");
    let source = talk.requests[0].source.as_ref().and_then(|source| source.source.as_deref());
    assert_eq!(source, Some("avito"));
}

#[test]
fn pages_can_be_read_and_everything_deleted() {
    for (command, page) in [(BotCommand::Help, "Я бот автосалона"), (BotCommand::Privacy, "Какие данные")]
    {
        let mut talk = paused();
        talk.command(command);
        assert!(talk.texts_from(talk.messages() - 1)[0].starts_with(page));
        assert!(asks_to_continue(&talk), "{}", talk.screen());
    }
    let mut talk = paused();
    talk.command(BotCommand::Delete).tap("Нет, оставить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    talk.command(BotCommand::Delete).tap("Да, удалить");
    assert!(talk.forgotten);
}

#[test]
fn the_phone_keyboard_goes_away_and_comes_back() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван").wait(4000).tap("⬅️ Назад");
    assert!(talk.keyboard().is_empty());
    assert!(talk.screen().starts_with("Заявка «Юридическая помощь» ещё не отправлена"), "{}", talk.screen());
    talk.tap("Продолжить").share("79001234567");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
}

#[test]
fn the_answers_understood_from_a_sentence_are_worth_keeping() {
    let mut talk = Talk::new();
    talk.say("продаю камри 2019").understand(super::short::sells_a_camry()).tap("🚗 Продать авто").wait(DAY).say("Ау");
    talk.tap("Продолжить");
    assert!(talk.button("✅ Принять всё (4)").is_some(), "{}", talk.screen());
}

#[test]
fn a_form_is_kept_as_many_days_as_the_dealer_wants() {
    let mut talk = Talk::new();
    talk.dealer().unfinished.resume_days = 2;
    talk.tap_menu("🚗 Продать авто").say("Kia Rio");
    assert_eq!(talk.conversation.expires_at(), Some(talk.now + 2 * DAY));
    talk.wait(2 * DAY - 10).say("Ау");
    assert!(talk.screen().contains("Ответы сохраню ещё 2 дня."), "{}", talk.screen());
    talk.wait(2 * DAY).tap("Продолжить");
    assert!(talk.screen().starts_with("Время вышло"), "{}", talk.screen());
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
}

#[test]
fn photos_keep_their_number_when_the_form_is_continued() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").tap("2019").say("85 тыс").tap("На ваше усмотрение").input(photo("a", None)).wait(DAY).say("Ау");
    talk.tap("Продолжить");
    assert!(talk.screen().contains("Текущее значение: 1 фото"), "{}", talk.screen());
}
