//! Requests that are put straight into the table, and the crm-push that delivers them.

use std::num::NonZeroU32;
use std::time::Duration;

use amocrm::{Client, Options, Tokens};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use crm_push::CrmPush;
use lead::{Lead, LeadId, Photo, Request, Status};
use serde_json::json;
use settings::{Env, Retry};
use storage::{SaveError, Versioned};

use crate::Bot;

/// Phone numbers of two customers.
pub const ANNA: &str = "+79001234567";
pub const BORIS: &str = "+79007654321";

impl Bot {
    /// Stores request `n` of the customer with this phone, as the webhook does.
    pub async fn store(&self, n: u8, phone: &str) -> LeadId {
        self.store_with(n, phone, |_| {}).await
    }

    /// The same, changed.
    pub async fn store_with(&self, n: u8, phone: &str, change: impl FnOnce(&mut Request)) -> LeadId {
        let mut request = Request::example();
        request.id = format!("01JD0000000000000AK7QX3M{n:02}").parse().expect("it is an id");
        request.customer.chat_id = 1000 + i64::from(phone == BORIS);
        request.customer.phone = phone.to_owned();
        request.created_at = self.now();
        change(&mut request);
        let id = request.id;
        self.leads().save(&mut Versioned::new(Lead::new(request, 60))).await.expect("the request is stored");
        id
    }

    /// Stores request `n` of this customer as it is when the form is left at the price.
    pub async fn store_unfinished(&self, n: u8, phone: &str, photos: Vec<Photo>) -> LeadId {
        self.store_with(n, phone, |request| leave_at_the_price(request, photos)).await
    }

    /// The customer finishes that form, as the webhook stores it.
    pub async fn finish_request(&self, id: LeadId, photos: Vec<Photo>) {
        loop {
            let mut lead = self.leads().get(&id).await.expect("the table answers").expect("the request is there");
            let Request { customer, created_at, .. } = lead.value.request.clone();
            let request = Request { id, customer, created_at, photos: photos.clone(), ..Request::example() };
            lead.value.complete(request, self.now(), 60);
            match self.leads().save(&mut lead).await {
                Ok(()) => return,
                Err(SaveError::Conflict) => {} // crm-push has stored something meanwhile
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The state of a request's delivery.
    pub async fn lead(&self, id: LeadId) -> Lead {
        self.leads().get(&id).await.expect("the table answers").expect("the request is there").value
    }

    /// Whether everything of a request is in amoCRM, photos included.
    pub async fn is_sent(&self, id: LeadId) -> bool {
        self.lead(id).await.is_complete()
    }

    /// Stores a request's state.
    pub async fn set_status(&self, id: LeadId, status: Status) {
        let mut lead = self.leads().get(&id).await.expect("the table answers").expect("the request is there");
        lead.value.status = status;
        self.leads().save(&mut lead).await.expect("the request is stored");
    }

    /// Photos that Telegram has for the bot.
    pub fn photos(&self, count: usize) -> Vec<Photo> {
        self.large_photos(count, 700)
    }

    /// The same, each of about this many bytes.
    pub fn large_photos(&self, count: usize, bytes: usize) -> Vec<Photo> {
        let photo = |n| {
            let jpeg = [b"\xff\xd8\xff".as_slice(), format!("{n} {}", "x".repeat(bytes)).as_bytes()].concat();
            self.sent_file(jpeg)
        };
        (0..count).map(photo).collect()
    }

    /// A file in Telegram that a customer has sent as a picture.
    pub fn sent_file(&self, content: Vec<u8>) -> Photo {
        let (file_id, unique_id) = self.telegram().add_photo(content);
        Photo { file_id, unique_id }
    }

    /// Settings as crm-push reads them.
    #[must_use]
    pub fn crm_push_settings(&self) -> crm_push::Settings {
        read(self.env(), crm_push::Settings::read)
    }

    /// crm-push as a fresh process has it; calls to amoCRM that time out do so soon.
    #[must_use]
    pub fn worker(&self, settings: &crm_push::Settings) -> CrmPush {
        let options = Options {
            calls_per_second: NonZeroU32::new(1000).expect("it is not 0"),
            retry: Retry { first: Duration::from_millis(2), ..Retry::amocrm_call(&settings.amocrm) },
            timeout: Duration::from_millis(400),
            ..Options::of(&settings.amocrm, 1)
        };
        let token = Tokens::long_lived(self.crm().long_lived_token().into());
        let client = Client::new(options, token).expect("a client can be built");
        CrmPush::with(settings, self.stack().aws(), Some(client), self.clock())
    }

    /// The batch that the queue would hand over: each phone is a group.
    pub async fn batch(&self, ids: &[LeadId]) -> SqsEvent {
        let mut records = Vec::new();
        for id in ids {
            let lead = self.leads().get(id).await.expect("the table answers");
            let group = lead.map(|lead| lead.value.request.phone_hash(&self.stack().tables().phone_key));
            records.push(json!({
                "messageId": id.to_string(),
                "body": json!({ "lead_id": id }).to_string(),
                "attributes": { "MessageGroupId": group.unwrap_or_default() }
            }));
        }
        serde_json::from_value(json!({ "Records": records })).expect("it is an event")
    }

    /// The batch of these requests' photos, as the queue would hand it over.
    #[must_use]
    pub fn photo_batch(&self, ids: &[LeadId]) -> SqsEvent {
        let records = ids.iter().map(|id| {
            json!({
                "messageId": format!("photos of {id}"),
                "body": json!({ "lead_id": id, "job": "photos" }).to_string(),
                "attributes": { "MessageGroupId": "photos" }
            })
        });
        serde_json::from_value(json!({ "Records": records.collect::<Vec<_>>() })).expect("it is an event")
    }

    /// Has a fresh worker deliver these in one batch, then their photos. Returns the ids of messages that failed.
    pub async fn push(&self, ids: &[LeadId]) -> Vec<String> {
        let event = self.batch(ids).await;
        let worker = self.worker(&self.crm_push_settings());
        let mut failures = failed(&worker.handle(event).await);
        failures.extend(failed(&worker.handle(self.photo_batch(ids)).await));
        failures
    }

    /// Has them delivered again and again until all are sent, with the pauses that the schedule would make.
    pub async fn push_until_sent(&self, ids: &[LeadId]) {
        for _ in 0..8 {
            self.push(ids).await;
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
}

/// Makes of a request what it is when the form is left at the price.
pub fn leave_at_the_price(request: &mut Request, photos: Vec<Photo>) {
    request.unfinished = Some("Цена".to_owned());
    request.price = None;
    request.answers.truncate(2);
    request.photos = photos;
}

/// Ids of the messages that come back.
#[must_use]
pub fn failed(answer: &SqsBatchResponse) -> Vec<String> {
    answer.batch_item_failures.iter().map(|failure| failure.item_identifier.clone()).collect()
}

/// A group of settings, which are right.
pub fn read<T>(mut env: Env, group: impl FnOnce(&mut Env) -> T) -> T {
    let settings = group(&mut env);
    env.finish(settings).expect("the settings are right")
}
