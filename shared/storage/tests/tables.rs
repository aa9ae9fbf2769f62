//! The tables against an embedded DynamoDB: what is conditional, what the indexes hold, what is forgotten.

mod common;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use common::{Store, store};
use dialog::{Choices, Conversation, EarlierRequests, Person, Profile};
use lead::{Backoff, Consent, Failure, Lead, LeadId, PhoneSource, Photo, Repeat, Request, Source};
use serde_json::json;
use storage::{AiLogEntry, FinishError, SaveError, TABLES, Versioned, forget_customer};

const ANNA: i64 = 7_000_000_001;

fn request(id: &str) -> Request {
    let mut request = Request::example();
    request.id = id.parse().unwrap();
    request.customer.chat_id = ANNA;
    request.customer.name = "Анна <b>&".to_owned();
    request.photos = vec![Photo { file_id: "f".into(), unique_id: "u".into() }];
    request
}

fn anna() -> Person {
    Person { chat_id: ANNA, username: Some("anna".into()), first_name: "Анна".into() }
}

const FIRST: &str = "01JD0000000000000AK7QX3M9Q";
const SECOND: &str = "01JD0000000000000BK7QX3M9Q";
const THIRD: &str = "01JD0000000000000CK7QX3M9Q";

#[tokio::test]
async fn the_second_writer_of_a_session_has_to_read_again() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let mut one = sessions.load(ANNA).await.unwrap();
    let mut other = sessions.load(ANNA).await.unwrap();
    sessions.save(ANNA, &mut one).await.unwrap();
    assert!(matches!(sessions.save(ANNA, &mut other).await, Err(SaveError::Conflict)));
    let mut read_again = sessions.load(ANNA).await.unwrap();
    assert_eq!(read_again.version, 1);
    sessions.save(ANNA, &mut read_again).await.unwrap();
    assert_eq!(sessions.load(ANNA).await.unwrap().version, 2);
}

/// Stores a session as some other version of the bot does.
async fn put_session(store: &Store, session: serde_json::Value) {
    let item = serde_dynamo::to_item(session).unwrap();
    store.aws.dynamodb.put_item().table_name(store.tables.name("sessions")).set_item(Some(item)).send().await.unwrap();
}

#[tokio::test]
async fn a_ban_outlives_a_conversation_that_cannot_be_read() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let in_its_own_attribute = json!({ "chat_id": ANNA, "version": 3, "banned": true, "conversation": { "v": 99 } });
    let in_the_conversation = json!({ "chat_id": ANNA, "version": 3, "conversation": { "v": 1, "banned": true } });
    let in_both_unreadable = json!({ "chat_id": ANNA, "version": 3, "conversation": { "v": 99, "banned": true } });
    for session in [in_its_own_attribute, in_the_conversation, in_both_unreadable] {
        put_session(&store, session).await;
        let mut session = sessions.load(ANNA).await.unwrap();
        assert!(session.value.is_banned());
        assert_eq!(session.version, 3);
        sessions.save(ANNA, &mut session).await.unwrap();
        assert!(sessions.load(ANNA).await.unwrap().value.is_banned(), "also after it is stored again");

        session.value.set_banned(false);
        sessions.save(ANNA, &mut session).await.unwrap();
        assert!(!sessions.load(ANNA).await.unwrap().value.is_banned());
    }
}

#[tokio::test]
async fn a_ban_is_set_though_the_conversation_changes_meanwhile() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let bans = std::iter::repeat_n(true, 4).map(|banned| sessions.set_banned(ANNA, banned));
    assert!(futures::future::join_all(bans).await.iter().all(Result::is_ok));
    let session = sessions.load(ANNA).await.unwrap();
    assert_eq!((session.value.is_banned(), session.version), (true, 4), "each has met the others");
}

#[tokio::test]
async fn a_conversation_that_an_earlier_version_has_stored_as_a_map_is_read() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let conversation = Conversation::begin(Profile::new(Some("Анна"), Some("+79000000001"), PhoneSource::Typed));
    put_session(&store, json!({ "chat_id": ANNA, "version": 3, "conversation": conversation })).await;
    let mut session = sessions.load(ANNA).await.unwrap();
    assert_eq!(session.value, conversation);
    sessions.save(ANNA, &mut session).await.unwrap();
    assert_eq!(sessions.load(ANNA).await.unwrap().value, conversation, "also after it is stored again");
}

#[tokio::test]
async fn a_customer_who_blocks_the_bot_and_comes_back_is_known_as_such() {
    let store = store().await;
    let customers = store.aws.customers(&store.tables);
    customers.set_blocked(ANNA, false).await.unwrap();
    assert_eq!(customers.get(ANNA).await.unwrap(), None, "nothing is stored of who never blocked it");
    customers.set_blocked(ANNA, true).await.unwrap();
    assert!(customers.get(ANNA).await.unwrap().unwrap().blocked);
    customers.set_blocked(ANNA, false).await.unwrap();
    assert!(!customers.get(ANNA).await.unwrap().unwrap().blocked);
}

