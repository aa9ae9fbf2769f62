//! Conversations that earlier versions have stored are read and go on. The files are their real items; never change
//! them.

use lead::PhoneSource;

use super::requests::in_words;
use super::talk::Talk;

#[test]
fn a_spelling_offered_before_an_update_can_still_be_taken() {
    let finish = |talk: &mut Talk| {
        talk.tap("2019").say_all(&["85 тыс", "1,5 млн"]).tap("⏭ Пропустить").say_all(&["Иван", "+79001234567"]);
        talk.tap("⏭ Пропустить").tap("✅ Отправить");
        in_words(&talk.requests[0])
    };
    let offered = || Talk::resumed(include_str!("stored/sell-spelling-offered.json"));
    let mut talk = offered();
    assert!(talk.screen().contains("Вы написали «тойота камри». Записать как Toyota Camry?"), "{}", talk.screen());
    talk.tap("✏️ Toyota Camry");
    let taken = finish(&mut talk);
    assert!(taken.contains("Продажа авто — Toyota Camry — Иван"), "{taken}");
    let ignored = finish(&mut offered());
    assert!(ignored.contains("Продажа авто — тойота камри — Иван"), "{ignored}");
    for request in [taken, ignored] {
        assert!(request.contains("CAR_BRAND = Toyota\nCAR_MODEL = Camry\nCAR_YEAR = 2019"), "{request}");
    }
}

#[test]
fn a_sale_at_the_confirmation_is_sent() {
    let mut talk = Talk::resumed(include_str!("stored/sell-confirmation.json"));
    assert!(talk.screen().contains("*Марка и модель:* Toyota Camry\n*Год выпуска:* 2019"), "{}", talk.screen());
    talk.tap("✅ Отправить");
    insta::assert_snapshot!(in_words(&talk.requests[0]), @r"
    Продажа авто — Toyota Camry — Иван
    Иван +79001234567 42 @ivan
    price Some(1500000), 0 photos
    CAR_BRAND = Toyota
    CAR_MODEL = Camry
    CAR_YEAR = 2019
    MILEAGE = 85 000 км
    Марка и модель: Toyota Camry
    Год выпуска: 2019
    Пробег: 85 000 км
    Цена: 1 500 000 ₽
    Имя: Иван
    Телефон: +7 900 123-45-67
    ");
    assert_eq!(talk.requests[0].customer.phone_source, PhoneSource::Typed, "where it came from was not stored");
}

#[test]
fn photos_and_captions_are_kept() {
    let mut talk = Talk::resumed(include_str!("stored/sell-photos.json"));
    talk.tap("✅ Готово").say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить").tap("✅ Отправить");
    let request = &talk.requests[0];
    assert_eq!((request.photos.len(), request.price), (3, None));
    assert!(in_words(request).contains("Фото: 3 фото\nПодпись к фото: Скол на бампере"), "{}", in_words(request));
}

#[test]
fn chosen_answers_are_kept() {
    let mut talk = Talk::resumed(include_str!("stored/find-comment.json"));
    talk.tap("⏭ Пропустить").tap("✅ Отправить");
    insta::assert_snapshot!(in_words(&talk.requests[0]), @r"
    Подбор авто — Для города — Анна
    Анна +79001234567 42 @ivan
    price Some(1700000), 0 photos
    BUDGET = до 1 700 000 ₽
    BODY_TYPE = Седан
    Цель: Для города
    Бюджет: до 1 700 000 ₽
    Марка или модель: Без разницы
    Кузов: Седан
    Имя: Анна
    Телефон: +7 900 123-45-67
    ");
}

#[test]
fn an_answer_starts_its_dialog_with_what_was_understood() {
    let mut talk = Talk::resumed(include_str!("stored/answer-with-facts.json"));
    talk.tap("🚗 Продать авто");
    assert!(talk.screen().contains("Текущее значение: Toyota Camry"), "{}", talk.screen());
    talk.tap("✅ Принять всё (4)");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
}

#[test]
fn a_form_left_half_way_is_continued() {
    let mut talk = Talk::resumed(include_str!("stored/legal-half-way.json"));
    talk.now = 1_790_600_000;
    let id = "01JD0000000000000000000102".parse().expect("an id");
    assert!(talk.conversation.has_stored_lead(id));
    assert!(talk.conversation.profile().choices().reminders_off && talk.conversation.due_at().is_none());
    talk.tap("Продолжить").tap("⏭ Пропустить").tap("✅ Отправить");
    assert_eq!((talk.requests[0].id, &talk.requests[0].unfinished), (id, &None));
}

#[test]
fn limits_go_on() {
    let mut talk = Talk::resumed(include_str!("stored/flooded.json"));
    talk.now = 1_790_000_024;
    talk.say("ещё вопрос");
    assert!(talk.questions.is_empty(), "ten were asked in this minute, and the warning was sent");
    talk.now = 1_790_000_063;
    talk.say("вопрос через минуту");
    assert_eq!(talk.questions.len(), 1);
}
