//! The bot under test, with the dealer's and the admin's eyes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use local::{Options, Stack};
use simulators::amocrm::{Amocrm, Deal};
use simulators::telegram::Telegram;

use crate::Customer;

/// What a story wants to be different.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Settings, over those of the local stack.
    pub env: BTreeMap<&'static str, String>,
    /// Where data live, for stories about a restart; memory otherwise.
    pub data_dir: Option<std::path::PathBuf>,
}

impl Setup {
    /// With this setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.env.insert(name, value.to_string());
        self
    }
}

/// The bot under test.
#[derive(Debug)]
pub struct Bot {
    stack: Stack,
    admin: Customer,
    ahead: Arc<AtomicI64>,
    deals_seen: AtomicUsize,
}

/// Tells a story with the usual settings.
///
/// # Panics
/// When the story leaves anything unread.
pub async fn story(tell: impl AsyncFnOnce(&Bot)) {
    story_with(Setup::default(), tell).await;
}

/// Tells a story with some settings changed.
///
/// # Panics
/// When the story leaves anything unread, or the stack does not start.
pub async fn story_with(setup: Setup, tell: impl AsyncFnOnce(&Bot)) {
    settings::telemetry::start(settings::telemetry::LogFormat::Readable);
    let bot = Bot::start(setup).await;
    tell(&bot).await;
    bot.finish().await;
}

impl Bot {
    /// Starts the stack.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(setup: Setup) -> Self {
        let mut env: BTreeMap<String, String> = BTreeMap::from([
            // Stories about delivery do not wait between tries, nor for a shared account's rate limit.
            ("RETRY_BACKOFF_BASE".to_owned(), "0".to_owned()),
            ("AMOCRM_RATE_LIMIT".to_owned(), "1000".to_owned()),
        ]);
        env.extend(setup.env.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let ahead = Arc::new(AtomicI64::new(0));
        let stack = Stack::start(Options {
            env: env.into_iter().collect(),
            data_dir: setup.data_dir,
            schedule: false,
            ahead: Arc::clone(&ahead),
            ..Options::default()
        })
        .await
        .expect("the local stack starts");
        let telegram = stack.telegram().expect("Telegram is simulated").clone();
        let admin = telegram.chats().into_iter().find(|chat| chat.first_name == "Админ").expect("there is an admin");
        let admin = Customer::known(admin.id, telegram, Arc::clone(&ahead));
        Self { stack, admin, ahead, deals_seen: AtomicUsize::new(0) }
    }

    /// The stack itself.
    #[must_use]
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The simulated Telegram.
    ///
    /// # Panics
    /// When it is not simulated.
    #[must_use]
    pub fn telegram(&self) -> &Telegram {
        self.stack.telegram().expect("Telegram is simulated")
    }

    /// The simulated amoCRM.
    ///
    /// # Panics
    /// When it is not simulated.
    #[must_use]
    pub fn crm(&self) -> &Amocrm {
        self.stack.amocrm().expect("amoCRM is simulated")
    }

    /// Somebody new writes to the bot.
    #[must_use]
    pub fn customer(&self, first_name: &str) -> Customer {
        let telegram = self.telegram().clone();
        Customer::known(telegram.new_customer(first_name, Some("anna_k")), telegram, Arc::clone(&self.ahead))
    }

    /// Lets so many seconds pass for the functions.
    pub fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Who is told about trouble.
    #[must_use]
    pub const fn admin(&self) -> &Customer {
        &self.admin
    }

    /// Delivers everything that is on the queue now.
    ///
    /// # Panics
    /// When the queue does not answer.
    pub async fn deliver(&self) {
        while self.stack.deliver_once().await.expect("the queue answers").done > 0 {}
    }

    /// Lets the clock strike: what `scheduled` does every five minutes, then what it put on the queue.
    ///
    /// # Panics
    /// When the function fails.
    pub async fn schedule(&self) {
        self.stack.run_schedule().await.expect("scheduled runs");
        self.deliver().await;
    }

    /// The next deal the dealer has not looked at yet, oldest first.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn next_deal(&self) -> Deal {
        let mut deals = self.crm().deals();
        deals.reverse();
        let seen = self.deals_seen.fetch_add(1, Ordering::Relaxed);
        assert!(seen < deals.len(), "the dealer sees no further deal; there are {}", deals.len());
        deals.swap_remove(seen)
    }

    /// No deal has come that the dealer has not looked at.
    ///
    /// # Panics
    /// When one has.
    pub fn no_more_deals(&self) {
        let deals = self.crm().deals();
        assert_eq!(deals.len(), self.deals_seen.load(Ordering::Relaxed), "deals nobody looked at: {deals:#?}");
    }

    /// Ends the story: nothing may be left unread.
    ///
    /// # Panics
    /// When something is.
    pub async fn finish(self) {
        self.telegram().settle().await.expect("every update is accepted");
        let unread = self.telegram().untaken();
        assert!(unread.is_empty(), "nobody looked at these messages: {unread:#?}");
        self.no_more_deals();
        assert!(self.crm().twins().is_none(), "twins: {:?}", self.crm().twins());
        let queue = self.stack.sqs().view();
        assert!(queue.dead.is_empty(), "dead letters: {:?}", queue.dead);
        assert!(queue.waiting.is_empty(), "the queue was not delivered: {:?}", queue.waiting);
        self.stack.stop().await;
    }
}
