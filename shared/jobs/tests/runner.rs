//! Jobs over real tables: each message is sent once or never, whatever Telegram does and however many runs overlap.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use delivery::AdminChat;
use embedded::Services;
use futures::future::join_all;
use jobs::{DigestTables, JobOutcome, Runner};
use lead::{Lead, LeadId, Request, Seconds, Status};
use relay::Relay;
use serde_json::{Value, json};
use settings::{Clock, Env};
use storage::{Aws, CurrentDealer, JobId, Tables, Versioned};
use telegram::Api;
use texts::Language;
use wiremock::{Mock, MockServer, Request as HttpRequest, Respond, ResponseTemplate, matchers};

/// Monday, 2 March 2026, noon in Moscow.
const NOON: Seconds = 1_772_442_000;
const ADMIN: i64 = 42;
const GROUP: i64 = -1_001_234_567_890;

const DEALER: &str = r#"
[hours]
"Mon-Fri" = "09:00-20:00"
[[team]]
name = "Ольга"
amocrm_user_id = 501
telegram_id = 900
[sales_chat]
chat_id = -1001234567890
escalate_after_minutes = 10
escalate_to = 901
"#;

/// What Telegram does with a message for the group or for whoever hears of a request that is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Take,
    AskForPause,
    Refuse,
    LoseAnswer,
}

const EVERYTHING: [Does; 4] = [Does::Take, Does::AskForPause, Does::Refuse, Does::LoseAnswer];

/// A Telegram that takes every message to the admins, and does with others what it is told to.
#[derive(Clone, Default)]
struct Telegram {
    does: Arc<Mutex<Vec<Does>>>,
    /// What the chats hold now: chat and text.
    held: Arc<Mutex<Vec<(i64, String)>>>,
}

impl Respond for Telegram {
    fn respond(&self, request: &HttpRequest) -> ResponseTemplate {
        let call: Value = request.body_json().unwrap();
        let chat_id = call["chat_id"].as_i64().unwrap();
        let mut does = self.does.lock().unwrap();
        let does = if chat_id == ADMIN { Does::Take } else { does.pop().unwrap_or(Does::Take) };
        if matches!(does, Does::Take | Does::LoseAnswer) {
            let text = call["text"].as_str().or(call["caption"].as_str()).unwrap_or_default();
            self.held.lock().unwrap().push((chat_id, text.to_owned()));
        }
        let refusal = |code, description: &str, parameters: Value| {
            let body = json!({ "ok": false, "error_code": code, "description": description, "parameters": parameters });
            ResponseTemplate::new(code).set_body_json(body)
        };
        match does {
            Does::Take => {
                ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": { "message_id": 77 } }))
            }
            Does::AskForPause => refusal(429, "Too Many Requests", json!({ "retry_after": 30 })),
            Does::Refuse => refusal(403, "Forbidden: bot was kicked from the supergroup chat", json!({})),
            Does::LoseAnswer => ResponseTemplate::new(502),
        }
    }
}

struct World {
    runner: Runner,
    telegram: Telegram,
    now: Arc<AtomicI64>,
    _server: MockServer,
}

