//! The local stack killed with SIGKILL in the middle of deliveries, and started again on the same data.
//!
//! Telegram and amoCRM are simulated in this process, so that they remember what the killed one did. Each kill comes at the
//! worst moment: amoCRM or Telegram has done what was asked, and nobody is left to hear of it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use simulators::amocrm::{self, Amocrm};
use simulators::fault::{Fault, Faults, When};
use simulators::telegram::{self, Telegram};
use tokio::time::{Instant, sleep, timeout};

/// How long anything may take: after a kill a request waits until amoCRM's search would know what was created.
const PATIENCE: Duration = Duration::from_secs(150);
const SECRET: &str = "secret-of-this-test";

/// The local stack as a process.
struct Bot {
    process: Child,
}

struct World {
    telegram: Telegram,
    amocrm: Amocrm,
    admin: i64,
    port: u16,
}

impl World {
    async fn new() -> Self {
        let amocrm = amocrm::Options { rate_limit: None, ..amocrm::Options::default() };
        let telegram = Telegram::start(telegram::Options::default()).await.expect("Telegram starts");
        let amocrm = Amocrm::start(amocrm).await.expect("amoCRM starts");
        let admin = telegram.new_customer("Админ", None);
        telegram.mark_started(admin);
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = free.local_addr().expect("it has an address").port();
        telegram.set_webhook_target(&format!("http://127.0.0.1:{port}/telegram/webhook"), Some(SECRET));
        Self { telegram, amocrm, admin, port }
    }

    async fn start(&self, data: &Path) -> Bot {
        let process = Command::new(env!("CARGO_BIN_EXE_carquery-local"))
            .env_clear()
            .current_dir(data)
            .env("CARQUERY_DATA_DIR", data.join("data"))
            .env("CARQUERY_PORT", self.port.to_string())
            .env("TELEGRAM_BOT_TOKEN", self.telegram.token())
            .env("TELEGRAM_API_URL", self.telegram.url())
            .env("TELEGRAM_UPDATES", "webhook")
            .env("TELEGRAM_WEBHOOK_SECRET", SECRET)
            .env("ADMIN_CHAT_ID", self.admin.to_string())
            .env("AMOCRM_BASE_URL", self.amocrm.url())
            .env("AMOCRM_LONG_LIVED_TOKEN", self.amocrm.long_lived_token())
            .env("AMOCRM_PIPELINE_ID", amocrm::BOT_PIPELINE.to_string())
            .env("AMOCRM_STATUS_ID", amocrm::BOT_FIRST_STAGE.to_string())
            .env("AMOCRM_RATE_LIMIT", "100")
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

    async fn settle(&self) {
        timeout(PATIENCE, self.telegram.settle()).await.expect("in time").expect("every update is accepted");
        // Five messages a second is what a customer may send.
        sleep(Duration::from_millis(250)).await;
    }

    async fn says(&self, chat: i64, text: &str) {
        self.telegram.say(chat, text).expect("the message is sent");
        self.settle().await;
    }

    async fn taps(&self, chat: i64, button: &str) {
        self.telegram.tap(chat, button).expect("there is such a button");
        self.settle().await;
    }

    /// From the menu to the confirmation, with a photo.
    async fn to_confirmation(&self, chat: i64, phone: &str) {
        self.says(chat, "/start").await;
        self.taps(chat, "🚗 Продать авто").await;
        self.says(chat, "Toyota Camry").await;
        self.taps(chat, "2019").await;
        self.says(chat, "85 тыс").await;
        self.says(chat, "1,5 млн").await;
        self.telegram.send_photo(chat, vec![0xff, 0xd8, 0xff, 0xe0, 1, 0xff, 0xd9], None).expect("the photo is sent");
        self.settle().await;
        self.taps(chat, "✅ Готово").await;
        self.says(chat, "Анна").await;
        self.telegram.share_contact(chat, phone, "Анна", true).expect("the contact is sent");
        self.settle().await;
        self.says(chat, "без комментариев").await;
    }

    /// Every deal has what belongs to it.
    fn is_complete(&self, deals: usize) -> bool {
        let all = self.amocrm.deals();
        all.len() >= deals && all.iter().all(|deal| (deal.notes.len(), deal.tasks.len(), deal.files.len()) == (1, 1, 1))
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

/// The call that is done and never answered, and with which the process ends.
fn moments(world: &World) -> Vec<(&Faults, &'static str)> {
    let (telegram, amocrm) = (world.telegram.faults(), world.amocrm.faults());
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
    let world = World::new().await;
    let moments = moments(&world);
    let mut bot = world.start(data.path()).await;

    let mut customers = Vec::new();
    for n in 0..moments.len() {
        let chat = world.telegram.new_customer("Анна", None);
        world.to_confirmation(chat, &format!("7900000000{n}")).await;
        customers.push(chat);
    }
    for (chat, (faults, route)) in customers.iter().zip(&moments) {
        let rule = faults.add(route, When::Times(1), Fault::LateAnswer(PATIENCE * 2));
        world.telegram.tap(*chat, "✅ Отправить").expect("there is such a button");
        eventually(route, async || faults.list().iter().all(|active| active.id != rule)).await;
        bot.kill();
        bot = world.start(data.path()).await;
    }
    world.settle().await;
    eventually("every request is in amoCRM", async || world.is_complete(moments.len())).await;

    let deals = world.amocrm.deals();
    assert_eq!(deals.len(), moments.len(), "one deal for each request");
    assert!(world.amocrm.twins().is_none(), "{:?}", world.amocrm.twins());
    assert_eq!(world.amocrm.contacts().len(), moments.len());
    for chat in customers {
        let messages = world.telegram.chat(chat).map(|chat| chat.messages).unwrap_or_default();
        let thanks = |number: &str| messages.iter().filter(|message| message.text.contains(number)).count();
        let thanked: Vec<usize> = deals.iter().filter_map(|deal| deal.field("REQUEST_ID")).map(thanks).collect();
        assert_eq!(thanked.iter().sum::<usize>(), 1, "thanked once, for the own request");
    }
    drop(bot);
}
