//! The agreement to the processing of personal data: from its screen to the stored request, and back.

use stories::{Bot, Customer, PHONE, Setup, fill_in_check, story, story_with, to_confirmation};

const POLICY: &str = "https://dealer.example/privacy";

fn with_policy() -> Setup {
    Setup::default().with("PRIVACY_POLICY_URL", POLICY)
}

/// What is stored on a customer's profile.
async fn profile(bot: &Bot, customer: &Customer) -> Option<storage::Customer> {
    bot.stack().aws().customers(bot.stack().tables()).get(customer.chat).await.expect("the table answers")
}

#[tokio::test]
async fn consent_is_asked_once_and_goes_with_every_request() {
    story_with(with_policy(), async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        fill_in_check(&anna).await;
        anna.finally_sees("✅ Согласен");
        anna.share_contact(PHONE).await;
        anna.finally_sees("без согласия имя и телефон я не принимаю");
        assert!(!bot.everything_stored().await.contains(PHONE));

        let press = anna.tap("✅ Согласен").await;
        let agreed = profile(bot, &anna).await.and_then(|profile| profile.consent).expect("it is stored at once");
        assert_eq!(agreed.update_id, press);
        anna.say("Анна").await;
        anna.share_contact(PHONE).await;
        anna.tap("⏭ Пропустить").await;
        anna.tap("✅ Отправить").await;
        anna.finally_sees("Заявка отправлена");

        // A day later the session is gone.
        bot.wait(24 * 3600);
        anna.say("/start").await;
        fill_in_check(&anna).await;
        anna.finally_sees("Анна, +7 900 123-45-67 — верно?");
        anna.tap("✅ Да").await;
        anna.tap("⏭ Пропустить").await;
        anna.tap("✅ Отправить").await;
        anna.finally_sees("Заявка отправлена");
        let consents: Vec<_> = bot.requests().await.into_iter().map(|lead| lead.request.consent).collect();
        assert_eq!(consents, [Some(agreed.clone()), Some(agreed.clone())]);
        bot.deliver().await;
        for deal in [bot.next_deal(), bot.next_deal()] {
            let line = deal.notes[0].lines().find(|line| line.starts_with("Согласие на обработку данных: 02.03.2026"));
            let version = format!("версия {}", agreed.version);
            assert!(line.is_some_and(|line| line.ends_with(&version)), "{}", deal.notes[0]);
        }
    })
    .await;
}

#[tokio::test]
async fn consent_is_taken_back_and_asked_for_again() {
    story_with(with_policy(), async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        fill_in_check(&anna).await;
        anna.tap("✅ Согласен").await;
        anna.say("Анна").await;
        anna.say("/privacy").await;
        anna.finally_sees("Согласие на обработку персональных данных вы дали 02.03.2026.");
        anna.tap("Отозвать согласие").await;
        anna.finally_sees("Согласие отозвано.");
        let profile = profile(bot, &anna).await.expect("it says that the customer wants no reminders");
        assert_eq!((profile.consent, profile.reminders_off), (None, true));

        fill_in_check(&anna).await;
        anna.finally_sees("✅ Согласен");
        anna.tap("Не сейчас").await;
        anna.sees("Хорошо, имя и телефон не спрашиваю");
        bot.nothing_was_requested().await;
    })
    .await;
}

#[tokio::test]
async fn without_a_policy_the_press_on_send_is_recorded() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let press = anna.tap("✅ Отправить").await;
        anna.finally_sees("Заявка отправлена");
        let consent = bot.requests().await.remove(0).request.consent.expect("it goes with the request");
        assert_eq!(consent.update_id, press);
        assert_eq!(profile(bot, &anna).await.and_then(|profile| profile.consent), Some(consent));

        anna.say("/delete").await;
        anna.tap("Да, удалить").await;
        anna.finally_sees("ваши данные удалены");
        assert_eq!(profile(bot, &anna).await, None);
        bot.deliver().await;
    })
    .await;
}
