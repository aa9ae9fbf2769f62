//! `carquery dlq`.

use serde_json::json;

use crate::operator::{Operator, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_shown_and_put_back() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    assert_eq!(operator.text(&["dlq", "show"]), "The dead-letter queue is empty.\n");
    assert_eq!(operator.text(&["dlq", "redrive"]), "The dead-letter queue is empty: there is nothing to move.\n");

    let message = stack.aws().sqs.send_message().queue_url(stack.sqs().dlq_url()).message_body("no request");
    message.message_group_id("g").message_deduplication_id("1").send().await.expect("it is sent");
    for _ in 0..2 {
        let shown = operator.json(&["dlq", "show"]);
        assert_eq!(
            (&shown["messages"][0]["body"], &shown["depth"]),
            (&json!("no request"), &json!(1)),
            "it is left there"
        );
    }
    assert!(operator.text(&["dlq", "show"]).contains("no request"));
    assert_eq!(operator.json(&["dlq", "redrive"]), json!({ "redriven": 1 }));
    assert_eq!(operator.json(&["dlq", "redrive"]), json!({ "redriven": 0 }));
    assert_eq!(stack.sqs().queues.view().waiting.len(), 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_deleted_only_when_that_is_confirmed() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    assert_eq!(
        operator.text(&["dlq", "purge", "--yes"]),
        "The dead-letter queue is empty: there is nothing to delete.\n"
    );
    for number in 0..12 {
        let message = stack.aws().sqs.send_message().queue_url(stack.sqs().dlq_url()).message_body("no request");
        let message = message.message_group_id("g").message_deduplication_id(number.to_string());
        message.send().await.expect("it is sent");
    }
    assert_eq!(operator.text(&["dlq", "purge"]), "Would delete 12 message(s). Add --yes.\n");
    assert_eq!(operator.json(&["dlq", "purge"]), json!({ "deleted": 0, "depth": 12 }));
    assert_eq!(operator.text(&["dlq", "purge", "--yes"]), "Deleted 12 message(s).\n");
    assert_eq!(operator.text(&["dlq", "show"]), "The dead-letter queue is empty.\n");
    stack.stop().await;
}
