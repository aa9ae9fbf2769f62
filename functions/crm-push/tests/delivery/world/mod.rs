//! The function between an embedded DynamoDB and simulators of amoCRM, Telegram and SQS, with a clock that tests turn.

mod database;

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amocrm::{Client, Clock, Options, Tokens};
use aws_lambda_events::sqs::SqsEvent;
use crm_push::{CrmPush, Settings};
use lead::{Answer, CrmField, Customer, Lead, LeadId, PhoneSource, Photo, Request, Status};
use serde_json::json;
use settings::Env;
use simulators::amocrm::{self as crm, Amocrm};
use simulators::sqs::{self, Sqs};
use simulators::telegram::{self as tg, Telegram};
use storage::{Aws, Leads, Versioned};

use database::Database;

pub(crate) const ANNA: &str = "+79001234567";
pub(crate) const BORIS: &str = "+79007654321";

pub(crate) struct World {
    pub(crate) amocrm: Amocrm,
    pub(crate) telegram: Telegram,
    pub(crate) sqs: Sqs,
    pub(crate) admin: i64,
    pub(crate) leads: Leads,
    pub(crate) settings: Settings,
    pub(crate) aws: Aws,
    ahead: Arc<AtomicI64>,
    pub(crate) database: Database,
}

/// An account without limits whose search knows everything at once.
pub(crate) fn calm() -> crm::Options {
    crm::Options { rate_limit: None, search_lag: Duration::ZERO, max_part_size: 1024, ..crm::Options::default() }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(calm(), &[]).await
    }

    pub(crate) async fn with(account: crm::Options, variables: &[(&str, &str)]) -> Self {
        let amocrm = Amocrm::start(account).await.unwrap();
        let telegram = Telegram::start(tg::Options::default()).await.unwrap();
        let sqs = Sqs::start(sqs::Options::default()).await.unwrap();
        let admin = telegram.new_customer("Админ", None);
        telegram.mark_started(admin);
        let database = Database::start().await;
        let own = [
            ("AWS_ENDPOINT_URL_DYNAMODB", database.url()),
            ("AWS_ENDPOINT_URL_SQS", sqs.url()),
            ("AWS_REGION", "eu-central-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("LEADS_QUEUE_URL", sqs.queue_url()),
            ("TELEGRAM_BOT_TOKEN", telegram.token().to_owned()),
            ("TELEGRAM_API_URL", telegram.url()),
            ("ADMIN_CHAT_ID", admin.to_string()),
            ("AMOCRM_BASE_URL", amocrm.url()),
            ("AMOCRM_LONG_LIVED_TOKEN", amocrm.long_lived_token()),
        ];
        let given = variables.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let mut env = Env::from_pairs(own.into_iter().chain(given));
        let settings = Settings::read(&mut env);
        let settings = env.finish(settings).unwrap();
        let aws = Aws::connect(&settings.aws);
        storage::schema::create(&aws.dynamodb, &settings.tables).await.unwrap();
        let leads = aws.leads(&settings.tables);
        Self { amocrm, telegram, sqs, admin, leads, settings, aws, ahead: Arc::default(), database }
    }

    /// The function as a fresh process has it; calls that time out do so soon.
    pub(crate) fn worker(&self) -> CrmPush {
        let options = Options {
            calls_per_second: NonZeroU32::new(1000).unwrap(),
            pause_unit: Duration::from_millis(2),
            timeout: Duration::from_millis(400),
            ..Options::of(&self.settings.amocrm, 1)
        };
        let token = Tokens::long_lived(self.amocrm.long_lived_token().into());
        CrmPush::with(&self.settings, &self.aws, Some(Client::new(options, token).unwrap()), self.clock())
    }

    pub(crate) fn clock(&self) -> Clock {
        let ahead = Arc::clone(&self.ahead);
        Arc::new(move || real_now() + ahead.load(Ordering::SeqCst))
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock()()
    }

    /// Turns the clock.
    pub(crate) fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    /// A finished request number `n` of the customer with this phone, stored as the webhook stores it.
    pub(crate) async fn request(&self, n: u8, phone: &str) -> LeadId {
        self.request_with(n, phone, |_| {}).await
    }

    pub(crate) async fn request_with(&self, n: u8, phone: &str, change: impl FnOnce(&mut Request)) -> LeadId {
        let mut request = Request {
            id: format!("01JD0000000000000AK7QX3M{n:02}").parse().unwrap(),
            branch: "sell".to_owned(),
            service: "Продажа авто".to_owned(),
            topic: "Toyota Camry".to_owned(),
            customer: Customer {
                chat_id: 1000 + i64::from(phone == BORIS),
                username: Some("anna_k".to_owned()),
                name: "Анна".to_owned(),
                phone: phone.to_owned(),
                phone_source: PhoneSource::Typed,
            },
            price: Some(1_500_000),
            fields: BTreeMap::from([(CrmField::CarBrand, "Toyota".into()), (CrmField::CarYear, "2019".into())]),
            answers: vec![Answer { question: "Пробег".to_owned(), answer: "85 000 км".to_owned() }],
            photos: Vec::new(),
            created_at: self.now(),
        };
        change(&mut request);
        let id = request.id;
        self.leads.save(&mut Versioned::new(Lead::new(request, 60))).await.unwrap();
        id
    }

    /// Photos that a customer has sent to the bot.
    pub(crate) async fn photos(&self, count: usize) -> Vec<Photo> {
        let chat = self.telegram.new_customer("Анна", None);
        self.telegram.mark_started(chat);
        for n in 0..count {
            self.telegram.send_photo(chat, format!("\u{ff}jpeg {n} {}", "x".repeat(700)), None).unwrap();
        }
        let updates = telegram::Api::new(&self.settings.telegram).updates(0, Duration::ZERO).await.unwrap();
        let sizes = updates.iter().filter_map(|update| update["message"]["photo"].as_array()?.last().cloned());
        let photos = sizes.map(|size| Photo {
            file_id: size["file_id"].as_str().unwrap().to_owned(),
            unique_id: size["file_unique_id"].as_str().unwrap().to_owned(),
        });
        photos.collect()
    }

    pub(crate) async fn lead(&self, id: LeadId) -> Lead {
        self.leads.get(&id).await.unwrap().unwrap().value
    }

    pub(crate) async fn is_sent(&self, id: LeadId) -> bool {
        matches!(self.lead(id).await.status, Status::Sent { .. })
    }

    /// The batch that the queue would hand over: each phone is a group.
    pub(crate) async fn batch(&self, ids: &[LeadId]) -> SqsEvent {
        let mut records = Vec::new();
        for id in ids {
            let group = self.leads.get(id).await.unwrap().map(|lead| lead.value.request.queue_group());
            records.push(json!({
                "messageId": id.to_string(),
                "body": json!({ "lead_id": id }).to_string(),
                "attributes": { "MessageGroupId": group.unwrap_or_default() }
            }));
        }
        serde_json::from_value(json!({ "Records": records })).unwrap()
    }

    /// Has a fresh worker deliver these; answers the ids of messages that failed.
    pub(crate) async fn deliver(&self, ids: &[LeadId]) -> Vec<String> {
        let event = self.batch(ids).await;
        failed(&self.worker().handle(event).await)
    }

    /// Delivers again and again, as long as it takes, with the pauses that the schedule would make.
    pub(crate) async fn deliver_until_sent(&self, ids: &[LeadId]) {
        for _ in 0..8 {
            self.deliver(ids).await;
            let mut all = true;
            for id in ids {
                all &= self.is_sent(*id).await;
            }
            if all {
                return;
            }
            self.wait(700);
        }
        panic!("not sent: {:?}", self.lead(ids[0]).await);
    }

    /// What the admins were told since they were last asked.
    pub(crate) fn told(&self) -> Vec<String> {
        self.telegram.take_new(self.admin).into_iter().map(|fresh| fresh.message.text).collect()
    }
}

pub(crate) fn failed(answer: &aws_lambda_events::sqs::SqsBatchResponse) -> Vec<String> {
    answer.batch_item_failures.iter().map(|failure| failure.item_identifier.clone()).collect()
}

fn real_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed()
}
