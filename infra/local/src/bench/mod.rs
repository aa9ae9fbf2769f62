//! `carquery-local bench`: how quickly the bot on one machine answers, and what that costs.
//!
//! The bot is a process of its own, as `carquery serve` runs it, with webhooks and its data in a file. This process
//! plays the customers and a Telegram that answers at once. It prints times beside the targets, for a release build on
//! two idle cores, and asserts none: they depend on the machine.

pub(crate) mod functions;
mod lambda;
mod usage;

use std::collections::HashMap;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::{Path as Route, State};
use axum::routing::post;
use axum::{Json, Router};
use futures::future::try_join_all;
use machine::{Server, ServerOptions};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, sleep};

const SECRET: &str = "secret-of-the-benchmark";
/// How long the bot may take to start, and an answer to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two acts of a customer: the bot takes five updates a second of one chat.
const PACE: Duration = Duration::from_millis(220);

/// What each customer does: a whole sale.
const SALE: [Act; 11] = [
    Act::Say("/start"),
    Act::Tap("🚗 Продать авто"),
    Act::Say("Toyota Camry"),
    Act::Tap("2019"),
    Act::Say("85 тыс"),
    Act::Say("1,5 млн"),
    Act::Tap("⏭ Пропустить"),
    Act::Say("Анна"),
    Act::ShareContact,
    Act::Tap("⏭ Пропустить"),
    Act::Tap("✅ Отправить"),
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many customers talk at the same time.
    #[arg(long, default_value_t = 500)]
    customers: usize,
    /// How many sales one customer makes alone, before.
    #[arg(long, default_value_t = 20)]
    alone: usize,
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Say(&'static str),
    Tap(&'static str),
    ShareContact,
}

/// A message as the bot has shown it.
#[derive(Debug)]
struct Shown {
    message_id: i64,
    buttons: Vec<(String, String)>,
}

/// A Telegram that answers at once, and passes on what it is told to show.
#[derive(Clone, Default)]
struct Telegram(Arc<Chats>);

#[derive(Default)]
struct Chats {
    screens: Mutex<HashMap<i64, UnboundedSender<Shown>>>,
    last_message: AtomicI64,
    last_update: AtomicI64,
}

/// A customer with the buttons in sight.
struct Customer {
    chat_id: i64,
    telegram: Telegram,
    screen: UnboundedReceiver<Shown>,
    /// Of the newest message that has buttons.
    message_id: i64,
    buttons: Vec<(String, String)>,
}

/// The bot, in a process of its own, which is killed in the end.
struct Bot {
    process: Child,
    url: String,
    http: reqwest::Client,
}

/// Plays the customers and prints the figures.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let telegram = Telegram::default();
    let data = tempfile::tempdir().context("cannot create a folder for the run's data")?;
    let started = Instant::now();
    let bot = Bot::start(&telegram.listen().await?, data.path()).await?;
    let ready = started.elapsed();

    let post = async |update: &Value| bot.post(update).await;
    let mut alone = Vec::new();
    for number in 0..arguments.alone {
        alone.extend(telegram.customer(i64::try_from(number)? + 1).talk(&post).await?);
    }
    let cpu_before = usage::cpu_seconds(bot.process.id())?;
    let crowd = (0..arguments.customers).map(|number| telegram.customer(1_000_000 + number.cast_signed() as i64));
    let crowd = try_join_all(crowd.map(|customer| customer.talk(&post))).await?.concat();
    let cpu = usage::cpu_seconds(bot.process.id())? - cpu_before;

    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let thousands = crowd.len() as f64 / 1000.0;
    let peak_memory = usage::peak_memory_mib(bot.process.id())?;
    println!("| {} customers, {} updates | measured | target |\n|---|---|---|", arguments.customers, crowd.len());
    for (what, measured, target) in [
        ("ready after, ms", ms(ready), 50.0),
        ("one customer, p50, ms", percentile(&alone, 50), 2.5),
        ("all at once, p50, ms", percentile(&crowd, 50), 300.0),
        ("all at once, p99, ms", percentile(&crowd, 99), 1000.0),
        ("CPU for 1000 updates, s", cpu / thousands, 1.2),
        ("most memory, MiB", peak_memory, 45.0),
    ] {
        println!("| {what} | {measured:.2} | {target} |");
    }
    Ok(ExitCode::SUCCESS)
}

/// `carquery-local bench-bot`: the process that is measured. It runs until it is killed.
pub(crate) async fn run_bot() -> anyhow::Result<()> {
    let _server = Server::start(ServerOptions::of_process()?).await?;
    std::future::pending().await
}

impl Telegram {
    /// Listens on any free port; returns the address.
    async fn listen(&self) -> anyhow::Result<String> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let router = Router::new().route("/{token}/{method}", post(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(url)
    }

    fn customer(&self, chat_id: i64) -> Customer {
        let (shows, screen) = mpsc::unbounded_channel();
        self.0.screens.lock().unwrap_or_else(PoisonError::into_inner).insert(chat_id, shows);
        Customer { chat_id, telegram: self.clone(), screen, message_id: 0, buttons: Vec::new() }
    }

    fn show(&self, chat_id: i64, shown: Shown) {
        if let Some(shows) = self.0.screens.lock().unwrap_or_else(PoisonError::into_inner).get(&chat_id) {
            let _ = shows.send(shown);
        }
    }
}

async fn answer(
    State(telegram): State<Telegram>,
    Route((_, method)): Route<(String, String)>,
    Json(call): Json<Value>,
) -> Json<Value> {
    let chat_id = call["chat_id"].as_i64().unwrap_or_default();
    let message_id = match method.as_str() {
        "sendMessage" => telegram.0.last_message.fetch_add(1, Ordering::Relaxed) + 1,
        "editMessageText" => call["message_id"].as_i64().unwrap_or_default(),
        _ => return Json(json!({ "ok": true, "result": true })),
    };
    let rows = call["reply_markup"]["inline_keyboard"].as_array().into_iter().flatten();
    let keys = rows.flat_map(|row| row.as_array().into_iter().flatten());
    let text = |key: &Value, name: &str| key[name].as_str().unwrap_or_default().to_owned();
    let buttons = keys.map(|key| (text(key, "text"), text(key, "callback_data"))).collect();
    telegram.show(chat_id, Shown { message_id, buttons });
    let chat = json!({ "id": chat_id, "type": "private" });
    Json(json!({ "ok": true, "result": { "message_id": message_id, "date": 0, "chat": chat, "text": "" } }))
}

impl Customer {
    /// Goes through the sale; returns how long each answer took.
    async fn talk(mut self, post: impl AsyncFn(&Value) -> anyhow::Result<()>) -> anyhow::Result<Vec<Duration>> {
        let mut times = Vec::with_capacity(SALE.len());
        for act in SALE {
            sleep(PACE).await;
            let update = self.update(act)?;
            let begun = Instant::now();
            let (accepted, shown) = futures::join!(post(&update), self.sees());
            accepted?;
            times.push(shown.with_context(|| format!("{act:?} was not answered"))?.duration_since(begun));
            // What else comes with the answer, such as a second message, is in sight when the webhook has returned.
            while let Ok(shown) = self.screen.try_recv() {
                self.look(shown);
            }
        }
        Ok(times)
    }

    /// Waits for the first thing that the bot shows.
    async fn sees(&mut self) -> anyhow::Result<Instant> {
        let shown = tokio::time::timeout(PATIENCE, self.screen.recv()).await?.context("Telegram has ended")?;
        let at = Instant::now();
        self.look(shown);
        Ok(at)
    }

    fn look(&mut self, shown: Shown) {
        if !shown.buttons.is_empty() {
            (self.message_id, self.buttons) = (shown.message_id, shown.buttons);
        }
    }

    fn update(&self, act: Act) -> anyhow::Result<Value> {
        let chats = &self.telegram.0;
        let update_id = chats.last_update.fetch_add(1, Ordering::Relaxed) + 1;
        let chat = json!({ "id": self.chat_id, "type": "private", "first_name": "Анна" });
        let from = json!({ "id": self.chat_id, "is_bot": false, "first_name": "Анна" });
        let written = |content: Value| {
            let message_id = chats.last_message.fetch_add(1, Ordering::Relaxed) + 1;
            let mut message = json!({ "message_id": message_id, "date": 0, "chat": chat, "from": from });
            message
                .as_object_mut()
                .into_iter()
                .for_each(|all| all.extend(content.as_object().cloned().unwrap_or_default()));
            json!({ "update_id": update_id, "message": message })
        };
        Ok(match act {
            Act::Say(text) => written(json!({ "text": text })),
            Act::ShareContact => {
                let phone = format!("7900{:07}", self.chat_id);
                written(json!({ "contact": { "phone_number": phone, "first_name": "Анна", "user_id": self.chat_id } }))
            }
            Act::Tap(text) => {
                let button = self.buttons.iter().find(|(shown, _)| shown == text);
                let (_, data) = button.with_context(|| format!("no button {text} in {:?}", self.buttons))?;
                let message = json!({ "message_id": self.message_id, "date": 0, "chat": chat });
                json!({ "update_id": update_id, "callback_query": {
                    "id": update_id.to_string(), "from": from, "message": message, "chat_instance": "1", "data": data
                }})
            }
        })
    }
}

impl Bot {
    async fn start(telegram: &str, data: &Path) -> anyhow::Result<Self> {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let process = Command::new(std::env::current_exe()?)
            .arg("bench-bot")
            .env_clear()
            .current_dir(data)
            .env("CARQUERY_DATA_DIR", data.join("data"))
            .env("CARQUERY_PORT", port.to_string())
            .env("TELEGRAM_BOT_TOKEN", "1:benchmark")
            .env("TELEGRAM_API_URL", telegram)
            .env("TELEGRAM_UPDATES", "webhook")
            .env("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .env("AMOCRM_MOCK_MODE", "true")
            .env("LOG_LEVEL", "info")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the bot cannot be started")?;
        let http = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let bot = Self { process, url: format!("http://127.0.0.1:{port}"), http };
        let deadline = Instant::now() + PATIENCE;
        while !bot.is_healthy().await {
            anyhow::ensure!(Instant::now() < deadline, "the bot does not start");
            sleep(Duration::from_millis(2)).await;
        }
        Ok(bot)
    }

    async fn is_healthy(&self) -> bool {
        let answer = self.http.get(format!("{}/health", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    async fn post(&self, update: &Value) -> anyhow::Result<()> {
        let request = self.http.post(format!("{}/telegram/webhook", self.url)).json(update);
        let answer = request.header("X-Telegram-Bot-Api-Secret-Token", SECRET).send().await?;
        anyhow::ensure!(answer.status().is_success(), "the bot answers {}", answer.status());
        Ok(())
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// In milliseconds, by the nearest rank.
fn percentile(times: &[Duration], percent: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).map_or(0.0, |time| ms(*time))
}
