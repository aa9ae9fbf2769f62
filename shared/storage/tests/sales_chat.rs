//! The cards of the sales chat: one claim wins, and is due until amoCRM has it.

mod common;

use common::store;
use lead::{LeadId, Seconds};
use sales::{Card, CardMessage, Taken};
use storage::{SaveError, Versioned, forget_customer};

const NOW: Seconds = 1_790_000_000;
const ANNA: i64 = 7_000_000_001;
const MESSAGE: CardMessage = CardMessage { group_id: -77, message_id: 5, has_photo: true };

fn lead_id() -> LeadId {
    "01JD0000000000000AK7QX3M9Q".parse().unwrap()
}

#[tokio::test]
async fn of_two_presses_one_is_stored() {
    let store = store().await;
    let chat = store.aws.sales_chat(&store.tables);
    chat.save_card(&mut Versioned::new(Card::new(lead_id(), ANNA, None))).await.unwrap();
    let mut one = chat.card(&lead_id()).await.unwrap().unwrap();
    let mut other = one.clone();
    assert_eq!(one.value.take(501, MESSAGE, NOW, 60), Taken::Now);
    assert_eq!(other.value.take(502, MESSAGE, NOW, 60), Taken::Now);
    chat.save_card(&mut one).await.unwrap();
    assert!(matches!(chat.save_card(&mut other).await, Err(SaveError::Conflict)));
    assert_eq!(chat.card(&lead_id()).await.unwrap(), Some(one.clone()));

    assert_eq!(chat.handovers_due(NOW + 59, 10).await.unwrap(), []);
    assert_eq!(chat.handovers_due(NOW + 60, 10).await.unwrap(), [lead_id()]);
    one.value.finish_handover();
    chat.save_card(&mut one).await.unwrap();
    assert_eq!(chat.handovers_due(NOW + 60, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_card_of_a_forgotten_customer_does_not_come_back() {
    let store = store().await;
    let chat = store.aws.sales_chat(&store.tables);
    let mut card = Versioned::new(Card::new(lead_id(), ANNA, None));
    chat.save_card(&mut card).await.unwrap();
    forget_customer(&store.aws, &store.tables, ANNA, NOW).await.unwrap();
    card.value.message = Some(MESSAGE);
    assert!(matches!(chat.save_card(&mut card).await, Err(SaveError::Conflict)));
    assert_eq!(chat.card(&lead_id()).await.unwrap(), None);
}

#[tokio::test]
async fn where_a_group_has_moved_is_known_until_the_file_names_another() {
    let store = store().await;
    let chat = store.aws.sales_chat(&store.tables);
    let mut group = chat.group(-77).await.unwrap();
    group.value.follow(-1_001);
    chat.save_group(&mut group).await.unwrap();
    assert_eq!(chat.group(-77).await.unwrap(), group);
    let other = chat.group(-88).await.unwrap();
    assert_eq!((other.value.current_id(), other.version), (-88, 1));
}
