//! Delivers finished requests from the queue to amoCRM, exactly once in effect.
//!
//! 1. [`CrmPush::handle`] takes a batch of messages apart: requests by group, then photos.
//! 2. `attempt.rs` makes one attempt for one lead: it claims the lead and takes its steps.
//! 3. `steps/` has a file for each kind of step: contact, deal, note, task; and the changes of a deal that a request
//!    joins, or that was made for a request that is finished now. What a step left is stored before the next one
//!    starts.
//! 4. `ensure.rs` makes sure that what a step creates exists once, whatever answer was lost.
//! 5. `closing.rs` stores how the attempt went, for the lead, the circuit breaker and the admins.
//! 6. `cards.rs` shows each delivered request in the sales chat, beside the deliveries; `handover.rs` makes the member
//!    who takes it there responsible for it.
//! 7. `photos.rs` brings photos to the deal, afterwards.
//! 8. `deals.rs` tracks the deal from then on, and looks at it when amoCRM says that it was moved.
//!
//! Helpers: `batch.rs` reads the messages, `claimed.rs` is a lead under this worker's lease, `stop.rs` is how an
//! attempt may end early, `manager.rs` chooses who gets a request, `joining.rs` which open deal it joins,
//! `recent_contacts.rs` makes up for the lag of amoCRM's search, `bad_settings.rs` warns the admins.
//!
//! The queue is a hint: a lead that fails is stored with the time of its next attempt, and its message is deleted.

mod attempt;
mod bad_settings;
mod batch;
mod cards;
mod claimed;
mod closing;
mod deals;
mod ensure;
mod handover;
mod joining;
mod manager;
mod photos;
mod recent_contacts;
mod steps;
mod stop;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amocrm::Client;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use delivery::{AdminChat, DealNews, Incidents, Permit};
use futures::channel::mpsc::{self, UnboundedSender};
use futures::{StreamExt, stream};
use jobs::{DigestTables, Runner};
use lead::{Backoff, PhoneKey, Seconds};
use relay::Relay;
use settings::{Clock, Env, Retry, system_clock};
use storage::{Aws, AwsSettings, CurrentDealer, Customers, Deals, Documents, JobId, Leads, Queue, SalesChat};
use texts::Language;
use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::batch::{Batch, Delivery};
pub use crate::claimed::LEASE;
use crate::photos::TIME_FOR_PHOTOS;
pub use crate::steps::step_names;
use crate::stop::Redeliver;

const DAY: Seconds = 24 * 3600;
/// Groups of requests under way at the same time; the client paces the calls.
const GROUPS_AT_ONCE: usize = 4;

/// What the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    pub telegram: settings::Telegram,
    pub dialog: settings::Dialog,
    pub amocrm: settings::Amocrm,
    pub delivery: settings::Delivery,
    pub dealer_file: settings::DealerFile,
    pub tables: storage::Tables,
    pub aws: AwsSettings,
}

impl Settings {
    /// Reads the settings; `env.finish` says whether they are right.
    pub fn read(env: &mut Env) -> Self {
        Self {
            telegram: settings::Telegram::read(env),
            dialog: settings::Dialog::read(env),
            amocrm: settings::Amocrm::read(env),
            delivery: settings::Delivery::read(env),
            dealer_file: settings::DealerFile::read(env),
            tables: storage::Tables::read(env),
            aws: AwsSettings::read(env),
        }
    }
}

/// The function.
pub struct CrmPush {
    leads: Leads,
    customers: Customers,
    deals: Deals,
    documents: Documents,
    queue: Queue,
    /// `None` in mock mode.
    crm: Option<Client>,
    amocrm_settings: settings::Amocrm,
    /// What admins read.
    language: Language,
    telegram: telegram::Api,
    admins: AdminChat,
    jobs: Runner,
    sales_chat: SalesChat,
    incidents: Incidents,
    dealer: Arc<CurrentDealer>,
    deal_news: DealNews,
    backoff: Backoff,
    clock: Clock,
    worker: String,
    /// When the tables were restored from a backup.
    restored_at: Option<Seconds>,
    mock_ids: AtomicU64,
    phone_key: PhoneKey,
}

impl fmt::Debug for CrmPush {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CrmPush").finish_non_exhaustive()
    }
}

