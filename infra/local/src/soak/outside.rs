//! Everything outside the bot, and what was seen of it so far.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use simulators::amocrm::{self, Amocrm};
use simulators::telegram::{self, MessageView, Telegram};
use tokio::time::Instant;

use super::cut_off::RequestJob;
use super::sales::{SalesGroup, card_number};
use super::sends::Sends;

/// How long the minute lasts in which the sales group takes 20 messages. As many as a real one would stop the soak.
const GROUP_MINUTE: Duration = Duration::from_secs(1);
/// A hook that is not accepted is posted again once: some never come.
const HOOK_PAUSES: [Duration; 1] = [Duration::from_secs(1)];

/// The simulators with the people in them. They remember what a killed bot did.
pub(crate) struct Outside {
    pub(super) telegram: Telegram,
    pub(super) amocrm: Amocrm,
    pub(super) admin: i64,
    /// Who hears that nobody takes a request.
    pub(super) boss: i64,
    pub(super) sales: SalesGroup,
    /// How many seconds the clock of everybody is ahead of the machine's.
    ahead: Arc<AtomicI64>,
    seen: Mutex<Seen>,
}

/// What was seen so far.
#[derive(Default)]
struct Seen {
    /// By phone, E.164.
    deals: HashMap<String, Deal>,
    /// When each card was first seen, by request number.
    cards: HashMap<String, Instant>,
    /// The sales group's messages, oldest first.
    group: Arc<Vec<MessageView>>,
    sends: Sends,
    /// What the bot was doing when it was killed.
    cut_off: BTreeSet<RequestJob>,
}

/// A customer's deal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    /// In amoCRM.
    pub(super) id: u64,
    pub(super) seen_at: Instant,
}

impl Outside {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let ahead: Arc<AtomicI64> = Arc::default();
        let telegram = telegram::Options {
            ahead: Arc::clone(&ahead),
            group_minute: GROUP_MINUTE,
            // In order, as the real one: the lines of a talk have an order.
            redelivery: telegram::Redelivery { attempts: 10_000, in_order: true, ..telegram::Redelivery::default() },
            ..telegram::Options::default()
        };
        let telegram = Telegram::start(telegram).await?;
        let amocrm = amocrm::Options {
            ahead: Arc::clone(&ahead),
            rate_limit: None,
            hook_pauses: HOOK_PAUSES.into(),
            ..amocrm::Options::default()
        };
        let amocrm = Amocrm::start(amocrm).await?;
        let [admin, boss] = ["Админ", "Директор"].map(|name| {
            let person = telegram.new_customer(name, None);
            person.mark_started();
            person.chat
        });
        let sales = SalesGroup::open(&telegram);
        Ok(Self { telegram, amocrm, admin, boss, sales, ahead, seen: Mutex::default() })
    }

    /// Looks at what is new.
    pub(super) fn look(&self) {
        let now = Instant::now();
        let group = Arc::new(self.sales.messages());
        let contacts = self.amocrm.contacts();
        let mut seen = self.seen();
        for contact in contacts {
            let Some(id) = contact.deals.first().copied() else { continue };
            for phone in contact.phones {
                seen.deals.entry(phone).or_insert(Deal { id, seen_at: now });
            }
        }
        for number in group.iter().filter_map(card_number) {
            seen.cards.entry(number).or_insert(now);
        }
        seen.group = group;
        seen.sends.look(self.telegram.faults());
    }

    /// How many customers have a deal.
    pub(super) fn deals_seen(&self) -> usize {
        self.seen().deals.len()
    }

    /// The deal of whoever has this phone, once it was seen.
    pub(super) fn deal_of(&self, phone: &str) -> Option<Deal> {
        self.seen().deals.get(phone).copied()
    }

    /// When the card of this request was first seen.
    pub(super) fn card_seen_at(&self, number: &str) -> Option<Instant> {
        self.seen().cards.get(number).copied()
    }

    /// The sales group's messages as they were last seen, oldest first.
    pub(super) fn group(&self) -> Arc<Vec<MessageView>> {
        Arc::clone(&self.seen().group)
    }

    /// Whether the bot has tried to send a message with all of these words in it, and the call was not refused: it may
    /// believe that it was sent.
    pub(super) fn may_be_sent(&self, words: &[&str]) -> bool {
        self.seen().sends.has(words)
    }

    /// Notes what the bot was doing when it was killed.
    pub(super) fn note_cut_off(&self, jobs: BTreeSet<RequestJob>) {
        self.seen().cut_off.extend(jobs);
    }

    /// Whether the bot was killed while it did this job.
    pub(super) fn is_cut_off(&self, job: &RequestJob) -> bool {
        self.seen().cut_off.contains(job)
    }

    /// How many seconds everybody's clock is ahead of the machine's.
    pub(super) fn ahead(&self) -> i64 {
        self.ahead.load(Ordering::Relaxed)
    }

    /// Sets everybody's clock forward.
    pub(super) fn forward(&self, by: Duration) {
        self.ahead.fetch_add(i64::try_from(by.as_secs()).unwrap_or(0), Ordering::Relaxed);
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