#[tokio::test]
async fn of_two_writers_of_the_same_value_one_gets_a_conflict() {
    let store = store().await;
    let mut lead = Versioned::new(Lead::new(request(FIRST), 60));
    let leads = store.aws.leads(&store.tables);
    leads.save(&mut lead.clone()).await.unwrap();
    assert!(matches!(leads.save(&mut lead).await, Err(SaveError::Conflict)));
    let documents = store.aws.documents(&store.tables);
    documents.save("outbox", &mut Versioned::new("news")).await.unwrap();
    assert!(matches!(documents.save("outbox", &mut Versioned::new("news")).await, Err(SaveError::Conflict)));
}

#[tokio::test]
async fn the_first_source_of_a_customer_stays_on_the_profile() {
    let store = store().await;
    let (sessions, customers) = (store.aws.sessions(&store.tables), store.aws.customers(&store.tables));
    let mut conversation = Versioned::<Conversation>::default();
    for (id, source, first) in
        [(FIRST, None, None), (SECOND, Some("avito"), Some("avito")), (THIRD, Some("vk"), Some("avito"))]
    {
        let source = source.map(|source: &str| Source { source: Some(source.to_owned()), ..Source::default() });
        let request = Request { source, ..request(id) };
        sessions.finish(&anna(), &mut conversation, &mut Versioned::new(Lead::new(request, 60))).await.unwrap();
        let profile = customers.get(ANNA).await.unwrap().unwrap();
        assert_eq!(profile.first_source.and_then(|first| first.source).as_deref(), first);
    }
}

#[tokio::test]
async fn what_a_customer_has_chosen_outlives_the_session() {
    let store = store().await;
    let (sessions, customers) = (store.aws.sessions(&store.tables), store.aws.customers(&store.tables));
    let consent = Consent { version: "0123456789abcdef".into(), at: 1_790_000_000, update_id: 7 };
    let chosen = Choices { consent: Some(consent), reminders_off: true };
    let with = |choices: &Choices| Conversation::begin(Profile::default().with_choices(choices.clone()));
    let mut conversation = Versioned::new(with(&chosen));
    sessions.save_with_choices(ANNA, &mut conversation).await.unwrap();
    let mut outdated = Versioned::<Conversation>::default();
    assert!(matches!(sessions.save_with_choices(ANNA, &mut outdated).await, Err(SaveError::Conflict)));

    sessions.finish(&anna(), &mut conversation, &mut Versioned::new(Lead::new(request(FIRST), 60))).await.unwrap();
    end_session(&store).await;
    assert_eq!(sessions.load(ANNA).await.unwrap().value.profile().choices(), &chosen);
    assert_eq!(customers.get(ANNA).await.unwrap().unwrap().consent, chosen.consent);

    let taken_back = Choices::default();
    sessions.save_with_choices(ANNA, &mut Versioned::new(with(&taken_back))).await.unwrap();
    end_session(&store).await;
    assert_eq!(sessions.load(ANNA).await.unwrap().value.profile().choices(), &taken_back);
}

#[tokio::test]
async fn requests_that_a_next_one_may_join_outlive_the_session() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let earlier = json!({ "sell": { "id": FIRST, "at": 1_790_000_000 } });
    let earlier: EarlierRequests = serde_json::from_value(earlier).unwrap();
    let profile = Profile::default().with_earlier(earlier.clone());
    let mut conversation = Versioned::new(Conversation::begin(profile));
    sessions.finish(&anna(), &mut conversation, &mut Versioned::new(Lead::new(request(FIRST), 60))).await.unwrap();
    end_session(&store).await;
    assert_eq!(sessions.load(ANNA).await.unwrap().value.profile().earlier(), &earlier);
}

/// Deletes the session, as DynamoDB does some time after it has ended.
async fn end_session(store: &Store) {
    let key = AttributeValue::N(ANNA.to_string());
    let deletion = store.aws.dynamodb.delete_item().table_name(store.tables.name("sessions")).key("chat_id", key);
    deletion.send().await.unwrap();
}

