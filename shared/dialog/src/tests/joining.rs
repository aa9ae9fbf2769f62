//! Whether the thanks say that a request joins an earlier one.

use super::talk::Talk;

const DAY: i64 = 24 * 3600;

/// Asks for legal help; the name is known from the second time on.
fn asks_a_lawyer(talk: &mut Talk, phone: Option<&str>) -> String {
    talk.wait(60).tap("⚖️ Юридическая помощь").tap("Возврат авто / спор с продавцом").say("Вернуть деньги");
    match phone {
        Some(phone) => drop(talk.say("Анна").say(phone)),
        None => drop(talk.tap("✅ Да")),
    }
    talk.tap("⏭ Пропустить").tap("✅ Отправить").screen()
}

fn first_number(talk: &Talk) -> String {
    talk.requests[0].id.request_number()
}

/// A customer who has sent a request, of a dealer whose requests join deals of 30 days.
fn after_a_request() -> Talk {
    let mut talk = Talk::new();
    talk.dealer().join_open_deal_days = Some(30);
    talk.say("/start");
    let thanks = asks_a_lawyer(&mut talk, Some("+79001234567"));
    assert!(!thanks.contains("Добавил"), "{thanks}");
    talk
}

#[test]
fn a_request_of_the_same_service_joins_the_first_one() {
    let mut talk = after_a_request();
    for _ in 0..2 {
        let thanks = asks_a_lawyer(&mut talk, None);
        assert!(thanks.contains(&format!("Добавил к вашей заявке {}", first_number(&talk))), "{thanks}");
    }
}

#[test]
fn nothing_is_joined_after_the_days_or_where_the_dealer_wants_none_joined() {
    let mut talk = after_a_request();
    talk.wait(31 * DAY).say("/start");
    let thanks = asks_a_lawyer(&mut talk, None);
    assert!(!thanks.contains("Добавил"), "{thanks}");
    let second = talk.requests[1].id.request_number();
    let thanks = asks_a_lawyer(&mut talk, None);
    assert!(
        thanks.contains(&format!("Добавил к вашей заявке {second}")),
        "the newer deal is the one to join: {thanks}"
    );

    talk.dealer().join_open_deal_days = None;
    let thanks = asks_a_lawyer(&mut talk, None);
    assert!(!thanks.contains("Добавил"), "{thanks}");
}

#[test]
fn another_service_or_another_number_promises_nothing() {
    let mut talk = after_a_request();
    talk.wait(60).tap("🔧 Проверка авто").tap("Техническая диагностика").say("Skoda Octavia").tap("⏭ Пропустить");
    let thanks = talk.tap("✅ Да").tap("⏭ Пропустить").tap("✅ Отправить").screen();
    assert!(!thanks.contains("Добавил"), "{thanks}");

    talk.wait(60)
        .tap("⚖️ Юридическая помощь")
        .tap("Возврат авто / спор с продавцом")
        .say("Вернуть деньги")
        .tap("✅ Да");
    talk.tap("⏭ Пропустить").tap("✏️ Изменить").tap("Телефон").say("+79007654321");
    let thanks = talk.tap("✅ Отправить").screen();
    assert!(!thanks.contains("Добавил"), "{thanks}");
    let thanks = asks_a_lawyer(&mut talk, None);
    let third = talk.requests[2].id.request_number();
    assert!(thanks.contains(&format!("Добавил к вашей заявке {third}")), "the one with this number: {thanks}");
}
