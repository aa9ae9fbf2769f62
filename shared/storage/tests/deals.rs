//! The Deals table against an embedded DynamoDB.

mod common;

use common::store;
use lead::{DealOutcome, LeadId, SeenDeal, TrackedDeal, WON};
use storage::{DealKey, Deals, SaveError, Versioned, forget_customer};

const ANNA: i64 = 7_000_000_001;
const BORIS: i64 = 7_000_000_002;
/// A full hour.
const NOW: i64 = 1_790_002_800;
const HOUR: i64 = 3600;
const NEW: u64 = 3101;

fn lead_id() -> LeadId {
    "01JD0000000000000AK7QX3M9Q".parse().unwrap()
}

fn deal(deal_id: u64, chat_id: i64) -> Versioned<TrackedDeal> {
    let mut deal = TrackedDeal::new(deal_id, chat_id);
    deal.note_request(lead_id(), Some(NEW), NOW);
    Versioned::new(deal)
}

fn key(deal_id: u64, chat_id: i64) -> DealKey {
    DealKey { deal_id, chat_id }
}

async fn due(deals: &Deals, now: i64) -> Vec<DealKey> {
    deals.due(now, 10).await.unwrap().iter().map(|deal| DealKey::of(&deal.value)).collect()
}

#[tokio::test]
async fn a_deal_is_read_as_it_was_stored_and_the_second_writer_has_to_read_again() {
    let store = store().await;
    let deals = store.aws.deals(&store.tables);
    let mut one = deal(8001, ANNA);
    deals.save(&mut one).await.unwrap();
    assert!(matches!(deals.save(&mut deal(8001, ANNA)).await, Err(SaveError::Conflict)));
    deals.save(&mut deal(8001, BORIS)).await.unwrap();
    one.value.see(Some(SeenDeal { stage: 3102, outcome: None }), |_| true, NOW + 60, NOW);
    deals.save(&mut one).await.unwrap();
    assert_eq!(deals.get(key(8001, ANNA)).await.unwrap(), Some(one));
    assert_eq!(deals.of_all_chats(8001).await.unwrap().len(), 2);
    assert_eq!(deals.known(&[8000, 8001, 8002]).await.unwrap(), [8001]);
}

#[tokio::test]
async fn what_is_due_is_found_and_closed_deals_are_not() {
    let store = store().await;
    let deals = store.aws.deals(&store.tables);
    deals.save(&mut deal(8001, ANNA)).await.unwrap();
    let mut won = deal(8002, ANNA);
    let seen = SeenDeal { stage: WON, outcome: Some(DealOutcome::Won { at: NOW }) };
    won.value.see(Some(seen), |_| false, NOW, NOW);
    deals.save(&mut won).await.unwrap();
    assert_eq!(due(&deals, NOW + HOUR - 1).await, []);
    assert_eq!(due(&deals, NOW + HOUR).await, [key(8001, ANNA)]);
}

#[tokio::test]
async fn a_chat_is_forgotten_and_others_with_the_same_deal_are_not() {
    let store = store().await;
    let deals = store.aws.deals(&store.tables);
    for (deal_id, chat_id) in [(8001, ANNA), (8001, BORIS), (8002, ANNA)] {
        deals.save(&mut deal(deal_id, chat_id)).await.unwrap();
    }
    forget_customer(&store.aws, &store.tables, ANNA, NOW).await.unwrap();
    assert_eq!(due(&deals, NOW + HOUR).await, [key(8001, BORIS)]);
}
