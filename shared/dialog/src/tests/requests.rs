//! What each questionnaire hands to the manager.

use insta::assert_snapshot;
use lead::{PhoneSource, Request};

use super::filling::sale;
use super::talk::Talk;
use crate::Input;

fn sent(talk: &mut Talk) -> String {
    talk.tap("✅ Отправить");
    let request = talk.requests.pop().expect("a request");
    assert_eq!(request.created_at, talk.now);
    in_words(&request)
}

pub(super) fn in_words(request: &Request) -> String {
    let customer = &request.customer;
    let username = customer.username.as_deref().unwrap_or_default();
    let mut lines = vec![
        request.deal_name(),
        format!("{} {} {} @{username}", customer.name, customer.phone, customer.chat_id),
        format!("price {:?}, {} photos", request.price, request.photos.len()),
    ];
    lines.extend(request.fields.iter().map(|(field, value)| format!("{} = {}", field.code(), value.text())));
    lines.extend(request.answers.iter().map(|line| format!("{}: {}", line.question, line.answer)));
    lines.join("\n").replace('\u{a0}', " ")
}

#[test]
fn a_sale() {
    assert_snapshot!(sent(&mut sale()), @r"
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
}

#[test]
fn a_sale_without_a_price_has_none() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("BMW X5").tap("2027").say("0").tap("На ваше усмотрение").send_photo("a").tap("✅ Готово");
    talk.say_all(&["Иван", "+79001234567", "Срочно"]).tap("✅ Отправить");
    let request = &talk.requests[0];
    assert_eq!((request.price, request.photos.len()), (None, 1));
    assert_eq!(request.photos[0].file_id, "file-a");
    assert_eq!(request.answers.last().map(|line| line.answer.as_str()), Some("Срочно"));
}

