//! Name and number by one press, at the question for the name.

use stories::{Customer, story};

/// From the menu to the question for the name, the third of five.
async fn to_name(customer: &Customer) {
    customer.say("/start").await;
    customer.tap("⚖️ Юридическая помощь").await;
    customer.tap("Страхование (ОСАГО / КАСКО)").await;
    customer.say("Нужен полис").await;
    customer.finally_sees("Юридическая помощь · Шаг 3 из 5");
    assert_eq!(customer.keyboard(), "[📱 Поделиться контактом]\n[Анна]\n[⬅️ Назад][🏠 В начало]");
}

/// From the comment to the thanks. Returns the request's number.
async fn send(customer: &Customer) -> String {
    customer.tap("⏭ Пропустить").await;
    let _ = customer.reads();
    customer.send_request().await
}

#[tokio::test]
async fn a_new_customer_gives_name_and_number_by_one_press() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_name(&anna).await;
        anna.tap("📱 Поделиться контактом").await;
        let said = anna.reads();
        assert!(said[0].starts_with("Принято: +7"), "{said:?}");
        assert!(said[1].starts_with("Юридическая помощь · Шаг 5 из 5"), "{said:?}");
        assert_eq!(anna.keyboard(), "");
        let number = send(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        let contact = deal.contact.expect("a contact");
        assert_eq!((contact.name.as_str(), contact.phones), ("Анна", vec![format!("+{}", anna.phone())]));
        assert!(deal.notes[0].contains("(номер подтверждён Telegram)"), "{:?}", deal.notes);
    })
    .await;
}

#[tokio::test]
async fn somebody_elses_contact_gives_the_number_and_the_manager_knows() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_name(&anna).await;
        anna.act(|app| app.share_contact_of("Пётр", "79110001122")).await;
        let said = anna.reads();
        assert_eq!(said[0], "Принято: +7 911 000-11-22");
        assert!(said[1].contains("Как к вам обращаться?\n[Анна]"), "{said:?}");
        assert_eq!(anna.keyboard(), "");
        anna.tap("Анна").await;
        let number = send(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        assert_eq!(deal.name, "Юридическая помощь — Страхование (ОСАГО / КАСКО) — Анна");
        assert!(deal.notes[0].contains("Телефон: +79110001122 (номер из чужого контакта)"), "{:?}", deal.notes);
    })
    .await;
}
