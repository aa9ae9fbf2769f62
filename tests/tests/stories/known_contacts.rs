//! Whose contact a request gets, when the dealer knows the customer or search lags behind.

use std::time::Duration;

use lead::{LeadId, PhoneSource, Request};
use simulators::amocrm::Options;
use simulators::fault::{Fault, When};
use stories::{ANNA, BORIS, Bot, account_without_lag};

async fn due_at(bot: &Bot, id: LeadId) -> i64 {
    bot.lead(id).await.due_at().unwrap() - bot.now()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_whom_the_dealer_knows_gets_no_second_contact() {
    let bot = Bot::at(account_without_lag()).await;
    let stranger = bot.crm().add_contact("Договор 9001234567", &["+7 999 900-12-34"]);
    let known = bot.crm().add_contact("Анна Петровна", &["8 (900) 123-45-67"]);
    let first = bot.store_with(1, ANNA, from(PhoneSource::OwnContact)).await;
    bot.push(&[first]).await;
    let contacts = bot.crm().contacts();
    assert_eq!(contacts.len(), 2);
    let contact = contacts.iter().find(|contact| contact.id == known).unwrap();
    assert_eq!(
        (contact.name.as_str(), contact.tags.as_slice()),
        ("Анна Петровна", &["telegram_repeat".to_owned()][..])
    );
    assert_eq!(contact.phones, ["8 (900) 123-45-67"], "nothing is erased");
    assert_eq!(contact.field("TELEGRAM_ID"), Some("1000"));
    assert_eq!(contact.deals.len(), 1);
    assert!(contacts.iter().find(|contact| contact.id == stranger).unwrap().tags.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn two_requests_of_one_person_make_one_contact_although_search_lags() {
    let bot = Bot::at(Options { search_lag: Duration::from_secs(30), ..account_without_lag() }).await;
    let together = [bot.store(1, ANNA).await, bot.store(2, ANNA).await];
    bot.push(&together).await;
    let after = bot.store(3, ANNA).await;
    bot.push(&[after]).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (3, 1));
    assert_eq!(bot.crm().contacts()[0].tags, ["telegram_new", "telegram_repeat"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_contact_nobody_makes_another_before_search_would_know() {
    let bot = Bot::at(Options { search_lag: Duration::from_millis(1500), ..account_without_lag() }).await;
    let first = bot.store(1, ANNA).await;
    bot.crm().faults().add("POST /api/v4/contacts", When::Times(1), Fault::LoseAnswer);
    bot.push(&[first]).await;
    let second = bot.store(2, ANNA).await;
    bot.push(&[second]).await;
    assert!(!bot.is_sent(second).await);
    assert!((40..=45).contains(&due_at(&bot, second).await), "it waits for search, not for a backoff");
    assert_eq!(bot.lead(second).await.attempts, 0, "that was no attempt");
    tokio::time::sleep(Duration::from_millis(1600)).await;
    bot.wait(400);
    bot.push_until_sent(&[first, second]).await;
    assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (2, 1));
}

/// Gives the customer of a request this number, confirmed or not.
fn from(source: PhoneSource) -> impl FnOnce(&mut Request) {
    move |request| request.customer.phone_source = source
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_was_only_typed_leaves_a_strangers_contact_alone() {
    let bot = Bot::at(account_without_lag()).await;
    let victim = bot.crm().add_contact("Олег", &["+7 900 123 45 67"]);
    let joker = bot.store_with(1, ANNA, from(PhoneSource::Typed)).await;
    bot.push(&[joker]).await;
    let contact = bot.crm().contacts().into_iter().find(|contact| contact.id == victim).unwrap();
    assert_eq!((contact.field("TELEGRAM_ID"), contact.field("TELEGRAM_USERNAME")), (None, None));
    assert_eq!((contact.deals.len(), bot.crm().contacts().len()), (1, 1), "the deal is the manager's to judge");
    assert!(!bot.lead(joker).await.progress.created_contact);
    let note = &bot.crm().deals()[0].notes[0];
    assert!(note.contains("+79001234567 (введён вручную, не подтверждён)"), "{note}");

    let boris = bot.store(2, BORIS).await;
    bot.push(&[boris]).await;
    assert!(bot.lead(boris).await.progress.created_contact);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contact_with_several_numbers_in_one_field_is_found() {
    for field in ["8 (495) 000-00-00 / 8 (900) 123-45-67", "+79001234567 доб. 5", "8 900 123 45 67, 84950000000"] {
        let bot = Bot::at(account_without_lag()).await;
        let known = bot.crm().add_contact("Анна Петровна", &[field]);
        let id = bot.store(1, ANNA).await;
        bot.push(&[id]).await;
        assert_eq!(bot.crm().deals()[0].contact.as_ref().unwrap().id, known, "{field}");
    }
}
