//! `carquery serve`, `backup`, `restore`, `export` and `import`: the bot as a process, with Telegram and amoCRM
//! simulated here.

mod data;
mod port;
mod start;
mod stop;
mod team;
mod trouble;

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use simulators::amocrm::{self, Amocrm};
use simulators::telegram::{self, Person, PersonError, Telegram, photo};
use tokio::time::{Instant, sleep};

use crate::operator::{Operator, asks_a_lawyer, fills_in};

/// How long anything may take: after a kill a request waits until amoCRM's search would know what was created.
const PATIENCE: Duration = Duration::from_secs(150);

/// What surrounds the bot, and the operator who runs it in a folder.
struct World {
    telegram: Telegram,
    amocrm: Amocrm,
    admin: Person,
    operator: Operator,
    url: String,
}

/// `carquery serve`, running.
struct Bot {
    process: Child,
    log: Arc<Mutex<String>>,
}

impl World {
    async fn start() -> Self {
        let amocrm = amocrm::Options { rate_limit: None, ..amocrm::Options::default() };
        let telegram = Telegram::start(telegram::Options::default()).await.expect("Telegram starts");
        let amocrm = Amocrm::start(amocrm).await.expect("amoCRM starts");
        let admin = telegram.new_customer("Админ", None);
        admin.mark_started();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = free.local_addr().expect("it has an address").port();
        let mut operator = Operator::new();
        operator.env = vec![
            ("CARQUERY_PORT", port.to_string()),
            ("TELEGRAM_BOT_TOKEN", telegram.token().to_owned()),
            ("TELEGRAM_API_URL", telegram.url()),
            ("ADMIN_CHAT_ID", admin.chat.to_string()),
            ("AMOCRM_BASE_URL", amocrm.url()),
            ("AMOCRM_LONG_LIVED_TOKEN", amocrm.long_lived_token()),
            ("AMOCRM_PIPELINE_ID", amocrm::BOT_PIPELINE.to_string()),
            ("AMOCRM_STATUS_ID", amocrm::BOT_FIRST_STAGE.to_string()),
            ("AMOCRM_RATE_LIMIT", "100".to_owned()),
            ("RETRY_INTERVAL_SECONDS", "2".to_owned()),
        ];
        Self { telegram, amocrm, admin, operator, url: format!("http://127.0.0.1:{port}") }
    }

    /// Starts the bot and waits until it is healthy.
    async fn serve(&self) -> Bot {
        let bot = Bot::start(self.operator.command(&["serve"]));
        self.is_healthy().await;
        bot
    }

    async fn is_healthy(&self) {
        eventually("the bot is healthy", async || self.status("/health").await == Some(200)).await;
    }

    /// The status of a GET; `None` when nobody listens.
    async fn status(&self, path: &str) -> Option<u16> {
        Some(reqwest::get(format!("{}{path}", self.url)).await.ok()?.status().as_u16())
    }

    /// Waits for this number of deals, each with its contact, note and task, and nothing twice.
    async fn has_deals(&self, count: usize) {
        let is_whole = |deal: &amocrm::Deal| deal.contact.is_some() && deal.notes.len() == 1 && deal.tasks.len() == 1;
        eventually("every request is in amoCRM", async || {
            let deals = self.amocrm.deals();
            deals.len() >= count && deals.iter().all(is_whole)
        })
        .await;
        assert_eq!(self.amocrm.deals().len(), count, "one deal for each request");
        assert!(self.amocrm.twins().is_none(), "{:?}", self.amocrm.twins());
    }

    /// Waits for the deal of [`sells_a_car`], with its photo.
    async fn has_a_sale(&self) {
        self.has_deals(1).await;
        eventually("the photo is in amoCRM", async || self.amocrm.deals()[0].files.len() == 1).await;
        let deal = &self.amocrm.deals()[0];
        assert_eq!((deal.price, deal.field("CAR_MODEL")), (1_500_000, Some("Camry")), "{deal:?}");
    }

    /// The requests, without what goes on by itself.
    fn requests(&self) -> Vec<Value> {
        let list = self.operator.json(&["leads", "list"]);
        list.as_array().expect("a list").iter().map(|lead| lead["request_number"].clone()).collect()
    }
}

