//! The dealer's team, whose messages the bot fetches by long polling.

use std::fs;

use simulators::fault::{Fault, When};
use simulators::telegram::BotRole;

use super::*;

const SALES_CHAT: i64 = -1_001_234_567_890;
const OLGA: i64 = 7_000_000_900;

/// Telegram's answer to the opening of a topic is lost, so there are two.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manager_who_writes_in_a_topic_without_a_customer_is_told_so() {
    let world = World::start().await;
    let dealer = format!(
        "[[team]]\nname = \"Ольга\"\namocrm_user_id = {}\ntelegram_id = {OLGA}\n[sales_chat]\nchat_id = {SALES_CHAT}\n",
        amocrm::MANAGER
    );
    fs::write(world.operator.folder.path().join("dealer.toml"), dealer).expect("it is written");
    let group = world.telegram.supergroup_at(SALES_CHAT, "Продажи");
    let olga = group.member(&world.telegram.person_at(OLGA, "Ольга", None));
    group.switch_topics(true);
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    let bot = world.serve().await;

    world.telegram.faults().add("createForumTopic", When::Times(1), Fault::LoseAnswer);
    world.telegram.new_customer("Анна", None).say("/human").expect("it is possible");
    eventually("the answer is lost and a second topic opened", async || group.topics().len() == 2).await;
    let stray = group.topics()[0].id;
    olga.in_topic(stray).say("Здравствуйте!").expect("it is possible");
    let mut read = Vec::new();
    eventually("Ольга is told", async || {
        read.extend(group.take_new_in(stray).into_iter().map(|fresh| fresh.message.text));
        !read.is_empty()
    })
    .await;
    assert!(matches!(&read[..], [word] if word.starts_with("Никому не отправлено")), "{read:#?}");
    bot.stop().await;
}
