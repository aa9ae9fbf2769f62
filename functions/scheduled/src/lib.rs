//! Repairs by the clock.
//!
//! * Lines of talks that could not be delivered at once are, and what was said goes into notes on the deals.
//! * Customers are reminded of forms left half-way, and those forms go to the CRM.
//! * What else the bot writes unasked is sent when it is due: cards that did not reach the sales chat, and the word that
//!   nobody takes a request.
//! * Requests that are due go back onto the queue, as far as the circuit breaker lets them.
//! * Deals are looked at, and customers told of stages that the dealer has a text for.
//! * The OAuth pair is refreshed ahead of time; the admins learn when only they can get another.
//! * The admins learn when customers send more than usual, when the model leaves nearly every question to the rules,
//!   and when a request that amoCRM refuses will be deleted.
//! * Messages that have not reached the admins yet are sent.
//! * Invariants become metrics: how many requests wait, how long, how long the token lasts.
//!
//! Alarms come in as events, too; those that the functions do not report themselves go to the admins' chat.

mod alarm;
mod deals;
mod expiry;
mod limits;
mod model_outage;
mod talks;
mod token;
mod unfinished;

use std::fmt;
use std::sync::Arc;

use amocrm::Client;
use anyhow::Context;
use delivery::{
    AdminChat, DealNews, Incident, Incidents, Permit, RequeueFilter, requeue, requeue_handovers, requeue_photos,
};
use jobs::{DigestTables, Runner};
use lead::Seconds;
use serde_json::{Value, json};
use settings::metrics::{self, Unit};
use settings::{Clock, Env, system_clock};
use storage::{Aws, AwsSettings, Documents};
use texts::Language;
use turn::Bot;

/// Requests queued in one run at most; crm-push delivers about this many until the next one.
const MAX_PER_RUN: usize = 500;
/// Requests whose photos are queued in one run at most.
const MAX_PHOTOS_PER_RUN: usize = 50;
/// Handovers queued in one run at most.
const MAX_HANDOVERS_PER_RUN: i32 = 50;
/// Requests queued while the breaker waits for one to go through.
const PROBES: usize = 1;
/// How many unsent requests are looked at to find the oldest: those that are due first have waited longest.
const SAMPLE: i32 = 100;

/// What the function reads from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    pub turn: turn::Settings,
    pub amocrm: settings::Amocrm,
    pub aws: AwsSettings,
}

impl Settings {
    /// Reads the settings; `env.finish` says whether they are right.
    pub fn read(env: &mut Env) -> Self {
        Self { turn: turn::Settings::read(env), amocrm: settings::Amocrm::read(env), aws: AwsSettings::read(env) }
    }
}

/// The function.
pub struct Scheduled {
    bot: Bot,
    /// `None` in mock mode.
    crm: Option<Client>,
    documents: Documents,
    admins: AdminChat,
    incidents: Incidents,
    deal_news: DealNews,
    jobs: Runner,
    retry_interval: Seconds,
    /// What admins read.
    language: Language,
}

impl fmt::Debug for Scheduled {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Scheduled").finish_non_exhaustive()
    }
}

impl Scheduled {
    /// Connects to what the settings name.
    ///
    /// # Errors
    /// When no HTTP client can be built.
    pub fn connect(settings: &Settings) -> anyhow::Result<Self> {
        let clock = system_clock();
        let aws = Aws::connect(&settings.aws);
        let documents = aws.documents(&settings.turn.tables);
        let crm = delivery::amocrm_client(&settings.amocrm, &documents, &clock, delivery::WORKERS)?;
        Ok(Self::with(settings, &aws, crm, clock))
    }

    /// The function over these clients and this clock; `crm: None` when there is no account.
    #[must_use]
    pub fn with(settings: &Settings, aws: &Aws, crm: Option<Client>, clock: Clock) -> Self {
        let language = settings.turn.telegram.language;
        let documents = aws.documents(&settings.turn.tables);
        let mut bot = Bot::connect(&settings.turn, aws, clock.clone());
        let chat_id = settings.turn.telegram.admin_chat_id;
        let admins = AdminChat::new(documents.clone(), bot.api.clone(), chat_id, clock.clone());
        bot.api = bot.api.without_repeats();
        Self {
            deal_news: DealNews::new(
                aws,
                &settings.turn.tables,
                bot.api.clone(),
                Arc::clone(&bot.dealer),
                &settings.turn.dialog,
                language,
                clock.clone(),
            ),
            incidents: Incidents {
                documents: documents.clone(),
                leads: bot.leads.clone(),
                admins: admins.clone(),
                clock,
                dealer: Arc::clone(&bot.dealer),
                language,
            },
            jobs: Runner {
                jobs: aws.jobs(&settings.turn.tables),
                leads: bot.leads.clone(),
                sales_chat: aws.sales_chat(&settings.turn.tables),
                relay: bot.relay.clone(),
                digest: DigestTables::open(aws, &settings.turn.tables),
                dealer: Arc::clone(&bot.dealer),
                telegram: bot.api.clone(),
                admins: admins.clone(),
                amocrm_url: crm.as_ref().map(|_| settings.amocrm.base_url.clone()),
                language,
                clock: bot.clock.clone(),
            },
            retry_interval: settings.turn.delivery.retry_interval_seconds,
            bot,
            crm,
            documents,
            admins,
            language,
        }
    }

