//! Filling in a form: questions, answers, going back.

use insta::assert_snapshot;

use super::talk::Talk;
use crate::{BotCommand, Input, Unsupported};

/// A sale up to the confirmation.
pub(super) fn sale() -> Talk {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Toyota Camry").tap("2019").say("85 тыс").say("1,5 млн").tap("⏭ Пропустить").say("Иван");
    talk.say("8 900 123-45-67").tap("⏭ Пропустить");
    talk
}

#[test]
fn every_prompt_says_which_step_it_is() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 1 из 8*

    Какой автомобиль продаёте? Напишите марку и модель.
    Например: Toyota Camry

    [🏠 В начало]
    ");
    talk.say("Toyota Camry");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 2 из 8*

    Какого года автомобиль?

    [2027] [2026] [2025]
    [2024] [2023] [2022]
    [2021] [2020] [2019]
    [2018] [2017] [Старше]
    [⬅️ Назад] [🏠 В начало]
    ");
}

#[test]
fn a_button_answers_in_place_and_typing_brings_a_new_prompt() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    assert_eq!(talk.messages(), 1, "the menu became the first question");
    talk.say("Kia Rio");
    assert_eq!(talk.messages(), 2);
    talk.tap("до 500 000 ₽").tap("Любой").tap("АКПП");
    assert_eq!(talk.messages(), 2);
    assert_eq!(talk.messages_with_buttons(), 1, "the old prompt has lost its buttons");
    talk.tap("Полный");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 6 из 8*");
    assert_eq!(talk.messages(), 3, "a keyboard that shares a contact comes with a new message only");
    assert_eq!(talk.messages_with_buttons(), 0, "the old prompt has lost its buttons");
}

#[test]
fn going_back_keeps_the_answers_and_shows_them() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio").tap("до 500 000 ₽").tap("⬅️ Назад");
    assert_snapshot!(talk.screen(), @r"
    *Покупка авто · Шаг 2 из 8*

    На какой бюджет рассчитываете?

    Текущее значение: до 500 000 ₽

    [✅ Принять]
    [до 500 000 ₽]
    [500 000 – 1 000 000 ₽]
    [1 000 000 – 2 000 000 ₽]
    [2 000 000 – 3 000 000 ₽]
    [от 3 000 000 ₽]
    [Указать свой]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("⬅️ Назад");
    assert_snapshot!(talk.screen(), @r"
    *Покупка авто · Шаг 1 из 8*

    Какой автомобиль ищете? Напишите марку и модель.
    Например: Kia Sportage

    Текущее значение: Kia Rio

    [✅ Принять]
    [🏠 В начало]
    ");
    talk.tap("✅ Принять").tap("✅ Принять");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 3 из 8*");
}

#[test]
fn other_asks_for_a_typed_answer() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Lada 2107").tap("Старше");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 2 из 8*

    Напишите год выпуска — например, 2012.

    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("давно");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 2 из 8*

    Нужен один год — например, 2019.

    Напишите год выпуска — например, 2012.

    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("⬅️ Назад").tap("Старше").say("1987");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 3 из 8*");
}

#[test]
fn a_step_with_buttons_takes_their_words_and_its_own_typed_answers_too() {
    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.say("для города").tap("Указать свой").say("1,7 млн").say("без разницы").say("седан");
    assert_eq!(talk.header(), "*Подбор авто · Шаг 5 из 7*");
    talk.say_all(&["Анна", "+7 900 123-45-67"]).tap("⏭ Пропустить");
    assert_snapshot!(talk.screen(), @r"
    *Подбор авто · Проверьте заявку*

    *Цель:* Для города
    *Бюджет:* до 1 700 000 ₽
    *Марка или модель:* Без разницы
    *Кузов:* Седан
    *Имя:* Анна
    *Телефон:* +7 900 123-45-67
    *Комментарий:* —

    Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.

    [✅ Отправить]
    [✏️ Изменить] [❌ Отменить]
    ");
}

#[test]
fn a_wrong_value_is_explained_and_asked_again() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Lada Vesta").say("1899");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 2 из 8*

    Год должен быть не раньше 1950. Проверьте, пожалуйста.

    Какого года автомобиль?

    [2027] [2026] [2025]
    [2024] [2023] [2022]
    [2021] [2020] [2019]
    [2018] [2017] [Старше]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.say("2019").say("много");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Шаг 3 из 8*

    Не вижу здесь пробега. Напишите число километров — например, 85 000 или 85 тыс.

    Какой пробег, в километрах?
    Можно так: 85 000 или 85 тыс.

    [⬅️ Назад] [🏠 В начало]
    ");
}

#[test]
fn an_unexpected_message_gets_a_hint() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.input(Input::Unsupported { kind: Unsupported::Voice, album: None, caption: None });
    assert!(talk.screen().contains("Голосовые сообщения я пока не понимаю. Выберите, пожалуйста, вариант кнопкой или"));
    talk.send_photo("a");
    assert!(talk.screen().contains("сейчас вопрос о другом"));
    talk.say("/unknown");
    assert!(talk.screen().contains("Такой команды я не знаю."));
    talk.share("+79001234567");
    assert!(talk.screen().contains("Спасибо за контакт"));
    assert_eq!(talk.header(), "*Юридическая помощь · Шаг 1 из 5*");
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn another_spelling_is_offered_and_never_forced() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("тойота камри");
    assert_snapshot!(talk.screen(), @"
    *Продажа авто · Шаг 2 из 8*

    Вы написали «тойота камри». Записать как Toyota Camry?

    Какого года автомобиль?

    [✏️ Toyota Camry]
    [2027] [2026] [2025]
    [2024] [2023] [2022]
    [2021] [2020] [2019]
    [2018] [2017] [Старше]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("2019").tap("⬅️ Назад").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: тойота камри"));
    talk.say("тойота камри").tap("✏️ Toyota Camry");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 2 из 8*");
    assert!(talk.button("✏️ Toyota Camry").is_none());
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: Toyota Camry"));
}

