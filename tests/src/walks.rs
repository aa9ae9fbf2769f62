//! The way to where a story begins, for stories that are not about the way.

use crate::Customer;

/// The phone that everybody gives, as shared contacts have it.
pub const PHONE: &str = "79001234567";

/// From the menu to the confirmation of a request to have a car checked. Answers the confirmation.
///
/// # Panics
/// When the dialog goes another way.
pub async fn to_confirmation(customer: &Customer) -> String {
    customer.says("/start").await;
    customer.taps("🔧 Проверка авто").await;
    customer.taps("Техническая диагностика").await;
    customer.says("Skoda Octavia").await;
    customer.taps("⏭ Пропустить").await;
    customer.says("Анна").await;
    customer.shares_contact(PHONE).await;
    customer.taps("⏭ Пропустить").await;
    let confirmation = customer.reads().pop().unwrap_or_default();
    assert!(confirmation.contains("Проверьте заявку"), "{confirmation}");
    confirmation
}

/// From the menu to the thanks for a request to have a car checked. Answers the request's number.
///
/// # Panics
/// When the dialog goes another way.
pub async fn to_sent(customer: &Customer) -> String {
    to_confirmation(customer).await;
    customer.taps("✅ Отправить").await;
    let thanks = customer.screen();
    let number = thanks.lines().find_map(|line| line.strip_prefix("Номер заявки: "));
    number.unwrap_or_else(|| panic!("no number in {thanks}")).to_owned()
}

/// From the menu to the question for photos of a car that is to be sold.
///
/// # Panics
/// When the dialog goes another way.
pub async fn to_photos(customer: &Customer) {
    customer.says("/start").await;
    customer.taps("🚗 Продать авто").await;
    customer.says("Toyota Camry").await;
    customer.taps("2019").await;
    customer.says("85 тыс").await;
    customer.says("1,5 млн").await;
    customer.finally_sees("Пришлите фото");
}
