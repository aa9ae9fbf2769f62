//! A bot whose functions can be stopped in the middle, and whose clock goes on by itself as long as something is
//! unsettled.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use futures::FutureExt;
use futures::future::BoxFuture;
use local::Stack;
use simulators::amocrm::{self, BOT_FIRST_STAGE};
use simulators::fault::Faults;
use simulators::http::{Dialect, Server};
use simulators::telegram::Redelivery;
use stories::{Bot, Failing, Setup};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::story::STAGE_TEXT;

/// New records are hidden from amoCRM's search for this long: a search right after a lost answer finds nothing.
const SEARCH_LAG: Duration = Duration::from_millis(100);
/// How much time passes for the functions in a round of recovery.
const ROUND_SECONDS: i64 = 301;
/// Rounds until everything must be in order: some 8 hours, longer than the longest pause between two attempts.
const ROUNDS: usize = 100;
/// Of the pipeline «Бот»: «Созвонились». Customers are told when their deal gets there.
pub(crate) const CALLED: u64 = BOT_FIRST_STAGE + 1;
/// The webhook's secret.
const SECRET: &str = "secret-of-the-stories";

/// Requests go to two managers in turn.
pub(crate) const TEAM: &str =
    "[[team]]\nname = \"Ольга\"\namocrm_user_id = 702\n[[team]]\nname = \"Игорь\"\namocrm_user_id = 704\n";

/// What customers are told when their deal is moved, as the dealer's file has it.
pub(crate) fn stages() -> String {
    format!("[stages]\n{CALLED} = \"{STAGE_TEXT}\"\n")
}

/// The bot behind a front that drops a function in the middle when it is to be stopped.
pub(crate) struct KillableBot {
    bot: Bot,
    /// Counts the moments at which every running function is stopped.
    stop: watch::Sender<u32>,
    _front: Server,
}

impl Deref for KillableBot {
    type Target = Bot;

    fn deref(&self) -> &Bot {
        &self.bot
    }
}

impl KillableBot {
    pub(crate) async fn start() -> Self {
        Self::with(Self::setup()).await
    }

    /// Of a dealer who asks for consent before the name.
    pub(crate) async fn of_a_dealer_with_policy() -> Self {
        Self::with(Self::setup().with("PRIVACY_POLICY_URL", "https://dealer.example/privacy")).await
    }

    fn setup() -> Setup {
        // What a function does not finish in time comes again soon: often enough while it still runs.
        Setup { queue_visibility: Duration::from_millis(500), ..Setup::deployed() }.with("AMOCRM_RATE_LIMIT", 1000)
    }

    /// With an account that allows this many calls a second, each tried once.
    pub(crate) async fn limited(calls_per_second: usize) -> Self {
        let mut setup = Setup::deployed().with("AMOCRM_RATE_LIMIT", calls_per_second).with("RETRY_MAX_ATTEMPTS", 1);
        setup.account.rate_limit = Some(calls_per_second);
        Self::with(setup).await
    }

    async fn with(setup: Setup) -> Self {
        let mut setup = setup
            .with("RETRY_BACKOFF_BASE", 0)
            .with("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .with("OPENAI_TRANSCRIBE_MODEL", "gpt-transcribe");
        setup.account = amocrm::Options { search_lag: SEARCH_LAG, ..setup.account };
        setup.redelivery = Redelivery {
            attempts: 500,
            first_pause: Duration::from_millis(20),
            longest_pause: Duration::from_millis(500),
            ..Redelivery::default()
        };
        let bot = Bot::start(setup).await;
        bot.put_dealer_file(&format!("{TEAM}{}", stages())).await;
        let stop = watch::Sender::new(0);
        let front = Front { stack: Arc::clone(bot.stack()), stop: stop.clone() };
        let router = Router::new().fallback(handle).with_state(front);
        let server = Server::start(router, 0, Faults::default(), Dialect::PLAIN).await.expect("a port is free");
        let url = format!("{}{}", server.url(), webhook::WEBHOOK_PATH);
        bot.telegram().set_webhook_target(&url, Some(SECRET));
        Self { bot, stop, _front: server }
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
            if let Some(Ok(delivered)) = until_stopped(&self.stop, self.stack().deliver_once().boxed()).await
                && delivered.done + delivered.failed == 0
                && self.stack().sqs().queues.view().waiting.is_empty()
            {
                return;
            }
        }
    }

