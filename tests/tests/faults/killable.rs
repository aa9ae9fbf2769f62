//! The bot in a world where anything can fail, with a clock that passes by itself as long as something is unsettled.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use lead::Status;
use local::{Options, Stack};
use simulators::amocrm::{self, Amocrm};
use simulators::fault::{Fault, Faults, When};
use simulators::http::Server;
use simulators::telegram::{Redelivery, Telegram};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::front;

/// New records are hidden from amoCRM's search for so long: whoever searches at once after a lost answer finds nothing.
const SEARCH_LAG: Duration = Duration::from_millis(100);
/// A round of recovery: so much time passes for the functions.
const ROUND_SECONDS: i64 = 301;
/// Rounds until everything must be in order: some 8 hours, longer than the longest pause between two attempts.
const ROUNDS: usize = 100;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum System {
    DynamoDb,
    Sqs,
    Telegram,
    Amocrm,
    OpenAi,
}

impl System {
    pub(crate) const ALL: [Self; 5] = [Self::DynamoDb, Self::Sqs, Self::Telegram, Self::Amocrm, Self::OpenAi];
}

/// A moment in the call logs.
pub(crate) struct Mark([u64; 5]);

/// A rule in force until this is dropped.
pub(crate) struct Failing<'w> {
    faults: &'w Faults,
    id: u64,
}

impl Failing<'_> {
    /// The rule has failed a call.
    pub(crate) fn has_struck(&self) -> bool {
        self.faults.list().iter().find(|active| active.id == self.id).is_none_or(|active| active.hits > 0)
    }
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.faults.remove(self.id);
    }
}

