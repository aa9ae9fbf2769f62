//! The bot under test, with the dealer's and the admin's eyes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use lead::Lead;
use local::{Options, Stack};
use simulators::amocrm::{self, Amocrm, Deal};
use simulators::fault::Faults;
use simulators::telegram::Telegram;

use crate::Customer;

/// When every story begins: Monday, 2 March 2026, noon in Moscow. Screens offer years, so the year must not change.
const BEGINNING: i64 = 1_772_442_000;

/// What a story wants to be different.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Settings, over those of the local stack.
    pub env: BTreeMap<&'static str, String>,
    /// Where data live, for stories about a restart; memory otherwise.
    pub data_dir: Option<std::path::PathBuf>,
    /// What kind of account the simulated amoCRM is; the stack's usual one otherwise.
    pub account: Option<amocrm::Options>,
    /// Counts the calls to DynamoDB, and makes them fail.
    pub database_faults: Option<Faults>,
}

impl Setup {
    /// With this setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.env.insert(name, value.to_string());
        self
    }

    /// With an account of this kind.
    #[must_use]
    pub fn at(mut self, account: amocrm::Options) -> Self {
        self.account = Some(account);
        self
    }

    /// With calls to DynamoDB counted and failing by these rules.
    #[must_use]
    pub fn over(mut self, database: &Faults) -> Self {
        self.database_faults = Some(database.clone());
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

/// The account of most stories: without a limit on requests, and its search knows a new record after a moment.
#[must_use]
pub fn account() -> amocrm::Options {
    amocrm::Options { rate_limit: None, search_lag: Duration::from_millis(300), ..amocrm::Options::default() }
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
        let ahead = Arc::new(AtomicI64::new(BEGINNING - settings::system_clock()()));
        let usual = Options::default();
        let stack = Stack::start(Options {
            env: env.into_iter().collect(),
            data_dir: setup.data_dir,
            schedule: false,
            ahead: Arc::clone(&ahead),
            database_faults: setup.database_faults,
            simulated_amocrm: setup.account.unwrap_or_else(account),
            ..usual
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

    /// Every request that is stored, oldest first.
    ///
    /// # Panics
    /// When the table does not answer.
    pub async fn requests(&self) -> Vec<Lead> {
        let leads = self.stack.aws().leads(self.stack.tables()).all().await.expect("the table answers");
        let mut leads: Vec<Lead> = leads.into_iter().map(|lead| lead.value).collect();
        leads.sort_by_key(|lead| lead.lead_id);
        leads
    }

    /// Everything that is stored in any table, as text: for stories about what must not be there.
    ///
    /// # Panics
    /// When a table does not answer.
    pub async fn everything_stored(&self) -> String {
        let tables = self.stack.tables();
        let mut everything = String::new();
        for table in [&tables.sessions, &tables.leads, &tables.customers, &tables.credentials, &tables.ai_log] {
            let found = self.stack.aws().dynamodb.scan().table_name(table).send().await.expect("the table answers");
            for item in found.items() {
                everything.push_str(&format!("{table}: {item:?}\n"));
            }
        }
        everything
    }

    /// What customers and the dealer have of it: nothing was asked of the dealer.
    ///
    /// # Panics
    /// When a request is stored, queued, or at amoCRM.
    pub async fn nothing_was_requested(&self) {
        assert_eq!(self.requests().await, [], "no request is stored");
        assert_eq!(self.stack.sqs().view().waiting, [], "no request is queued");
        assert!(self.crm().deals().is_empty(), "no deal is made");
    }

    /// Lets so many seconds pass for the functions.
    pub fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Lets the time pass from the story's beginning to an hour after the present of the simulated account, for stories
    /// about its tokens.
    pub fn wait_for_the_present(&self) {
        self.wait(settings::system_clock()() + 3600 - self.now());
    }

    /// The functions' clock, in seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        settings::system_clock()() + self.ahead.load(Ordering::Relaxed)
    }

    /// Who is told about trouble.
    #[must_use]
    pub const fn admin(&self) -> &Customer {
        &self.admin
    }

    /// The operator copies a code from the account and runs `carquery amocrm authorize CODE`.
    ///
    /// # Panics
    /// When the account does not take the code.
    pub async fn authorizes(&self) {
        let crm = self.crm();
        let mut env = settings::Env::from_pairs([
            ("AMOCRM_BASE_URL", crm.url()),
            ("AMOCRM_CLIENT_ID", crm.client_id().to_owned()),
            ("AMOCRM_CLIENT_SECRET", crm.client_secret().to_owned()),
            ("AMOCRM_REDIRECT_URI", crm.redirect_uri().to_owned()),
        ]);
        let settings = settings::Amocrm::read(&mut env);
        let documents = self.stack.aws().documents(self.stack.tables());
        let client = delivery::amocrm_client(&settings, &documents, &settings::system_clock(), 1);
        let client = client.expect("a client can be built").expect("it is no mock");
        client.tokens().authorize(&crm.new_code().into()).await.expect("the account takes the code");
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
        let deals = self.stack.amocrm().map(Amocrm::deals).unwrap_or_default();
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
        if let Some(crm) = self.stack.amocrm() {
            assert!(crm.twins().is_none(), "twins: {:?}", crm.twins());
        }
        let queue = self.stack.sqs().view();
        assert!(queue.dead.is_empty(), "dead letters: {:?}", queue.dead);
        assert!(queue.waiting.is_empty(), "the queue was not delivered: {:?}", queue.waiting);
        self.stack.stop().await;
    }
}
