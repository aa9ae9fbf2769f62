//! `carquery leads`.

use lead::Status;
use serde_json::json;

use crate::operator::{Operator, asks_a_lawyer, stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_listed_shown_retried_and_exported() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    assert_eq!(operator.text(&["leads", "list"]), "No requests.\n");
    assert_eq!(operator.json(&["leads", "list"]), json!([]));
    assert_eq!(operator.text(&["leads", "retry", "--all"]), "Nothing is dead or waiting.\n");

    let telegram = stack.telegram().expect("it is simulated");
    asks_a_lawyer(telegram, "Анна", "8 900 000-00-01").await;
    let list = operator.json(&["leads", "list", "--status", "pending"]);
    let (id, number) =
        (list[0]["lead_id"].as_str().expect("an id"), list[0]["request_number"].as_str().expect("a number"));
    assert!(operator.text(&["leads", "list"]).contains(number));
    assert_eq!(operator.json(&["leads", "list", "--status", "dead"]), json!([]));
    for name in [id, number, &format!("№{}", number.to_lowercase())] {
        assert_eq!(operator.json(&["leads", "show", name])["request"]["customer"]["phone"], "+79000000001", "{name}");
    }
    let shown = operator.text(&["leads", "show", number]);
    assert!(shown.contains("phone +79000000001") && shown.contains("Не платят"), "{shown}");
    assert!(operator.fails(&["leads", "show", "AAAA-AAAA"]).contains("there is no request with the number AAAA-AAAA"));

    stack.deliver_once().await.expect("it is delivered");
    assert_eq!(operator.json(&["leads", "list"])[0]["status"], "sent");
    assert!(operator.fails(&["leads", "retry", number]).contains("the request is sent: there is nothing to try again"));
    assert_eq!(operator.json(&["leads", "retry", "--all"]), json!({ "queued": [], "changed_meanwhile": [] }));

    let leads = stack.aws().leads(stack.tables());
    let mut lead = leads.get(&id.parse().expect("an id")).await.expect("it reads").expect("it is there");
    lead.value.status = Status::Dead { at: 0 };
    leads.save(&mut lead).await.expect("it is written");
    for again in 0..2 {
        assert_eq!(operator.json(&["leads", "retry", number])["queued"], json!([number]), "the {again}th time");
    }
    assert!(operator.text(&["leads", "retry", "--all"]).contains(number));
    stack.deliver_once().await.expect("it is delivered");
    assert_eq!(operator.json(&["leads", "list"])[0]["status"], "sent");
    assert_eq!(stack.amocrm().expect("it is simulated").deals().len(), 1, "tried again, and not doubled");

    let mut lead = leads.get(&id.parse().expect("an id")).await.expect("it reads").expect("it is there");
    lead.value.request.unfinished = Some("Комментарий".to_owned());
    leads.save(&mut lead).await.expect("it is written");
    assert!(operator.text(&["leads", "list"]).contains("legal (unfinished)"));
    assert_eq!(operator.json(&["leads", "list"])[0]["unfinished"], true);
    assert!(operator.text(&["leads", "show", number]).contains("unfinished, stopped at: Комментарий"));

    let csv = operator.text(&["leads", "export"]);
    assert!(
        csv.starts_with("\u{feff}\"request_number\";\"created_at\";")
            && csv.lines().count() == 2
            && csv.contains("\"'+79000000001\""),
        "{csv}"
    );
    for arguments in
        [&["leads", "export"][..], &["leads", "export", "--format", "csv"], &["leads", "export", "--format", "json"]]
    {
        assert_eq!(operator.json(arguments)[0]["lead_id"], id, "--json is JSON");
    }
    stack.stop().await;
}
