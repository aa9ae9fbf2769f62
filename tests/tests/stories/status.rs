//! `/status`: where the customer's requests stand.

use stories::{PHONE, System, story, to_confirmation, to_sent};

use crate::stages::{CALLED, DAY, dealer, moves, sent};

#[tokio::test]
async fn status_says_where_each_request_stands_and_asks_nobody() {
    story(async |bot| {
        dealer(bot).await;
        let anna = bot.customer("Анна");
        anna.say("/status").await;
        assert_eq!(anna.reads()[0], "Заявок от вас пока нет. Отправите первую — здесь будет видно, что с ней.");

        let number = to_sent(&anna).await;
        anna.say("/status").await;
        let listed = format!("Ваши заявки\n\n№ {number} · Проверка авто · 02.03.2026\nПринята, передаём менеджеру.");
        assert_eq!(anna.reads()[0], listed);

        let deal = bot.deliver_request(&number, &anna).await;
        bot.crm().move_deal(deal.id, CALLED);
        bot.hear_of_moves(&[deal.id]).await;
        bot.deliver().await;
        anna.sees("Ваш автомобиль принят на диагностику.");

        // In the middle of the next form, which goes on.
        anna.tap("🚗 Продать авто").await;
        anna.say("Kia Rio").await;
        let _ = anna.reads();
        let mark = bot.mark();
        anna.say("/status").await;
        let read = anna.reads();
        assert!(read[0].ends_with("Проверка авто · 02.03.2026\nВаш автомобиль принят на диагностику."), "{read:?}");
        assert!(read[1].contains("Шаг 2 из 8"), "{read:?}");
        assert!(bot.calls_since(&mark).keys().all(|(system, _)| *system != System::Amocrm), "amoCRM is not asked");
        bot.wait(DAY); // the form is paused
        anna.say("/status").await;
        let read = anna.reads();
        assert!(read[1].contains("Продолжить"), "{read:?}");
    })
    .await;
}

#[tokio::test]
async fn another_chat_with_the_same_contact_sees_and_hears_only_its_own() {
    story(async |bot| {
        dealer(bot).await;
        let anna = bot.customer("Анна");
        let (_, hers) = sent(bot, &anna).await;
        let boris = bot.customer("Борис");
        boris.say("/status").await;
        assert!(boris.reads()[0].starts_with("Заявок от вас пока нет"));
        to_confirmation(&boris).await;
        let number = boris.send_request().await;
        bot.deliver().await;
        let his = bot.next_deal();
        assert!(his.contact.is_some_and(|contact| contact.phones.contains(&format!("+{PHONE}"))));
        moves(bot, hers.id, CALLED).await;
        anna.sees("Ваш автомобиль принят на диагностику.");
        boris.sees_nothing();
        boris.say("/status").await;
        assert!(boris.reads()[0].contains(&format!("№ {number} · Проверка авто · 02.03.2026\nЗаявка у нас.")));
    })
    .await;
}
