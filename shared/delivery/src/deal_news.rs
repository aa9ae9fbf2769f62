//! What customers hear of their deals.
//!
//! A hook of amoCRM is a hint to hurry, and the schedule looks at every deal once an hour: either way the deal is read
//! through the API, and a move to a stage that the dealer has a text for is told, once and between 9 and 21 h. The news
//! is stored with the deal and taken from it before it is sent, so that a message whose answer is lost does not come
//! twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use amocrm::{Client, CrmError};
use dealer::Dealer;
use dialog::Screen;
use lead::{DealOutcome, LOST, Seconds, SeenDeal, TrackedDeal, WON};
use settings::{Clock, Retry, metrics};
use storage::{
    Aws, CurrentDealer, Customers, DealKey, Deals, Leads, SaveError, StorageError, Tables, Versioned,
    pause_after_conflict,
};
use telegram::{Api, ApiError};
use texts::Language;
use tokio::time::Instant;

/// Deals handled in one run of the schedule at most: a page of amoCRM's list.
const MAX_PER_RUN: i32 = 250;
/// After this many failed sends Telegram counts as down: the rest waits for the next run.
const MAX_FAILED_SENDS: usize = 3;

/// Looks at tracked deals, and tells their customers.
pub struct DealNews {
    deals: Deals,
    leads: Leads,
    customers: Customers,
    telegram: Api,
    dealer: Arc<CurrentDealer>,
    /// Whether a customer must have agreed to be written to.
    needs_consent: bool,
    language: Language,
    clock: Clock,
}

/// Deals were not looked at. They will be, at the next hour or at the next run of the schedule.
#[derive(Debug, thiserror::Error)]
pub enum NotLooked {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Crm(#[from] CrmError),
}

/// What became of news that were due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Yes,
    /// There was nothing to tell, or nobody to tell it to.
    No,
    /// Telegram did not take the message, or did not say so.
    Failed,
}

impl DealNews {
    /// Over these tables. `telegram` must not repeat a call whose answer was lost.
    #[must_use]
    pub fn new(
        aws: &Aws,
        tables: &Tables,
        telegram: Api,
        dealer: Arc<CurrentDealer>,
        dialog: &settings::Dialog,
        language: Language,
        clock: Clock,
    ) -> Self {
        Self {
            deals: aws.deals(tables),
            leads: aws.leads(tables),
            customers: aws.customers(tables),
            telegram,
            dealer,
            needs_consent: dialog.privacy_policy_url.is_some(),
            language,
            clock,
        }
    }

    /// Looks at those of these deals that have requests of customers, and sends the news that are due. Returns how many
    /// messages customers got.
    ///
    /// # Errors
    /// When the tables or amoCRM do not respond.
    pub async fn look_now(&self, crm: &Client, deal_ids: &[u64]) -> Result<usize, NotLooked> {
        let mut tracked = Vec::new();
        for deal_id in deal_ids {
            tracked.extend(self.deals.of_all_chats(*deal_id).await?);
        }
        let looked = self.look(crm, tracked).await?;
        self.tell_all(looked, Duration::MAX).await
    }

    /// Looks at the deals that are due, and sends the news that are due, within this time. Without `crm` nothing is
    /// looked at. Returns how many messages customers got.
    ///
    /// # Errors
    /// When the tables or amoCRM do not respond.
    pub async fn run_due(&self, crm: Option<&Client>, time: Duration) -> Result<usize, NotLooked> {
        let now = (self.clock)();
        let due = self.deals.due(now, MAX_PER_RUN).await?;
        let (to_look, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|deal| deal.value.is_look_due(now));
        let told = self.tell_all(others, time).await?;
        let Some(crm) = crm else { return Ok(told) };
        let looked = self.look(crm, to_look).await?;
        Ok(told + self.tell_all(looked, time).await?)
    }

    /// Reads the deals through the API and stores where they are. Returns them as stored.
    async fn look(
        &self,
        crm: &Client,
        tracked: Vec<Versioned<TrackedDeal>>,
    ) -> Result<Vec<Versioned<TrackedDeal>>, NotLooked> {
        if tracked.is_empty() {
            return Ok(tracked);
        }
        let ids: BTreeSet<u64> = tracked.iter().map(|deal| deal.value.deal_id).collect();
        let shown = crm.deals_with_loss_reasons(&Vec::from_iter(ids)).await?;
        let dealer = self.dealer.known().await?;
        let now = (self.clock)();
        let tell_at = dealer.calendar.next_daytime(now);
        let mut looked = Vec::with_capacity(tracked.len());
        for mut deal in tracked {
            let seen = shown.iter().find(|shown| shown.id == deal.value.deal_id && !shown.is_deleted);
            let seen = seen.map(|shown| seen_deal(shown, now));
            deal.value.see(seen, |stage| dealer.stages.contains_key(&stage), tell_at, now);
            match self.deals.save(&mut deal).await {
                Ok(()) => looked.push(deal),
                // Somebody else looks at it just now, or it is deleted.
                Err(SaveError::Conflict) => {}
                Err(SaveError::Storage(error)) => return Err(error.into()),
            }
        }
        Ok(looked)
    }