/// A route with `*` for every part that is an id.
fn without_ids(route: &str) -> String {
    let part = |part: &str| {
        let is_id = part.len() > 4 && part.chars().any(|sign| sign.is_ascii_digit()) && part != "oauth2";
        if is_id { "*".to_owned() } else { part.to_owned() }
    };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// The bot and everything around it.
pub(crate) struct World {
    pub(crate) stack: Arc<Stack>,
    pub(crate) admin: i64,
    database: Faults,
    ahead: Arc<AtomicI64>,
    /// Counts the moments at which every running function is stopped.
    stop: watch::Sender<u32>,
    _front: Server,
}

impl World {
    pub(crate) async fn start() -> Self {
        // What a function does not finish in time comes again soon: often enough while it still runs.
        Self::with(None, Duration::from_millis(500), &[]).await
    }

    /// With an account that allows so many calls a second, each tried once, and a queue that waits as long as a batch may
    /// take.
    pub(crate) async fn limited(calls_per_second: usize) -> Self {
        let rate = calls_per_second.to_string();
        let settings = [("AMOCRM_RATE_LIMIT", rate.as_str()), ("RETRY_MAX_ATTEMPTS", "1")];
        Self::with(Some(calls_per_second), Duration::from_secs(180), &settings).await
    }

    async fn with(rate_limit: Option<usize>, queue_visibility: Duration, settings: &[(&str, &str)]) -> Self {
        let mut env = BTreeMap::from([
            ("RETRY_BACKOFF_BASE", "0"),
            ("AMOCRM_RATE_LIMIT", "1000"),
            ("TELEGRAM_WEBHOOK_SECRET", front::SECRET),
        ]);
        env.extend(settings.iter().copied());
        let (ahead, database) = (Arc::new(AtomicI64::new(0)), Faults::default());
        let options = Options {
            env: env.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            schedule: false,
            queue_visibility,
            ahead: Arc::clone(&ahead),
            database_faults: Some(database.clone()),
            simulated_amocrm: amocrm::Options { rate_limit, search_lag: SEARCH_LAG, ..amocrm::Options::default() },
            redelivery: Redelivery {
                attempts: 500,
                first_pause: Duration::from_millis(20),
                longest_pause: Duration::from_millis(500),
                ..Redelivery::default()
            },
            ..Options::default()
        };
        let stack = Arc::new(Stack::start(options).await.expect("the local stack starts"));
        let stop = watch::Sender::new(0);
        let front = front::serve(Arc::clone(&stack), stop.clone()).await;
        let chats = stack.telegram().expect("Telegram is simulated").chats();
        let admin = chats.into_iter().find(|chat| chat.first_name == "Админ").expect("there is an admin").id;
        Self { stack, admin, database, ahead, stop, _front: front }
    }

    pub(crate) fn telegram(&self) -> &Telegram {
        self.stack.telegram().expect("Telegram is simulated")
    }

    pub(crate) fn crm(&self) -> &Amocrm {
        self.stack.amocrm().expect("amoCRM is simulated")
    }

    /// What fails of this system, and what was called.
    pub(crate) fn faults(&self, system: System) -> &Faults {
        match system {
            System::DynamoDb => &self.database,
            System::Sqs => self.stack.sqs().faults(),
            System::Telegram => self.telegram().faults(),
            System::Amocrm => self.crm().faults(),
            System::OpenAi => self.stack.openai().expect("the model is simulated").faults(),
        }
    }

    /// How often each outside call was made since `mark`, by its name without ids. What only these stories do is left out.
    pub(crate) fn calls_since(&self, mark: &Mark) -> BTreeMap<(System, String), u32> {
        let mut calls = BTreeMap::new();
        for (system, mark) in System::ALL.into_iter().zip(mark.0) {
            for call in self.faults(system).calls_since(mark) {
                if !call.route.starts_with("Scan ") {
                    *calls.entry((system, without_ids(&call.route))).or_default() += 1;
                }
            }
        }
        calls
    }

    /// For [`World::calls_since`].
    pub(crate) fn mark(&self) -> Mark {
        Mark(System::ALL.map(|system| self.faults(system).mark()))
    }

    /// Makes calls fail.
    pub(crate) fn fail(&self, system: System, route: &str, when: When, what: Fault) -> Failing<'_> {
        let faults = self.faults(system);
        Failing { faults, id: faults.add(route, when, what) }
    }

    /// Lets so many seconds pass for the functions.
    pub(crate) fn wait(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Waits until the bot has accepted every update. Time passes: a person waits too.
    pub(crate) async fn settle(&self) {
        self.wait(1);
        for _ in 0..100 {
            if let Ok(settled) = timeout(Duration::from_millis(500), self.telegram().settle()).await {
                return settled.expect("every update is accepted");
            }
            self.wait(5);
        }
        panic!("updates are not accepted: {:?}", self.telegram().unsettled());
    }

    /// Runs a function as Lambda would; the moment may come when it is stopped.
    pub(crate) async fn mortal<T>(&self, function: impl Future<Output = T>) -> Option<T> {
        mortal(&self.stop, function).await
    }

    /// Runs `story`, and stops every function that runs when `failing` strikes.
    pub(crate) async fn stopping<T>(&self, failing: &Failing<'_>, story: impl Future<Output = T>) -> T {
        let stop = async {
            while !failing.has_struck() {
                sleep(Duration::from_millis(2)).await;
            }
            self.stop.send_modify(|count| *count += 1);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            told = story => told,
            () = stop => unreachable!("waits for ever"),
        }
    }

    /// Delivers what is on the queue, however often that fails.
    pub(crate) async fn deliver(&self) {
        for _ in 0..50 {
            if let Some(Ok(delivered)) = self.mortal(self.stack.deliver_once()).await
                && delivered.done + delivered.failed == 0
                && self.stack.sqs().view().waiting.is_empty()
            {
                return;
            }
        }
    }

    /// Lets the clock strike: what `scheduled` does every five minutes, and then what it has put on the queue.
    pub(crate) async fn schedule(&self) {
        let _ = self.mortal(self.stack.run_schedule()).await;
        self.deliver().await;
    }

    /// Lets hours pass until every request has gone out and nobody has anything left to say.
    pub(crate) async fn recover(&self) {
        self.deliver().await;
        for _ in 0..ROUNDS {
            if self.is_quiet().await {
                // What was found out last is told at the next stroke of the clock.
                self.wait(ROUND_SECONDS);
                self.schedule().await;
                if self.is_quiet().await {
                    return;
                }
            }
            self.wait(ROUND_SECONDS);
            sleep(SEARCH_LAG).await;
            self.schedule().await;
        }
        panic!("not in order after hours: {:?}, {:?}", self.statuses().await, self.stack.sqs().view());
    }

    /// The status of every request. Reads by `Scan`, which the functions never do: no fault is spent on it.
    pub(crate) async fn statuses(&self) -> Vec<Status> {
        let leads = self.stack.aws().leads(self.stack.tables()).all().await.expect("the requests can be listed");
        leads.into_iter().map(|lead| lead.value.status).collect()
    }

    /// What is stored about a chat, other than that it wrote.
    pub(crate) async fn left_of(&self, chat: i64) -> Option<String> {
        let tables = self.stack.tables();
        let chat = chat.to_string();
        for table in [&tables.leads, &tables.customers, &tables.ai_log, &tables.sessions] {
            let scan = self.stack.aws().dynamodb.scan().table_name(table);
            let answer = scan.send().await.expect("the table can be read");
            // Who presses or writes again after that begins anew.
            let is_new = |text: &str| *table == tables.sessions && !text.contains("forgotten");
            let hers = answer.items().iter().filter(|item| item["chat_id"].as_n().is_ok_and(|id| *id == chat));
            let left = hers.map(|item| format!("{item:?}")).find(|text| !is_new(text));
            if let Some(left) = left {
                return Some(format!("left in {table}: {left}"));
            }
        }
        None
    }

    /// No request waits, and nothing is left to be told to the admins.
    async fn is_quiet(&self) -> bool {
        let queue = self.stack.sqs().view();
        let sent = self.statuses().await.iter().all(|status| matches!(status, Status::Sent { .. }));
        sent && queue.waiting.is_empty() && queue.in_flight.is_empty() && !self.has_news().await
    }

    /// Trouble goes on, or admins are to be told something.
    async fn has_news(&self) -> bool {
        let table = &self.stack.tables().credentials;
        let answer =
            self.stack.aws().dynamodb.scan().table_name(table).send().await.expect("the documents can be read");
        answer.items().iter().filter_map(|item| item.get("document")?.as_m().ok()).any(|document| {
            let waiting = document.get("waiting").and_then(|waiting| waiting.as_m().ok());
            document.contains_key("trouble") || waiting.is_some_and(|waiting| !waiting.is_empty())
        })
    }
}

/// Runs a function until it ends or `stop` moves; a stopped function is dropped where it waits.
pub(crate) async fn mortal<T>(stop: &watch::Sender<u32>, function: impl Future<Output = T>) -> Option<T> {
    let mut stopped = stop.subscribe();
    tokio::select! {
        answer = function => Some(answer),
        _ = stopped.changed() => None,
    }
}
