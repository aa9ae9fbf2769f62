//! Whose contact a request gets, when its customer has another number.

use serde_json::json;
use stories::{BORIS, Customer, numbers_of, story, to_confirmation_again, to_sent};

use crate::joining::{JOINS, number_in, only_deal};

#[tokio::test]
async fn another_number_of_a_known_chat_is_added_to_its_contact() {
    story(async |bot| {
        bot.put_dealer_file(JOINS).await;
        let anna = bot.customer("Анна");
        let first = to_sent(&anna).await;
        let _ = bot.deliver_request(&first, &anna).await;
        let second = checks_with_number(&anna, "+7 900 765-43-21").await;
        bot.deliver().await;
        let deal = only_deal(bot);
        let contact = deal.contact.as_ref().expect("it has one");
        assert_eq!(contact.phones, ["+79001234567", BORIS]);
        assert_eq!((numbers_of(&deal), bot.crm().contacts().len()), (vec![first, second], 1));
    })
    .await;
}

/// Asks for the same check with another number; returns the request's number.
async fn checks_with_number(customer: &Customer, phone: &str) -> String {
    to_confirmation_again(customer).await;
    customer.tap("✏️ Изменить").await;
    customer.tap("Телефон").await;
    customer.say(phone).await;
    let _ = customer.reads();
    customer.tap("✅ Отправить").await;
    let thanks = customer.screen();
    assert!(!thanks.contains("Добавил"), "with another number the bot does not know it yet:\n{thanks}");
    number_in(&thanks)
}

#[tokio::test]
async fn a_contact_that_is_not_the_chats_any_more_is_not_used() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let first = to_sent(&anna).await;
        let deal = bot.deliver_request(&first, &anna).await;
        let contact = deal.contact.as_ref().expect("it has one");
        let other = json!([{ "field_code": "TELEGRAM_ID", "values": [{ "value": "5" }] }]);
        bot.manager_changes_contact(contact.id, json!({ "custom_fields_values": other })).await;
        checks_with_number(&anna, "+7 900 765-43-21").await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(deal.contact.as_ref().map(|contact| contact.phones.clone()), Some(vec![BORIS.to_owned()]));
    })
    .await;
}
