//! Tokens against a token endpoint that honours each refresh token once.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amocrm::{Client, CrmError, Options, StoreTrouble, StoredTokens, TokenDocument, TokenStore, Tokens};
use futures::future::{BoxFuture, ready};
use serde_json::{Value, json};
use settings::{OAuth, Retry};
use wiremock::matchers::{header, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const NOW: i64 = 1_767_000_000;

/// The Credentials table, for several workers.
#[derive(Default)]
struct Table {
    stored: Mutex<StoredTokens>,
    broken_saves: AtomicUsize,
}

impl TokenStore for Table {
    fn load(&self) -> BoxFuture<'_, Result<StoredTokens, StoreTrouble>> {
        Box::pin(ready(Ok(self.stored.lock().unwrap().clone())))
    }

    fn save<'a>(&'a self, tokens: &'a mut StoredTokens) -> BoxFuture<'a, Result<(), StoreTrouble>> {
        let mut stored = self.stored.lock().unwrap();
        let broken = self.broken_saves.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let answer = if tokens.version != stored.version {
            Err(StoreTrouble::Conflict)
        } else if broken.is_ok() && !tokens.document.access.starts_with("access-0") {
            Err(StoreTrouble::Failed("no connection".to_owned()))
        } else {
            tokens.version += 1;
            *stored = tokens.clone();
            Ok(())
        };
        Box::pin(ready(answer))
    }
}

/// An account whose valid pair is number `generation`.
struct World {
    server: MockServer,
    table: Arc<Table>,
    clock: Arc<AtomicI64>,
}

impl World {
    /// The bot is authorised with pair number 0, and amoCRM's valid pair has number `valid`.
    async fn with(valid: usize, token_answers: Vec<ResponseTemplate>) -> Self {
        let server = MockServer::start().await;
        for answer in token_answers {
            Mock::given(path("/oauth2/access_token")).respond_with(answer).up_to_n_times(1).mount(&server).await;
        }
        let generation = AtomicUsize::new(valid);
        let spend = move |request: &Request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(body["client_secret"], "hush");
            assert_eq!(body["redirect_uri"], "https://bot.example/cb");
            let current = generation.load(Ordering::SeqCst);
            let known = body["refresh_token"] == format!("refresh-{current}") || body["code"] == "code-1";
            if !known {
                return ResponseTemplate::new(401)
                    .set_body_json(json!({ "hint": "Token has been revoked", "status": 401 }));
            }
            let next = current + 1;
            generation.store(next, Ordering::SeqCst);
            ResponseTemplate::new(200).set_delay(Duration::from_millis(100)).set_body_json(json!({
                "token_type": "Bearer", "expires_in": 86400,
                "access_token": format!("access-{next}"), "refresh_token": format!("refresh-{next}") }))
        };
        Mock::given(path("/oauth2/access_token")).respond_with(spend).with_priority(9).mount(&server).await;
        Mock::given(path("/api/v4/leads"))
            .and(header("authorization", "Bearer access-1"))
            .respond_with(ResponseTemplate::new(204))
            .mount(&server)
            .await;
        Mock::given(path("/api/v4/leads"))
            .respond_with(ResponseTemplate::new(401))
            .with_priority(9)
            .mount(&server)
            .await;
        let table = Arc::new(Table::default());
        *table.stored.lock().unwrap() = StoredTokens {
            document: TokenDocument {
                access: "access-0".to_owned(),
                refresh: "refresh-0".to_owned(),
                expires_at: NOW + 3600,
                refreshed_at: NOW - 82_800,
                lock: None,
                consent_needed: None,
            },
            version: 4,
        };
        Self { server, table, clock: Arc::new(AtomicI64::new(NOW)) }
    }

    fn tokens(&self, worker: &str) -> Tokens {
        let clock = Arc::clone(&self.clock);
        let integration = OAuth {
            client_id: "id".to_owned(),
            client_secret: "hush".to_owned().into(),
            redirect_uri: "https://bot.example/cb".to_owned(),
        };
        let clock = Arc::new(move || clock.load(Ordering::SeqCst));
        let table: Arc<dyn TokenStore> = self.table.clone();
        Tokens::oauth(integration, &self.server.uri(), table, clock, worker.to_owned()).unwrap()
    }

    fn worker(&self, name: &str) -> Client {
        let options = Options {
            base_url: self.server.uri(),
            calls_per_second: NonZeroU32::new(1000).unwrap(),
            retry: Retry { tries: 1, first: Duration::from_millis(5), factor: 2.0, longest: Duration::from_secs(8) },
            timeout: Duration::from_secs(5),
        };
        Client::new(options, self.tokens(name)).unwrap()
    }

    async fn asked(&self, wanted: &str) -> usize {
        self.server.received_requests().await.unwrap().iter().filter(|request| request.url.path() == wanted).count()
    }

    fn stored(&self) -> TokenDocument {
        self.table.stored.lock().unwrap().document.clone()
    }
}