#[test]
fn a_purchase() {
    let mut talk = Talk::in_branch("🔍 Купить авто");
    talk.say("Kia Sportage").tap("1 000 000 – 2 000 000 ₽").tap("Любой").tap("АКПП").tap("Полный");
    talk.say_all(&["Анна", "89110001122", "Белая"]);
    assert_snapshot!(sent(&mut talk), @r"
    Покупка авто — Kia Sportage — Анна
    Анна +79110001122 42 @ivan
    price Some(2000000), 0 photos
    CAR_BRAND = Kia
    CAR_MODEL = Sportage
    CAR_YEAR = Любой
    BUDGET = 1 000 000 – 2 000 000 ₽
    TRANSMISSION = АКПП
    DRIVE_TYPE = Полный
    Марка и модель: Kia Sportage
    Бюджет: 1 000 000 – 2 000 000 ₽
    Год от: Любой
    Коробка передач: АКПП
    Привод: Полный
    Имя: Анна
    Телефон: +7 911 000-11-22
    Пожелания: Белая
    ");
}

#[test]
fn a_budget_without_an_upper_bound_counts_from_below() {
    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.tap("Для семьи").tap("от 3 000 000 ₽").tap("Без разницы").tap("Любой");
    talk.say_all(&["Анна", "89110001122"]).tap("⏭ Пропустить");
    assert_snapshot!(sent(&mut talk), @r"
    Подбор авто — Для семьи — Анна
    Анна +79110001122 42 @ivan
    price Some(3000000), 0 photos
    BUDGET = от 3 000 000 ₽
    BODY_TYPE = Любой
    Цель: Для семьи
    Бюджет: от 3 000 000 ₽
    Марка или модель: Без разницы
    Кузов: Любой
    Имя: Анна
    Телефон: +7 911 000-11-22
    ");
}

#[test]
fn a_search_with_a_favourite_make_and_an_own_budget() {
    let mut talk = Talk::in_branch("🎯 Подбор авто");
    talk.tap("Другое").say("Для охоты").tap("Указать свой").say("до 2,5 млн").say("Haval").tap("Внедорожник");
    talk.say_all(&["Анна", "89110001122"]).tap("⏭ Пропустить");
    assert_snapshot!(sent(&mut talk), @r"
    Подбор авто — Haval — Анна
    Анна +79110001122 42 @ivan
    price Some(2500000), 0 photos
    CAR_BRAND = Haval
    BUDGET = до 2 500 000 ₽
    BODY_TYPE = Внедорожник
    Цель: Для охоты
    Бюджет: до 2 500 000 ₽
    Марка или модель: Haval
    Кузов: Внедорожник
    Имя: Анна
    Телефон: +7 911 000-11-22
    ");
}

#[test]
fn a_check() {
    let mut talk = Talk::in_branch("🔧 Проверка авто");
    talk.tap("Юридическая проверка").say("Skoda Octavia").say("a123bc 77");
    talk.say_all(&["Пётр", "+375291234567"]).tap("⏭ Пропустить");
    assert_snapshot!(sent(&mut talk), @r"
    Проверка авто — Skoda Octavia — Пётр
    Пётр +375291234567 42 @ivan
    price None, 0 photos
    CAR_BRAND = Skoda
    CAR_MODEL = Octavia
    VIN_NUMBER = А123ВС77
    CHECK_TYPE = Юридическая проверка
    Вид проверки: Юридическая проверка
    Марка и модель: Skoda Octavia
    VIN или госномер: А123ВС77
    Имя: Пётр
    Телефон: +375 29 123-45-67
    О номере: номер другой страны (BY)
    ");
}

#[test]
fn legal_help() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    talk.tap("Возврат авто / спор с продавцом").say("Продавец скрутил пробег");
    talk.say_all(&["Пётр", "+79001234567", "После 18:00"]);
    assert_snapshot!(sent(&mut talk), @r"
    Юридическая помощь — Возврат авто / спор с продавцом — Пётр
    Пётр +79001234567 42 @ivan
    price None, 0 photos
    Вопрос: Возврат авто / спор с продавцом
    Ситуация: Продавец скрутил пробег
    Имя: Пётр
    Телефон: +7 900 123-45-67
    Комментарий: После 18:00
    ");
}

#[test]
fn the_number_shown_is_that_of_the_request() {
    let mut talk = sale();
    talk.tap("✅ Отправить");
    let number = talk.requests[0].id.request_number();
    assert!(talk.screen().contains(&format!("Номер заявки: {number}")), "{}", talk.screen());
}

#[test]
fn the_id_is_fixed_when_the_dialog_starts() {
    let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
    let id = talk.conversation.form().expect("a form").id;
    talk.tap("Страхование (ОСАГО / КАСКО)").say_all(&["Полис", "Пётр", "+79001234567"]).tap("⏭ Пропустить");
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests[0].id, id);
}

#[test]
fn a_request_says_where_its_number_came_from() {
    let contact = |is_own| Input::Contact { phone: "79001234567".into(), is_own };
    for (input, source) in [
        (Input::Text("8 900 123-45-67".into()), PhoneSource::Typed),
        (contact(true), PhoneSource::OwnContact),
        (contact(false), PhoneSource::OtherContact),
    ] {
        let mut talk = Talk::in_branch("⚖️ Юридическая помощь");
        talk.tap("Страхование (ОСАГО / КАСКО)").say("Нужен полис").say("Иван").input(input);
        talk.tap("⏭ Пропустить").tap("✅ Отправить");
        let customer = &talk.requests[0].customer;
        assert_eq!((customer.phone.as_str(), customer.phone_source), ("+79001234567", source));
    }
    let mut talk = sale();
    talk.tap("✏️ Изменить").tap("Телефон").share("79110001122").tap("✅ Отправить");
    assert_eq!(talk.requests[0].customer.phone_source, PhoneSource::OwnContact, "the number given last");
}

#[test]
fn a_car_typed_in_russian_reaches_the_fields_as_in_the_catalogue() {
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say("тойота камри").tap("2019").say("85 тыс").tap("На ваше усмотрение").tap("⏭ Пропустить");
    talk.say_all(&["Иван", "+79001234567"]).tap("⏭ Пропустить");
    let request = sent(&mut talk);
    assert!(request.contains("CAR_BRAND = Toyota\nCAR_MODEL = Camry\n"), "{request}");
    assert!(request.contains("Марка и модель: тойота камри\n"), "{request}");
}

#[test]
fn a_long_story_about_a_car_is_kept_whole_beside_a_full_comment() {
    let story = format!("тойота камри {}", "ы".repeat(987));
    let mut talk = Talk::in_branch("🚗 Продать авто");
    talk.say(&story).tap("2019").say("85 тыс").tap("На ваше усмотрение").tap("⏭ Пропустить");
    talk.say_all(&["Иван", "+79001234567"]).say(&"й".repeat(900)).tap("✅ Отправить");
    assert_eq!(talk.requests[0].answers[0].answer, story);
}
