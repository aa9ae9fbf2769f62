//! The sales group as stories play it.

use serde_json::json;
use simulators::amocrm::BOT_FIRST_STAGE;
use stories::{SALES_CHAT, story, to_sent};

#[tokio::test]
async fn what_the_group_sees_is_read_by_topic() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга", "Пётр"]).await;
        let call = async |method: &str, params| {
            let url = format!("{}/bot{}/{method}", bot.telegram().url(), bot.telegram().token());
            let answer = reqwest::Client::new().post(url).json(&params).send().await.expect("Telegram answers");
            answer.json::<serde_json::Value>().await.expect("JSON")
        };
        let topic = call("createForumTopic", json!({"chat_id": SALES_CHAT, "name": "Анна · K7QX"})).await;
        let topic = &topic["result"]["message_thread_id"];
        call("sendMessage", json!({"chat_id": SALES_CHAT, "text": "в общей"})).await;
        call("sendMessage", json!({"chat_id": SALES_CHAT, "text": "в теме", "message_thread_id": topic})).await;
        assert_eq!(group.topics(), ["Анна · K7QX"]);
        group.topic("Анна").saw("в теме");
        group.saw("в общей");
        group.saw_nothing();

        bot.team("Ольга").writes("коллеги, я на месте").await;
        bot.team("Пётр").in_topic("Анна").writes("смотрю").await;
        bot.team("Пётр").in_topic("Анна").closes_topic().await;
        assert_eq!(group.topics(), ["🔒 Анна · K7QX"]);
        let _ = group.reads();
    })
    .await;
}

#[tokio::test]
async fn amocrm_tells_the_bot_of_deals_that_people_move() {
    story(async |bot| {
        bot.put_dealer_file(&format!("[stages]\n{} = \"Мы посмотрели вашу заявку.\"\n", BOT_FIRST_STAGE + 1)).await;
        bot.subscribes_to_hooks();
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        bot.crm().move_deal(deal.id, BOT_FIRST_STAGE + 1);
        bot.hooks_come().await;
        anna.sees("Мы посмотрели вашу заявку.");
    })
    .await;
}
