//! Customers edit what they have written.

use super::talk::Talk;
use crate::{BotCommand, Input};

const SELL: &str = "🚗 Продать авто";

#[test]
fn an_edit_of_the_last_answer_is_a_new_answer() {
    let mut talk = Talk::in_branch(SELL);
    let camry = talk.say("Toyota Camry").last_update();
    talk.edit(camry, "Toyota Corolla");
    assert!(talk.screen().contains("Исправлено. Марка и модель: Toyota Corolla"), "{}", talk.screen());
    assert!(talk.screen().contains("Шаг 2 из 8"), "the question stays: {}", talk.screen());
    talk.edit(camry, "Kia Rio").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: Kia Rio"), "{}", talk.screen());
}

#[test]
fn an_edit_that_is_not_an_answer_leaves_the_old_one() {
    let mut talk = Talk::in_branch(SELL);
    talk.say_all(&["Toyota Camry", "2019"]);
    let mileage = talk.say("85 тыс").last_update();
    talk.edit(mileage, "не помню");
    assert!(talk.screen().contains("Прежний ответ остаётся."), "{}", talk.screen());
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 85 000 км"), "{}", talk.screen());
}

#[test]
fn an_edit_of_an_earlier_message_changes_nothing() {
    let mut talk = Talk::in_branch(SELL);
    let car = talk.say("Toyota Camry").last_update();
    let year = talk.say("2019").last_update();
    talk.edit(car, "Kia Rio");
    assert!(talk.screen().contains("кнопкой «✏️ Изменить»"), "{}", talk.screen());
    talk.edit(year, "2020");
    assert!(talk.screen().contains("Исправлено. Год выпуска: 2020"), "{}", talk.screen());
    talk.tap("⬅️ Назад").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: Toyota Camry"), "{}", talk.screen());
    // A button was pressed since: that is the last answer now.
    talk.tap("✅ Принять").tap("2021").edit(year, "2018");
    assert!(talk.screen().contains("кнопкой «✏️ Изменить»"), "{}", talk.screen());
}

#[test]
fn an_edit_that_changes_nothing_gets_no_word() {
    let mut talk = Talk::in_branch(SELL);
    let car = talk.say("Toyota Camry").last_update();
    let messages = talk.chat.len();
    talk.edit(car, "Toyota Camry");
    assert_eq!(talk.chat.len(), messages);
}

#[test]
fn an_edit_outside_a_dialog_gets_a_word() {
    let mut talk = Talk::new();
    let start = talk.command(BotCommand::Start).last_update();
    talk.edit(start, "продаю камри");
    assert!(talk.screen().contains("новым сообщением"), "{}", talk.screen());
    assert!(talk.questions.is_empty());
    let mut stranger = Talk::new();
    stranger.input(Input::Edited("Kia".into()));
    assert!(stranger.screen().contains("новым сообщением"), "{}", stranger.screen());
}
