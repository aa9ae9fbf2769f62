//! What strangers can cause is bounded, and whoever meets a bound is told what to do instead.

use stories::{Bot, Customer, PHONE, Setup, System, account_without_lag, story, story_with, to_confirmation, to_sent};

const HOUR: i64 = 3600;

/// How many of something there were in the hour or day that began at `period`.
async fn set_counter(bot: &Bot, counted: &str, period: i64, amount: u32) {
    let item = serde_json::json!({ "counted": counted, "period": period, "amount": amount });
    let item = serde_dynamo::to_item(item).expect("it is an item");
    let table = bot.stack().tables().name("counters");
    let put = bot.stack().aws().dynamodb.put_item().table_name(table).set_item(Some(item));
    put.send().await.expect("the table takes it");
}

/// The shortest request of somebody whose name and phone are known.
async fn sends_another(customer: &Customer) {
    customer.tap("⚖️ Юридическая помощь").await;
    customer.tap("Страхование (ОСАГО / КАСКО)").await;
    customer.say("Нужен полис").await;
    customer.tap("✅ Да").await;
    customer.tap("⏭ Пропустить").await;
    customer.tap("✅ Отправить").await;
}

#[tokio::test]
async fn the_eleventh_request_of_a_day_is_not_taken() {
    story(async |bot| {
        bot.put_dealer_file("[limits]\nrequests_a_day = 3\n").await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await;
        for _ in 0..2 {
            sends_another(&anna).await;
            anna.finally_sees("Заявка отправлена");
        }
        anna.tap("🚗 Продать авто").await;
        anna.sees("Сегодня от вас уже много заявок");

        anna.say("/delete").await;
        anna.tap("Да, удалить").await;
        anna.finally_sees("ваши данные удалены");
        bot.wait(2 * 3600);
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        anna.finally_sees("Сегодня от вас уже много заявок");

        bot.wait(24 * 3600);
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        anna.finally_sees("Продажа авто · Шаг 1 из 8");
        bot.deliver().await;
    })
    .await;
}

#[tokio::test]
async fn five_chats_cannot_fill_one_phone_number_with_deals() {
    story(async |bot| {
        let jokers = ["Один", "Два", "Три", "Четыре", "Пять"].map(|name| bot.customer(name));
        for joker in &jokers {
            to_sent(joker).await;
        }
        for joker in &jokers {
            sends_another(joker).await;
            joker.finally_sees("Заявка отправлена");
        }
        for joker in &jokers {
            sends_another(joker).await;
            joker.finally_sees("Сейчас заявок слишком много, и эту я принять не смог.");
        }
        let [joker, ..] = &jokers;
        joker.tap("✅ Отправить").await;
        joker.finally_sees("Ситуация: Нужен полис"); // the form is still there
        assert_eq!(bot.requests().await.len(), 10);
        bot.deliver().await;
        let contacts: Vec<_> = (0..10).map(|_| bot.next_deal().contact.map(|contact| contact.id)).collect();
        assert!(contacts.iter().all(|contact| contact == &contacts[0]), "{PHONE}: {contacts:?}");

        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        anna.tap("✅ Отправить").await;
        anna.finally_sees("эту я принять не смог");
        bot.wait(24 * 3600);
        anna.say("Ну что?").await;
        anna.tap("Продолжить").await;
        anna.tap("✅ Отправить").await;
        anna.finally_sees("Заявка отправлена");
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn the_rules_answer_when_the_model_was_asked_enough_and_the_admins_hear_of_it_once() {
    story(async |bot| {
        bot.put_dealer_file("[limits]\nmodel_questions_a_day = 2\n").await;
        let anna = bot.customer("Анна");
        let boris = bot.customer("Борис");
        let mark = bot.mark();
        for customer in [&anna, &boris, &anna] {
            customer.say("Хочу продать Тойоту Камри 2019 года").await;
            customer.finally_sees("🚗 Продать авто");
        }
        let asked = bot.calls_since(&mark).into_iter().filter(|((system, _), _)| *system == System::OpenAi);
        assert_eq!(asked.map(|(_, count)| count).sum::<u32>(), 2);
        bot.schedule().await;
        bot.admin().sees("Клиенты задали модели 2 вопроса за день, больше файл автосалона не разрешает");
        bot.schedule().await;
        bot.admin().sees_nothing();

        bot.wait(24 * 3600);
        let mark = bot.mark();
        anna.say("Хочу продать Тойоту Камри 2019 года").await;
        anna.finally_sees("🚗 Продать авто");
        assert!(bot.calls_since(&mark).into_keys().any(|(system, _)| system == System::OpenAi), "a new day");
    })
    .await;
}

#[tokio::test]
async fn an_unusual_number_of_requests_is_told_to_the_admins_once() {
    story(async |bot| {
        let hour = bot.now() - bot.now() % HOUR;
        for (period, amount) in [(hour - 2 * HOUR, 3), (hour - 3 * HOUR, 1), (hour, 19)] {
            set_counter(bot, "requests", period, amount).await;
        }
        bot.schedule().await;
        bot.admin().sees_nothing();
        to_sent(&bot.customer("Анна")).await;
        bot.schedule().await;
        bot.admin().sees("за час пришло 20 заявок, обычно около 2.");
        bot.schedule().await;
        bot.admin().sees_nothing();
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn an_unfinished_form_above_the_limits_waits_and_is_not_lost() {
    story_with(Setup::default().at(account_without_lag()), async |bot| {
        bot.put_dealer_file("[unfinished]\nremind_after_minutes = 0\nto_crm_after_minutes = 120\n").await;
        let anna = bot.customer("Анна");
        to_sent(&anna).await; // with this request she agrees
        to_confirmation(&anna).await;
        set_counter(bot, "requests", bot.now() - bot.now() % HOUR, storage::MAX_OF_ALL_PER_HOUR).await;
        bot.wait(2 * HOUR);
        bot.schedule().await;
        assert_eq!(bot.requests().await.len(), 1);
        set_counter(bot, "requests", bot.now() - bot.now() % HOUR - 2 * HOUR, 1).await;
        bot.wait(HOUR / 2);
        bot.schedule().await;
        assert_eq!(bot.requests().await.len(), 1, "others go first");
        bot.wait(HOUR / 2);
        bot.schedule().await;
        assert_eq!(bot.requests().await.len(), 2);
        let _ = (bot.next_deal(), bot.next_deal(), bot.admin().reads());
    })
    .await;
}
