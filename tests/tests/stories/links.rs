//! A customer follows a link: from its payload to the deal's source, tag, tracking data and note.

use storage::Reached;
use stories::{Customer, story};

/// The rest of a sale that the link has opened.
async fn sells(customer: &Customer) {
    customer.say("Toyota Camry").await;
    customer.tap("2019").await;
    customer.say("85 тыс").await;
    customer.say("1,5 млн").await;
    customer.tap("⏭ Пропустить").await;
    customer.say("Анна").await;
    customer.share_contact("79001234567").await;
    customer.tap("⏭ Пропустить").await;
    customer.tap("✅ Отправить").await;
    customer.finally_sees("Заявка отправлена");
}

#[tokio::test]
async fn a_deal_says_which_link_brought_the_customer() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start s_avito__m_cpc__c_autumn__t_red__b_sell").await;
        anna.sees("Продажа авто · Шаг 1 из 8");
        sells(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        let fields = ["SOURCE", "UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT"].map(|code| deal.field(code));
        assert_eq!(fields, ["avito", "avito", "cpc", "autumn", "red"].map(Some));
        assert_eq!(deal.tags, ["avito"]);
        assert!(deal.notes[0].contains("\nПришёл по ссылке: avito / cpc / autumn / red\n"), "{}", deal.notes[0]);
        let counters = bot.stack().aws().counters(bot.stack().tables());
        let reached = counters.reached_by_source(bot.now() - 3600).await.unwrap();
        let once = Reached { started: 1, name: 1, confirmation: 1 };
        assert_eq!(reached.into_iter().collect::<Vec<_>>(), [("avito".to_owned(), once)]);
    })
    .await;
}

#[tokio::test]
async fn odd_payloads_harm_nothing() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        let menu = anna.screen();
        for payload in ["b_nonsense", "<b>", "авито", &"a".repeat(65), "s_avito b_sell"] {
            anna.say(&format!("/start {payload}")).await;
            assert_eq!(anna.screen(), menu, "{payload}");
        }
        anna.tap("🚗 Продать авто").await;
        sells(&anna).await;
        bot.deliver().await;
        let deal = bot.next_deal();
        assert_eq!((deal.field("SOURCE"), deal.field("UTM_SOURCE")), (Some("Telegram Bot"), None));
        assert!(deal.tags.is_empty() && !deal.notes[0].contains("Пришёл по ссылке"), "{:?}", deal.notes);
    })
    .await;
}