impl CrmPush {
    /// Connects to the services that the settings name.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let clock = system_clock();
        let aws = Aws::connect(&settings.aws);
        let documents = aws.documents(&settings.tables);
        let crm = delivery::amocrm_client(&settings.amocrm, &documents, &clock, delivery::WORKERS)?;
        Ok(Self::with(settings, &aws, crm, clock))
    }

    /// The function over these clients and this clock. `crm: None` is mock mode: as if amoCRM had taken everything.
    #[must_use]
    pub fn with(settings: &Settings, aws: &Aws, crm: Option<Client>, clock: Clock) -> Self {
        let language = settings.telegram.language;
        let documents = aws.documents(&settings.tables);
        let leads = aws.leads(&settings.tables);
        let telegram = telegram::Api::new(&settings.telegram);
        let dealer_file = aws.dealer_file(&settings.tables);
        let dealer = CurrentDealer::new(dealer_file, settings.dealer_file.minute_seconds, clock.clone());
        let dealer = Arc::new(dealer);
        let chat_id = settings.telegram.admin_chat_id;
        let retry = Retry::delivery(&settings.delivery);
        let admins = AdminChat::new(documents.clone(), telegram.clone(), chat_id, clock.clone());
        Self {
            incidents: Incidents {
                documents: documents.clone(),
                leads: leads.clone(),
                admins: admins.clone(),
                clock: clock.clone(),
                dealer: Arc::clone(&dealer),
                language,
            },
            deal_news: DealNews::new(
                aws,
                &settings.tables,
                telegram.clone().without_repeats(),
                Arc::clone(&dealer),
                &settings.dialog,
                language,
                clock.clone(),
            ),
            jobs: Runner {
                jobs: aws.jobs(&settings.tables),
                leads: leads.clone(),
                sales_chat: aws.sales_chat(&settings.tables),
                relay: Relay::new(aws, &settings.tables, telegram.clone(), clock.clone(), language),
                digest: DigestTables::open(aws, &settings.tables),
                dealer: Arc::clone(&dealer),
                telegram: telegram.clone().without_repeats(),
                admins: admins.clone(),
                amocrm_url: crm.as_ref().map(|_| settings.amocrm.base_url.clone()),
                language,
                clock: clock.clone(),
            },
            dealer,
            customers: aws.customers(&settings.tables),
            deals: aws.deals(&settings.tables),
            sales_chat: aws.sales_chat(&settings.tables),
            queue: aws.queue(&settings.tables),
            amocrm_settings: settings.amocrm.clone(),
            language,
            backoff: Backoff {
                first: retry.first.as_secs().cast_signed(),
                longest: retry.longest.as_secs().cast_signed(),
                max_attempts: retry.tries,
            },
            worker: delivery::worker_name(),
            restored_at: None,
            mock_ids: AtomicU64::new(1),
            phone_key: settings.tables.phone_key.clone(),
            leads,
            documents,
            crm,
            telegram,
            admins,
            clock,
        }
    }

    /// The function over tables that were restored from a backup at that time. They do not know what was delivered
    /// since the backup was made. So for a request whose dialog started before the restore, every step looks before it
    /// creates.
    #[must_use]
    pub fn after_restore(self, restored_at: Option<Seconds>) -> Self {
        Self { restored_at, ..self }
    }

    /// Delivers a batch. A message whose lead could not be read or stored is reported as failed, and the rest of its
    /// group with it; every other message is settled, because its lead knows how it goes on, and deals are looked at
    /// every hour anyway.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let batch = Batch::read(&event);
        let (requests, handovers) = (batch.requests(), batch.handovers());
        let (photos, deals) = (batch.photos(), batch.deals());
        let mut failed = Vec::new();
        if requests.is_empty() {
            failed.extend(self.hand_over_in_turn(handovers).await);
            self.look_at_deals(&deals).await;
            failed.extend(self.deliver_photos_in_turn(photos).await);
        } else {
            failed.extend(self.deliver_requests(requests).await);
            failed.extend(self.hand_over_in_turn(handovers).await);
            self.look_at_deals(&deals).await;
            // SQS holds back the groups of a batch until it ends, and photos take up to 75 s. So they are queued again,
            // for a batch without requests.
            for delivery in photos {
                if self.requeue_photos_of(delivery.lead_id).await.is_err() {
                    failed.push(delivery.position);
                }
            }
        }
        batch.response(&failed)
    }

    /// Delivers the requests of each group in order, several groups at a time. Returns the positions of failed
    /// messages.
    async fn deliver_requests(&self, groups: Vec<Vec<Delivery>>) -> Vec<usize> {
        let (planned, cards) = mpsc::unbounded();
        let (failed, ()) = futures::join!(self.deliver_groups(groups, planned), self.send_cards(cards));
        failed
    }

    async fn deliver_groups(&self, groups: Vec<Vec<Delivery>>, cards: UnboundedSender<JobId>) -> Vec<usize> {
        let permit = self.incidents.load().await.permit(self.now());
        // While amoCRM is in trouble, one request after the other: the first shows whether the rest may follow.
        let at_once = if permit == Permit::Deliver { GROUPS_AT_ONCE } else { 1 };
        let (account, cards) = (&OnceCell::new(), &cards);
        let delivered = stream::iter(groups).map(|group| async move {
            for delivery in group {
                match self.deliver_request(delivery.lead_id, account).await {
                    Ok(card) => drop(card.map(|card| cards.unbounded_send(card))),
                    Err(Redeliver) => return Some(delivery.position),
                }
            }
            None
        });
        delivered.buffer_unordered(at_once).filter_map(std::future::ready).collect().await
    }

    /// Makes those who have taken requests responsible for them. Returns the positions of failed messages.
    async fn hand_over_in_turn(&self, handovers: Vec<Delivery>) -> Vec<usize> {
        let mut failed = Vec::new();
        for handover in handovers {
            if self.hand_over(handover.lead_id).await.is_err() {
                failed.push(handover.position);
            }
        }
        failed
    }

    /// Delivers photos one request after the other. Returns the positions of failed messages.
    async fn deliver_photos_in_turn(&self, deliveries: Vec<Delivery>) -> Vec<usize> {
        let deadline = Instant::now() + TIME_FOR_PHOTOS;
        let mut failed = Vec::new();
        for (n, delivery) in deliveries.into_iter().enumerate() {
            let is_first = n == 0;
            let delivered = if Instant::now() < deadline {
                self.deliver_photos(delivery.lead_id, deadline, is_first).await
            } else {
                self.requeue_photos_of(delivery.lead_id).await
            };
            if delivered.is_err() {
                failed.push(delivery.position);
            }
        }
        failed
    }

    /// Seconds since the Unix epoch.
    fn now(&self) -> Seconds {
        (self.clock)()
    }

    fn next_mock_id(&self) -> u64 {
        self.mock_ids.fetch_add(1, Ordering::Relaxed)
    }
}