#[test]
fn punctuation_does_not_make_another_spelling() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("kia <Sportage>");
    assert!(!talk.screen().contains("Записать как"), "{}", talk.screen());
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: kia <Sportage>"));
}

#[test]
fn the_menu_in_the_middle_of_a_dialog_asks_first() {
    for command in [BotCommand::Start, BotCommand::Menu] {
        let mut talk = Talk::in_branch("🚗 Продать авто");
        talk.say("Kia Rio").command(command);
        assert!(talk.screen().starts_with("Прервать заявку «Продажа авто»?"));
        talk.say("2019");
        assert!(talk.screen().starts_with("Здесь, пожалуйста, нажмите одну из кнопок."));
        talk.tap("Нет, продолжить");
        assert_eq!(talk.header(), "*Продажа авто · Шаг 2 из 8*");
        talk.command(command).tap("Да, сбросить");
        assert!(talk.screen().starts_with("Выберите, чем помочь"));
        assert_eq!(talk.messages_with_buttons(), 1);
    }
}

#[test]
fn home_asks_only_when_something_would_be_lost() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.tap("🏠 В начало");
    assert!(talk.screen().starts_with("Выберите, чем помочь"));
    talk.tap("🚗 Продать авто").say("Kia Rio").tap("🏠 В начало");
    assert!(talk.screen().starts_with("Прервать заявку"));
}

#[test]
fn help_in_a_dialog_comes_back_to_it() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio");
    let before = talk.messages();
    talk.command(BotCommand::Help);
    assert!(talk.texts_from(before + 1)[0].starts_with("Я бот автосалона"));
    assert_eq!(talk.header(), "*Продажа авто · Шаг 2 из 8*");
    assert_eq!(talk.messages_with_buttons(), 1);
}

#[test]
fn a_doubtful_vin_is_accepted_with_a_remark() {
    let mut talk = Talk::in_branch("🔧 Проверка авто");
    talk.tap("Комплексная проверка").say("BMW X5").say("WBAFA51010LP00000");
    assert!(talk.screen().contains("контрольный символ VIN не сходится"), "{}", talk.screen());
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    assert!(talk.screen().contains("*VIN или госномер:* WBAFA51010LP00000 (контрольный символ не сходится)"));
}

#[test]
fn a_range_of_years_gives_the_earliest_year_of_a_search_only() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio").tap("до 500 000 ₽").say("2015-2018");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 4 из 8*");
    talk.tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: 2015"), "{}", talk.screen());
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").say("2015-2018");
    assert!(talk.screen().contains("Правильно понял: 2015?"), "{}", talk.screen());
}

#[test]
fn a_spelling_can_be_taken_while_a_year_is_typed() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("тойота камри").tap("Старше");
    assert!(talk.screen().contains("Записать как Toyota Camry?"));
    talk.tap("✏️ Toyota Camry");
    assert!(!talk.screen().contains("Записать как") && talk.screen().contains("Напишите год выпуска"));
    talk.say("1987").tap("⬅️ Назад").tap("⬅️ Назад");
    assert!(talk.screen().contains("Текущее значение: Toyota Camry"), "{}", talk.screen());
}

#[test]
fn the_label_of_a_button_can_be_typed_without_its_emoji() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("назад");
    assert_eq!(talk.header(), "*Покупка авто · Шаг 1 из 8*", "there is nothing to go back to");
    assert!(talk.screen().contains("Здесь нужен ответ текстом"));
    talk.say_all(&["Kia Rio", "до 500 000 ₽", "любой", "акпп", "Полный", "Назад", "Назад"]);
    assert_eq!(talk.header(), "*Покупка авто · Шаг 4 из 8*");
    talk.say_all(&["Принять", "ПРИНЯТЬ"]);
    assert_eq!(talk.header(), "*Покупка авто · Шаг 6 из 8*");
    talk.say_all(&["Иван", "Назад", "принять", "назад"]);
    assert_eq!(talk.header(), "*Покупка авто · Шаг 6 из 8*");
    assert!(talk.screen().contains("Текущее значение: Иван"), "{}", talk.screen());
    talk.say_all(&["Принять", "+79001234567", "Пропустить"]).tap("✅ Отправить");
    assert_eq!(talk.requests[0].customer.name, "Иван");

    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say_all(&["Kia Rio", "в начало"]);
    assert!(talk.screen().contains("Прервать заявку"), "{}", talk.screen());
}

#[test]
fn typing_the_label_of_other_asks_for_the_answer() {
    for (service, before, other, question, answer) in [
        ("⚖️ Юридическая помощь", vec![], "другое", "Напишите коротко, с чем нужна помощь.", "Наследство"),
        ("🎯 Подбор авто", vec![], "Другое", "Расскажите в двух словах", "Для такси"),
        ("🔍 Купить авто", vec!["Kia Rio"], "Указать свой", "Напишите максимальную сумму.", "1,7 млн"),
        ("🚗 Продать авто", vec!["Kia Rio"], "старше", "Напишите год выпуска", "1998"),
    ] {
        let mut talk = Talk::in_branch(service);
        talk.say_all(&before);
        let step = talk.header();
        talk.say_all(&[other, other]);
        assert!(talk.screen().contains(question), "{}", talk.screen());
        assert_eq!(talk.header(), step);
        talk.say(answer);
        assert_ne!(talk.header(), step, "{answer} answers it");
    }
}
