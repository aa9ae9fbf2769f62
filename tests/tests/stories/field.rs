//! What customers, Telegram and amoCRM really do, as public bug reports tell it.

use lead::CrmField;
use simulators::amocrm::{self, Trouble};
use stories::{Bot, Setup, account, photo, story, story_with, to_photos, to_sent};

#[tokio::test]
async fn a_text_pasted_with_its_formatting_answers_like_any_other() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.act(|app| app.paste_formatted("Продаю Toyota Camry 2019 года")).await;
        anna.finally_sees("Поможем продать Toyota Camry");
        anna.tap("🚗 Продать авто").await;
        let _ = anna.reads();
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn a_photo_sent_as_a_file_counts_whatever_the_app_says_of_it() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.act(|app| app.send_document_as(photo(1), "IMG_4321.JPG", Some("application/octet-stream"))).await;
        anna.finally_sees("Принято фото: 1 из 10.");
        anna.act(|app| app.send_document_as(photo(2), "photo.jpeg", None)).await;
        anna.finally_sees("Принято фото: 2 из 10.");
        bot.nothing_was_requested().await;
    })
    .await;
}

/// Settings for fields that have no codes: the ids with which the simulated account is seeded.
fn fields_by_id() -> Setup {
    let names: Vec<&'static str> =
        CrmField::ALL.iter().map(|field| &*format!("AMOCRM_FIELD_{}", field.code()).leak()).collect();
    let by_hand = amocrm::Options { bot_field_codes: false, ..account() };
    names.into_iter().zip(9101..).fold(Setup::default().at(by_hand), |setup, (name, id)| setup.with(name, id))
}

#[tokio::test]
async fn fields_that_people_made_are_filled_by_their_ids() {
    story_with(fields_by_id(), async |bot| {
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        let value = |name: &str| deal.fields.iter().find(|field| field.name == name).map(|field| field.value.clone());
        assert_eq!((value("Марка"), value("Номер заявки")), (Some("Skoda".to_owned()), Some(number)));
        bot.admin().sees_nothing();
    })
    .await;
}

/// The account is in trouble while a request waits, and well again after an hour.
async fn waits_for_the_account(bot: &Bot, trouble: Trouble) {
    let anna = bot.customer("Анна");
    bot.crm().set_trouble(Some(trouble));
    to_sent(&anna).await;
    bot.deliver().await;
    for _ in 0..6 {
        bot.wait(600);
        bot.schedule().await;
    }
    assert!(bot.crm().deals().is_empty());
    let alerts = bot.admin().reads();
    assert!((1..=2).contains(&alerts.len()), "{alerts:#?}");

    bot.crm().set_trouble(None);
    for _ in 0..12 {
        bot.wait(600);
        bot.schedule().await;
    }
    let _ = bot.next_deal();
    assert_eq!(bot.admin().reads().len(), 1, "the end is told");
}

#[tokio::test]
async fn a_request_waits_until_the_account_is_paid_for() {
    story(async |bot| waits_for_the_account(bot, Trouble::Unpaid).await).await;
}
