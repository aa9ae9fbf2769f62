//! Customers who ask to have their data deleted: what goes, what stays with the manager, and who hears of it.

use insta::assert_snapshot;
use stories::{Setup, account_without_lag, story, story_with, to_sent};

#[tokio::test]
async fn a_customer_is_forgotten_on_demand() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        group.saw("Skoda Octavia");
        anna.say("Сколько стоит растаможка?").await;
        let _ = anna.reads();
        let chat = anna.chat.to_string();
        let stored = bot.everything_stored().await;
        for table in bot.tables_about_customers() {
            let line = stored.lines().find(|line| line.starts_with(table) && line.contains(&chat));
            assert!(line.is_some(), "Anna is in {table}:\n{stored}");
        }

        anna.say("/delete").await;
        assert_snapshot!(anna.screen(), @"
        Удалить ваши данные?

        Я забуду этот разговор, ваше имя и телефон и сотру сохранённые здесь заявки. Ещё не переданные менеджеру заявки тоже удалятся — он их не получит.

        Заявки, которые уже в CRM автосалона, сам удалить не могу: передам сотрудникам, что вы об этом просите.
        [Да, удалить]
        [Нет, оставить]
        ");
        anna.tap("Нет, оставить").await;
        let _ = anna.reads();
        assert_eq!(bot.requests().await.len(), 1, "she thought better of it");

        anna.say("/delete").await;
        let _ = anna.reads();
        anna.tap("Да, удалить").await;
        anna.sees("Готово: ваши данные удалены.");
        let read = group.reads();
        assert!(
            read.iter().any(|text| text.starts_with("Клиент попросил удалить его данные.")),
            "the team hears of it: {read:#?}"
        );
        let stored = bot.everything_stored().await;
        for trace in ["9001234567", "Анна", "anna_k", "растаможка", "Toyota", "Camry"] {
            assert!(!stored.contains(trace), "«{trace}» is still stored:\n{stored}");
        }
        let left: Vec<&str> = stored.lines().filter(|line| line.contains(&chat)).collect();
        assert_eq!(left.len(), 1, "only the counters that limit how fast she may ask:\n{stored}");
        assert!(left[0].starts_with("carquery-sessions") && left[0].contains("asked_at"), "{}", left[0]);
        assert_eq!(bot.crm().deals()[0].id, deal.id, "what the manager has, the manager keeps");
        let contact = deal.contact.expect("the deal has a contact").id;
        bot.admin().sees(&format!("В amoCRM остался его контакт (ID {contact}): удалите его вместе со сделками."));

        anna.say("/start").await;
        anna.sees("Здравствуйте!");
    })
    .await;
}

#[tokio::test]
async fn nobody_is_asked_to_delete_the_contact_of_a_number_that_was_only_typed() {
    story_with(Setup::default().at(account_without_lag()), async |bot| {
        bot.crm().add_contact("Мария", &["+79165554433"]);
        let joker = bot.customer("Шутник");
        joker.say("/start").await;
        joker.tap("⚖️ Юридическая помощь").await;
        joker.tap("Страхование (ОСАГО / КАСКО)").await;
        joker.say("Нужен полис").await;
        joker.say("Мария").await;
        joker.say("8 916 555-44-33").await;
        joker.tap("⏭ Пропустить").await;
        joker.tap("✅ Отправить").await;
        bot.deliver().await;
        let deal = bot.next_deal().id;
        joker.say("/delete").await;
        joker.tap("Да, удалить").await;
        joker.finally_sees("Готово: ваши данные удалены.");
        bot.admin().sees(&format!("В amoCRM остались его сделки (ID {deal}): удалите их."));
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_customers_unsent_request_is_forgotten_too() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        anna.say("/delete").await;
        anna.sees("Ещё не переданные менеджеру заявки тоже удалятся");
        anna.tap("Да, удалить").await;
        anna.sees("Готово: ваши данные удалены.");
        bot.deliver().await;
        bot.schedule().await;
        assert_eq!(bot.requests().await, []);
        assert!(bot.crm().deals().is_empty() && bot.crm().contacts().is_empty());
    })
    .await;
}