#[tokio::test]
async fn a_request_is_stored_once_and_with_the_session_or_not_at_all() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let new_lead = |id| Versioned::new(Lead::new(request(id), 60));
    let mut lead = new_lead(FIRST);
    let mut conversation = Versioned::<Conversation>::default();
    sessions.finish(&anna(), &mut conversation, &mut lead).await.unwrap();
    let mut outdated = Versioned::<Conversation>::default();
    let mut second = new_lead(SECOND);
    let refused = sessions.finish(&anna(), &mut outdated, &mut second).await;
    assert!(matches!(refused, Err(FinishError::Save(SaveError::Conflict))));
    let repeated = sessions.finish(&anna(), &mut conversation, &mut new_lead(FIRST)).await;
    assert!(matches!(repeated, Err(FinishError::Save(SaveError::Conflict))));

    let leads = store.aws.leads(&store.tables);
    let stored = leads.get(&lead.value.lead_id).await.unwrap().unwrap();
    assert_eq!(stored, lead, "what was stored is what goes on the queue");
    assert_eq!(leads.get(&second.value.lead_id).await.unwrap(), None);
    let profile = store.aws.customers(&store.tables).get(ANNA).await.unwrap().unwrap();
    assert_eq!(profile.phone.as_deref(), Some("+79001234567"));
    assert_eq!(profile.first_name.as_deref(), Some("Анна"));
}

#[tokio::test]
async fn only_undelivered_requests_are_due_and_the_oldest_comes_first() {
    let store = store().await;
    let leads = store.aws.leads(&store.tables);
    let mut first = Versioned::new(Lead::new(request(FIRST), 60));
    let mut second = Versioned::new(Lead::new(request(SECOND), 30));
    leads.save(&mut first).await.unwrap();
    leads.save(&mut second).await.unwrap();
    let created = first.value.request.created_at;
    assert_eq!(leads.due(created, 10).await.unwrap(), Vec::<LeadId>::new());
    assert_eq!(leads.due(created + 60, 10).await.unwrap(), [second.value.lead_id, first.value.lead_id]);

    second.value.claim("worker", created + 60, 120).unwrap();
    leads.save(&mut second).await.unwrap();
    assert_eq!(leads.due(created + 60, 10).await.unwrap(), [first.value.lead_id]);
    second.value.succeed(created + 61, 60);
    leads.save(&mut second).await.unwrap();
    assert_eq!(leads.count_unsent().await.unwrap(), 1);

    first.value.claim("worker", created + 60, 120).unwrap();
    let failure =
        Failure { repeat: Repeat::Later { pause: None, in_doubt: true }, reason: "amoCRM answered 502".into() };
    first.value.fail(&failure, created + 70, Backoff { first: 300, longest: 300, max_attempts: 20 }, 0.0);
    leads.save(&mut first).await.unwrap();
    assert_eq!(leads.due(created + 369, 10).await.unwrap(), Vec::<LeadId>::new());
    assert_eq!(leads.due(created + 370, 10).await.unwrap(), [first.value.lead_id]);
    assert_eq!(leads.get(&first.value.lead_id).await.unwrap().unwrap().value, first.value);
}

#[tokio::test]
async fn only_chats_with_something_to_do_are_due_and_the_longest_waiting_comes_first() {
    let store = store().await;
    let sessions = store.aws.sessions(&store.tables);
    let conversation = |due_at: Option<i64>| serde_json::from_value(json!({ "v": 1, "due_at": due_at })).unwrap();
    for (chat_id, due_at) in [(1, Some(300)), (2, Some(200)), (3, None)] {
        sessions.save(chat_id, &mut Versioned::new(conversation(due_at))).await.unwrap();
    }
    assert_eq!(sessions.due(199, 10).await.unwrap(), [0; 0]);
    assert_eq!(sessions.due(300, 10).await.unwrap(), [2, 1]);
    assert_eq!(sessions.due(300, 1).await.unwrap(), [2]);
    let mut session = sessions.load(2).await.unwrap();
    session.value = conversation(None);
    sessions.save(2, &mut session).await.unwrap();
    assert_eq!(sessions.due(300, 10).await.unwrap(), [1]);
}

#[tokio::test]
async fn two_workers_cannot_claim_one_request() {
    let store = store().await;
    let leads = store.aws.leads(&store.tables);
    leads.save(&mut Versioned::new(Lead::new(request(FIRST), 60))).await.unwrap();
    let id: LeadId = FIRST.parse().unwrap();
    let mut one = leads.get(&id).await.unwrap().unwrap();
    let mut other = leads.get(&id).await.unwrap().unwrap();
    one.value.claim("one", 1_767_000_001, 120).unwrap();
    other.value.claim("other", 1_767_000_001, 120).unwrap();
    leads.save(&mut one).await.unwrap();
    assert!(matches!(leads.save(&mut other).await, Err(SaveError::Conflict)));
}

