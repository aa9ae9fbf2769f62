//! The bot under test: the local stack with its simulators, and the clock its functions go by.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use lead::Lead;
use local::{Options, Stack};
use settings::Env;
use settings::telemetry::{self, LogFormat};
use simulators::amocrm::{self, Amocrm, Deal};
use simulators::fault::Faults;
use simulators::telegram::{Redelivery, Telegram};
use tokio::time::timeout;

use crate::Customer;
use crate::card::assert_usual;

/// When every story begins: Monday, 2 March 2026, noon in Moscow. Screens offer years, so the year must not change.
const BEGINNING: i64 = 1_772_442_000;

/// How the bot is set up.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Settings, over those of the local stack.
    pub env: BTreeMap<&'static str, String>,
    /// Where data live, for stories about a restart; memory otherwise.
    pub data_dir: Option<std::path::PathBuf>,
    /// What kind of account the simulated amoCRM is.
    pub account: amocrm::Options,
    /// What the functions' clock shows at first, in seconds since the epoch. Tokens of the simulated amoCRM live by the
    /// real time: stories about them begin now.
    pub begins_at: i64,
    /// How long a message that crm-push has taken is hidden from others.
    pub queue_visibility: Duration,
    /// How Telegram delivers an update again that was not accepted.
    pub redelivery: Redelivery,
}

/// Of a story: deliveries do not wait between tries, nor for a shared account's rate limit.
impl Default for Setup {
    fn default() -> Self {
        let setup = Self { begins_at: BEGINNING, ..Self::deployed() };
        setup.with("RETRY_BACKOFF_BASE", 0).with("AMOCRM_RATE_LIMIT", 1000)
    }
}

impl Setup {
    /// Beginning now, with the settings that a deployed bot has by default.
    #[must_use]
    pub fn deployed() -> Self {
        let usual = Options::default();
        Self {
            env: BTreeMap::new(),
            data_dir: None,
            account: account(),
            begins_at: settings::system_clock()(),
            queue_visibility: usual.queue_visibility,
            redelivery: usual.redelivery,
        }
    }

    /// With this setting.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.env.insert(name, value.to_string());
        self
    }

    /// With an account of this kind.
    #[must_use]
    pub fn at(mut self, account: amocrm::Options) -> Self {
        self.account = account;
        self
    }
}

/// The account of most stories: without a limit on requests, and its search knows a new record after a moment.
#[must_use]
pub fn account() -> amocrm::Options {
    amocrm::Options { rate_limit: None, search_lag: Duration::from_millis(300), ..amocrm::Options::default() }
}

/// The same, but its search knows everything at once.
#[must_use]
pub fn account_without_lag() -> amocrm::Options {
    amocrm::Options { search_lag: Duration::ZERO, ..account() }
}

/// Tells a story with the usual settings. It fails when the story leaves anything unread.
pub async fn story(tell: impl AsyncFnOnce(&Bot)) {
    story_with(Setup::default(), tell).await;
}

/// Tells a story with some settings changed.
pub async fn story_with(setup: Setup, tell: impl AsyncFnOnce(&Bot)) {
    telemetry::start(LogFormat::Readable, &mut Env::of_process());
    let bot = Bot::start(setup).await;
    tell(&bot).await;
    bot.finish().await;
}

/// The functions' clock: the machine's, put forward or back.
#[derive(Clone, Debug)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    pub(crate) fn now(&self) -> i64 {
        settings::system_clock()() + self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn wait(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Waits until the bot has accepted every update. A person does one thing a second; and while an update is not
    /// accepted time passes quickly, so that leases and pauses end.
    pub(crate) async fn settle(&self, telegram: &Telegram) {
        self.wait(1);
        for _ in 0..100 {
            if let Ok(settled) = timeout(Duration::from_millis(500), telegram.settle()).await {
                return settled.expect("the bot accepts every update");
            }
            self.wait(5);
        }
        panic!("updates are not accepted: {:?}", telegram.unsettled());
    }
}

/// The bot under test.
#[derive(Debug)]
pub struct Bot {
    stack: Arc<Stack>,
    admin: Customer,
    pub(crate) clock: Clock,
    database: Faults,
    deals_seen: AtomicUsize,
}