    /// Runs `scheduled` once, and delivers what it has put on the queue.
    pub(crate) async fn schedule(&self) {
        let _ = until_stopped(&self.stop, self.stack().run_schedule().boxed()).await;
        self.deliver().await;
    }

    /// Lets hours pass until every request has gone out and nobody has anything left to say.
    pub(crate) async fn recover(&self) {
        // Boxed: a story waits for it many times, and unoptimised each place takes its whole size of a worker's stack.
        Box::pin(self.recover_in_rounds()).await;
    }

    async fn recover_in_rounds(&self) {
        self.deliver().await;
        for _ in 0..ROUNDS {
            if self.is_quiet().await {
                // What was found out last is told by the next run of the schedule.
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
        panic!("not in order after hours: {:?}, {:?}", self.requests().await, self.stack().sqs().queues.view());
    }

    /// What is stored about a chat, other than that it wrote.
    pub(crate) async fn left_of(&self, chat: i64) -> Option<String> {
        let tables = self.stack().tables();
        let chat = chat.to_string();
        for table in storage::TABLES.map(|table| table.name(tables)) {
            let scan = self.stack().aws().dynamodb.scan().table_name(table);
            let answer = scan.send().await.expect("the table can be read");
            // A press or a message after that starts a session again.
            let is_new = |text: &str| table == tables.name("sessions") && !text.contains("forgotten");
            let hers = answer
                .items()
                .iter()
                .filter(|item| item.get("chat_id").and_then(|id| id.as_n().ok()).is_some_and(|id| *id == chat));
            let left = hers.map(|item| format!("{item:?}")).find(|text| !is_new(text));
            if let Some(left) = left {
                return Some(format!("left in {table}: {left}"));
            }
        }
        None
    }

    /// No request waits, and nothing is left to be told to the admins.
    async fn is_quiet(&self) -> bool {
        let queue = self.stack().sqs().queues.view();
        let sent = self.requests().await.iter().all(lead::Lead::is_complete);
        sent && queue.waiting.is_empty() && queue.in_flight.is_empty() && !self.has_news().await
    }

    /// Trouble goes on, or admins are to be told something.
    async fn has_news(&self) -> bool {
        let table = self.stack().tables().name("credentials");
        let scan = self.stack().aws().dynamodb.scan().table_name(table);
        let answer = scan.send().await.expect("the documents can be read");
        answer.items().iter().filter_map(|item| item.get("document")?.as_m().ok()).any(|document| {
            let waiting = document.get("waiting").and_then(|waiting| waiting.as_m().ok());
            document.contains_key("trouble") || waiting.is_some_and(|waiting| !waiting.is_empty())
        })
    }
}

/// Runs a function until it ends or `stop` moves; a stopped function is dropped where it waits. Boxed, because the
/// futures of all functions together would not fit on a test's stack.
async fn until_stopped<T>(stop: &watch::Sender<u32>, function: BoxFuture<'_, T>) -> Option<T> {
    let mut stopped = stop.subscribe();
    tokio::select! {
        answer = function => Some(answer),
        _ = stopped.changed() => None,
    }
}

/// Where Telegram posts updates.
#[derive(Clone)]
struct Front {
    stack: Arc<Stack>,
    stop: watch::Sender<u32>,
}

/// Hands an update to the handler. A function that was stopped is what Lambda answers with 502.
async fn handle(State(front): State<Front>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let function = front.stack.webhook().handle(Request::from_parts(parts, body)).boxed();
    let answer = until_stopped(&front.stop, function).await;
    let Some(answer) = answer else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap_or_default();
    };
    answer.map(Body::from)
}