#[tokio::test]
async fn a_forgotten_customer_leaves_only_counters_behind() {
    let store = store().await;
    let (sessions, leads) = (store.aws.sessions(&store.tables), store.aws.leads(&store.tables));
    let (customers, ai_log) = (store.aws.customers(&store.tables), store.aws.ai_log(&store.tables));
    let mut session = Versioned::<Conversation>::default();
    session.value.prompt_sent(0, 77);
    sessions.finish(&anna(), &mut session, &mut Versioned::new(Lead::new(request(FIRST), 60))).await.unwrap();
    let entry = AiLogEntry {
        chat_id: ANNA,
        at: "1767000000-5".into(),
        text: "продаю камри".into(),
        intent: "sell".into(),
        confidence: 0.9,
        model: "offline".into(),
        fallback: false,
        latency_ms: 1,
        prompt_tokens: 0,
        completion_tokens: 0,
    };
    ai_log.append(&entry, 1_767_000_000).await.unwrap();

    let now = 1_767_000_100;
    let items_about_anna = async || {
        let mut found = Vec::new();
        for table in TABLES {
            let items = store.aws.dynamodb.scan().table_name(table.name(&store.tables)).send().await.unwrap();
            let about_anna = items.items().iter().filter(|item| format!("{item:?}").contains(&ANNA.to_string()));
            found.extend(about_anna.map(|_| table.name(&store.tables)));
        }
        found
    };
    assert_eq!(items_about_anna().await.len(), 4, "the request, the question, the profile and the conversation");
    forget_customer(&store.aws, &store.tables, ANNA, now).await.unwrap();
    assert_eq!(items_about_anna().await, [store.tables.name("sessions")]);
    let left = sessions.load(ANNA).await.unwrap().value;
    assert_eq!(left, Conversation::default().counters_only(now));
    assert_eq!(left.expires_at(), Some(now + 3600));
    assert_eq!(leads.of_chat(ANNA).await.unwrap(), []);
    assert_eq!(customers.get(ANNA).await.unwrap(), None);
    // A late checkpoint of its delivery must not bring the profile back.
    customers.remember_contact(ANNA, 501).await.unwrap();
    assert_eq!(customers.get(ANNA).await.unwrap(), None);
}

#[tokio::test]
async fn a_request_that_the_index_does_not_know_yet_is_forgotten_too() {
    let store = store().await;
    let mut session = Versioned::<Conversation>::default();
    let sessions = store.aws.sessions(&store.tables);
    sessions.finish(&anna(), &mut session, &mut Versioned::new(Lead::new(request(FIRST), 60))).await.unwrap();
    // As long as an item has no `chat_id`, `by_chat` does not list it.
    let late = store.aws.dynamodb.update_item().table_name(store.tables.name("leads"));
    let late = late.key("lead_id", AttributeValue::S(FIRST.to_owned())).update_expression("REMOVE chat_id");
    late.send().await.unwrap();
    assert_eq!(store.aws.leads(&store.tables).of_chat(ANNA).await.unwrap(), []);

    forget_customer(&store.aws, &store.tables, ANNA, 1_767_000_100).await.unwrap();
    let left = store.aws.dynamodb.scan().table_name(store.tables.name("leads")).send().await.unwrap();
    assert!(left.items().is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_document_is_written_by_one_at_a_time() {
    let store = store().await;
    let documents = store.aws.documents(&store.tables);
    assert_eq!(documents.load::<String>("amocrm").await.unwrap(), None);
    let mut mine = Versioned::new("one".to_owned());
    documents.save("amocrm", &mut mine).await.unwrap();
    assert!(matches!(documents.save("amocrm", &mut Versioned::new("two".to_owned())).await, Err(SaveError::Conflict)));
    mine.value = "three".to_owned();
    documents.save("amocrm", &mut mine).await.unwrap();
    assert_eq!(documents.load::<String>("amocrm").await.unwrap().unwrap().value, "three");
}

#[tokio::test]
async fn a_table_of_an_earlier_version_gets_its_new_index() {
    let store = store().await;
    let (client, table) = (&store.aws.dynamodb, store.tables.name("leads"));
    client.delete_table().table_name(table).send().await.unwrap();
    let attribute = AttributeDefinition::builder().attribute_name("lead_id").attribute_type(ScalarAttributeType::S);
    let key = KeySchemaElement::builder().attribute_name("lead_id").key_type(KeyType::Hash);
    client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute.build().unwrap())
        .key_schema(key.build().unwrap())
        .send()
        .await
        .unwrap();
    let leads = store.aws.leads(&store.tables);
    let mut lead = Versioned::new(Lead::new(request(FIRST), 60));
    leads.save(&mut lead).await.unwrap();
    assert!(leads.unsent(10).await.is_err());
    storage::schema::create(client, &store.tables).await.unwrap();
    assert_eq!(leads.unsent(10).await.unwrap(), [lead.value.lead_id], "what was stored before is in it");
    assert_eq!(leads.of_chat(ANNA).await.unwrap(), [lead.value.lead_id]);
}
