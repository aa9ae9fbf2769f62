//! Delivers finished requests from the queue to amoCRM, exactly once in effect.
//!
//! A batch goes through amoCRM in stages: contacts, deals, notes, tasks, photos. What a stage created is stored with the
//! lead before the next stage starts. A creation whose answer was lost is looked up before it is made again. The queue is
//! a hint: a lead that fails is stored with the time of its next attempt, and its message is deleted.

mod closing;
mod contacts;
mod messages;
mod photos;
mod recent;
mod step;
mod steps;
mod work;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use amocrm::{Client, Clock, Shape};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use delivery::{AdminChat, Gate, Incident, Incidents, Wanted, requeue};
use lead::{Backoff, SEARCH_LAG, Seconds, Trouble};
use settings::Env;
use storage::{Aws, AwsSettings, Customers, Documents, Leads, Queue, SaveError};

use crate::messages::Batch;
pub use crate::work::LEASE;
use crate::work::{End, Failed, Work};

/// What is put back when a probe failed is due again after this long.
const AFTER_PROBE: Seconds = 30;
/// Requests queued again when the breaker closes; the schedule takes care of more.
const REQUEUE_AT_ONCE: usize = 100;

/// What the function is told by its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For photos and messages to the admins.
    pub telegram: settings::Telegram,
    /// The account.
    pub amocrm: settings::Amocrm,
    /// When to try again.
    pub delivery: settings::Delivery,
    /// Where things are stored.
    pub tables: settings::Tables,
    /// Where AWS is.
    pub aws: AwsSettings,
}

impl Settings {
    /// Reads the settings; `env.finish` tells whether they are right.
    pub fn read(env: &mut Env) -> Self {
        Self {
            telegram: settings::Telegram::read(env),
            amocrm: settings::Amocrm::read(env),
            delivery: settings::Delivery::read(env),
            tables: settings::Tables::read(env),
            aws: AwsSettings::read(env),
        }
    }
}

/// The function.
pub struct CrmPush {
    leads: Leads,
    customers: Customers,
    documents: Documents,
    queue: Queue,
    /// `None` in mock mode.
    crm: Option<Client>,
    shape: Shape,
    telegram: telegram::Api,
    admins: AdminChat,
    incidents: Incidents,
    backoff: Backoff,
    clock: Clock,
    worker: String,
    mock_ids: AtomicU64,
}

impl fmt::Debug for CrmPush {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("CrmPush").finish_non_exhaustive()
    }
}

