//! Messages that are one usual phrase.

use super::person::with_topics;
use super::talk::Talk;

#[test]
fn courtesies_get_a_courteous_reply_and_cost_no_question() {
    let mut talk = Talk::new();
    for (said, reply) in [
        ("Добрый день!", "Здравствуйте! 👋 Я помощник автосалона"),
        ("спасибо большое", "Пожалуйста! Если понадобится что-то ещё"),
        ("ок, жду звонка", "Я на связи: если понадобится что-то ещё"),
        ("ты бот?", "Я бот автосалона: принимаю заявки"),
    ] {
        talk.say(said);
        assert!(talk.screen().starts_with(reply), "{said}: {}", talk.screen());
        assert!(talk.button("🚗 Продать авто").is_some(), "the menu is there");
    }
    assert!(talk.questions.is_empty(), "no model is asked");
}

#[test]
fn who_wants_to_be_called_back_is_asked_for_name_and_phone() {
    let mut talk = Talk::new();
    talk.say("Перезвоните мне, пожалуйста");
    assert_eq!(talk.header(), "*Вопрос менеджеру · Шаг 1 из 2*");
}

#[test]
fn a_person_is_called_in_words_too() {
    let mut talk = with_topics(Talk::new());
    talk.say("Позовите менеджера");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    assert!(talk.relayed[0].words().starts_with("👤 Клиент зовёт человека."));

    let mut talk = with_topics(Talk::in_branch("🚗 Продать авто"));
    talk.say("хочу поговорить с живым человеком");
    assert!(talk.screen().starts_with("Зову менеджера."), "{}", talk.screen());
    assert!(talk.relayed[0].words().contains("Заявка «Продажа авто» не закончена"));
}

#[test]
fn nothing_to_add_skips_an_optional_question() {
    let mut talk = Talk::in_branch("🔧 Проверка авто");
    talk.tap("Комплексная проверка").say("Kia Rio").say("не знаю");
    assert_eq!(talk.header(), "*Проверка авто · Шаг 4 из 6*");
    talk.say("Иван").say("+79001234567").say("нет, спасибо");
    assert!(talk.screen().contains("*VIN или госномер:* —"), "{}", talk.screen());
    assert!(talk.screen().contains("*Комментарий:* —"), "{}", talk.screen());
}

#[test]
fn who_has_no_photos_says_so() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio").say("2019").say("85 тыс").say("900 тыс").say("нет фото");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
}

#[test]
fn a_choice_may_be_typed_in_other_words() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio").say("до миллиона").say("не важно").say("коробка автомат").say("хочу полный привод");
    talk.say("Иван").say("+79001234567").say("-");
    for answer in ["*Год от:* Любой", "*Коробка передач:* АКПП", "*Привод:* Полный", "*Пожелания:* —"]
    {
        assert!(talk.screen().contains(answer), "{answer}: {}", talk.screen());
    }
}

#[test]
fn words_that_mean_two_choices_mean_none() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Rio").say("до миллиона").say("2019").say("автомат или вариатор");
    assert!(talk.screen().contains("выберите, пожалуйста, один из вариантов кнопкой"), "{}", talk.screen());
    talk.say("только не робот");
    assert!(talk.screen().contains("выберите, пожалуйста, один из вариантов кнопкой"), "{}", talk.screen());
}

#[test]
fn who_does_not_know_leaves_the_choice_to_others() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("Kia Rio")
        .say("2019")
        .say("85 тыс")
        .say("не знаю")
        .say("потом")
        .say("Иван")
        .say("+79001234567")
        .say("нет");
    assert!(talk.screen().contains("*Цена:* На ваше усмотрение"), "{}", talk.screen());
    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.tap("Для семьи").tap("до 500 000 ₽").say("нет").say("паркетник");
    talk.say("Иван").say("+79001234567").say("нет");
    for answer in ["*Марка или модель:* Без разницы", "*Кузов:* Кроссовер"] {
        assert!(talk.screen().contains(answer), "{answer}: {}", talk.screen());
    }
}

#[test]
fn a_text_without_letters_and_digits_is_not_a_car_and_neither_is_a_phrase() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    for typed in ["⬅️", "не знаю", "Здравствуйте!"] {
        talk.say(typed);
        assert!(talk.screen().contains("Не вижу здесь марки и модели."), "{typed}: {}", talk.screen());
    }
}

#[test]
fn a_phrase_is_not_a_name() {
    let mut talk = Talk::in_branch("🔧 Проверка авто");
    talk.tap("Комплексная проверка").say("Kia Rio").say("нет");
    for typed in ["не хочу", "привет"] {
        talk.say(typed);
        assert!(talk.screen().contains("Не вижу здесь имени."), "{typed}: {}", talk.screen());
    }
}
