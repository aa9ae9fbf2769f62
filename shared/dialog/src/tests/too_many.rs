//! More requests than a dealer takes.

use std::sync::Arc;

use dealer::{Dealer, Limits};

use super::talk::Talk;
use crate::BotCommand;

const LEGAL: &str = "⚖️ Юридическая помощь";

/// A talk with a dealer who takes this many requests of a chat in a day. It is 21 September 2026, 17:13 in Moscow.
fn talk_with_limit(requests_a_day: u32) -> Talk {
    let mut talk = Talk::new();
    set_limit(&mut talk, requests_a_day);
    talk.command(BotCommand::Start);
    talk
}

fn set_limit(talk: &mut Talk, requests_a_day: u32) {
    let limits = Limits { requests_a_day, ..Limits::default() };
    talk.rules.dealer = Arc::new(Dealer { limits, ..Dealer::default() });
}

fn up_to_confirmation(talk: &mut Talk) -> &mut Talk {
    talk.tap(LEGAL)
        .tap("Страхование (ОСАГО / КАСКО)")
        .say_all(&["Нужен полис", "Иван", "+79001234567"])
        .tap("⏭ Пропустить")
}

fn ask_again(talk: &mut Talk) -> &mut Talk {
    talk.tap(LEGAL).tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").tap("✅ Да").tap("⏭ Пропустить")
}

#[test]
fn above_the_limit_no_form_starts_until_tomorrow() {
    let mut talk = talk_with_limit(2);
    up_to_confirmation(&mut talk).tap("✅ Отправить");
    ask_again(&mut talk).tap("✅ Отправить");
    talk.tap(LEGAL);
    assert!(talk.screen().starts_with("Сегодня от вас уже много заявок, больше принять не могу — завтра снова смогу."));
    assert!(talk.button("💬 Задать вопрос").is_some(), "the menu is there");
    talk.follow("b_sell");
    assert!(talk.screen().starts_with("Сегодня от вас уже много заявок"), "{}", talk.screen());
    talk.wait(6 * 3600).command(BotCommand::Start).tap(LEGAL);
    assert!(talk.screen().starts_with("Сегодня от вас уже много заявок"), "it is 23:13");
    talk.wait(3600).command(BotCommand::Start);
    ask_again(&mut talk).tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 3, "a new day");
}

#[test]
fn deletion_does_not_lift_the_limit() {
    let mut talk = talk_with_limit(1);
    up_to_confirmation(&mut talk).tap("✅ Отправить").command(BotCommand::Delete).tap("Да, удалить");
    assert!(talk.forgotten);
    let expires_at = talk.conversation.expires_at().expect("it expires");
    assert!(expires_at > talk.now + 7 * 3600, "the counter is kept until the day is over");
    talk.command(BotCommand::Start).tap(LEGAL);
    assert!(talk.screen().starts_with("Сегодня от вас уже много заявок"), "{}", talk.screen());
}

#[test]
fn a_finished_form_waits_for_tomorrow() {
    let mut talk = talk_with_limit(2);
    up_to_confirmation(&mut talk).tap("✅ Отправить");
    ask_again(&mut talk);
    set_limit(&mut talk, 1);
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1);
    assert!(talk.screen().contains("эту пока принять не могу. Ответы сохранены"), "{}", talk.screen());
    assert!(talk.screen().contains("*Ситуация:* Нужен полис"), "nothing of the form is lost: {}", talk.screen());
    talk.wait(7 * 3600).say("Завтра").tap("Продолжить").tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 2);
}

#[test]
fn another_service_does_not_replace_a_form_that_waits() {
    let mut talk = talk_with_limit(2);
    up_to_confirmation(&mut talk).tap("✅ Отправить");
    ask_again(&mut talk);
    set_limit(&mut talk, 1);
    talk.follow("b_sell").tap("Да, сбросить");
    assert!(talk.screen().contains("*Ситуация:* Нужен полис"), "{}", talk.screen());
}

#[test]
fn a_request_that_the_store_refuses_can_be_sent_later() {
    let mut talk = talk_with_limit(1);
    talk.takes_requests = false;
    up_to_confirmation(&mut talk).tap("✅ Отправить");
    assert!(talk.requests.is_empty());
    assert!(talk.screen().starts_with("*Юридическая помощь · Проверьте заявку*\n\nСейчас заявок слишком много"));
    assert!(talk.screen().contains("*Ситуация:* Нужен полис"), "{}", talk.screen());
    talk.takes_requests = true;
    talk.wait(600).tap("✅ Отправить");
    assert_eq!(talk.requests.len(), 1, "the attempt did not count");
}
