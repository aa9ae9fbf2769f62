//! `carquery customers`.

use serde_json::json;

use crate::operator::{Operator, asks_a_lawyer, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_are_banned_and_forgotten() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let telegram = stack.telegram().expect("it is simulated");
    let anna = asks_a_lawyer(telegram, "Анна", "8 900 000-00-01").await;
    let id = anna.chat.to_string();
    let customers = stack.aws().customers(stack.tables());
    let is_banned = async || customers.get(anna.chat).await.expect("it reads").is_some_and(|customer| customer.banned);

    for _ in 0..2 {
        assert_eq!(operator.json(&["customers", "ban", &id]), json!({ "chat_id": anna.chat, "banned": true }));
    }
    assert!(is_banned().await);
    let _ = anna.take_new();
    anna.say("/start").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    assert!(anna.take_new().is_empty(), "no answer");

    stack.deliver_once().await.expect("it is delivered");
    let shown = operator.json(&["customers", "show", &id]);
    let card = (&shown["customer"]["phone"], &shown["customer"]["banned"], &shown["requests"]);
    assert_eq!(card, (&json!("+79000000001"), &json!(true), &json!(1)));
    let contact = &shown["customer"]["contact_id"];
    let card = operator.text(&["customers", "show", &id]);
    assert!(card.contains(&format!("amoCRM contact  {contact}")), "{card}");
    assert!(card.contains("\nconsent ") && card.contains(", version "), "{card}");

    assert!(operator.text(&["customers", "forget", &id]).contains("Would delete"));
    assert_eq!(operator.json(&["customers", "forget", &id]), json!({ "would_delete": { "leads": 1 } }));
    let gone = operator.json(&["customers", "forget", &id, "--yes"]);
    assert_eq!(
        gone,
        json!({
            "deleted": { "leads": 1 }, "banned": true, "amocrm_contact": contact, "amocrm_deals": [],
            "sales_chat_cards": []
        })
    );
    assert_eq!(operator.json(&["leads", "list"]), json!([]));
    assert!(is_banned().await, "who is forgotten stays banned");
    anna.say("/delete").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    let answers: Vec<_> = anna.take_new().into_iter().map(|fresh| fresh.message.to_string()).collect();
    assert!(matches!(&answers[..], [only] if only.starts_with("Готово: ваши данные удалены.")), "{answers:?}");
    assert!(is_banned().await, "also by /delete");
    assert!(
        operator.text(&["customers", "forget", &id, "--yes"]).contains("Deleted 0 request(s)"),
        "twice is not a fault"
    );

    assert!(operator.text(&["customers", "unban", &id]).contains("is answered again"));
    assert!(!is_banned().await);
    anna.say("/start").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    assert!(!anna.take_new().is_empty(), "an answer");
    stack.stop().await;
}
