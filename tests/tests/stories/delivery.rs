//! From «Отправить» to the deal: what the manager gets when amoCRM is well, odd, or down.

use insta::assert_snapshot;
use lead::Status;
use simulators::amocrm::{self, DISMISSED_MANAGER};
use simulators::fault::{Fault, When};
use stories::{
    Bot, Setup, account, account_without_lag, finish, has_its_tasks, is_complete, story, story_with, to_confirmation,
    to_photos, to_sent,
};

/// Runs the schedule every ten minutes until everything is sent.
async fn until_sent(bot: &Bot) {
    for _ in 0..20 {
        if bot.requests().await.iter().all(|lead| matches!(lead.status, Status::Sent { .. })) {
            return;
        }
        bot.wait(600);
        bot.schedule().await;
    }
    panic!("requests are still not sent: {:#?}", bot.requests().await);
}

#[tokio::test]
async fn a_repeat_customer_has_one_contact_and_two_deals() {
    // An hour later amoCRM's search knows the contact; the simulated account's own clock has not moved so far.
    let found_at_once = account_without_lag();
    story_with(Setup::default().at(found_at_once), async |bot| {
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let first = bot.next_deal().contact.expect("a contact");
        assert_eq!(first.tags, ["telegram_new"]);
        bot.wait(3600);
        to_sent(&anna).await;
        bot.deliver().await;
        let second = bot.next_deal().contact.expect("a contact");
        assert_eq!(second.id, first.id);
        assert!(second.tags.contains(&"telegram_repeat".to_owned()), "{:?}", second.tags);
        assert_eq!(second.deals.len(), 2);
        assert_eq!(bot.crm().contacts().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn two_requests_of_one_phone_at_once_make_one_contact() {
    story(async |bot| {
        let (anna, igor) = (bot.customer("Анна"), bot.customer("Игорь"));
        to_confirmation(&anna).await;
        to_confirmation(&igor).await;
        for customer in [&anna, &igor] {
            customer.app.tap("✅ Отправить").expect("the button is there");
        }
        anna.settle().await;
        assert_ne!(anna.the_request_was_sent(), igor.the_request_was_sent());
        bot.deliver().await;
        let (one, other) = (bot.next_deal(), bot.next_deal());
        assert_eq!(one.contact.expect("a contact").id, other.contact.expect("a contact").id);
        assert_eq!(bot.crm().contacts().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_contact_is_found_by_the_whole_phone_only() {
    let lag_free = account_without_lag();
    story_with(Setup::default().at(lag_free), async |bot| {
        let stranger = bot.crm().add_contact("Договор 79001234567", &["+7 999 111-22-33"]);
        let known = bot.crm().add_contact("Анна Петровна", &["8 (900) 123-45-67"]);
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let contact = bot.next_deal().contact.expect("a contact");
        assert_eq!((contact.id, contact.name.as_str()), (known, "Анна Петровна"));
        assert_eq!(contact.phones, ["8 (900) 123-45-67"], "nothing the manager wrote is changed");
        assert!(contact.tags.contains(&"telegram_repeat".to_owned()));
        let contacts = bot.crm().contacts();
        let stranger = contacts.iter().find(|contact| contact.id == stranger).expect("the stranger is there");
        assert!(stranger.deals.is_empty() && stranger.tags.is_empty(), "{stranger:#?}");
    })
    .await;
}

#[tokio::test]
async fn fields_that_the_account_does_not_have_go_into_the_note() {
    let bare = amocrm::Options { with_bot_fields: false, ..account() };
    story_with(Setup::default().at(bare), async |bot| {
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(deal.field("CAR_BRAND"), None);
        let note = deal.notes.concat();
        for value in ["Skoda", "Octavia", "Техническая диагностика", number.as_str()] {
            assert!(note.contains(value), "«{value}» is nowhere: {note}");
        }
        bot.admin().sees("carquery amocrm setup");
    })
    .await;
}

#[tokio::test]
async fn a_dismissed_manager_does_not_keep_a_deal_out() {
    story_with(Setup::default().with("AMOCRM_RESPONSIBLE_USER_ID", DISMISSED_MANAGER), async |bot| {
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!(deal.responsible, "Анна Директор");
        assert!(is_complete(&deal), "{deal:#?}");
        bot.admin().sees("Исправьте AMOCRM_RESPONSIBLE_USER_ID");
    })
    .await;
}

#[tokio::test]
async fn an_outage_costs_the_customer_nothing_and_the_admin_two_messages() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let down = bot.crm().faults().add("*", When::Always, Fault::Html(502));
        to_sent(&anna).await;
        bot.deliver().await;
        bot.admin().sees("Проблема с amoCRM с ");
        for _ in 0..3 {
            bot.wait(600);
            bot.schedule().await;
        }
        bot.admin().sees_nothing();
        anna.sees_nothing();
        assert!(bot.crm().deals().is_empty());

        bot.crm().faults().remove(down);
        until_sent(bot).await;
        let _ = bot.next_deal();
        bot.admin().sees("amoCRM снова принимает заявки");
        anna.sees_nothing();
        assert_eq!(bot.crm().contacts().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn in_mock_mode_everything_works_without_an_account() {
    story_with(Setup::default().with("AMOCRM_MOCK_MODE", true), async |bot| {
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        bot.schedule().await;
        let requests = bot.requests().await;
        assert!(matches!(requests[0].status, Status::Sent { .. }), "{requests:#?}");
        assert!(bot.stack().amocrm().is_none());
    })
    .await;
}

#[tokio::test]
async fn requests_wait_for_a_consent_and_go_out_after_it() {
    story(async |bot| {
        bot.wait_for_the_present();
        let anna = bot.customer("Анна");
        bot.crm().revoke_everything();
        to_sent(&anna).await;
        bot.deliver().await;
        let told = bot.admin().reads();
        assert!(!told.is_empty() && told.len() <= 2, "{told:#?}");
        bot.wait(600);
        bot.schedule().await;
        let told = [told, bot.admin().reads()].concat();
        let asked = told.iter().filter(|text| text.starts_with("🔑") && text.contains("authorize CODE")).count();
        assert_eq!(asked, 1, "what to do is told once: {told:#?}");
        bot.wait(600);
        bot.schedule().await;
        bot.admin().sees_nothing();
        assert!(bot.crm().deals().is_empty());
        assert!(matches!(bot.requests().await[0].status, Status::Retry { .. } | Status::Pending { .. }));

        bot.authorize().await;
        until_sent(bot).await;
        let _ = bot.next_deal();
        bot.admin().sees("amoCRM снова принимает заявки");
    })
    .await;
}

#[tokio::test]
async fn the_call_back_task_can_be_switched_off() {
    story_with(Setup::default().with("CALLBACK_TASK_MINUTES", 0), async |bot| {
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!((deal.tasks.len(), deal.notes.len()), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_is_refreshed_once() {
    story(async |bot| {
        bot.wait_for_the_present();
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        let refreshes = || bot.crm().faults().counts().get("POST /oauth2/access_token").copied().unwrap_or_default();
        let before = refreshes();
        bot.crm().expire_access_token();
        bot.deliver().await;
        let _ = bot.next_deal();
        assert_eq!(refreshes() - before, 1);
        bot.admin().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn tokens_are_refreshed_ahead_of_time() {
    story(async |bot| {
        bot.wait_for_the_present();
        let refreshes = || bot.crm().faults().counts().get("POST /oauth2/access_token").copied().unwrap_or_default();
        bot.schedule().await;
        let before = refreshes();
        bot.schedule().await;
        assert_eq!(refreshes(), before, "not without need");
        bot.wait(23 * 3600);
        bot.schedule().await;
        assert_eq!(refreshes(), before + 1);
        bot.admin().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn photos_that_the_account_does_not_take_leave_the_rest_alone() {
    let no_drive = amocrm::Options { drive_scope: false, ..account() };
    story_with(Setup::default().at(no_drive), async |bot| {
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.send_album(1..=2).await;
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert!(deal.files.is_empty() && has_its_tasks(&deal), "{deal:#?}");
        let number = deal.field("REQUEST_ID").expect("the deal carries the request's number");
        assert_snapshot!(deal.notes[1].replace(number, "NUMBER"), @"
        Фото к заявке № NUMBER
        Приложить не удалось 2 из 2. Они остались в чате Telegram с клиентом (ID 7000000005): попросите его прислать их ещё раз.
        ");
        let _ = bot.admin().reads();
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_is_given_up_and_the_admins_are_told() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let refusal = r#"{"validation-errors":[{"request_id":"0","errors":[{"code":"InvalidType","path":"price","detail":"Too big"}]}],"title":"Bad Request","status":400,"detail":"Request validation failed"}"#;
        bot.crm().faults().add("POST /api/v4/leads*", When::Always, Fault::Status(400, refusal.to_owned()));
        bot.deliver().await;
        let told = bot.admin().screen();
        assert!(told.contains(&number) && told.contains("не передана в amoCRM") && told.contains("price: InvalidType"), "{told}");
        assert!(!told.contains("Too big"), "the words are English: {told}");
        assert!(matches!(bot.requests().await[0].status, Status::Dead { .. }));
        bot.wait(600);
        bot.schedule().await;
        bot.admin().sees_nothing();
        anna.sees_nothing();
        bot.crm().faults().clear();
    })
    .await;
}