    /// Handles an event: an alarm is reported to the admins, anything else is the schedule. Returns what was done.
    ///
    /// # Errors
    /// When something could not be repaired; the other repairs are done.
    pub async fn handle(&self, event: Value) -> anyhow::Result<Value> {
        if let Some(alarms) = alarm::read(&event) {
            for alarm in &alarms {
                // SNS brings it again.
                let message = alarm.message(self.language);
                anyhow::ensure!(self.admins.tell(&message).await, "an alarm cannot be written down");
            }
            return Ok(json!({ "alarms": alarms.len() }));
        }
        // First: what follows may have more to say, and Telegram takes one message a second.
        let told = self.admins.send_waiting().await;
        let queued = self.queue_due().await;
        let token = self.look_after_token().await;
        let unfinished = self.look_after_unfinished().await;
        let stages = self.look_after_deals().await;
        let digest = self.jobs.plan_digest().await.context("the digest cannot be planned");
        let jobs = self.jobs.run_due().await.context("due jobs cannot be listed");
        let talks = self.look_after_talks().await;
        let limits = self.watch_limits().await;
        let model_is_out = self.watch_model().await;
        let expiring = self.look_after_dead().await;
        let measured = self.measure().await;
        digest?;
        let done = json!({
            "told": told, "queued": queued?, "token": token?, "unfinished": unfinished?, "talks": talks?, "stages": stages?,
            "jobs": jobs?, "limits": limits?, "model_is_out": model_is_out?, "expiring": expiring?, "unsent": measured?
        });
        tracing::info!(%done, "repaired");
        Ok(done)
    }

    /// Due requests back onto the queue, and due photos.
    async fn queue_due(&self) -> anyhow::Result<usize> {
        let incident = match self.incidents.reconcile().await {
            Ok(incident) => incident,
            Err(error) => {
                tracing::error!(%error, "the incident cannot be looked into");
                self.incidents.load().await
            }
        };
        let now = (self.bot.clock)();
        let Some(filter) = filter(&incident, now, self.retry_interval) else { return Ok(0) };
        let requests =
            requeue(&self.bot.leads, &self.bot.queue, filter).await.context("due requests cannot be queued")?;
        if incident.permit(now) != Permit::Deliver {
            return Ok(requests);
        }
        let photos =
            requeue_photos(&self.bot.leads, &self.bot.queue, now, now + 2 * self.retry_interval, MAX_PHOTOS_PER_RUN)
                .await;
        let photos = photos.context("due photos cannot be queued")?;
        let handovers = requeue_handovers(
            &self.jobs.sales_chat,
            &self.bot.queue,
            now,
            now + 2 * self.retry_interval,
            MAX_HANDOVERS_PER_RUN,
        );
        Ok(requests + photos + handovers.await.context("due handovers cannot be queued")?)
    }

    /// The invariants: every request is delivered soon.
    async fn measure(&self) -> anyhow::Result<usize> {
        let unsent = self.bot.leads.count_unsent().await.context("unsent requests cannot be counted")?;
        let sample = self.bot.leads.unsent(SAMPLE).await.context("unsent requests cannot be listed")?;
        let now = (self.bot.clock)();
        let sample = self.bot.leads.get_many_due(&sample, now).await.context("unsent requests cannot be read")?;
        // A form left half-way was left long before it was stored.
        let finished = sample.iter().filter(|lead| lead.value.request.unfinished.is_none());
        let oldest = finished.map(|lead| now - lead.value.request.created_at).max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts and seconds far below 2^52")]
        metrics::put(
            &[("UnsentLeads", unsent as f64, Unit::Count), ("OldestUnsentSeconds", oldest as f64, Unit::Seconds)],
            &[],
        );
        Ok(unsent)
    }
}

/// Which requests may be queued; `None` while amoCRM is left alone. When the breaker waits for a probe, every run
/// queues one, however long its own pause: the others wait for it.
fn filter(incident: &Incident, now: Seconds, retry_interval: Seconds) -> Option<RequeueFilter> {
    match incident.permit(now) {
        Permit::Deliver => {
            Some(RequeueFilter { due_by: now, ..RequeueFilter::all_unsent(now, retry_interval, MAX_PER_RUN) })
        }
        Permit::Probe => Some(RequeueFilter {
            last: incident.probed.clone(),
            ..RequeueFilter::all_unsent(now, retry_interval, PROBES)
        }),
        Permit::Wait { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_breaker_is_respected() {
        let open = Incident { open_until: Some(100), pause: 30, failures: 3, ..Default::default() };
        assert_eq!(filter(&open, 99, 300), None);
        let (now, again_at) = (100, 700);
        let probe = RequeueFilter { now, due_by: Seconds::MAX, again_at, limit: 1, last: vec![] };
        assert_eq!(filter(&open, now, 300), Some(probe));
        let calm = RequeueFilter { now, due_by: now, again_at, limit: 500, last: vec![] };
        assert_eq!(filter(&Incident::default(), 100, 300), Some(calm));
    }
}
