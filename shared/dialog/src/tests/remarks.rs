//! What people type around an answer reaches the manager, and a doubtful answer is confirmed first.

use insta::assert_snapshot;

use super::requests::in_words;
use super::talk::Talk;
use crate::{BotCommand, Input};

/// A sale up to the price.
fn priced() -> Talk {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Toyota Camry").tap("2019").say("150 тыс, не скручен");
    talk
}

#[test]
fn words_around_an_answer_are_shown_and_reach_the_manager() {
    let mut talk = priced();
    talk.say("1 350 000 торг уместен").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 1 350 000 ₽ (торг уместен)"), "{}", talk.screen());
    talk.tap("✅ Принять").tap("⏭ Пропустить").say("Иван").say("89001234567 (WhatsApp)").tap("⏭ Пропустить");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Проверьте заявку*

    *Марка и модель:* Toyota Camry
    *Год выпуска:* 2019
    *Пробег:* 150 000 км (не скручен)
    *Цена:* 1 350 000 ₽ (торг уместен)
    *Фото:* —
    *Имя:* Иван
    *Телефон:* +7 900 123-45-67 (WhatsApp)
    *Комментарий:* —

    Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.

    [✅ Отправить]
    [✏️ Изменить] [❌ Отменить]
    ");
    talk.tap("✅ Отправить");
    assert_snapshot!(in_words(&talk.requests[0]), @r"
    Продажа авто — Toyota Camry — Иван
    Иван +79001234567 42 @ivan
    price Some(1350000), 0 photos
    CAR_BRAND = Toyota
    CAR_MODEL = Camry
    CAR_YEAR = 2019
    MILEAGE = 150 000 км
    Марка и модель: Toyota Camry
    Год выпуска: 2019
    Пробег: 150 000 км (не скручен)
    Цена: 1 350 000 ₽ (торг уместен)
    Имя: Иван
    Телефон: +7 900 123-45-67
    О номере: WhatsApp
    ");
}

#[test]
fn another_answer_takes_the_words_of_the_old_one_away() {
    let mut talk = priced();
    talk.say("1 350 000 торг уместен").tap("⬅️ Назад").say("1,3 млн").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 1 300 000 ₽\n"), "{}", talk.screen());
    talk.say("1 350 000 торг уместен").tap("⬅️ Назад").tap("На ваше усмотрение").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: На ваше усмотрение\n"), "{}", talk.screen());
}

#[test]
fn a_mileage_that_may_be_thousands_is_confirmed() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Lada Vesta").tap("2024").say("150");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 3 из 8*

    Правильно понял: 150 км? Если это тысячи, напишите «150 тыс».

    [✅ Да]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("✅ Да");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 150 км\n"), "{}", talk.screen());
    talk.say("150").say("150 тыс").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 150 000 км\n"), "{}", talk.screen());
}

#[test]
fn a_price_without_its_thousands_is_confirmed() {
    for (typed, understood) in [("900", "900 000 ₽"), ("1.350", "1 350 000 ₽"), ("1,2 млн или 1,3 млн", "1 200 000 ₽")]
    {
        let mut talk = priced();
        talk.say(typed);
        assert!(talk.screen().contains(&format!("Правильно понял: {understood}?")), "{}", talk.screen());
        assert!(talk.button("На ваше усмотрение").is_some(), "the other ways to answer stay");
        talk.tap("✅ Да").tap("⬅️ Назад");
        assert!(talk.screen().contains(&format!("Текущее значение: {understood}")), "{}", talk.screen());
    }
}

#[test]
fn a_doubtful_answer_is_not_taken_before_it_is_confirmed() {
    let mut talk = priced();
    talk.say("1,5 млн").tap("⬅️ Назад").say("900").tap("⬅️ Назад").tap("✅ Принять");
    assert!(talk.screen().contains("Текущее значение: 1 500 000 ₽"), "{}", talk.screen());
    talk.say("900").say("нет");
    assert!(talk.screen().contains("За какую сумму хотите продать?"), "{}", talk.screen());
    assert!(talk.button("✅ Да").is_none(), "«нет» is heard");
    talk.say("900").command(BotCommand::Menu).tap("Нет, продолжить").say("да");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 5 из 8*");
}