    async fn tell_all(&self, deals: Vec<Versioned<TrackedDeal>>, time: Duration) -> Result<usize, NotLooked> {
        let started = Instant::now();
        let (mut told, mut failed) = (0, 0);
        for deal in deals {
            if failed == MAX_FAILED_SENDS || started.elapsed() > time {
                break;
            }
            match self.tell(deal).await? {
                Told::Yes => told += 1,
                Told::No => {}
                Told::Failed => failed += 1,
            }
        }
        Ok(told)
    }

    /// Sends the news of a deal if they are due.
    async fn tell(&self, mut deal: Versioned<TrackedDeal>) -> Result<Told, StorageError> {
        let now = (self.clock)();
        let Some(stage) = deal.value.due_news(now) else { return Ok(Told::No) };
        let dealer = self.dealer.known().await?;
        if !dealer.calendar.is_daytime(now) {
            deal.value.postpone_news(dealer.calendar.next_daytime(now));
            self.save(&mut deal).await?;
            return Ok(Told::No);
        }
        let may_write = self.may_write(&deal.value).await?;
        let taken = deal.value.take_news(now);
        if !self.save(&mut deal).await? || !may_write || taken.is_none() {
            return Ok(Told::No);
        }
        let Some(message) = self.message(&deal.value, stage, &dealer) else { return Ok(Told::No) };
        let (chat_id, deal_id) = (deal.value.chat_id, deal.value.deal_id);
        match self.telegram.send(chat_id, &message).await {
            Ok(_) => {
                metrics::put(&[("StagesTold", 1.0, metrics::Unit::Count)], &[]);
                tracing::info!(chat_id, deal_id, stage, "told a customer of a deal's stage");
                Ok(Told::Yes)
            }
            Err(ApiError::Blocked) => {
                self.customers.set_blocked(chat_id, true).await?;
                Ok(Told::No)
            }
            Err(error) => {
                if let Some(pause) = error.pause() {
                    self.put_news_back(deal, stage, now.saturating_add_unsigned(pause)).await?;
                    return Ok(Told::Failed);
                }
                tracing::warn!(chat_id, deal_id, stage, "a customer may not have heard of a deal's stage: {error}");
                Ok(Told::Failed)
            }
        }
    }

    /// Makes the news due again at `tell_at`, even if somebody has changed the deal meanwhile.
    async fn put_news_back(
        &self,
        mut deal: Versioned<TrackedDeal>,
        stage: u64,
        tell_at: Seconds,
    ) -> Result<(), StorageError> {
        let key = DealKey { deal_id: deal.value.deal_id, chat_id: deal.value.chat_id };
        let retry = Retry::SHARED_DOCUMENT;
        for tried in 1..=retry.tries {
            deal.value.put_news_back(stage, tell_at);
            if self.save(&mut deal).await? {
                return Ok(());
            }
            pause_after_conflict(retry, tried).await;
            let Some(stored) = self.deals.get(key).await? else { return Ok(()) };
            deal = stored;
        }
        tracing::error!(deal_id = key.deal_id, stage, "a customer does not hear of a deal's stage: too many conflicts");
        Ok(())
    }

    /// Whether the bot may write to the customer unasked: not to one who has blocked it, is banned, has taken consent
    /// back or had everything deleted.
    async fn may_write(&self, deal: &TrackedDeal) -> Result<bool, StorageError> {
        let Some(customer) = self.customers.get(deal.chat_id).await? else { return Ok(false) };
        if customer.blocked || customer.banned || (self.needs_consent && customer.consent.is_none()) {
            return Ok(false);
        }
        Ok(!self.leads.get_many(&deal.lead_ids).await?.is_empty())
    }

    /// `None` if the dealer has no text for the stage any more.
    fn message(&self, deal: &TrackedDeal, stage: u64, dealer: &Dealer) -> Option<Screen> {
        Some(dialog::stage_screen(dealer.stages.get(&stage)?, *deal.lead_ids.last()?, self.language))
    }

    /// Returns false if somebody else has changed the deal meanwhile.
    async fn save(&self, deal: &mut Versioned<TrackedDeal>) -> Result<bool, StorageError> {
        match self.deals.save(deal).await {
            Ok(()) => Ok(true),
            Err(SaveError::Conflict) => Ok(false),
            Err(SaveError::Storage(error)) => Err(error),
        }
    }
}

fn seen_deal(deal: &amocrm::Deal, now: Seconds) -> SeenDeal {
    let at = if deal.closed_at > 0 { deal.closed_at } else { now };
    let outcome = match deal.status_id {
        WON => Some(DealOutcome::Won { at }),
        LOST => Some(DealOutcome::Lost { at, reason: deal.loss_reason().map(str::to_owned) }),
        _ => None,
    };
    SeenDeal { stage: deal.status_id, outcome }
}
