//! Items that are due and in a shape that this version of the bot does not know.

mod common;

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use common::{Store, store};
use lead::{LeadId, Seconds};
use serde_json::{Value, json};
use storage::PUT_OFF_UNREADABLE;

const NOW: Seconds = 1_790_000_000;
const ANNA: i64 = 7_000_000_001;
const LEAD: &str = "01JD0000000000000AK7QX3M9Q";

fn lead_id() -> LeadId {
    LEAD.parse().unwrap()
}

/// Reads what is due of a table, as its worker does, and counts what it gets.
async fn look_at_what_is_due(store: &Store, table: &str, now: Seconds) -> usize {
    let (aws, tables) = (&store.aws, &store.tables);
    match table {
        "leads" => aws.leads(tables).get_many_due(&[lead_id()], now).await.unwrap().len(),
        "deals" => aws.deals(tables).due(now, 10).await.unwrap().len(),
        "sales-chat" => aws.sales_chat(tables).card_due(&lead_id(), now).await.unwrap().iter().len(),
        "talks" => aws.talks(tables).get_due(ANNA, now).await.unwrap().iter().len(),
        _ => {
            let due = aws.jobs(tables).due(now, 10).await.unwrap();
            let mut claimed = 0;
            for job in due {
                claimed += aws.jobs(tables).claim(&job, now).await.unwrap().iter().len();
            }
            claimed
        }
    }
}

async fn stored(store: &Store, table: &str) -> HashMap<String, AttributeValue> {
    let scan = store.aws.dynamodb.scan().table_name(store.tables.name(table)).send().await.unwrap();
    let [item] = scan.items() else { panic!("one item was expected in {table}: {scan:?}") };
    item.clone()
}

fn number(item: &HashMap<String, AttributeValue>, name: &str) -> Option<Seconds> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

#[tokio::test]
async fn what_cannot_be_read_is_put_off_by_a_day_and_otherwise_left_as_it_is() {
    let keys: [(&str, Value); 5] = [
        ("leads", json!({ "lead_id": LEAD })),
        ("deals", json!({ "deal_id": 8001, "chat_id": ANNA })),
        ("sales-chat", json!({ "entry": LEAD })),
        ("talks", json!({ "chat_id": ANNA })),
        ("jobs", json!({ "job": format!("card:{LEAD}") })),
    ];
    for (table, key) in keys {
        for version in [Some(3), None] {
            let store = store().await;
            let mut item = key.clone();
            for (name, value) in [("due", json!("1")), ("due_at", json!(NOW)), ("of_tomorrow", json!("?"))] {
                item[name] = value;
            }
            if let Some(version) = version {
                item["version"] = json!(version);
            }
            let item = serde_dynamo::to_item(item).unwrap();
            let put = store.aws.dynamodb.put_item().table_name(store.tables.name(table)).set_item(Some(item));
            put.send().await.unwrap();

            assert_eq!(look_at_what_is_due(&store, table, NOW - 1).await, 0);
            assert_eq!(number(&stored(&store, table).await, "due_at"), Some(NOW), "{table}: it is not due yet");
            for _ in 0..2 {
                assert_eq!(look_at_what_is_due(&store, table, NOW).await, 0);
                let item = stored(&store, table).await;
                assert_eq!(number(&item, "due_at"), Some(NOW + PUT_OFF_UNREADABLE), "{table} {version:?}");
                assert_eq!(number(&item, "version"), Some(version.unwrap_or(0) + 1), "{table}: once");
                assert!(item.contains_key("of_tomorrow"), "{table}");
            }
        }
    }
}