impl Bot {
    /// Starts it. Nothing runs by itself.
    pub async fn start(setup: Setup) -> Self {
        let clock = Clock(Arc::new(AtomicI64::new(setup.begins_at - settings::system_clock()())));
        let database = Faults::default();
        let stack = Stack::start(Options {
            env: setup.env.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            data_dir: setup.data_dir,
            schedule: false,
            ahead: Arc::clone(&clock.0),
            queue_visibility: setup.queue_visibility,
            database_faults: Some(database.clone()),
            simulated_amocrm: setup.account,
            redelivery: setup.redelivery,
            ..Options::default()
        })
        .await
        .expect("the local stack starts");
        let telegram = stack.telegram().expect("Telegram is simulated");
        let admin = telegram.chats().into_iter().find(|chat| chat.first_name == "Админ").expect("there is an admin");
        let admin = Customer::new(telegram.customer(admin.id), telegram, &clock);
        Self { stack: Arc::new(stack), admin, clock, database, deals_seen: AtomicUsize::new(0) }
    }

    /// Starts it with the settings that a deployed bot has by default, at this account.
    pub async fn at(account: amocrm::Options) -> Self {
        Self::start(Setup::deployed().at(account)).await
    }

    /// The stack itself.
    #[must_use]
    pub const fn stack(&self) -> &Arc<Stack> {
        &self.stack
    }

    /// The simulated Telegram.
    #[must_use]
    pub fn telegram(&self) -> &Telegram {
        self.stack.telegram().expect("Telegram is simulated")
    }

    /// The simulated amoCRM.
    #[must_use]
    pub fn crm(&self) -> &Amocrm {
        self.stack.amocrm().expect("amoCRM is simulated")
    }

    /// Calls to DynamoDB, and how they fail.
    #[must_use]
    pub const fn database(&self) -> &Faults {
        &self.database
    }

    /// The functions' settings.
    #[must_use]
    pub fn env(&self) -> Env {
        self.stack.env()
    }

    /// Somebody new, who has not written to the bot yet.
    #[must_use]
    pub fn customer(&self, first_name: &str) -> Customer {
        let telegram = self.telegram();
        Customer::new(telegram.new_customer(first_name, Some("anna_k")), telegram, &self.clock)
    }

    /// Whoever has this private chat with the bot.
    pub(crate) fn in_private_chat(&self, chat: i64) -> Customer {
        Customer::new(self.telegram().customer(chat), self.telegram(), &self.clock)
    }

    /// amoCRM tells the bot of deals from now on.
    pub fn subscribes_to_hooks(&self) {
        self.stack.subscribe_to_hooks();
    }

    /// Waits until amoCRM has posted its hooks, then delivers what they put on the queue.
    pub async fn hooks_come(&self) {
        self.crm().settle_hooks().await;
        self.deliver().await;
    }

    /// The chat in which the admins read of trouble.
    #[must_use]
    pub const fn admin(&self) -> &Customer {
        &self.admin
    }

    /// Every request that is stored, oldest first.
    pub async fn requests(&self) -> Vec<Lead> {
        let leads = self.leads().all().await.expect("the table answers");
        let mut leads: Vec<Lead> = leads.into_iter().map(|lead| lead.value).collect();
        leads.sort_by_key(|lead| lead.lead_id);
        leads
    }

    /// The table of requests.
    #[must_use]
    pub fn leads(&self) -> storage::Leads {
        self.stack.aws().leads(self.stack.tables())
    }

    /// Stores this text as the dealer's file, without checking it.
    pub async fn put_dealer_file(&self, text: &str) {
        let file = self.stack.aws().dealer_file(self.stack.tables());
        let mut stored = file.load().await.expect("the table answers");
        text.clone_into(&mut stored.value);
        file.save(&mut stored).await.expect("the table takes it");
    }

    /// Names of the tables that hold something about customers.
    #[must_use]
    pub fn tables_about_customers(&self) -> Vec<&str> {
        let about_customers = storage::TABLES.into_iter().filter(|table| table.forgets_customers());
        about_customers.map(|table| table.name(self.stack.tables())).collect()
    }

    /// Deletes the session of a chat, as DynamoDB does some time after it has ended.
    pub async fn end_session(&self, chat: i64) {
        let key = AttributeValue::N(chat.to_string());
        let table = self.stack.tables().name("sessions");
        let deletion = self.stack.aws().dynamodb.delete_item().table_name(table);
        deletion.key("chat_id", key).send().await.expect("the table answers");
    }