impl World {
    async fn new() -> Self {
        let server = MockServer::start().await;
        let telegram = Telegram::default();
        let no_topics =
            ResponseTemplate::new(200).set_body_json(json!({ "ok": true, "result": { "is_forum": false } }));
        Mock::given(matchers::path("/bot1:T/getChat")).respond_with(no_topics).mount(&server).await;
        Mock::given(matchers::any()).respond_with(telegram.clone()).mount(&server).await;
        let telegram_url = server.uri();
        let mut env = Env::from_pairs([
            ("LEADS_QUEUE_URL", "http://127.0.0.1/queue.fifo"),
            ("TELEGRAM_BOT_TOKEN", "1:T"),
            ("TELEGRAM_API_URL", telegram_url.as_str()),
        ]);
        let (aws, tables) = (Aws::through(&Services::in_memory().unwrap().http_client()), Tables::read(&mut env));
        storage::schema::create(&aws.dynamodb, &tables).await.unwrap();
        let mut file = aws.dealer_file(&tables).load().await.unwrap();
        DEALER.clone_into(&mut file.value);
        aws.dealer_file(&tables).save(&mut file).await.unwrap();

        let now = Arc::new(AtomicI64::new(NOON));
        let of_clock = Arc::clone(&now);
        let clock: Clock = Arc::new(move || of_clock.load(Ordering::Relaxed));
        let api = Api::new(&settings::Telegram::read(&mut env)).without_repeats();
        let runner = Runner {
            jobs: aws.jobs(&tables),
            leads: aws.leads(&tables),
            sales_chat: aws.sales_chat(&tables),
            digest: DigestTables::open(&aws, &tables),
            dealer: Arc::new(CurrentDealer::new(aws.dealer_file(&tables), 60, clock.clone())),
            admins: AdminChat::new(aws.documents(&tables), api.clone(), Some(ADMIN), clock.clone()),
            relay: Relay::new(&aws, &tables, api.clone(), clock.clone(), Language::Russian),
            telegram: api,
            amocrm_url: Some("https://auto.amocrm.ru".to_owned()),
            language: Language::Russian,
            clock,
        };
        Self { runner, telegram, now, _server: server }
    }

    fn telegram_does(&self, does: &[Does]) {
        *self.telegram.does.lock().unwrap() = does.iter().rev().copied().collect();
    }

    fn wait(&self, seconds: Seconds) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    /// A request that amoCRM has got just now, and its planned card.
    async fn delivered(&self, n: u64) -> JobId {
        let id: LeadId = format!("01JD0000000000000AK7QX{n:04}").parse().unwrap();
        let mut lead = Lead::new(Request { id, ..Request::example() }, 0);
        lead.progress.record("deal", 8001);
        let card = self.runner.plan_card(&lead).await.unwrap().unwrap();
        lead.status = Status::Sent { at: (self.runner.clock)() };
        self.runner.leads.save(&mut Versioned::new(lead)).await.unwrap();
        card
    }

    /// The messages that a chat holds and nobody has read yet.
    fn read(&self, chat_id: i64) -> Vec<String> {
        let mut held = self.telegram.held.lock().unwrap();
        let (read, left) = held.drain(..).partition(|(chat, _)| *chat == chat_id);
        *held = left;
        let read: Vec<(i64, String)> = read;
        read.into_iter().map(|(_, text)| text).collect()
    }
}

#[tokio::test]
async fn overlapping_runs_send_a_message_once() {
    let world = World::new().await;
    let card = world.delivered(0).await;
    let runs = (0..4).map(|_| world.runner.run_due());
    let (sent, at_once) = futures::join!(join_all(runs), world.runner.run(&card));
    let sent: usize = sent.into_iter().map(Result::unwrap).sum();
    assert_eq!(sent + usize::from(at_once.unwrap() == JobOutcome::Sent), 1);
    assert_eq!(world.read(GROUP).len(), 1);
    assert_eq!(world.runner.run_due().await.unwrap(), 0);
}

#[tokio::test]
async fn a_message_is_in_the_chat_once_at_most_and_never_after_its_answer_was_lost() {
    let world = World::new().await;
    let sequences = EVERYTHING.into_iter().flat_map(|a| EVERYTHING.map(|b| [a, b]));
    for (n, does) in (0..).zip(sequences.flat_map(|[a, b]| EVERYTHING.map(|c| [a, b, c]))) {
        let card = world.delivered(n).await;
        world.telegram_does(&does);
        for _ in 0..=does.len() {
            join_all([world.runner.run(&card), world.runner.run(&card)]).await;
            world.wait(61);
        }
        let may_have_got_there = |does: &Does| matches!(does, Does::Take | Does::LoseAnswer);
        assert_eq!(world.read(GROUP).len(), 1, "{does:?}");
        let left = world.telegram.does.lock().unwrap().len();
        let used = &does[..does.len() - left];
        let last = used.iter().position(may_have_got_there).map_or(used.len(), |at| at + 1);
        assert_eq!(used.len(), last, "nothing is sent after {does:?}");
    }
}

