//! The whole function, between an embedded DynamoDB and simulators of amoCRM, Telegram and SQS.
#![recursion_limit = "256"] // the SDK's futures are deep

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use amocrm::{Client, Clock};
use delivery::{AdminChat, Incidents, Obstacle, Outcome};
use lead::{Customer, Lead, LeadId, PhoneSource, Request, Status};
use scheduled::{Scheduled, Settings};
use serde_json::{Value, json};
use settings::Env;
use simulators::amocrm::{self as crm, Amocrm};
use simulators::fault::{Fault, When};
use simulators::sqs::{self, Sqs};
use simulators::telegram::{self as tg, Telegram};
use storage::{Aws, Leads, Versioned};

struct World {
    amocrm: Amocrm,
    telegram: Telegram,
    sqs: Sqs,
    admin: i64,
    leads: Leads,
    incidents: Incidents,
    /// As another worker has it.
    crm: Client,
    scheduled: Scheduled,
    ahead: Arc<AtomicI64>,
    _database: tokio::sync::oneshot::Sender<()>,
}

impl World {
    /// The bot is authorised.
    async fn new() -> Self {
        let amocrm = Amocrm::start(crm::Options { rate_limit: None, ..crm::Options::default() }).await.unwrap();
        let telegram = Telegram::start(tg::Options::default()).await.unwrap();
        let sqs = Sqs::start(sqs::Options::default()).await.unwrap();
        let admin = telegram.new_customer("Админ", None);
        telegram.mark_started(admin);
        let (database_url, database) = database().await;
        let mut env = Env::from_pairs([
            ("AWS_ENDPOINT_URL_DYNAMODB", database_url),
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("LEADS_QUEUE_URL", sqs.queue_url()),
            ("TELEGRAM_BOT_TOKEN", telegram.token().to_owned()),
            ("TELEGRAM_API_URL", telegram.url()),
            ("ADMIN_CHAT_ID", admin.to_string()),
            ("AMOCRM_BASE_URL", amocrm.url()),
            ("AMOCRM_CLIENT_ID", amocrm.client_id().to_owned()),
            ("AMOCRM_CLIENT_SECRET", amocrm.client_secret().to_owned()),
            ("AMOCRM_REDIRECT_URI", amocrm.redirect_uri().to_owned()),
        ]);
        let settings = Settings::read(&mut env);
        let settings = env.finish(settings).unwrap();
        let aws = Aws::connect(&settings.aws);
        storage::schema::create(&aws.dynamodb, &settings.tables).await.unwrap();
        let ahead = Arc::new(AtomicI64::new(0));
        let clock: Clock = {
            let ahead = Arc::clone(&ahead);
            Arc::new(move || real_now() + ahead.load(Ordering::SeqCst))
        };
        let (documents, leads) = (aws.documents(&settings.tables), aws.leads(&settings.tables));
        let client = delivery::amocrm_client(&settings.amocrm, &documents, &clock, 1).unwrap().unwrap();
        client.tokens().authorize(&amocrm.new_code().into()).await.unwrap();
        let crm = delivery::amocrm_client(&settings.amocrm, &documents, &clock, 1).unwrap().unwrap();
        let telegram_api = telegram::Api::new(&settings.telegram);
        let admins = AdminChat::new(documents.clone(), telegram_api, Some(admin), clock.clone());
        let incidents = Incidents::new(documents, leads.clone(), admins, clock.clone());
        let scheduled = Scheduled::with(&settings, &aws, Some(client), clock);
        Self { amocrm, telegram, sqs, admin, leads, incidents, crm, scheduled, ahead, _database: database }
    }

    fn now(&self) -> i64 {
        real_now() + self.ahead.load(Ordering::SeqCst)
    }

    fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A request that is due in a minute.
    async fn request(&self, n: u8) -> LeadId {
        let customer = Customer {
            chat_id: 1,
            username: None,
            name: "Анна".into(),
            phone: format!("+790000000{n:02}"),
            phone_source: PhoneSource::Typed,
        };
        let request = Request {
            id: format!("01JD0000000000000AK7QX3M{n:02}").parse().unwrap(),
            branch: "sell".into(),
            service: "Продажа авто".into(),
            topic: String::new(),
            customer,
            price: None,
            fields: Default::default(),
            answers: vec![],
            photos: vec![],
            created_at: self.now(),
        };
        let id = request.id;
        self.leads.save(&mut Versioned::new(Lead::new(request, 60))).await.unwrap();
        id
    }

    async fn store(&self, id: LeadId, status: Status) {
        let mut lead = self.leads.get(&id).await.unwrap().unwrap();
        lead.value.status = status;
        self.leads.save(&mut lead).await.unwrap();
    }

    async fn run(&self) -> Value {
        self.scheduled.handle(json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" })).await.unwrap()
    }

    fn queued(&self) -> usize {
        self.sqs.view().waiting.len()
    }

    fn told(&self) -> Vec<String> {
        self.telegram.take_new(self.admin).into_iter().map(|fresh| fresh.message.text).collect()
    }
}

fn real_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}

