//! The way to where a story begins, for stories that are not about the way.

use crate::Customer;

/// The phone that everybody gives, as shared contacts have it.
pub const PHONE: &str = "79001234567";

/// From the menu to the confirmation of a request to have a car checked. Returns the confirmation.
pub async fn to_confirmation(customer: &Customer) -> String {
    customer.say("/start").await;
    fill_in_check(customer).await;
    give_name_and_phone(customer).await;
    customer.tap("⏭ Пропустить").await;
    let confirmation = customer.reads().pop().unwrap_or_default();
    assert!(confirmation.contains("Проверьте заявку"), "{confirmation}");
    confirmation
}

/// From the menu to the thanks for a request to have a car checked. Returns the request's number.
pub async fn to_sent(customer: &Customer) -> String {
    to_confirmation(customer).await;
    customer.send_request().await
}

/// From the menu to the confirmation of the same check, for a customer whom the bot knows.
pub async fn to_confirmation_again(customer: &Customer) {
    fill_in_check(customer).await;
    customer.tap("✅ Да").await;
    customer.tap("⏭ Пропустить").await;
    let _ = customer.reads();
}

/// From `/start` to the question for the name of a check, where the dealer asks for consent first.
pub async fn to_name_with_consent(customer: &Customer) {
    customer.say("/start").await;
    fill_in_check(customer).await;
    customer.tap("✅ Согласен").await;
}

/// A check of a car: from the menu to the question for the name, or for consent.
pub async fn fill_in_check(customer: &Customer) {
    customer.tap("🔧 Проверка авто").await;
    customer.tap("Техническая диагностика").await;
    customer.say("Skoda Octavia").await;
    customer.tap("⏭ Пропустить").await;
}

/// From the question for the name to the one after the phone.
pub async fn give_name_and_phone(customer: &Customer) {
    customer.say("Анна").await;
    customer.share_contact(PHONE).await;
}

/// From the question for the name to the thanks, without a comment. Returns the request's number.
pub async fn finish(customer: &Customer) -> String {
    give_name_and_phone(customer).await;
    customer.tap("⏭ Пропустить").await;
    let _ = customer.reads();
    customer.send_request().await
}

/// From the menu to the question for photos of a car that is to be sold.
pub async fn to_photos(customer: &Customer) {
    customer.say("/start").await;
    customer.tap("🚗 Продать авто").await;
    customer.say("Toyota Camry").await;
    customer.tap("2019").await;
    customer.say("85 тыс").await;
    customer.say("1,5 млн").await;
    customer.finally_sees("Пришлите фото");
}
