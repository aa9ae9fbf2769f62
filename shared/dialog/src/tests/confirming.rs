//! The confirmation: what it shows, changing an answer, sending, cancelling.

use insta::assert_snapshot;

use super::filling::sale;

#[test]
fn the_confirmation_shows_every_answer() {
    let mut talk = sale();
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Проверьте заявку*

    *Марка и модель:* Toyota Camry
    *Год выпуска:* 2019
    *Пробег:* 85 000 км
    *Цена:* 1 500 000 ₽
    *Фото:* —
    *Имя:* Иван
    *Телефон:* +7 900 123-45-67
    *Комментарий:* —

    Нажимая «✅ Отправить», вы соглашаетесь на обработку персональных данных.

    [✅ Отправить]
    [✏️ Изменить] [❌ Отменить]
    ");
    talk.say("а можно дороже?");
    assert!(talk.screen().contains("Сообщения здесь ничего не меняют"));
    assert!(talk.screen().contains("1 500 000 ₽"));
}

#[test]
fn the_confirmation_links_the_policy_if_there_is_one() {
    let mut talk = sale();
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    talk.tap("✏️ Изменить").tap("✅ Согласен").tap("⬅️ Назад");
    let consent = "Вы согласились на обработку персональных данных <https://dealer.example/privacy>.";
    assert!(talk.screen().contains(consent), "{}", talk.screen());
}

#[test]
fn one_answer_is_changed_and_the_confirmation_is_back() {
    let mut talk = sale();
    talk.tap("✏️ Изменить");
    assert_snapshot!(talk.screen(), @r"
    *Продажа авто · Что изменить?*

    [Марка и модель] [Год выпуска]
    [Пробег] [Цена]
    [Фото] [Имя]
    [Телефон] [Комментарий]
    [⬅️ Назад] [🏠 В начало]
    ");
    talk.tap("Год выпуска").tap("2021");
    assert!(talk.screen().contains("*Год выпуска:* 2021"));
    talk.tap("✏️ Изменить").tap("Комментарий").say("Торг <b>возможен</b> & _сразу_");
    assert!(talk.screen().contains("*Комментарий:* Торг <b>возможен</b> & _сразу_"));
    talk.tap("✏️ Изменить").tap("Телефон").tap("⬅️ Назад").tap("⬅️ Назад");
    assert_eq!(talk.header(), "*Продажа авто · Проверьте заявку*");
    talk.tap("✏️ Изменить").tap("Телефон").say("+7 911 000-11-22");
    assert!(talk.screen().contains("+7 911 000-11-22"));
    assert!(talk.requests.is_empty());
}

#[test]
fn a_request_is_sent_once_however_often_the_button_is_pressed() {
    let mut talk = sale();
    let (message_id, data) = talk.button("✅ Отправить").expect("it is there");
    talk.press(message_id, &data).press(message_id, &data);
    assert_eq!(talk.requests.len(), 1);
    assert_eq!(talk.popups, ["! Кнопка больше не активна"]);
    assert_snapshot!(talk.screen(), @r"
    Спасибо! Заявка отправлена. 🎉
    Номер заявки: 0000-0102

    Менеджер скоро с вами свяжется. А пока могу помочь чем-нибудь ещё.

    [🚗 Продать авто] [🔍 Купить авто]
    [🎯 Подбор авто] [🔧 Проверка авто]
    [⚖️ Юридическая помощь] [💬 Задать вопрос]
    ");
    talk.press(message_id, &data);
    assert_eq!(talk.requests.len(), 1);
}

#[test]
fn a_request_is_cancelled_with_one_tap() {
    let mut talk = sale();
    let before = talk.messages();
    talk.tap("❌ Отменить");
    assert!(talk.screen().starts_with("Заявка отменена"));
    assert_eq!(talk.messages(), before, "in place");
    assert!(talk.requests.is_empty());
}