async fn database() -> (String, tokio::sync::oneshot::Sender<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
        let _ = stopped.await;
    }));
    (url, stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_message_was_lost_is_queued_once_in_a_while() {
    let world = World::new().await;
    let id = world.request(1).await;
    assert_eq!(world.run().await["queued"], 0, "its message may still be on the way");
    world.wait(61);
    assert_eq!(world.run().await, json!({ "told": 0, "queued": 1, "token": "good", "unsent": 1 }));
    world.wait(300);
    assert_eq!(world.run().await["queued"], 0, "it is on the queue");
    world.wait(301);
    assert_eq!(world.run().await["queued"], 1);
    assert_eq!(world.queued(), 2);
    world.store(id, Status::Sent { at: world.now() }).await;
    world.wait(1000);
    assert_eq!(world.run().await, json!({ "told": 0, "queued": 0, "token": "good", "unsent": 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_worker_was_creating_is_in_doubt_and_what_the_operator_must_see_stays() {
    let world = World::new().await;
    let (dead_worker, dead) = (world.request(1).await, world.request(2).await);
    let lease_until = world.now() + 100;
    world.store(dead_worker, Status::Sending { lease_until, worker: "w".into(), in_doubt: false }).await;
    world.store(dead, Status::Dead { at: world.now() }).await;
    assert_eq!(world.run().await["queued"], 0, "the lease still lasts");
    world.wait(101);
    assert_eq!(world.run().await["queued"], 1);
    let lead = world.leads.get(&dead_worker).await.unwrap().unwrap().value;
    assert!(matches!(lead.status, Status::Retry { in_doubt: true, .. }), "{:?}", lead.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_breaker_is_respected_and_trouble_that_ended_unseen_is_told() {
    let world = World::new().await;
    let ids = [world.request(1).await, world.request(2).await];
    for _ in 0..3 {
        let waiting = ids.to_vec();
        let obstacle = Some(Obstacle::passing("HTTP 503"));
        world.incidents.note(&Outcome { waiting, obstacle, ..Default::default() }).await;
    }
    assert_eq!(world.told().len(), 1);
    for id in ids {
        world.store(id, Status::Retry { due_at: world.now(), in_doubt: false, not_before: 0 }).await;
    }
    assert_eq!(world.run().await["queued"], 0, "amoCRM is left alone");
    world.wait(31);
    assert_eq!(world.run().await["queued"], 1, "one is tried");

    // Both went out, but whoever delivered them died before saying so.
    for id in ids {
        world.store(id, Status::Sent { at: world.now() }).await;
    }
    world.run().await;
    world.run().await;
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].ends_with("2 requests went out."), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_refreshed_when_half_of_their_life_is_over() {
    let world = World::new().await;
    assert_eq!(world.run().await["token"], "good");
    world.wait(13 * 3600);
    assert_eq!(world.run().await["token"], "refreshed");
    assert_eq!(world.run().await["token"], "good");
    let refreshes = world.amocrm.calls().iter().filter(|call| call.route == "POST /oauth2/access_token").count();
    assert_eq!(refreshes, 2, "the first pair and one more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_needed_is_told_once_with_what_to_do() {
    let world = World::new().await;
    world.amocrm.revoke_refresh_token();
    world.wait(13 * 3600);
    for _ in 0..3 {
        assert_eq!(world.run().await["token"], "consent needed");
        world.wait(300);
    }
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("carquery amocrm authorize CODE"), "{told:?}");
    let asked = world.amocrm.calls().iter().filter(|call| call.route == "POST /oauth2/access_token").count();
    assert_eq!(asked, 2, "amoCRM is not asked again for what it refuses");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_stopped_a_request_already_is_not_told_again() {
    let world = World::new().await;
    let id = world.request(1).await;
    world.amocrm.revoke_everything();
    world.wait(61);
    let error = world.crm.account().await.unwrap_err();
    world.incidents.note(&Outcome { waiting: vec![id], obstacle: Obstacle::of(&error), ..Default::default() }).await;
    world.run().await;
    world.wait(300);
    world.run().await;
    let told = world.told();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("🔑") && told[0].contains("1 request waits until it does"), "{told:?}");
    world.store(id, Status::Sent { at: world.now() }).await;
    world.run().await;
    let told = world.told();
    assert!(told.len() == 1 && told[0].starts_with("✅"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_token_endpoint_does_not_keep_requests_off_the_queue() {
    let world = World::new().await;
    world.request(1).await;
    world.wait(13 * 3600);
    world.amocrm.faults().add("POST /oauth2/access_token", When::Always, Fault::Html(502));
    let failed = world.scheduled.handle(json!({})).await.unwrap_err();
    assert!(format!("{failed:#}").contains("the tokens are not refreshed"), "{failed:#}");
    assert_eq!(world.queued(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_reaches_the_admins_once() {
    let world = World::new().await;
    let alarm = json!({
        "detail-type": "CloudWatch Alarm State Change", "time": "2026-01-02T03:04:05Z",
        "detail": {
            "alarmName": "carquery-prod-unsent", "state": { "value": "ALARM" }, "previousState": { "value": "OK" },
            "configuration": { "description": "Requests wait. Run `carquery doctor`." }
        }
    });
    world.scheduled.handle(alarm.clone()).await.unwrap();
    world.scheduled.handle(alarm).await.unwrap();
    assert_eq!(world.told(), ["🔴 ALARM carquery-prod-unsent: Requests wait. Run `carquery doctor`."]);
}
