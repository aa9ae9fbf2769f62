//! The local stack killed with SIGKILL in the middle of deliveries, and started again on the same data.
//!
//! Telegram and amoCRM are simulated in this process, so that they remember what the killed one did. Each kill comes at
//! the worst moment: amoCRM or Telegram has done what was asked, and nobody is left to hear of it.

mod sales;

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use lead::{Lead, Request};
use simulators::amocrm::{self, Amocrm, Deal};
use simulators::fault::{Fault, Faults, When};
use simulators::telegram::{self, Person, PersonError, Telegram, photo};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take: after a kill a request waits until amoCRM's search would know what was created.
const PATIENCE: Duration = Duration::from_secs(150);
const SECRET: &str = "secret-of-this-test";

/// A call that is done and never answered, and with which the process ends.
type Moment<'a> = (&'a Faults, &'static str);

/// The local stack as a process.
struct Bot {
    process: Child,
}

struct Simulators {
    telegram: Telegram,
    amocrm: Amocrm,
    admin: Person,
    port: u16,
}

impl Simulators {
    async fn start() -> Self {
        let amocrm = amocrm::Options { rate_limit: None, ..amocrm::Options::default() };
        let telegram = Telegram::start(telegram::Options::default()).await.expect("Telegram starts");
        let amocrm = Amocrm::start(amocrm).await.expect("amoCRM starts");
        let admin = telegram.new_customer("Админ", None);
        admin.mark_started();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = free.local_addr().expect("it has an address").port();
        telegram.set_webhook_target(&format!("http://127.0.0.1:{port}/telegram/webhook"), Some(SECRET));
        Self { telegram, amocrm, admin, port }
    }

    async fn start_bot(&self, data: &Path) -> Bot {
        let process = Command::new(env!("CARGO_BIN_EXE_carquery-local"))
            .env_clear()
            .current_dir(data)
            .env("CARQUERY_DATA_DIR", data.join("data"))
            .env("CARQUERY_PORT", self.port.to_string())
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("TELEGRAM_UPDATES", "webhook")
            .env("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .env("ADMIN_CHAT_ID", self.admin.chat.to_string())
            .env("AMOCRM_BASE_URL", self.amocrm.url())
            .env("AMOCRM_LONG_LIVED_TOKEN", self.amocrm.long_lived_token())
            .env("AMOCRM_PIPELINE_ID", amocrm::BOT_PIPELINE.to_string())
            .env("AMOCRM_STATUS_ID", amocrm::BOT_FIRST_STAGE.to_string())
            .env("AMOCRM_RATE_LIMIT", "100")
            .env("AMOCRM_WEBHOOK_SECRET", SECRET)
            .env("RETRY_INTERVAL_SECONDS", "2")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the command starts");
        let bot = Bot { process };
        let health = format!("http://127.0.0.1:{}/health", self.port);
        eventually("the bot is healthy", async || {
            reqwest::get(&health).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
        bot
    }

    /// Somebody does something, and the bot is killed at the moment that this leads to. It starts again.
    async fn kill_at(&self, (faults, route): Moment<'_>, bot: Bot, data: &Path, act: impl AsyncFnOnce()) -> Bot {
        let rule = faults.add(route, When::Times(1), Fault::LateAnswer(PATIENCE * 2));
        act().await;
        eventually(route, async || faults.list().iter().all(|active| active.id != rule)).await;
        bot.kill();
        self.start_bot(data).await
    }

    async fn settle(&self) {
        timeout(PATIENCE, self.telegram.settle()).await.expect("in time").expect("every update is accepted");
        // Five messages a second is what a customer may send.
        sleep(Duration::from_millis(220)).await;
    }

    /// From the menu to the confirmation, with a photo.
    async fn to_confirmation(&self, anna: &Person, phone: &str) {
        type Step<'a> = &'a dyn Fn() -> Result<(), PersonError>;
        let steps: [Step<'_>; 11] = [
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
        ];
        for step in steps {
            step().expect("it is possible");
            self.settle().await;
        }
    }

    /// Every deal has what belongs to it: one thing of each step of the delivery, and a photo.
    fn is_complete(&self, deals: usize) -> bool {
        let all = self.amocrm.deals();
        let left = |deal: &Deal| 1 + usize::from(deal.contact.is_some()) + deal.notes.len() + deal.tasks.len();
        let steps = crm_push::step_names(&Lead::new(Request::example(), 0)).count();
        let is_complete = |deal: &Deal| (left(deal), deal.files.len()) == (steps, 1);
        all.len() >= deals && all.iter().all(is_complete)
    }
}

impl Bot {
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

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "not in time: {what}");
        sleep(Duration::from_millis(50)).await;
    }
}

/// The calls that lead to a whole deal.
fn moments(simulators: &Simulators) -> Vec<Moment<'_>> {
    let (telegram, amocrm) = (simulators.telegram.faults(), simulators.amocrm.faults());
    vec![
        (telegram, "editMessageText"),
        (amocrm, "POST /api/v4/contacts"),
        (amocrm, "POST /api/v4/leads"),
        (amocrm, "POST /api/v4/leads/notes"),
        (amocrm, "POST /api/v4/tasks"),
        (amocrm, "PUT /api/v4/leads/*/files"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_killed_again_and_again_loses_nothing_and_does_nothing_twice() {
    let data = tempfile::tempdir().expect("there is room");
    let simulators = Simulators::start().await;
    let moments = moments(&simulators);
    let mut bot = simulators.start_bot(data.path()).await;

    let mut customers = Vec::new();
    for n in 0..moments.len() {
        let anna = simulators.telegram.new_customer("Анна", None);
        simulators.to_confirmation(&anna, &format!("7900000000{n}")).await;
        customers.push(anna);
    }
    for (anna, moment) in customers.iter().zip(&moments) {
        let sends = async || {
            anna.tap("✅ Отправить").expect("there is such a button");
        };
        bot = simulators.kill_at(*moment, bot, data.path(), sends).await;
    }
    simulators.settle().await;
    eventually("every request is in amoCRM", async || simulators.is_complete(moments.len())).await;

    let deals = simulators.amocrm.deals();
    assert_eq!(deals.len(), moments.len(), "one deal for each request");
    assert!(simulators.amocrm.twins().is_none(), "{:?}", simulators.amocrm.twins());
    assert_eq!(simulators.amocrm.contacts().len(), moments.len());
    for anna in customers {
        let messages = anna.view().map(|chat| chat.messages).unwrap_or_default();
        let thanks = |number: &str| messages.iter().filter(|message| message.text.contains(number)).count();
        let thanked: Vec<usize> = deals.iter().filter_map(|deal| deal.field("REQUEST_ID")).map(thanks).collect();
        assert_eq!(thanked.iter().sum::<usize>(), 1, "thanked once, for the own request");
    }
    drop(bot);
}