    /// Everything that is stored in any table, as text: for stories about what must not be there.
    pub async fn everything_stored(&self) -> String {
        let tables = self.stack.tables();
        let mut everything = String::new();
        for table in storage::TABLES.map(|table| table.name(tables)) {
            let found = self.stack.aws().dynamodb.scan().table_name(table).send().await.expect("the table answers");
            for item in found.items() {
                everything.push_str(&format!("{table}: {item:?}\n"));
            }
        }
        everything
    }

    /// No request is stored, queued, or at amoCRM.
    pub async fn nothing_was_requested(&self) {
        assert_eq!(self.requests().await, [], "no request is stored");
        assert_eq!(self.stack.sqs().queues.view().waiting, [], "no request is queued");
        assert!(self.crm().deals().is_empty(), "no deal is made");
    }

    /// Lets this many seconds pass for the functions.
    pub fn wait(&self, seconds: i64) {
        self.clock.wait(seconds);
    }

    /// Lets the time pass from the story's beginning to an hour after the present of the simulated account, for stories
    /// about its tokens.
    pub fn wait_for_the_present(&self) {
        self.wait(settings::system_clock()() + 3600 - self.now());
    }

    /// The functions' clock, in seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// The same, for functions.
    #[must_use]
    pub fn clock(&self) -> settings::Clock {
        let clock = self.clock.clone();
        Arc::new(move || clock.now())
    }

    /// Waits until the bot has accepted every update.
    pub async fn settle(&self) {
        self.clock.settle(self.telegram()).await;
    }

    /// Copies a code from the account and runs `carquery amocrm authorize CODE`, as an operator does.
    pub async fn authorize(&self) {
        let settings = settings::Amocrm::read(&mut self.env());
        let documents = self.stack.aws().documents(self.stack.tables());
        let client = delivery::amocrm_client(&settings, &documents, &settings::system_clock(), 1);
        let client = client.expect("a client can be built").expect("there is an account");
        client.tokens().authorize(&self.crm().new_code().into()).await.expect("the account takes the code");
    }

    /// Delivers everything that is on the queue now.
    pub async fn deliver(&self) {
        while self.stack.deliver_once().await.expect("the queue answers").done > 0 {}
    }

    /// Runs `scheduled` once, then delivers what it put on the queue.
    pub async fn schedule(&self) {
        self.stack.run_schedule().await.expect("scheduled runs");
        self.deliver().await;
    }

    /// The next deal the dealer has not looked at yet, oldest first.
    #[must_use]
    pub fn next_deal(&self) -> Deal {
        let mut deals = self.crm().deals();
        deals.reverse();
        let seen = self.deals_seen.fetch_add(1, Ordering::Relaxed);
        assert!(seen < deals.len(), "the dealer sees no further deal; there are {}", deals.len());
        deals.swap_remove(seen)
    }

    /// Delivers the request with this number, the next that the dealer looks at. It is the customer's first one.
    pub async fn deliver_request(&self, number: &str, customer: &Customer) -> Deal {
        self.deliver().await;
        let deal = self.next_deal();
        assert_usual(&deal, number, customer.chat);
        deal
    }

    /// No deal has come that the dealer has not looked at.
    pub fn no_more_deals(&self) {
        let deals = self.stack.amocrm().map(Amocrm::deals).unwrap_or_default();
        assert_eq!(deals.len(), self.deals_seen.load(Ordering::Relaxed), "deals nobody looked at: {deals:#?}");
    }

    /// Ends the story: nothing may be left unread.
    pub async fn finish(self) {
        self.telegram().settle().await.expect("every update is accepted");
        let unread = self.telegram().untaken();
        assert!(unread.is_empty(), "nobody looked at these messages: {unread:#?}");
        self.no_more_deals();
        if let Some(crm) = self.stack.amocrm() {
            assert!(crm.twins().is_none(), "twins: {:?}", crm.twins());
        }
        let queue = self.stack.sqs().queues.view();
        assert!(queue.dead.is_empty(), "dead letters: {:?}", queue.dead);
        assert!(queue.waiting.is_empty(), "the queue was not delivered: {:?}", queue.waiting);
        if let Ok(stack) = Arc::try_unwrap(self.stack) {
            stack.stop().await;
        }
    }
}
