//! The questions for the name and the phone; the first one takes both at once.

use insta::assert_snapshot;
use lead::PhoneSource;

use super::filling::sale;
use super::short::{SELL, sells_a_camry};
use super::talk::Talk;
use crate::{Conversation, Input, Profile};

/// A form from the menu up to the name, which is the third of five questions.
fn at_name(mut talk: Talk) -> Talk {
    talk.tap_menu("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис");
    talk
}

/// A customer of an earlier request, whose session is gone.
pub(super) fn known() -> Talk {
    let mut talk = Talk::new();
    talk.conversation = Conversation::begin(Profile::new(Some("Мария"), Some("+79165554433"), PhoneSource::OwnContact));
    talk
}

#[test]
fn the_name_is_asked_with_the_contact_and_the_first_name() {
    let mut talk = at_name(Talk::new());
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 3 из 5*

    Как к вам обращаться? Напишите имя или нажмите «📱 Поделиться контактом»: имя и номер возьму оттуда.

    (keyboard)
    [📱 Поделиться контактом]
    [Иван]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("Иван");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
    let mut talk = at_name(Talk::new());
    talk.say("Пётр");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
}

#[test]
fn the_own_contact_gives_name_and_number() {
    let mut talk = at_name(Talk::new());
    let before = talk.messages();
    talk.share("79001234567");
    assert_eq!(talk.texts_from(before + 1)[0], "Принято: +7 900 123-45-67");
    assert!(talk.keyboard().is_empty());
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*", "the number is not asked any more");
    talk.tap("⏭ Пропустить").tap("✅ Отправить");
    let customer = &talk.requests[0].customer;
    assert_eq!((customer.name.as_str(), customer.phone.as_str()), ("Иван", "+79001234567"));
    assert_eq!(customer.phone_source, PhoneSource::OwnContact);
}

#[test]
fn back_leads_to_the_number_and_the_name_that_were_shared() {
    let mut talk = at_name(Talk::new());
    talk.share("79001234567").tap("⬅️ Назад");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
    assert!(talk.screen().contains("Текущее значение: +7 900 123-45-67"), "{}", talk.screen());
    talk.tap("⬅️ Назад");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 3 из 5*

    Как к вам обращаться?

    Текущее значение: Иван

    [✅ Принять]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("Пётр");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
}

#[test]
fn a_name_is_changed_without_another_number() {
    let mut talk = sale();
    talk.tap("✏️ Изменить").tap("Имя");
    assert!(talk.keyboard().is_empty(), "the number is known");
    talk.say("Пётр");
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    // A customer who shares a contact in spite of that means it.
    talk.tap("✏️ Изменить").tap("Имя").share("79110001122").tap("✅ Отправить");
    let customer = &talk.requests[0].customer;
    assert_eq!((customer.name.as_str(), customer.phone.as_str()), ("Иван", "+79110001122"));
}

#[test]
fn a_known_name_and_number_are_offered_and_never_forced() {
    let mut talk = known();
    talk.say("продаю").understand(sells_a_camry()).tap(SELL).tap("✅ Принять всё (4)");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 6 из 8*

    Мария, +7 916 555-44-33 — верно?

    [✅ Да]
    [✏️ Другие имя и номер]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("✏️ Другие имя и номер");
    assert!(talk.screen().contains("Как к вам обращаться?"), "{}", talk.screen());
    talk.say_all(&["Пётр", "8 911 000-11-22"]).tap("✅ Отправить");
    assert_eq!(talk.requests[0].customer.name, "Пётр");
    // The next request offers what was given last.
    talk.tap("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис");
    assert!(talk.screen().contains("Пётр, +7 911 000-11-22 — верно?"), "{}", talk.screen());
    talk.say("Мария");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*", "another name asks for another number");
}

#[test]
fn somebody_elses_contact_gives_the_number_only() {
    let mut talk = at_name(Talk::new());
    let before = talk.messages();
    talk.input(Input::Contact { phone: "79110001122".into(), is_own: false });
    assert_eq!(talk.texts_from(before + 1)[0], "Принято: +7 911 000-11-22");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 3 из 5*

    Как к вам обращаться?

    [Иван]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("Иван").tap("⏭ Пропустить").tap("✅ Отправить");
    assert_eq!(talk.requests[0].customer.phone_source, PhoneSource::OtherContact);
}

#[test]
fn a_profile_that_was_deleted_is_not_offered() {
    let mut talk = sale();
    talk.tap("✅ Отправить").command(crate::BotCommand::Delete).tap("Да, удалить").command(crate::BotCommand::Start);
    talk.tap("⚖️ Юридическая помощь").tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис");
    assert!(talk.screen().contains("Как к вам обращаться?"), "{}", talk.screen());
}

#[test]
fn a_phone_is_typed_or_shared() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 4 из 5*

    По какому номеру вам позвонить? Нажмите «📱 Поделиться контактом» или напишите номер.

    (keyboard)
    [📱 Поделиться контактом]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("позвоните");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 4 из 5*

    Не похоже на номер телефона. Напишите его целиком — например, +7 900 123-45-67.

    По какому номеру вам позвонить? Нажмите «📱 Поделиться контактом» или напишите номер.

    (keyboard)
    [📱 Поделиться контактом]
    [⬅️ Назад] [🏠 В начало]
    ");
    let before = talk.messages();
    talk.share("79001234567");
    assert_eq!(talk.texts_from(before + 1)[0], "Принято: +7 900 123-45-67");
    assert!(talk.keyboard().is_empty());
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
    talk.tap("⬅️ Назад");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 4 из 5*

    По какому номеру вам позвонить? Нажмите «📱 Поделиться контактом» или напишите номер.

    Текущее значение: +7 900 123-45-67

    (keyboard)
    [✅ Принять]
    [📱 Поделиться контактом]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("✅ Принять");
    assert!(talk.keyboard().is_empty());
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
}

#[test]
fn the_keyboard_of_the_phone_step_leads_back_and_home_too() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван");
    talk.tap("⬅️ Назад");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 3 из 5*

    Как к вам обращаться? Напишите имя или нажмите «📱 Поделиться контактом»: имя и номер возьму оттуда.

    Текущее значение: Иван

    (keyboard)
    [✅ Принять]
    [📱 Поделиться контактом]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("✅ Принять").tap("🏠 В начало");
    assert!(talk.keyboard().is_empty());
    assert_snapshot!(talk.screen(), @r"
    Прервать заявку «Юридическая помощь»? Ваши ответы в ней пропадут.

    [Да, сбросить]
    [Нет, продолжить]
    ");
    talk.tap("Нет, продолжить");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 4 из 5*");
    assert!(!talk.keyboard().is_empty());
    assert_eq!(talk.messages_with_buttons(), 0, "the question has lost its buttons");
}
