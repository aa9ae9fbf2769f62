//! What the admins read in their chat, wherever it goes.

use simulators::fault::{Fault, When};
use stories::{Bot, Setup, System, story, story_with, to_sent};

/// The id of the first chat that a story makes in the simulated Telegram, as a group has it.
const GROUP: i64 = -7_000_000_005;

/// What has come into a group since the last look.
fn news(bot: &Bot, group: i64) -> Vec<String> {
    bot.telegram().customer(group).take_new().into_iter().map(|fresh| fresh.message.text).collect()
}

/// One message, which begins with this.
fn assert_news(bot: &Bot, group: i64, beginning: &str) {
    let news = news(bot, group);
    assert!(news.len() == 1 && news[0].starts_with(beginning), "{news:#?}");
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_is_followed() {
    story_with(Setup::default().with("ADMIN_CHAT_ID", GROUP), async |bot| {
        let group = bot.telegram().new_group("Администраторы");
        assert_eq!(group.chat, GROUP);
        let anna = bot.customer("Анна");
        bot.crm().faults().add("*", When::Always, Fault::Html(503));
        to_sent(&anna).await;
        bot.deliver().await;
        assert_news(bot, GROUP, "⚠️ Проблема с amoCRM");

        let supergroup = group.upgrade().chat;
        bot.crm().faults().clear();
        bot.wait(600);
        bot.schedule().await;
        let _ = bot.next_deal();
        assert_news(bot, supergroup, "✅ amoCRM снова принимает заявки");

        // From now on the old group is not tried first.
        bot.wait(600);
        let mark = bot.telegram().faults().mark();
        bot.crm().faults().add("*", When::Always, Fault::Html(503));
        to_sent(&anna).await;
        let of_anna = bot.telegram().faults().calls_since(mark).len();
        bot.deliver().await;
        assert_news(bot, supergroup, "⚠️ Проблема с amoCRM");
        assert_eq!(bot.telegram().faults().calls_since(mark).len(), of_anna + 1);
        bot.crm().faults().clear();
        bot.wait(600);
        bot.schedule().await;
        let _ = bot.next_deal();
        assert_news(bot, supergroup, "✅ amoCRM снова принимает заявки");
        assert_eq!(news(bot, GROUP), Vec::<String>::new());
        bot.admin().sees_nothing();
    })
    .await;
}

/// Somebody asks these many questions, and gets an answer to each.
async fn asks(bot: &Bot, questions: usize) {
    let somebody = bot.customer("Борис");
    for _ in 0..questions {
        somebody.say("Хочу продать Тойоту Камри 2019 года").await;
        somebody.finally_sees("🚗 Продать авто");
        bot.wait(10);
    }
}

#[tokio::test]
async fn a_model_that_leaves_nine_of_ten_questions_to_the_rules_is_told_once_and_so_is_its_return() {
    story(async |bot| {
        bot.schedule().await;
        bot.admin().sees_nothing();
        asks(bot, 1).await;
        let outage = bot.fail(System::OpenAi, "*", When::Always, Fault::Html(500));
        asks(bot, 8).await;
        bot.schedule().await;
        bot.admin().sees_nothing(); // eight of nine
        asks(bot, 1).await;
        bot.schedule().await;
        bot.admin().sees("⚠️ Модель не отвечает: за последний час на 9 вопросов из 10 ответили встроенные правила.");
        for _ in 0..3 {
            bot.schedule().await;
            bot.wait(30 * 60);
            asks(bot, 3).await;
        }
        bot.schedule().await;
        bot.admin().sees_nothing();

        drop(outage);
        asks(bot, 1).await;
        bot.schedule().await;
        bot.admin().sees_nothing(); // one good answer is not a return
        bot.wait(70 * 60);
        asks(bot, 1).await;
        bot.schedule().await;
        bot.admin().sees("✅ Модель снова отвечает на вопросы клиентов, перерыв 3 ч.");
        for _ in 0..2 {
            bot.wait(30 * 60);
            asks(bot, 3).await;
            bot.schedule().await;
        }
        bot.admin().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn rules_that_answer_because_the_days_questions_are_used_up_are_not_an_outage() {
    story(async |bot| {
        bot.put_dealer_file("[limits]\nmodel_questions_a_day = 1\n").await;
        asks(bot, 9).await;
        bot.schedule().await;
        bot.admin().sees("Клиенты задали модели 1 вопрос за день");
        bot.admin().sees_nothing();
    })
    .await;
}
