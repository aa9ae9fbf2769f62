//! Unfinished requests and open deals: which one makes way for the other.

use lead::LOST;
use serde_json::json;
use simulators::amocrm::BOT_FIRST_STAGE;
use stories::{ANNA, is_complete, numbers_of, story};

use crate::joining::{JOINS, LATER_STAGE, delivered, joining_bot, only_deal};

const UNFINISHED_STAGE: u64 = BOT_FIRST_STAGE + 1;

#[tokio::test]
async fn a_request_follows_an_unfinished_one_whose_deal_nobody_has_touched() {
    story(async |bot| {
        bot.put_dealer_file(&format!("{JOINS}\n[unfinished]\nstatus_id = {UNFINISHED_STAGE}")).await;
        let left = bot.store_unfinished(1, ANNA, Vec::new()).await;
        bot.push_until_sent(&[left]).await;
        assert_eq!(bot.next_deal().tags, ["unfinished"]);
        let sent = delivered(bot, 2, ANNA, |_| {}).await;
        let deal = only_deal(bot);
        assert_eq!(
            (deal.name.as_str(), deal.stage.as_str(), deal.price),
            ("Продажа авто — Toyota Camry — Анна", "Новая заявка", 1_500_000)
        );
        assert_eq!(deal.tags, [""; 0], "it is the deal of the finished request now");
        assert_eq!(deal.field("REQUEST_ID"), Some(sent.request_number().as_str()));
        let numbers =
            [format!("{} не закончена", left.request_number()), format!("{} закончена", sent.request_number())];
        assert_eq!((numbers_of(&deal), deal.tasks.len()), (numbers.to_vec(), 2));
        // A third one joins it like any other.
        delivered(bot, 3, ANNA, |_| {}).await;
        let deal = only_deal(bot);
        assert_eq!((deal.notes.len(), &deal.tags), (3, &vec!["telegram_repeat".to_owned()]));
        assert_eq!(deal.field("REQUEST_ID"), Some(sent.request_number().as_str()));
    })
    .await;
}

#[tokio::test]
async fn an_unfinished_deal_that_a_manager_works_on_keeps_name_and_stage() {
    let bot = joining_bot().await;
    let left = bot.store_unfinished(1, ANNA, Vec::new()).await;
    bot.push_until_sent(&[left]).await;
    bot.manager_moves(only_deal(&bot).id, LATER_STAGE).await;
    let sent = delivered(&bot, 2, ANNA, |_| {}).await;
    let deal = only_deal(&bot);
    assert_eq!(
        (deal.name.as_str(), deal.stage.as_str()),
        ("Не закончил: Продажа авто — Toyota Camry — Анна", "Встреча назначена")
    );
    assert_eq!(numbers_of(&deal)[1], sent.request_number());
    assert_eq!((deal.price, deal.tasks.len()), (1_500_000, 2));
}

#[tokio::test]
async fn an_unfinished_request_joins_an_open_deal_and_its_completion_does_too() {
    let bot = joining_bot().await;
    let first = delivered(&bot, 1, ANNA, |_| {}).await;
    bot.manager_changes(only_deal(&bot).id, json!({ "name": "Камри Анны" })).await;
    let left = bot.store_unfinished(2, ANNA, Vec::new()).await;
    bot.push_until_sent(&[left]).await;
    let deal = only_deal(&bot);
    assert_eq!((deal.name.as_str(), &deal.tags), ("Камри Анны", &vec!["telegram_repeat".to_owned()]));
    bot.finish_request(left, Vec::new()).await;
    bot.push_until_sent(&[left]).await;
    let deal = only_deal(&bot);
    let number = left.request_number();
    assert_eq!(
        numbers_of(&deal),
        [first.request_number(), format!("{number} не закончена"), format!("{number} закончена")]
    );
    assert_eq!((deal.name.as_str(), deal.stage.as_str(), deal.tasks.len()), ("Камри Анны", "Новая заявка", 2));
}

#[tokio::test]
async fn what_is_finished_after_the_joined_deal_was_closed_gets_a_deal_of_its_own() {
    let bot = joining_bot().await;
    let first = delivered(&bot, 1, ANNA, |_| {}).await;
    let left = bot.store_unfinished(2, ANNA, Vec::new()).await;
    bot.push_until_sent(&[left]).await;
    bot.manager_moves(only_deal(&bot).id, LOST).await;
    bot.finish_request(left, Vec::new()).await;
    bot.push_until_sent(&[left]).await;
    let deals = bot.crm().deals();
    assert_eq!(deals.len(), 2);
    assert_eq!((numbers_of(&deals[0]), is_complete(&deals[0])), (vec![left.request_number()], true));
    assert_eq!(numbers_of(&deals[1]).len(), 2, "{first}");
}