#[tokio::test]
async fn a_refused_token_is_refreshed_once_and_the_call_made_again() {
    let world = World::with(0, vec![]).await;
    assert_eq!(world.worker("a").deals(&[1]).await, Ok(vec![]));
    assert_eq!(world.asked("/oauth2/access_token").await, 1);
    let stored = world.stored();
    assert_eq!((stored.refresh.as_str(), stored.expires_at, stored.lock), ("refresh-1", NOW + 86_400, None));
}

#[tokio::test]
async fn two_workers_with_many_calls_at_once_spend_the_refresh_token_once() {
    let world = World::with(0, vec![]).await;
    let (a, b) = (world.worker("a"), world.worker("b"));
    let calls = (0..4).flat_map(|_| [&a, &b]).map(|worker| worker.deals(&[1]));
    for answer in futures::future::join_all(calls).await {
        assert_eq!(answer, Ok(vec![]));
    }
    assert_eq!(world.asked("/oauth2/access_token").await, 1);
}

#[tokio::test]
async fn a_token_about_to_end_is_refreshed_before_it_is_used() {
    let world = World::with(0, vec![]).await;
    world.clock.store(NOW + 3590, Ordering::SeqCst);
    assert_eq!(world.worker("a").deals(&[1]).await, Ok(vec![]));
    assert_eq!(world.asked("/api/v4/leads").await, 1, "no call was made with the old token");
}

#[tokio::test]
async fn a_worker_that_died_refreshing_does_not_hold_up_the_others_for_ever() {
    let world = World::with(0, vec![]).await;
    world.table.stored.lock().unwrap().document.lock = Some(amocrm::Lock { owner: "dead".to_owned(), until: NOW + 60 });
    let worker = world.worker("b");
    let (answer, ()) = tokio::join!(worker.deals(&[1]), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(world.asked("/oauth2/access_token").await, 0, "the lock is respected");
        world.clock.store(NOW + 60, Ordering::SeqCst);
    });
    assert_eq!(answer, Ok(vec![]));
}

#[tokio::test]
async fn after_a_lost_answer_the_same_refresh_token_is_sent_again() {
    let world = World::with(0, vec![ResponseTemplate::new(502)]).await;
    assert_eq!(world.worker("a").deals(&[1]).await, Ok(vec![]));
    assert_eq!(world.asked("/oauth2/access_token").await, 2);
}

#[tokio::test]
async fn a_pair_that_could_not_be_stored_is_not_used() {
    let world = World::with(0, vec![]).await;
    world.table.broken_saves.store(9, Ordering::SeqCst);
    let error = world.worker("a").deals(&[1]).await.unwrap_err();
    assert_eq!(error.kind(), "tokens");
    assert_eq!(world.asked("/api/v4/leads").await, 1, "only the call with the old token");
    assert_eq!(world.stored().refresh, "refresh-0");
}

#[tokio::test]
async fn a_spent_refresh_token_ends_in_consent_needed_and_nobody_asks_again() {
    let world = World::with(7, vec![]).await;
    let worker = world.worker("a");
    for _ in 0..3 {
        let error = worker.deals(&[1]).await.unwrap_err();
        assert!(matches!(&error, CrmError::Reauth { reason, .. } if reason == "Token has been revoked"), "{error}");
    }
    assert_eq!(world.asked("/oauth2/access_token").await, 1);
    let state = worker.tokens().state().await.unwrap();
    assert_eq!(state.consent_needed.map(|consent| consent.since), Some(NOW));
}

#[tokio::test]
async fn a_new_consent_mends_it() {
    let world = World::with(0, vec![]).await;
    world.table.stored.lock().unwrap().document.consent_needed =
        Some(amocrm::ConsentNeeded { since: NOW, reason: "Token has been revoked".to_owned() });
    let worker = world.worker("a");
    let state = worker.tokens().authorize(&"code-1".to_owned().into()).await.unwrap();
    assert_eq!((state.consent_needed, state.expires_at), (None, Some(NOW + 86_400)));
    assert_eq!(worker.deals(&[1]).await, Ok(vec![]));

    let refused = worker.tokens().authorize(&"code-0".to_owned().into()).await.unwrap_err();
    assert!(matches!(refused, CrmError::Reauth { .. }), "{refused}");
    assert_eq!(world.stored().refresh, "refresh-1", "a mistyped code spoils nothing");
}

#[tokio::test]
async fn an_integration_that_refuses_fresh_tokens_does_not_burn_one_a_call() {
    let world = World::with(0, vec![]).await;
    world.tokens("a").refresh_ahead().await.unwrap();
    world.tokens("a").refresh_ahead().await.unwrap_err();
    assert_eq!(world.asked("/oauth2/access_token").await, 1);
    world.clock.store(NOW + 120, Ordering::SeqCst);
    let worker = world.worker("b");
    worker.tokens().refresh_ahead().await.unwrap();
    for _ in 0..3 {
        assert!(
            matches!(worker.deals(&[1]).await, Err(CrmError::Reauth { .. })),
            "access-2 is not taken by the account"
        );
    }
    assert_eq!(world.asked("/oauth2/access_token").await, 2);
}