#[tokio::test]
async fn a_pause_that_telegram_asks_for_is_kept() {
    let world = World::new().await;
    let card = world.delivered(0).await;
    world.telegram_does(&[Does::AskForPause]);
    assert_eq!(world.runner.run(&card).await.unwrap(), JobOutcome::PutBack { due_at: NOON + 30 });
    world.wait(29);
    assert_eq!(world.runner.run(&card).await.unwrap(), JobOutcome::NotDue);
    world.wait(1);
    assert_eq!(world.runner.run(&card).await.unwrap(), JobOutcome::Sent);
}

#[tokio::test]
async fn what_is_late_is_dropped() {
    let world = World::new().await;
    let card = world.delivered(0).await;
    world.wait(6 * 3600 + 1);
    assert_eq!(world.runner.run(&card).await.unwrap(), JobOutcome::Dropped);
    assert_eq!(world.runner.run_due().await.unwrap(), 0, "nor does anybody hear that nobody took it");
    assert_eq!(world.read(GROUP), [""; 0]);
    assert_eq!(world.read(901), [""; 0]);
}

#[tokio::test]
async fn a_group_without_the_bot_is_reported_once_and_once_when_it_works_again() {
    let world = World::new().await;
    let cards = [world.delivered(0).await, world.delivered(1).await];
    world.telegram_does(&[Does::Refuse; 4]);
    for _ in 0..2 {
        for card in &cards {
            assert_eq!(world.runner.run(card).await.unwrap(), JobOutcome::Refused);
        }
        world.wait(120);
    }
    let told = world.read(ADMIN);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("добавьте бота в группу"), "{}", told[0]);
    assert_eq!(world.runner.run_due().await.unwrap(), 2);
    assert_eq!(world.read(ADMIN), ["✅ Карточки заявок снова попадают в чат продаж, перерыв 4 мин."]);
    assert_eq!(world.read(GROUP).len(), 2, "cards that were refused come after all");
}

#[tokio::test]
async fn a_group_without_the_bot_holds_up_no_other_chat() {
    let world = World::new().await;
    for n in 0..3 {
        world.delivered(n).await;
    }
    world.telegram_does(&[Does::Refuse; 3]);
    world.wait(600);
    assert_eq!(world.runner.run_due().await.unwrap(), 3, "three cards are refused, and three escalations sent");
    assert_eq!(world.read(901).len(), 3);
}

#[tokio::test]
async fn a_request_that_nobody_takes_is_reported_once_in_working_time() {
    let world = World::new().await;
    let (taken, left) = (world.delivered(0).await, world.delivered(1).await);
    for card in [&taken, &left] {
        assert_eq!(world.runner.run(card).await.unwrap(), JobOutcome::Sent);
    }
    let lead_id = "01JD0000000000000AK7QX0000".parse().unwrap();
    let mut card = world.runner.sales_chat.card(&lead_id).await.unwrap().unwrap();
    let message = card.value.message.unwrap();
    assert_eq!((message.group_id, message.message_id), (GROUP, 77));
    card.value.take(501, message, NOON, 60);
    world.runner.sales_chat.save_card(&mut card).await.unwrap();

    world.wait(599);
    assert_eq!(world.runner.run_due().await.unwrap(), 0);
    world.wait(1);
    let runs = join_all([world.runner.run_due(), world.runner.run_due()]).await;
    assert_eq!(runs.into_iter().map(Result::unwrap).sum::<usize>(), 1);
    let told = world.read(901);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("⏰ Заявку № K7QX-0001 никто не взял за 10 мин рабочего времени."), "{}", told[0]);
    assert!(!told[0].contains("+7900"), "{}", told[0]);
}