impl Bot {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the command starts");
        let stderr = BufReader::new(process.stderr.take().expect("it is piped"));
        let log = Arc::new(Mutex::new(String::new()));
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                *lines.lock().expect("nobody crashed") += &format!("{line}\n");
            }
        });
        Self { process, log }
    }

    fn log(&self) -> String {
        self.log.lock().expect("nobody crashed").clone()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// Waits until it has ended by itself.
    async fn ends(&mut self) -> ExitStatus {
        let mut ended = None;
        eventually("the bot ends", async || {
            ended = self.process.try_wait().expect("it can be waited for");
            ended.is_some()
        })
        .await;
        ended.expect("it has ended")
    }

    /// SIGTERM, as systemd stops it.
    async fn stop(mut self) {
        self.signal("TERM");
        let status = self.ends().await;
        assert_eq!(status.code(), Some(0), "{}", self.log());
    }

    /// `kill -9`
    fn kill(mut self) {
        self.process.kill().expect("it is killed");
        self.process.wait().expect("it has ended");
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A customer sells a car, with a photo.
async fn sells_a_car(telegram: &Telegram, phone: &str) {
    type Step<'a> = &'a dyn Fn() -> Result<(), PersonError>;
    let anna = telegram.new_customer("Анна", None);
    let steps: [Step<'_>; 12] = [
        &|| anna.say("/start").map(drop),
        &|| anna.tap("🚗 Продать авто").map(drop),
        &|| anna.say("Toyota Camry").map(drop),
        &|| anna.tap("2019").map(drop),
        &|| anna.say("85 тыс").map(drop),
        &|| anna.say("1,5 млн").map(drop),
        &|| anna.send_photo(photo(1), None).map(drop),
        &|| anna.tap("✅ Готово").map(drop),
        &|| anna.say("Анна").map(drop),
        &|| anna.share_contact(phone).map(drop),
        &|| anna.say("без комментариев").map(drop),
        &|| anna.tap("✅ Отправить").map(drop),
    ];
    for step in steps {
        step().expect("it is possible");
        telegram.settle().await.expect("the bot answers");
        // Five messages a second is what a customer may send.
        sleep(Duration::from_millis(220)).await;
    }
}

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_by_long_polling_becomes_a_deal() {
    let world = World::start().await;
    let bot = world.serve().await;
    sells_a_car(&world.telegram, "79000000001").await;
    world.has_a_sale().await;
    world.operator.text(&["amocrm", "setup", "--yes"]);
    let refused = world.operator.fails(&["telegram", "set-webhook", "https://bot.example.org/telegram/webhook"]);
    assert!(refused.contains("TELEGRAM_UPDATES=webhook"), "{refused}");
    let doctor = world.operator.json(&["doctor"]);
    assert_eq!(doctor["healthy"], true, "{doctor}");
    let shown = world.operator.text(&["doctor"]);
    for part in ["data folder", "disk", "schedule", "long polling"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("region") && !shown.contains("deploy"), "no words of AWS: {shown}");
    let stats = world.operator.text(&["stats"]);
    assert!(stats.contains("SELL"), "{stats}");
    let stats = world.operator.json(&["stats"]);
    assert_eq!(stats["funnel"][0]["finished"], 1, "{stats}");
    let log = bot.log();
    for secret in [world.telegram.token(), &world.amocrm.long_lived_token(), "79000000001", "комментариев"]
    {
        assert!(!log.contains(secret), "a secret was logged");
    }
    assert!(world.admin.take_new().is_empty(), "no trouble");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_by_webhook_becomes_a_deal() {
    let mut world = World::start().await;
    world.operator.env.push(("TELEGRAM_UPDATES", "webhook".to_owned()));
    let bot = world.serve().await;
    let doctor = world.operator.runs(&["doctor"]);
    assert!(doctor.code == 1 && doctor.out.contains("`carquery telegram set-webhook`"), "{}", doctor.out);
    world.operator.text(&["telegram", "set-webhook", &format!("{}/telegram/webhook", world.url)]);
    sells_a_car(&world.telegram, "79000000001").await;
    world.has_a_sale().await;
    world.operator.text(&["amocrm", "setup", "--yes"]);
    assert_eq!(world.operator.json(&["doctor"])["healthy"], true);
    bot.stop().await;
}