impl CrmPush {
    /// Connects to what the settings name.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let clock = delivery::system_clock();
        let aws = Aws::connect(&settings.aws);
        let documents = aws.documents(&settings.tables);
        let crm = delivery::amocrm_client(&settings.amocrm, &documents, &clock, delivery::WORKERS)?;
        Ok(Self::with(settings, &aws, crm, clock))
    }

    /// The function over these clients and this clock; `crm: None` pretends that amoCRM took everything.
    #[must_use]
    pub fn with(settings: &Settings, aws: &Aws, crm: Option<Client>, clock: Clock) -> Self {
        let documents = aws.documents(&settings.tables);
        let leads = aws.leads(&settings.tables);
        let telegram = telegram::Api::new(&settings.telegram);
        let chat_id = settings.telegram.admin_chat_id;
        let admins = AdminChat::new(documents.clone(), telegram.clone(), chat_id, clock.clone());
        Self {
            incidents: Incidents::new(documents.clone(), leads.clone(), admins.clone(), clock.clone()),
            customers: aws.customers(&settings.tables),
            queue: aws.queue(&settings.tables),
            shape: Shape::of(&settings.amocrm),
            backoff: Backoff {
                base: settings.delivery.retry_interval_seconds,
                max_attempts: settings.delivery.lead_max_attempts,
            },
            worker: delivery::worker_name(),
            mock_ids: AtomicU64::new(1),
            leads,
            documents,
            crm,
            telegram,
            admins,
            clock,
        }
    }

    /// Delivers a batch. Messages whose lead could not be read or stored are reported as failed, and the rest of their group
    /// with them; every other message is settled, for its lead knows how it goes on.
    pub async fn handle(&self, event: SqsEvent) -> SqsBatchResponse {
        let mut batch = Batch::read(&event);
        let (mut works, incident) = futures::join!(self.claim(&mut batch), self.incidents.load());
        if !works.is_empty() {
            match &self.crm {
                Some(crm) => self.deliver(crm, &incident, &mut works).await,
                None => works.iter_mut().for_each(|work| self.pretend(work)),
            }
            let outcome = self.close(&mut works, &mut batch).await;
            let news = incident != Incident::default() || outcome.obstacle.is_some() || outcome.photos.is_some();
            if news && self.incidents.note(&outcome).await {
                self.requeue_put_back().await;
            }
        }
        batch.response()
    }

    /// Claims the batch's leads; those that are settled or held by another worker need nothing from this batch.
    async fn claim(&self, batch: &mut Batch) -> Vec<Work> {
        let reads =
            batch.wanted().into_iter().map(|(message, id)| async move { (message, id, self.leads.get(&id).await) });
        let mut leads = Vec::new();
        for (message, lead_id, read) in futures::future::join_all(reads).await {
            match read {
                Ok(lead) => leads.extend(lead.map(|lead| (message, lead))),
                Err(error) => {
                    tracing::error!(%lead_id, %error, "a lead cannot be read");
                    batch.fail(message);
                }
            }
        }
        let now = (self.clock)();
        let claims = leads.into_iter().filter_map(|(message, mut lead)| {
            match lead.value.claim(&self.worker, now, LEASE) {
                Ok(attempt) => {
                    let mut work = Work::new(lead, message, attempt.in_doubt, now + LEASE);
                    if work.lead.value.attempts > self.backoff.max_attempts {
                        // Whoever fails is given up in time; this one takes its workers along before they can say so.
                        work.end = Some(End::Failed(Failed::unfinished("its workers were stopped in the middle")));
                    }
                    Some(work)
                }
                Err(refused) => {
                    tracing::info!(lead_id = %lead.value.lead_id, ?refused, "nothing to deliver");
                    None
                }
            }
        });
        let saves = claims.map(|mut work| async {
            let saved = self.leads.save(&mut work.lead).await;
            (work, saved)
        });
        let mut works = Vec::new();
        for (work, saved) in futures::future::join_all(saves).await {
            match saved {
                Ok(()) => works.push(work),
                Err(SaveError::Conflict) => tracing::info!(lead_id = %work.id(), "another worker was faster"),
                Err(SaveError::Storage(error)) => {
                    tracing::error!(lead_id = %work.id(), %error, "a lead cannot be claimed");
                    batch.fail(work.message);
                }
            }
        }
        works
    }

    /// Delivers as far as the circuit breaker allows.
    async fn deliver(&self, crm: &Client, incident: &Incident, works: &mut [Work]) {
        let delivery = Delivery { push: self, crm };
        match self.incidents.enter(incident).await {
            Gate::Closed => delivery.run(works).await,
            Gate::Open { until } => {
                tracing::info!(until, count = works.len(), "amoCRM is left alone");
                works.iter_mut().for_each(|work| work.put_back(until));
            }
            Gate::Probe => {
                let (first, rest) = works.split_at_mut(1);
                delivery.run(first).await;
                if first[0].is_stopped_by_crm() {
                    // That amoCRM is still down does not bring the one that finds out nearer to being given up.
                    first[0].lead.value.discount();
                    let due_at = (self.clock)() + AFTER_PROBE;
                    rest.iter_mut().for_each(|work| work.put_back(due_at));
                } else {
                    delivery.run(rest).await;
                }
            }
        }
    }

    /// Mock mode: the lead looks as if amoCRM had taken it.
    fn pretend(&self, work: &mut Work) {
        let mut next = || Some(self.mock_ids.fetch_add(1, Ordering::Relaxed));
        let progress = &mut work.lead.value.progress;
        progress.contact_id = progress.contact_id.or_else(&mut next);
        progress.deal_id = progress.deal_id.or_else(&mut next);
        progress.note_id = progress.note_id.or_else(&mut next);
        progress.task_id = progress.task_id.or_else(&mut next);
        progress.photos_done = true;
        tracing::info!(lead_id = %work.id(), "AMOCRM_MOCK_MODE: taken for delivered");
    }

    async fn requeue_put_back(&self) {
        // Also those whose tries have failed meanwhile, however long their pause would still be.
        let wanted = Wanted::everybody((self.clock)(), self.backoff.base, REQUEUE_AT_ONCE);
        match requeue(&self.leads, &self.queue, wanted).await {
            Ok(count) => tracing::info!(count, "amoCRM takes requests again"),
            Err(error) => tracing::error!(%error, "what was put back waits for the schedule"),
        }
    }
}

