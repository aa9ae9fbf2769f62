//! Items that only another version of the bot can read, as after a rollback, keep no other from its turn.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use simulators::fault::{Fault, When};
use stories::{Bot, System, story, to_sent};

/// Stores as many such items as one run of the schedule looks at, all due before any other. `key` makes a key of a
/// number.
async fn unreadable_are_due(bot: &Bot, table: &str, count: u64, key: impl Fn(u64) -> Value) {
    let table = bot.stack().tables().name(table);
    for n in 0..count {
        let mut item = key(n);
        for (name, value) in
            [("version", json!(1)), ("due", json!("1")), ("due_at", json!(1)), ("of_tomorrow", json!(n))]
        {
            item[name] = value;
        }
        let item = serde_dynamo::to_item(item).expect("it is an item");
        let put = bot.stack().aws().dynamodb.put_item().table_name(table).set_item(Some(item));
        put.send().await.expect("the table takes it");
    }
}

/// None is lost, and none is due before tomorrow.
async fn all_wait_for_another_version(bot: &Bot, table: &str, count: usize) {
    let found = bot.stack().aws().dynamodb.scan().table_name(bot.stack().tables().name(table));
    let found = found.send().await.expect("the table answers").items.unwrap_or_default();
    let due_at =
        found.into_iter().filter(|item| item.contains_key("of_tomorrow")).map(|mut item| item.remove("due_at"));
    let due_at: Vec<AttributeValue> = due_at.flatten().collect();
    assert_eq!(due_at.len(), count);
    let is_later =
        |at: &AttributeValue| at.as_n().is_ok_and(|at| at.parse().is_ok_and(|at: i64| at > bot.now() + 12 * 3600));
    assert!(due_at.iter().all(is_later), "{due_at:?}");
}

#[tokio::test]
async fn a_line_is_delivered_behind_talks_that_cannot_be_read() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        anna.say("/human").await;
        anna.sees("Зову менеджера.");
        let topic = group.topic("Анна");
        topic.saw("Клиент зовёт человека");
        let failing = bot.fail(System::Telegram, "copyMessage", When::Always, Fault::Html(500));
        anna.say("ау").await;
        assert!(failing.has_struck());
        drop(failing);
        unreadable_are_due(bot, "talks", 100, |n| json!({ "chat_id": n })).await;
        bot.wait(60);
        bot.schedule().await;
        topic.saw_nothing();
        bot.schedule().await;
        topic.saw("ау");
        all_wait_for_another_version(bot, "talks", 100).await;
    })
    .await;
}

#[tokio::test]
async fn a_handover_is_done_behind_cards_that_cannot_be_read() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга", "Пётр"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        group.topic("Анна").saw(&number);
        let failing = bot.fail(System::Amocrm, "PATCH /api/v4/leads/*", When::Always, Fault::Html(503));
        bot.team("Пётр").taps("🙋 Взять").await;
        let _ = bot.team("Пётр").alert();
        bot.deliver().await;
        assert!(failing.has_struck());
        drop(failing);
        unreadable_are_due(bot, "sales-chat", 50, |n| json!({ "entry": format!("01JD{n:022}") })).await;
        let has_it = |bot: &Bot| {
            bot.crm().deals().iter().any(|found| found.id == deal.id && found.responsible.starts_with("Игорь"))
        };
        bot.wait(700);
        bot.schedule().await;
        assert!(!has_it(bot));
        bot.schedule().await;
        assert!(has_it(bot), "who is Пётр's user in amoCRM");
        group.topic("Анна").saw("✅ Взято: Пётр");
        all_wait_for_another_version(bot, "sales-chat", 50).await;
    })
    .await;
}

#[tokio::test]
async fn a_stage_is_told_behind_deals_that_cannot_be_read() {
    story(async |bot| {
        let stage = simulators::amocrm::BOT_FIRST_STAGE + 1;
        bot.put_dealer_file(&format!("[stages]\n{stage} = \"Ваш автомобиль принят на диагностику.\"\n")).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        bot.crm().move_deal(deal.id, stage);
        unreadable_are_due(bot, "deals", 250, |n| json!({ "deal_id": 1_000_000 + n, "chat_id": 7 })).await;
        // Of the same deal, in another chat.
        unreadable_are_due(bot, "deals", 1, |_| json!({ "deal_id": deal.id, "chat_id": 7 })).await;
        bot.wait(3600);
        bot.schedule().await;
        anna.sees_nothing();
        bot.schedule().await;
        anna.sees("Ваш автомобиль принят на диагностику.");
        all_wait_for_another_version(bot, "deals", 251).await;
        bot.crm().move_deal(deal.id, stage - 1);
        bot.crm().move_deal(deal.id, stage);
        bot.hear_of_moves(&[deal.id]).await;
        bot.deliver().await;
        anna.sees_nothing();
    })
    .await;
}

/// The word that nobody takes a request is about one that cannot be read, and so is its handover.
#[tokio::test]
async fn what_is_about_a_request_that_cannot_be_read_waits_for_a_day_too() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let _ = bot.deliver_request(&number, &anna).await;
        group.topic("Анна").saw(&number);
        let lead = bot.requests().await.pop().expect("there is one");
        let key = AttributeValue::S(lead.lead_id.to_string());
        let leads = bot.stack().tables().name("leads");
        let damaged = bot.stack().aws().dynamodb.update_item().table_name(leads).key("lead_id", key);
        let damaged =
            damaged.update_expression("SET #status = :tomorrow").expression_attribute_names("#status", "status");
        let damaged = damaged.expression_attribute_values(":tomorrow", AttributeValue::S("of_tomorrow".to_owned()));
        damaged.send().await.expect("the table takes it");
        bot.team("Ольга").taps("🙋 Взять").await;
        let _ = bot.team("Ольга").alert();
        bot.deliver().await;
        bot.wait(11 * 60);
        bot.schedule().await;
        let mark = bot.mark();
        for _ in 0..2 {
            bot.wait(3600);
            bot.schedule().await;
        }
        let calls = bot.calls_since(&mark);
        for call in ["GetItem leads", "GetItem sales-chat", "PutItem sales-chat", "PutItem jobs"] {
            assert!(!calls.contains_key(&(System::DynamoDb, call.to_owned())), "{calls:?}");
        }
        group.topic("Анна").saw_nothing();
    })
    .await;
}
