//! The short way: from one good sentence to a request in four presses, with nothing typed.

use insta::assert_snapshot;
use lead::PhoneSource;

use super::contact::known;
use super::talk::{Talk, answer, photo};
use crate::{AiAnswer, Entities, Intent};

pub(super) const SELL: &str = "🚗 Продать авто";
const MAX_PRESSES: usize = 4;

pub(super) fn sells_a_camry() -> AiAnswer {
    let entities = Entities {
        make: Some("Toyota".into()),
        model: Some("Camry".into()),
        year: Some(2019),
        roubles: Some(1_500_000),
        km: Some(85_000),
    };
    AiAnswer { entities, ..answer(Intent::Sell, 0.92, "Оформим заявку на продажу?") }
}

/// Says the sentence, then presses these buttons until the request is sent. Sharing the contact is a press too.
fn presses(talk: &mut Talk, buttons: &[&str]) -> usize {
    talk.say("продаю камри 2019, 85 тыс, хочу полтора").understand(sells_a_camry());
    for button in buttons {
        match *button {
            "📱 Поделиться контактом" => {
                assert!(talk.keyboard().iter().flatten().any(|key| key.text == *button), "{}", talk.screen());
                talk.share("79001234567");
            }
            button => drop(talk.tap(button)),
        }
    }
    assert!(talk.screen().starts_with("Спасибо! Заявка отправлена."), "{}", talk.screen());
    buttons.len()
}

#[test]
fn a_new_customer_needs_four_presses() {
    let mut talk = Talk::new();
    let buttons = [SELL, "✅ Принять всё (4)", "📱 Поделиться контактом", "✅ Отправить"];
    assert!(presses(&mut talk, &buttons) <= MAX_PRESSES);
    let customer = &talk.requests[0].customer;
    assert_eq!((customer.name.as_str(), customer.phone.as_str()), ("Иван", "+79001234567"));
    assert_eq!(customer.phone_source, PhoneSource::OwnContact);
}

#[test]
fn a_known_customer_needs_four_presses() {
    let mut talk = known();
    assert!(presses(&mut talk, &[SELL, "✅ Принять всё (4)", "✅ Да", "✅ Отправить"]) <= MAX_PRESSES);
    let customer = &talk.requests[0].customer;
    assert_eq!((customer.name.as_str(), customer.phone.as_str()), ("Мария", "+79165554433"));
    assert_eq!(customer.phone_source, PhoneSource::OwnContact, "Telegram confirmed it then");
}

#[test]
fn with_a_policy_it_takes_one_press_more_once() {
    let mut talk = Talk::new();
    talk.rules.privacy_policy_url = Some("https://dealer.example/privacy".to_owned());
    let buttons = [SELL, "✅ Принять всё (4)", "✅ Согласен", "📱 Поделиться контактом", "✅ Отправить"];
    assert!(presses(&mut talk, &buttons) <= MAX_PRESSES + 1);
    assert!(presses(&mut talk, &[SELL, "✅ Принять всё (4)", "✅ Да", "✅ Отправить"]) <= MAX_PRESSES);
}

#[test]
fn back_passes_what_was_not_asked() {
    let mut talk = Talk::new();
    talk.say("продаю").understand(sells_a_camry()).tap(SELL).tap("✅ Принять всё (4)");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 6 из 8*");
    talk.tap("⬅️ Назад");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 4 из 8*");
    talk.tap("✅ Принять").tap("Иван");
    assert_eq!(talk.header(), "*Продажа авто · Шаг 7 из 8*");
}

#[test]
fn the_confirmation_offers_what_was_not_asked() {
    let mut talk = Talk::new();
    talk.say("продаю").understand(sells_a_camry()).tap(SELL).tap("✅ Принять всё (4)").share("79001234567");
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
    [📷 Добавить фото] [💬 Комментарий]
    [✏️ Изменить] [❌ Отменить]
    ");
    talk.tap("📷 Добавить фото").input(photo("a", None)).tap("✅ Готово").tap("💬 Комментарий").say("Срочно");
    assert!(talk.screen().contains("*Фото:* 1 фото"), "{}", talk.screen());
    assert!(talk.button("📷 Добавить фото").is_none() && talk.button("💬 Комментарий").is_none());
    talk.tap("✅ Отправить");
    assert_eq!(talk.requests[0].answers.last().map(|line| line.answer.as_str()), Some("Срочно"));
}