#[test]
fn a_year_typed_instead_of_a_button_is_confirmed() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Lada Vesta").tap("Старше").say("2008 или 2009");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 2 из 8*

    Правильно понял: 2008? Если нет, напишите ещё раз.

    [✅ Да]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("⬅️ Назад").tap("Старше");
    assert!(talk.screen().contains("Напишите год выпуска"), "{}", talk.screen());
    talk.say("2008 или 2009").tap("✅ Да").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 2008 (2008 или 2009)"), "{}", talk.screen());
}

#[test]
fn a_guessed_number_is_confirmed_and_marked_as_foreign() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван").say("8 (029) 123-45-67");
    assert_snapshot!(talk.screen(), @r"
    *Юридическая помощь · Шаг 4 из 5*

    Правильно понял: +375 29 123-45-67? Если нет, напишите ещё раз.

    (keyboard)
    [✅ Да]
    [📱 Поделиться контактом]
    [⬅️ Назад] [🏠 В начало]
    ");
    let before = talk.messages();
    talk.tap("✅ Да").say("✅ Да");
    assert_eq!(talk.texts_from(before + 1)[0], "Принято: +375 29 123-45-67");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*", "a second press is not a comment");
    talk.tap("⏭ Пропустить").tap("✅ Отправить");
    let request = in_words(&talk.requests[0]);
    assert!(request.contains("Телефон: +375 29 123-45-67\nО номере: номер другой страны (BY)"), "{request}");
}

#[test]
fn the_own_contact_has_its_country_even_without_a_plus() {
    for (is_own, e164) in [(true, "+84957853149"), (false, "+74957853149")] {
        let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
        talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван");
        talk.input(Input::Contact { phone: "84957853149".into(), is_own }).tap("⏭ Пропустить").tap("✅ Отправить");
        assert_eq!(talk.requests[0].customer.phone, e164);
    }
}

#[test]
fn an_edit_of_a_doubtful_answer_is_read_again() {
    let mut talk = priced();
    let price = talk.say("900").last_update();
    talk.edit(price, "900 тыс");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 5 из 8*");
    talk.edit(price, "950");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*", "the question comes back");
    assert!(talk.screen().contains("Правильно понял: 950 000 ₽?"), "{}", talk.screen());
    talk.tap("✅ Да").edit(price, "960 тыс, торг");
    assert!(talk.screen().contains("Исправлено. Цена: 960 000 ₽ (торг)"), "{}", talk.screen());
}

#[test]
fn an_edit_at_the_end_that_is_doubtful_comes_back_to_the_confirmation() {
    let mut talk = Talk::in_branch("🔧 Проверка авто");
    talk.tap("Комплексная проверка").say("BMW X5").tap("⏭ Пропустить").say_all(&["Иван", "+79001234567"]);
    talk.tap("⏭ Пропустить").tap("✏️ Изменить").tap("Телефон");
    let phone = talk.say("8 911 000-11-22").last_update();
    talk.edit(phone, "8 (029) 123-45-67").tap("✅ Да");
    assert_eq!(talk.header(), "*Проверка авто · Проверьте заявку*");
    assert!(talk.screen().contains("*Телефон:* +375 29 123-45-67\n"), "{}", talk.screen());
}

#[test]
fn words_around_an_answer_count_as_text() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Другое").say(&"ж".repeat(1000)).say(&"👍".repeat(970)).say("Иван");
    talk.say(&format!("89001234567 {}", "вечером ".repeat(60)));
    assert!(talk.screen().contains("получается слишком длинно"), "{}", talk.screen());
    talk.say("89001234567");
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 5 из 5*");
}