/// One batch on its way through amoCRM.
pub(crate) struct Delivery<'a> {
    pub(crate) push: &'a CrmPush,
    pub(crate) crm: &'a Client,
}

impl Delivery<'_> {
    /// Every stage for every lead. A lead that fails in one leaves the others alone. The task comes before the photos: the
    /// customer is to be called back however long an upload takes.
    async fn run(&self, works: &mut [Work]) {
        let (shape, clock) = (&self.push.shape, &self.push.clock);
        self.contacts(works).await;
        self.step(&steps::DealStep { shape, clock }, works).await;
        self.step(&steps::NoteStep, works).await;
        self.step(&steps::TaskStep { shape, now: clock() }, works).await;
        self.photos(works).await;
    }

    /// Stores what is known of the lead so far. From a lead whose lease is lost this worker keeps its hands off.
    async fn checkpoint(&self, work: &mut Work) {
        match self.push.leads.save(&mut work.lead).await {
            Ok(()) => {}
            Err(SaveError::Conflict) => {
                tracing::warn!(lead_id = %work.id(), "the lead was taken over or deleted meanwhile");
                work.end = Some(End::Lost);
            }
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %work.id(), %error, "progress cannot be stored");
                work.end = Some(End::Unsaved);
            }
        }
    }

    /// Ends the attempt of a lead whose lease would not last through another call. True while there is time.
    fn has_time(&self, work: &mut Work) -> bool {
        if work.end.is_none() && work.is_late((self.push.clock)()) {
            work.end = Some(End::Failed(Failed::slow()));
        }
        work.end.is_none()
    }

    /// A look-up failed. Whatever amoCRM says to a look-up, the lead itself is not what it refuses.
    fn fail_to_look(&self, work: &mut Work, error: &amocrm::CrmError) {
        self.fail(work, error);
        if let Some(trouble) = work.trouble()
            && *trouble == Trouble::Never
        {
            *trouble = Trouble::Later { pause: None, in_doubt: false };
        }
    }

    /// Fails because of `error`, with a creation behind it whose answer was lost just now: it could not be seen yet.
    fn fail_in_doubt(&self, work: &mut Work, error: &amocrm::CrmError) {
        self.fail_to_look(work, error);
        work.in_doubt = true;
        if let Some(Trouble::Later { pause, .. }) = work.trouble() {
            *pause = Some(pause.unwrap_or(0).max(SEARCH_LAG));
        }
    }

    fn fail(&self, work: &mut Work, error: &amocrm::CrmError) {
        settings::metrics::count("CrmErrors", "kind", error.kind());
        tracing::warn!(lead_id = %work.id(), kind = error.kind(), %error, "a request was not delivered");
        work.end = Some(End::Failed(Failed::of(error)));
    }
}
