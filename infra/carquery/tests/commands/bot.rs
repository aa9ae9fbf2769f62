//! `carquery doctor`, `stats` and `telegram`.

use serde_json::{Value, json};
use simulators::telegram::Telegram;

use crate::operator::{Operator, assert_called, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_is_looked_at_and_its_webhook_set() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let telegram = stack.telegram().expect("it is simulated");
    stack.subscribe_to_hooks();
    let healthy = operator.json(&["doctor"]);
    assert_eq!(healthy["healthy"], true, "{healthy}");
    assert!(operator.text(&["doctor"]).contains("ok    Telegram bot"));
    let stats = operator.json(&["stats"]);
    assert!(stats["funnel"].is_array() && stats["sources"].is_array() && stats["delivery"].is_object(), "{stats}");
    assert!(operator.text(&["stats", "--days", "2"]).contains("in the last 2 day(s)"));
    operator.text(&["stats", "--html", "stats.html"]);
    let page = std::fs::read_to_string(operator.folder.path().join("stats.html")).expect("it is written");
    assert!(page.contains("никто не начинал заявку"), "{page}");

    let link = operator.json(&["links", "make", "--source", "avito"]);
    assert_eq!(link["link"], "https://t.me/carquery_bot?start=s_avito", "Telegram names the bot");

    let url = format!("{}/telegram/webhook", stack.url());
    assert!(operator.fails(&["telegram", "set-webhook"]).contains("name the address"));
    assert!(operator.fails(&["telegram", "set-webhook", "http://example.org"]).contains("Telegram requires https"));
    for _ in 0..2 {
        assert_eq!(operator.json(&["telegram", "set-webhook", &url]), json!({ "webhook": url }));
        assert_eq!(operator.json(&["telegram", "info"])["url"], url);
    }
    assert!(operator.text(&["telegram", "info"]).contains(&url));
    for _ in 0..2 {
        assert_eq!(operator.json(&["telegram", "delete-webhook"]), json!({ "webhook": null }));
    }
    assert!(operator.text(&["telegram", "info"]).contains("(none: long polling)"));

    let endpoints = std::fs::read(operator.data().join(settings::ENDPOINTS_FILE)).expect("it is there");
    let endpoints: Value = serde_json::from_slice(&endpoints).expect("JSON");
    let secret = endpoints["TELEGRAM_WEBHOOK_SECRET"].as_str().expect("a secret");
    operator.never_prints(&[telegram.token(), secret, stack.amocrm().expect("it is simulated").client_secret()]);
    assert_called(Telegram::served(), telegram.faults());
    stack.stop().await;
}
