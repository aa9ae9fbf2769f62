//! The dealer's file as the functions know it.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use common::{Store, store};
use storage::CurrentDealer;

const NOW: i64 = 1_790_000_000;
const GOOD: &str = "[sales_chat]\nchat_id = -1001234567890\n";

async fn put(store: &Store, text: &str) {
    let files = store.aws.dealer_file(&store.tables);
    let mut file = files.load().await.unwrap();
    text.clone_into(&mut file.value);
    files.save(&mut file).await.unwrap();
}

#[tokio::test]
async fn a_file_that_could_not_be_read_is_not_taken_for_none() {
    let store = Store::without_tables();
    let dealer = CurrentDealer::new(store.aws.dealer_file(&store.tables), 60, Arc::new(|| NOW));
    assert!(dealer.known().await.is_err(), "who acts on it has to wait");
    assert!(dealer.get().await.sales_chat.is_none(), "a customer does not wait");

    storage::schema::create(&store.aws.dynamodb, &store.tables).await.unwrap();
    put(&store, GOOD).await;
    let known = dealer.known().await.expect("it can be read now");
    assert!(known.sales_chat.is_some());
}

#[tokio::test]
async fn a_text_with_faults_leaves_the_good_one_in_force() {
    let store = store().await;
    let now = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&now);
    let files = store.aws.dealer_file(&store.tables);
    let dealer = CurrentDealer::new(files, 60, Arc::new(move || clock.load(Ordering::Relaxed)));
    put(&store, GOOD).await;
    assert!(dealer.known().await.unwrap().sales_chat.is_some());
    put(&store, "[sales_chat]").await;
    now.fetch_add(60, Ordering::Relaxed);
    assert!(dealer.known().await.unwrap().sales_chat.is_some());
}
