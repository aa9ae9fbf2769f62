//! What admins ask the bot in their chat.

use simulators::fault::{Fault, When};
use stories::{Bot, Customer, Setup, story, story_with, to_sent};

/// The id of the first chat that a story makes in the simulated Telegram, as a group has it.
const GROUP: i64 = -7_000_000_005;

const REFUSAL: &str = r#"{"validation-errors":[{"request_id":"0","errors":[{"code":"InvalidType","path":"price","detail":"Too big"}]}],"title":"Bad Request","status":400,"detail":"Request validation failed"}"#;

/// Anna's request, which amoCRM refuses for good. Returns its number.
async fn refused(bot: &Bot, anna: &Customer) -> String {
    let number = to_sent(anna).await;
    bot.crm().faults().add("POST /api/v4/leads*", When::Always, Fault::Status(400, REFUSAL.to_owned()));
    bot.deliver().await;
    bot.crm().faults().clear();
    assert!(bot.admin().screen().contains("не передана в amoCRM"));
    number
}

#[tokio::test]
async fn a_dead_request_is_tried_again_from_the_chat_and_becomes_a_deal() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let number = refused(bot, &anna).await;
        let admin = bot.admin();
        admin.say("/status").await;
        let status = admin.screen();
        assert!(status.contains("Бот больше не пробует: 1") && status.contains(&number), "{status}");
        assert!(status.contains("\namoCRM отказывает (HTTP 400; price: InvalidType)\n"), "the reason: {status}");

        let retry = admin.button(&format!("🔁 Повторить {number}"));
        admin.press(&retry).await;
        assert_eq!(admin.alert(), "Отправляю ещё раз.");
        assert!(admin.screen().contains("Ждут отправки: 1"));
        admin.press(&retry).await; // in a hurry
        assert_eq!(admin.alert(), "Отправляю ещё раз.");
        let _ = admin.reads();
        bot.wait(60); // what the last attempt has left behind can be seen now
        bot.schedule().await;
        bot.deliver_request(&number, &anna).await;

        admin.press(&retry).await;
        assert_eq!(admin.alert(), "Эта заявка уже передана или отправляется.");
        assert_eq!(admin.screen(), "✅ Все заявки переданы в amoCRM.");
    })
    .await;
}

#[tokio::test]
async fn everything_that_waits_is_tried_again_with_one_press() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let boris = bot.customer("Борис");
        bot.crm().faults().add("*", When::Always, Fault::Html(503));
        to_sent(&anna).await;
        to_sent(&boris).await;
        bot.deliver().await;
        let admin = bot.admin();
        assert!(admin.screen().contains("Проблема с amoCRM"));
        admin.say("/status").await;
        let status = admin.screen();
        assert!(status.contains("Ждут отправки: 2"), "{status}");
        assert!(
            status.contains("amoCRM не принимает заявки с") && status.contains("ошибка на стороне amoCRM"),
            "{status}"
        );

        bot.crm().faults().clear();
        admin.tap("🔁 Повторить все").await;
        assert_eq!(admin.alert(), "Отправляю ещё раз: 2.");
        let _ = admin.reads();
        bot.wait(600);
        bot.schedule().await;
        let _ = (bot.next_deal(), bot.next_deal());
        assert!(admin.screen().contains("amoCRM снова принимает заявки"));
    })
    .await;
}

#[tokio::test]
async fn elsewhere_the_same_command_is_a_customer_s() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        let number = refused(bot, &anna).await;
        let boris = bot.customer("Борис");
        boris.say("/status").await;
        let shown = boris.reads().join("\n");
        assert!(!shown.contains(&number) && !shown.contains("amoCRM"), "{shown}");
        let lead = bot.requests().await.remove(0);
        let newest = boris.messages().last().expect("a message").id;
        boris.press(&(newest, format!("retry:{}", lead.lead_id))).await;
        let _ = (boris.reads(), boris.app.take_alerts());
        assert_eq!(bot.requests().await, [lead], "a forged press changes nothing");
    })
    .await;
}

#[tokio::test]
async fn a_group_of_admins_asks_also_when_it_has_become_a_supergroup() {
    story_with(Setup::default().with("ADMIN_CHAT_ID", GROUP), async |bot| {
        let group = bot.telegram().new_group("Администраторы");
        assert_eq!(group.chat, GROUP);
        let boss = bot.customer("Директор");
        let reads = |group: &simulators::telegram::Group| {
            group.take_new().into_iter().map(|fresh| fresh.message.text).collect::<Vec<_>>()
        };
        group.member(&boss.app).say("/status").expect("a member writes");
        bot.settle().await;
        assert_eq!(reads(&group), ["✅ Все заявки переданы в amoCRM."]);

        let supergroup = group.upgrade();
        bot.settle().await;
        supergroup.member(&boss.app).say("/status").expect("a member writes");
        bot.settle().await;
        assert_eq!(reads(&supergroup), ["✅ Все заявки переданы в amoCRM."]);
    })
    .await;
}
