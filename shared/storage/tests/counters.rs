//! Limits that are counted where requests are stored: nobody gets past them by being fast or by being many.

mod common;

use std::time::Duration;

use common::{Store, store};
use dialog::{Conversation, Milestone, Person, SourceProgress};
use futures::future::join_all;
use lead::{Lead, LeadId, Request, Seconds};
use storage::{FinishError, MAX_OF_ALL_PER_HOUR, MAX_OF_PHONE_PER_DAY, ModelQuestions, Reached, SaveError, Versioned};
use ulid::Ulid;

const VICTIM: &str = "+79160000000";
const HOUR: Seconds = 3600;

/// Another chat sends a request with this phone. As the webhook does, it tries again when others were faster.
async fn send(store: &Store, chat_id: i64, phone: &str, at: Seconds) -> Result<(), FinishError> {
    let sessions = store.aws.sessions(&store.tables);
    let person = Person { chat_id, ..Person::default() };
    let mut request = Request { id: LeadId(Ulid::generate()), created_at: at, ..Request::example() };
    request.customer.chat_id = chat_id;
    phone.clone_into(&mut request.customer.phone);
    loop {
        let mut conversation =
            Versioned::<Conversation> { version: sessions.load(chat_id).await?.version, ..Versioned::default() };
        let mut lead = Versioned::new(Lead::new(request.clone(), 60));
        match sessions.finish(&person, &mut conversation, &mut lead).await {
            Err(FinishError::Save(SaveError::Conflict)) => tokio::time::sleep(Duration::from_millis(10)).await,
            result => return result,
        }
    }
}

#[tokio::test]
async fn many_chats_at_once_cannot_fill_one_phone_number() {
    let store = store().await;
    let at = Request::example().created_at;
    let sent = join_all((0..25).map(|chat| send(&store, 100 + chat % 5, VICTIM, at))).await;
    let refused = sent.iter().filter(|result| matches!(result, Err(FinishError::TooMany))).count();
    assert_eq!(u32::try_from(25 - refused).unwrap(), MAX_OF_PHONE_PER_DAY, "{sent:?}");
    let stored = store.aws.leads(&store.tables).all().await.unwrap();
    assert_eq!(u32::try_from(stored.len()).unwrap(), MAX_OF_PHONE_PER_DAY);

    assert!(send(&store, 100, "+79161111111", at).await.is_ok(), "another number");
    assert!(send(&store, 100, VICTIM, at + 24 * HOUR).await.is_ok(), "another day");
}

#[tokio::test]
async fn everybody_together_has_a_limit_for_each_hour() {
    let store = store().await;
    let at = Request::example().created_at;
    let counted = serde_dynamo::to_item(serde_json::json!({
        "counted": "requests", "period": at - at % HOUR, "amount": MAX_OF_ALL_PER_HOUR - 1
    }));
    let put = store.aws.dynamodb.put_item().table_name(store.tables.name("counters")).set_item(Some(counted.unwrap()));
    put.send().await.unwrap();
    assert!(send(&store, 1, "+79160000001", at).await.is_ok());
    assert!(matches!(send(&store, 2, "+79160000002", at).await, Err(FinishError::TooMany)));
    assert!(send(&store, 2, "+79160000002", at + HOUR).await.is_ok());
    let hours = store.aws.counters(&store.tables).requests_by_hour(at + HOUR).await.unwrap();
    let hour = at - at % HOUR;
    assert_eq!(hours, [(hour, MAX_OF_ALL_PER_HOUR), (hour + HOUR, 1)]);
}

#[tokio::test]
async fn a_request_that_is_stored_again_counts_once() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let mut conversation = Versioned::<Conversation>::default();
    let mut lead = Versioned::new(Lead::new(Request::example(), 60));
    for _ in 0..3 {
        sessions.finish(&Person::default(), &mut conversation, &mut lead).await.unwrap();
    }
    let at = lead.value.request.created_at;
    let hours = store.aws.counters(&store.tables).requests_by_hour(at).await.unwrap();
    assert_eq!(hours, [(at - at % HOUR, 1)]);
}

#[tokio::test]
async fn questions_to_the_model_are_counted_by_the_day() {
    let store = store().await;
    let counters = store.aws.counters(&store.tables);
    let now = 1_790_000_000;
    assert_eq!(counters.model_questions_today(now).await.unwrap(), 0);
    let counted = join_all((0..5).map(|_| counters.count_model_question(now, 3))).await;
    assert_eq!(counted.iter().filter(|counted| *counted.as_ref().unwrap()).count(), 3);
    assert_eq!(counters.model_questions_today(now).await.unwrap(), 3);
    assert!(counters.count_model_question(now + 24 * HOUR, 3).await.unwrap(), "another day");
    assert!(!counters.count_transcription(now, 3).await.unwrap(), "a voice message costs as much");
    assert!(counters.count_transcription(now, 4).await.unwrap());
}

#[tokio::test]
async fn failed_questions_are_known_for_an_hour_even_at_midnight() {
    let store = store().await;
    let counters = store.aws.counters(&store.tables);
    let midnight = 1_790_000_000 - 1_790_000_000 % (24 * HOUR);
    let of_last_hour = async |now| counters.model_questions_of_last_hour(now).await.unwrap();
    assert_eq!(of_last_hour(midnight).await, ModelQuestions::default());
    for at in [midnight - 2 * HOUR, midnight - 1500, midnight - 1, midnight + 5] {
        counters.count_model_question(at, 100).await.unwrap();
        counters.note_model_failure(at).await.unwrap();
    }
    counters.count_model_question(midnight + 5, 100).await.unwrap();
    counters.count_transcription(midnight + 5, 100).await.unwrap();
    assert_eq!(of_last_hour(midnight + 10).await, ModelQuestions { asked: 4, failed: 3 });
    assert_eq!(of_last_hour(midnight + HOUR - 1).await, ModelQuestions { asked: 3, failed: 2 });
    assert_eq!(of_last_hour(midnight + 2 * HOUR).await, ModelQuestions::default());
}

#[tokio::test]
async fn each_source_has_its_own_counts() {
    let store = store().await;
    let counters = store.aws.counters(&store.tables);
    let noon = 1_790_000_000 - 1_790_000_000 % HOUR;
    let counted = [
        ("avito", noon, vec![Milestone::Started]),
        ("avito", noon + 1, vec![Milestone::Started, Milestone::Name]),
        ("avito", noon + HOUR, vec![Milestone::Confirmation]),
        ("telegram", noon, vec![Milestone::Started]),
    ];
    for (source, at, milestones) in counted {
        let progress = SourceProgress { source: source.to_owned(), milestones };
        counters.count_source_progress(&progress, at).await.unwrap();
    }
    assert!(send(&store, 100, VICTIM, noon).await.is_ok(), "other counters are not mistaken for sources");
    let reached = counters.reached_by_source(noon + 100).await.unwrap();
    assert_eq!(reached.len(), 2, "{reached:?}");
    assert_eq!(reached["avito"], Reached { started: 2, name: 1, confirmation: 1 });
    assert_eq!(reached["telegram"], Reached { started: 1, ..Reached::default() });
    let later = counters.reached_by_source(noon + HOUR).await.unwrap();
    assert_eq!(later["avito"], Reached { confirmation: 1, ..Reached::default() });
}
