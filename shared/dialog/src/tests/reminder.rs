//! The one reminder of a form that was left half-way.

use std::time::Duration;

use insta::assert_snapshot;

use super::talk::Talk;
use crate::{BotCommand, Effect, Target, Verdict};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// A talk with a dealer who reminds after twenty minutes and is always open. It is 17:13 in Moscow, on a Monday.
fn reminding() -> Talk {
    let mut talk = Talk::new();
    talk.dealer().unfinished.remind_after = Some(Duration::from_mins(20));
    talk
}

/// A sale that was left at the question for the mileage.
fn left() -> Talk {
    let mut talk = reminding();
    talk.tap_menu("🚗 Продать авто").say("Kia Rio").tap("2019");
    talk
}

/// The same, reminded of.
fn reminded() -> Talk {
    let mut talk = left();
    talk.wait_until_due();
    talk
}

fn is_reminder(screen: &str) -> bool {
    screen.starts_with("Вы начали заявку «Продажа авто»")
}

#[test]
fn a_customer_who_stops_is_reminded_once() {
    let mut talk = left();
    let left_at = talk.now;
    talk.wait_until_due();
    assert_eq!(talk.now, left_at + 20 * MINUTE);
    assert_snapshot!(talk.screen(), @r"
    Вы начали заявку «Продажа авто» и остановились на шаге «Пробег». Ответы сохранены — продолжим?

    [▶️ Продолжить]
    [Не сейчас]
    [Больше не напоминать]
    ");
    assert_eq!(talk.messages_with_buttons(), 1, "the question has lost its buttons");
    assert_eq!(talk.conversation.due_at(), None);
    assert_eq!(talk.wait(HOUR).clock_strikes(), Verdict::Stay(Vec::new()));
    talk.tap("▶️ Продолжить").say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    assert_eq!(talk.conversation.due_at(), None, "one a form, whatever happens");
}

#[test]
fn continuing_from_the_reminder_works_at_once_and_days_later() {
    for pause in [MINUTE, HOUR, 6 * 24 * HOUR] {
        let mut talk = reminded();
        talk.wait(pause).tap("▶️ Продолжить");
        assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*", "{pause}");
        assert!(talk.screen().contains("\n\nМарка и модель: Kia Rio\nГод выпуска: 2019\n\n"), "{}", talk.screen());
        assert!(talk.popups.is_empty());
    }
}

#[test]
fn not_now_leaves_the_form_where_it_is() {
    let mut talk = reminded();
    talk.wait(HOUR).tap("Не сейчас");
    assert_snapshot!(talk.screen(), @r"
    Хорошо, не тороплю.

    Заявка «Продажа авто» ещё не отправлена: вы остановились на шаге «Пробег». Ответы сохраню ещё 7 дней.

    [Продолжить]
    [Начать заново]
    ");
    assert_eq!(talk.conversation.due_at(), None);
    assert!(!talk.conversation.profile().choices().reminders_off);
    talk.wait(24 * HOUR).tap("Продолжить");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
}

#[test]
fn who_wants_no_reminders_gets_none_of_later_forms_either() {
    let mut talk = reminded();
    talk.wait(HOUR).tap("Больше не напоминать");
    assert!(talk.screen().starts_with("Хорошо, больше напоминать не буду."), "{}", talk.screen());
    assert!(talk.conversation.profile().choices().reminders_off);
    talk.tap("Начать заново").tap("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)");
    talk.say_all(&["Нужен полис", "Иван"]);
    assert_eq!(talk.conversation.due_at(), None);
    talk.say("+79001234567").tap("⏭ Пропустить").tap("✅ Отправить").tap("🚗 Продать авто").say("Kia Rio");
    assert_eq!(talk.conversation.due_at(), None, "a request changes name and phone, not the choice");
}

#[test]
fn a_typed_answer_soon_after_the_reminder_is_an_answer() {
    let mut talk = reminded();
    talk.wait(MINUTE).say("85 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    assert_eq!(talk.messages_with_buttons(), 1);
    let mut talk = reminded();
    talk.wait(HOUR).say("85 тыс");
    assert!(talk.screen().starts_with("Заявка «Продажа авто» ещё не отправлена"), "{}", talk.screen());
}

#[test]
fn what_is_typed_after_the_reminder_is_not_a_name_without_consent() {
    let mut talk = reminding();
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    talk.tap_menu("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис");
    assert!(talk.button("✅ Согласен").is_some(), "{}", talk.screen());
    talk.wait_until_due().say("Иван");
    assert!(talk.button("✅ Согласен").is_some(), "{}", talk.screen());
    talk.tap("✅ Согласен");
    assert!(talk.screen().contains("Как к вам обращаться?"), "{}", talk.screen());
}

#[test]
fn a_press_on_the_question_at_the_moment_of_the_reminder_brings_it_back() {
    let mut talk = left();
    let (message_id, back) = talk.button("⬅️ Назад").expect("it is there");
    talk.wait_until_due().press(message_id, &back);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
    assert_eq!(talk.messages_with_buttons(), 1);
    talk.tap("⬅️ Назад");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 2 из 8*");
}

#[test]
fn the_phone_keyboard_stays_below_the_reminder() {
    let to_phone = || {
        let mut talk = reminding();
        talk.tap_menu("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван");
        let messages = talk.messages();
        talk.wait_until_due();
        assert_eq!(talk.messages(), messages + 1, "the reminder is one message");
        talk
    };
    let mut talk = to_phone();
    talk.share("79001234567");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
    let mut talk = to_phone();
    talk.tap("⬅️ Назад");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 3 из 5*");
    let mut talk = to_phone();
    talk.wait(HOUR).tap("▶️ Продолжить");
    assert!(talk.screen().contains("[📱 Поделиться контактом]"), "{}", talk.screen());
    assert_eq!(talk.messages_with_buttons(), 0, "the reminder has lost its buttons");
    let mut talk = to_phone();
    talk.wait(HOUR).tap("Не сейчас");
    assert!(talk.keyboard().is_empty(), "it goes with the reminder");
    assert!(talk.screen().starts_with("Хорошо, не тороплю."), "{}", talk.screen());
    talk.tap("Продолжить");
    assert!(!talk.keyboard().is_empty());
}

#[test]
fn a_reminder_waits_for_the_dealer_to_open() {
    let mut talk = left();
    let file = "[hours]\n\"Mon-Fri\" = \"09:00-17:30\"\n[unfinished]\nremind_after_minutes = 20";
    *talk.dealer() = dealer::parse(file).expect("a dealer's file");
    talk.say("много"); // 17:13
    let left_at = talk.now;
    talk.wait_until_due();
    let calendar = talk.rules.dealer.calendar.clone();
    assert_eq!(calendar.local(talk.now).to_string(), "2026-09-22T09:00:00+03:00[Europe/Moscow]");
    assert!(is_reminder(&talk.screen()), "{}", talk.screen());

    // The clock was late, and the dealer has closed meanwhile.
    let mut talk = left();
    *talk.dealer() = dealer::parse(file).expect("a dealer's file");
    talk.dealer().unfinished.remind_after = Some(Duration::from_mins(10));
    talk.say("много");
    assert!(talk.conversation.due_at().is_some_and(|at| at < left_at + 17 * MINUTE), "before it closes");
    talk.wait(HOUR).clock_strikes();
    assert!(!is_reminder(&talk.screen()), "{}", talk.screen());
    talk.wait_until_due();
    assert_eq!(calendar.local(talk.now).to_string(), "2026-09-22T09:00:00+03:00[Europe/Moscow]");
    assert!(is_reminder(&talk.screen()), "{}", talk.screen());
}

#[test]
fn a_late_reminder_is_sent_and_a_very_late_one_dropped() {
    for (late, is_sent) in [(12 * HOUR, true), (12 * HOUR + 1, false)] {
        let mut talk = left();
        talk.wait(20 * MINUTE + late).clock_strikes();
        assert_eq!(is_reminder(&talk.screen()), is_sent, "{late}");
        assert_eq!(talk.conversation.due_at(), None);
    }
}

#[test]
fn who_must_not_be_written_to_gets_no_reminder() {
    let mut talk = left();
    talk.may_write = false;
    talk.wait_until_due();
    assert!(!is_reminder(&talk.screen()));
    assert_eq!(talk.conversation.due_at(), None, "and it is not tried again");
}

#[test]
fn nothing_is_due_without_a_form_to_continue() {
    let mut unwanted = Talk::in_branch("🚗 Продать авто");
    unwanted.say("Kia Rio");
    let mut empty = reminding();
    empty.tap_menu("🚗 Продать авто");
    let mut deleting = left();
    deleting.command(BotCommand::Delete);
    let mut deleted = left();
    deleted.command(BotCommand::Delete).tap("Да, удалить");
    let mut cancelled = left();
    cancelled.tap("🏠 В начало").tap("Да, сбросить");
    for talk in [unwanted, empty, deleting, deleted, cancelled] {
        assert_eq!(talk.conversation.due_at(), None, "{}", talk.screen());
    }
}

#[test]
fn a_reminder_is_a_new_message_and_extends_nothing() {
    let mut talk = left();
    let before = talk.conversation.clone();
    talk.now = before.due_at().expect("the reminder");
    let Verdict::Move { next, request: None, effects } = talk.clock_strikes() else { panic!("a reminder") };
    assert!(matches!(effects[..], [Effect::Show { target: Target::New, .. }, Effect::DropKeyboard { .. }]));
    assert_eq!(next.expires_at(), before.expires_at());
    assert!(next.has_ended(talk.now + 10 * MINUTE));
    assert_eq!(talk.redeliver(), Verdict::Stay(vec![effects_of_redelivery(&talk)]));
}

/// What an update from before the reminder does when it is delivered again.
fn effects_of_redelivery(talk: &Talk) -> Effect {
    let callback_id = format!("press-{}", talk.last_update());
    Effect::AnswerPress { callback_id, text: None, alert: false }
}
