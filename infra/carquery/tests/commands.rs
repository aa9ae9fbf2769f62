//! Every operator command, as an operator runs it: the program itself, against a local stack in this process, without one, and
//! against a deployed stage of which only the functions' settings exist.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use lead::Status;
use local::{Options, Stack};
use serde_json::{Value, json};
use simulators::amocrm::{self, Amocrm};
use simulators::fault::{Fault, Faults, When};
use simulators::served::{Caller, Served};
use simulators::telegram::{self, Person, Telegram};
use tempfile::TempDir;

/// A folder, and everything that commands printed which ran in it.
struct Operator {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
    printed: Mutex<String>,
}

/// The result of a command.
struct Outcome {
    code: i32,
    out: String,
    err: String,
}

impl Operator {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room"), env: Vec::new(), printed: Mutex::default() }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carquery"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null()).args(arguments);
        command.env("CARQUERY_DATA_DIR", self.data()).env("HOME", self.folder.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command. Its output is kept, to be searched for secrets.
    fn runs(&self, arguments: &[&str]) -> Outcome {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the command starts");
        let (out, err) = (String::from_utf8(stdout).expect("UTF-8"), String::from_utf8(stderr).expect("UTF-8"));
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        let mut printed = self.printed.lock().expect("nobody crashed");
        *printed += &out;
        *printed += &err;
        Outcome { code: status.code().expect("it ended by itself"), out, err }
    }

    /// The output of a command that must succeed.
    fn text(&self, arguments: &[&str]) -> String {
        let outcome = self.runs(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {}{}", outcome.out, outcome.err);
        outcome.out
    }

    /// The same, as JSON.
    fn json(&self, arguments: &[&str]) -> Value {
        let out = self.text(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// The error of a command that must fail, as text; checks that --json gives it as JSON.
    fn fails(&self, arguments: &[&str]) -> String {
        let outcome = self.runs(arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}: {}{}", outcome.out, outcome.err);
        assert!(outcome.out.is_empty(), "{arguments:?}: {}", outcome.out);
        let as_json = self.runs(&[arguments, &["--json"]].concat());
        let error: Value = serde_json::from_str(&as_json.err).expect("the error is JSON");
        assert_eq!((as_json.code, error["error"].is_string()), (1, true));
        outcome.err
    }

    fn never_prints(&self, secrets: &[&str]) {
        let printed = self.printed.lock().expect("nobody crashed");
        for secret in secrets {
            assert!(secret.len() > 5, "no secret to look for");
            assert!(!printed.contains(secret), "a secret was printed");
        }
    }
}

/// Asserts that everything a simulator serves only for the operator's command has been called.
fn assert_called(served: Vec<Served>, faults: &Faults) {
    let counts = faults.counts();
    let idle: Vec<_> = served
        .into_iter()
        .filter(|served| served.by == Caller::Operator && !counts.contains_key(served.route))
        .map(|served| served.route)
        .collect();
    assert!(idle.is_empty(), "no command calls {idle:?}");
}

/// A stack over the operator's folder that does nothing automatically.
async fn stack(operator: &Operator) -> Stack {
    let options = Options { data_dir: Some(operator.data()), schedule: false, ..Options::default() };
    Stack::start(options).await.expect("the stack starts")
}

/// A customer goes through the shortest questionnaire and sends the request.
async fn asks_a_lawyer(telegram: &Telegram, name: &str, phone: &str) -> Person {
    let customer = telegram.new_customer(name, None);
    for step in [
        "/start",
        "⚖️ Юридическая помощь",
        "Страхование (ОСАГО / КАСКО)",
        "Не платят",
        name,
        phone,
        "⏭ Пропустить",
        "✅ Отправить",
    ] {
        if customer.tap(step).is_err() {
            customer.say(step).expect("it is sent");
        }
        telegram.settle().await.expect("the bot answers");
        // Five messages a second is what a customer may send.
        tokio::time::sleep(std::time::Duration::from_millis(220)).await;
    }
    customer
}

#[test]
fn a_link_is_made_with_its_code() {
    let operator = Operator::new();
    let make = |arguments: &[&'static str]| [&["links", "make", "--bot", "@AutoDealerBot"][..], arguments].concat();
    let all =
        ["--source", "avito", "--medium", "cpc", "--campaign", "autumn_26", "--content", "red", "--branch", "sell"];
    let link = "https://t.me/AutoDealerBot?start=s_avito__m_cpc__c_autumn_26__t_red__b_sell";
    assert_eq!(operator.json(&make(&all))["link"], link);
    let printed = operator.text(&make(&[&all[..], &["--svg", "code.svg"]].concat()));
    assert!(printed.starts_with(&format!("{link}\n")), "{printed}");
    assert!(printed.contains('▀') && !printed.contains('\u{1b}'), "no colours into a file: {printed}");
    let picture = std::fs::read_to_string(operator.folder.path().join("code.svg")).expect("it is written");
    assert!(picture.contains("<svg") && picture.contains("height=\"5"), "{picture}");

    assert!(operator.fails(&make(&[])).contains("name a source"));
    assert!(operator.fails(&make(&["--source", "авито"])).contains("Latin letters"));
    assert!(operator.fails(&make(&["--source", "a__b_sell"])).contains("single underscores"));
    let long = "sixty-three-letters-and-digits-are-too-many-with-the-two-before";
    assert!(operator.fails(&make(&["--source", long])).contains("the parts make 65 characters"));
    let nowhere = make(&["--source", "avito", "--svg", "no/such/folder/code.svg"]);
    assert!(operator.fails(&nowhere).contains("cannot write no/such/folder/code.svg"));
    for wrong in [["--branch", "nonsense"], ["--bot", "t.me/AutoDealerBot"]] {
        assert_eq!(operator.runs(&[&["links", "make", "--source", "avito"][..], &wrong[..]].concat()).code, 2);
    }
}

/// Commands block their thread; the stack runs on the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_are_listed_shown_retried_and_exported() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    assert_eq!(operator.text(&["leads", "list"]), "No requests.\n");
    assert_eq!(operator.json(&["leads", "list"]), json!([]));
    assert_eq!(operator.text(&["leads", "retry", "--all"]), "Nothing is dead or waiting.\n");

    let telegram = stack.telegram().expect("it is simulated");
    asks_a_lawyer(telegram, "Анна", "8 900 000-00-01").await;
    let list = operator.json(&["leads", "list", "--status", "pending"]);
    let (id, number) =
        (list[0]["lead_id"].as_str().expect("an id"), list[0]["request_number"].as_str().expect("a number"));
    assert!(operator.text(&["leads", "list"]).contains(number));
    assert_eq!(operator.json(&["leads", "list", "--status", "dead"]), json!([]));
    for name in [id, number, &format!("№{}", number.to_lowercase())] {
        assert_eq!(operator.json(&["leads", "show", name])["request"]["customer"]["phone"], "+79000000001", "{name}");
    }
    let shown = operator.text(&["leads", "show", number]);
    assert!(shown.contains("phone +79000000001") && shown.contains("Не платят"), "{shown}");
    assert!(operator.fails(&["leads", "show", "AAAA-AAAA"]).contains("there is no request with the number AAAA-AAAA"));

    stack.deliver_once().await.expect("it is delivered");
    assert_eq!(operator.json(&["leads", "list"])[0]["status"], "sent");
    assert!(operator.fails(&["leads", "retry", number]).contains("the request is sent: there is nothing to try again"));
    assert_eq!(operator.json(&["leads", "retry", "--all"]), json!({ "queued": [], "changed_meanwhile": [] }));

    let leads = stack.aws().leads(stack.tables());
    let mut lead = leads.get(&id.parse().expect("an id")).await.expect("it reads").expect("it is there");
    lead.value.status = Status::Dead { at: 0 };
    leads.save(&mut lead).await.expect("it is written");
    for again in 0..2 {
        assert_eq!(operator.json(&["leads", "retry", number])["queued"], json!([number]), "the {again}th time");
    }
    assert!(operator.text(&["leads", "retry", "--all"]).contains(number));
    stack.deliver_once().await.expect("it is delivered");
    assert_eq!(operator.json(&["leads", "list"])[0]["status"], "sent");
    assert_eq!(stack.amocrm().expect("it is simulated").deals().len(), 1, "tried again, and not doubled");

    let mut lead = leads.get(&id.parse().expect("an id")).await.expect("it reads").expect("it is there");
    lead.value.request.unfinished = Some("Комментарий".to_owned());
    leads.save(&mut lead).await.expect("it is written");
    assert!(operator.text(&["leads", "list"]).contains("legal (unfinished)"));
    assert_eq!(operator.json(&["leads", "list"])[0]["unfinished"], true);
    assert!(operator.text(&["leads", "show", number]).contains("unfinished, stopped at: Комментарий"));

    let csv = operator.text(&["leads", "export"]);
    assert!(
        csv.starts_with("\u{feff}\"request_number\";\"created_at\";")
            && csv.lines().count() == 2
            && csv.contains("\"'+79000000001\""),
        "{csv}"
    );
    for arguments in
        [&["leads", "export"][..], &["leads", "export", "--format", "csv"], &["leads", "export", "--format", "json"]]
    {
        assert_eq!(operator.json(arguments)[0]["lead_id"], id, "--json is JSON");
    }
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dealers_file_is_checked_before_it_is_stored() {
    let operator = Operator::new();
    let write = |name: &str, text: &str| {
        let path = operator.folder.path().join(name);
        std::fs::write(&path, text).expect("it is written");
        path.to_str().expect("UTF-8").to_owned()
    };
    let good = write("good.toml", "# Самара\ntime_zone = \"Europe/Samara\"\n[repeat]\n");
    let broken = write("broken.toml", "time_zone = \"Samara\"\n\n[repeat]\njoin_open_deal_days = \"a month\"\n");

    // No stack runs yet: checking needs none.
    assert_eq!(operator.json(&["dealer", "check", &good]), json!({ "faults": [] }));
    let said = operator.runs(&["dealer", "check", &broken]);
    let faults = "line 1: unknown time zone `Samara`; write \"Europe/Moscow\"\n\
                  line 4: join_open_deal_days: expected an integer without quotes, found text in quotes\n";
    assert_eq!((said.code, &*said.out), (1, &*format!("{broken}:\n{faults}")), "{}", said.err);
    let said = operator.runs(&["dealer", "check", "--russian", &broken]);
    assert!(said.code == 1 && said.out.contains("Строка 4: join_open_deal_days: нужно целое число"), "{}", said.out);
    assert!(operator.fails(&["dealer", "check", "nothing.toml"]).contains("nothing.toml cannot be read"));

    let stack = stack(&operator).await;
    assert!(operator.fails(&["dealer", "show"]).contains("no dealer's file is stored"));
    let said = operator.text(&["dealer", "put", &good]);
    assert!(said.contains("Europe/Samara") && said.ends_with("Not stored. Add --yes.\n"), "{said}");
    assert!(operator.fails(&["dealer", "show"]).contains("no dealer's file is stored"));
    let said = operator.text(&["dealer", "put", &good, "--yes"]);
    assert!(said.ends_with("Stored. The bot uses it within a minute.\n"), "{said}");
    assert_eq!(operator.text(&["dealer", "put", &good, "--yes"]), "This file is stored already.\n");
    let text = std::fs::read_to_string(&good).expect("it is there");
    assert_eq!(operator.text(&["dealer", "show"]), text);

    let said = operator.runs(&["dealer", "put", &broken, "--yes"]);
    assert!(said.code == 1 && said.out.ends_with(faults), "{}{}", said.out, said.err);
    let said = operator.runs(&["dealer", "put", &broken, "--yes", "--json"]);
    let faults: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((said.code, &faults["faults"][1]["line"]), (1, &json!(4)));
    assert_eq!(operator.json(&["dealer", "show"])["text"], text, "the good one stays");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dead_letters_are_shown_and_put_back() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    assert_eq!(operator.text(&["dlq", "show"]), "The dead-letter queue is empty.\n");
    assert_eq!(operator.text(&["dlq", "redrive"]), "The dead-letter queue is empty: there is nothing to move.\n");

    let message = stack.aws().sqs.send_message().queue_url(stack.sqs().dlq_url()).message_body("no request");
    message.message_group_id("g").message_deduplication_id("1").send().await.expect("it is sent");
    for _ in 0..2 {
        let shown = operator.json(&["dlq", "show"]);
        assert_eq!(
            (&shown["messages"][0]["body"], &shown["depth"]),
            (&json!("no request"), &json!(1)),
            "it is left there"
        );
    }
    assert!(operator.text(&["dlq", "show"]).contains("no request"));
    assert_eq!(operator.json(&["dlq", "redrive"]), json!({ "redriven": 1 }));
    assert_eq!(operator.json(&["dlq", "redrive"]), json!({ "redriven": 0 }));
    assert_eq!(stack.sqs().queues.view().waiting.len(), 1);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_are_banned_and_forgotten() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let telegram = stack.telegram().expect("it is simulated");
    let anna = asks_a_lawyer(telegram, "Анна", "8 900 000-00-01").await;
    let id = anna.chat.to_string();
    let customers = stack.aws().customers(stack.tables());
    let is_banned = async || customers.get(anna.chat).await.expect("it reads").is_some_and(|customer| customer.banned);

    for _ in 0..2 {
        assert_eq!(operator.json(&["customers", "ban", &id]), json!({ "chat_id": anna.chat, "banned": true }));
    }
    assert!(is_banned().await);
    let _ = anna.take_new();
    anna.say("/start").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    assert!(anna.take_new().is_empty(), "no answer");

    stack.deliver_once().await.expect("it is delivered");
    let shown = operator.json(&["customers", "show", &id]);
    let card = (&shown["customer"]["phone"], &shown["customer"]["banned"], &shown["requests"]);
    assert_eq!(card, (&json!("+79000000001"), &json!(true), &json!(1)));
    let contact = &shown["customer"]["contact_id"];
    let card = operator.text(&["customers", "show", &id]);
    assert!(card.contains(&format!("amoCRM contact  {contact}")), "{card}");
    assert!(card.contains("\nconsent ") && card.contains(", version "), "{card}");

    assert!(operator.text(&["customers", "forget", &id]).contains("Would delete"));
    assert_eq!(operator.json(&["customers", "forget", &id]), json!({ "would_delete": { "leads": 1 } }));
    let gone = operator.json(&["customers", "forget", &id, "--yes"]);
    assert_eq!(
        gone,
        json!({ "deleted": { "leads": 1 }, "banned": true, "amocrm_contact": contact, "amocrm_deals": [] })
    );
    assert_eq!(operator.json(&["leads", "list"]), json!([]));
    assert!(is_banned().await, "who is forgotten stays banned");
    anna.say("/delete").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    let answers: Vec<_> = anna.take_new().into_iter().map(|fresh| fresh.message.to_string()).collect();
    assert!(matches!(&answers[..], [only] if only.starts_with("Готово: ваши данные удалены.")), "{answers:?}");
    assert!(is_banned().await, "also by /delete");
    assert!(
        operator.text(&["customers", "forget", &id, "--yes"]).contains("Deleted 0 request(s)"),
        "twice is no fault"
    );

    assert!(operator.text(&["customers", "unban", &id]).contains("is answered again"));
    assert!(!is_banned().await);
    anna.say("/start").expect("it is sent");
    telegram.settle().await.expect("it is taken");
    assert!(!anna.take_new().is_empty(), "an answer");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_is_entered_set_up_and_checked() {
    let operator = Operator::new();
    let simulated_amocrm = amocrm::Options { with_bot_fields: false, ..amocrm::Options::default() };
    let options = Options { data_dir: Some(operator.data()), schedule: false, simulated_amocrm, ..Options::default() };
    let stack = Stack::start(options).await.expect("the stack starts");
    let amocrm = stack.amocrm().expect("it is simulated");

    let code = amocrm.new_code();
    let entered = operator.json(&["amocrm", "authorize", &code]);
    assert!(entered["account"].is_string() && entered["token_expires_at"].is_i64(), "{entered}");
    assert!(operator.fails(&["amocrm", "authorize", &code]).contains("take a fresh one"), "a code works once");
    assert!(operator.text(&["amocrm", "authorize", &amocrm.new_code()]).contains("The bot has access to"));

    let places = operator.json(&["amocrm", "pipelines"]);
    let place = &places[0];
    assert!(place["pipeline_id"].is_u64() && place["status_id"].is_u64() && place["status"].is_string(), "{places}");
    assert!(operator.text(&["amocrm", "pipelines"]).starts_with("PIPELINE"));

    let plan = operator.json(&["amocrm", "setup"]);
    let wanted = plan["fields"].as_array().expect("a list").clone();
    assert!(
        wanted.iter().all(|field| field["of"].is_string() && field["code"].is_string() && field["name"].is_string())
    );
    assert_eq!(operator.json(&["amocrm", "setup"]), plan, "a plan changes nothing");
    let made = operator.json(&["amocrm", "setup", "--yes"]);
    assert_eq!(&made[if wanted.is_empty() { "fields" } else { "created" }], &json!(wanted));
    assert!(operator.text(&["amocrm", "setup", "--yes"]).contains("Nothing to do"), "twice makes nothing twice");

    // Without a pipeline in the settings, one is made.
    let endpoints = operator.data().join(settings::ENDPOINTS_FILE);
    let mut without: Value = serde_json::from_slice(&std::fs::read(&endpoints).expect("it is there")).expect("JSON");
    let kept = without.clone();
    without.as_object_mut().expect("an object").remove("AMOCRM_PIPELINE_ID");
    std::fs::write(&endpoints, without.to_string()).expect("it is written");
    assert!(operator.json(&["amocrm", "setup"])["pipeline"].is_string());
    assert!(operator.json(&["amocrm", "setup", "--yes"])["pipeline_id"].is_u64());
    std::fs::write(&endpoints, kept.to_string()).expect("it is written");

    assert_eq!(operator.json(&["amocrm", "check"])["healthy"], true);
    let file = operator.data().join("dealer.toml");
    std::fs::write(&file, "[unfinished]\nstatus_id = 999\n").expect("it is written");
    operator.text(&["dealer", "put", "--yes", &file.display().to_string()]);
    let check = operator.runs(&["amocrm", "check"]);
    assert!(
        check.code == 1 && check.out.contains("status_id of [unfinished] is not a stage of «Бот»"),
        "{}",
        check.out
    );
    amocrm.faults().add("*", When::Always, Fault::Html(502));
    let check = operator.runs(&["amocrm", "check"]);
    assert!(check.code == 1 && check.out.contains("HTTP 502") && !check.out.contains("authorize"), "{}", check.out);
    amocrm.faults().clear();
    amocrm.revoke_everything();
    let check = operator.runs(&["amocrm", "check"]);
    assert!(
        check.code == 1 && check.out.contains("FAIL") && check.out.contains("carquery amocrm authorize CODE"),
        "{}",
        check.out
    );

    let token = amocrm.long_lived_token();
    let mut entering = operator.command(&["amocrm", "authorize", &amocrm.new_code()]);
    let refused = entering.env("AMOCRM_LONG_LIVED_TOKEN", &token).output().expect("the command starts");
    let outcome = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && outcome.contains("AMOCRM_LONG_LIVED_TOKEN is set"), "{outcome}");
    operator.never_prints(&[amocrm.client_secret(), &token, &code]);
    assert_called(Amocrm::served(), amocrm.faults());
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bot_is_looked_at_and_its_webhook_set() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let telegram = stack.telegram().expect("it is simulated");
    let healthy = operator.json(&["doctor"]);
    assert_eq!(healthy["healthy"], true, "{healthy}");
    assert!(operator.text(&["doctor"]).contains("ok    Telegram bot"));
    let stats = operator.json(&["stats"]);
    assert!(stats["funnel"].is_array() && stats["sources"].is_array() && stats["delivery"].is_object(), "{stats}");
    assert!(operator.text(&["stats", "--days", "2"]).contains("in the last 2 day(s)"));

    let link = operator.json(&["links", "make", "--source", "avito"]);
    assert_eq!(link["link"], "https://t.me/carquery_bot?start=s_avito", "Telegram names the bot");

    let url = format!("{}/telegram/webhook", stack.url());
    assert!(operator.fails(&["telegram", "set-webhook"]).contains("name the address"));
    assert!(operator.fails(&["telegram", "set-webhook", "http://example.org"]).contains("Telegram requires https"));
    for _ in 0..2 {
        assert_eq!(operator.json(&["telegram", "set-webhook", &url]), json!({ "webhook": url }));
        assert_eq!(operator.json(&["telegram", "info"])["url"], url);
    }
    assert!(operator.text(&["telegram", "info"]).contains(&url));
    for _ in 0..2 {
        assert_eq!(operator.json(&["telegram", "delete-webhook"]), json!({ "webhook": null }));
    }
    assert!(operator.text(&["telegram", "info"]).contains("(none: long polling)"));

    let endpoints = std::fs::read(operator.data().join(settings::ENDPOINTS_FILE)).expect("it is there");
    let endpoints: Value = serde_json::from_slice(&endpoints).expect("JSON");
    let secret = endpoints["TELEGRAM_WEBHOOK_SECRET"].as_str().expect("a secret");
    operator.never_prints(&[telegram.token(), secret, stack.amocrm().expect("it is simulated").client_secret()]);
    assert_called(Telegram::served(), telegram.faults());
    stack.stop().await;
}

#[test]
fn without_a_running_stack_every_command_says_in_one_line_how_to_start_it() {
    let operator = Operator::new();
    for arguments in [&["doctor"][..], &["leads", "list"], &["amocrm", "check"], &["telegram", "info"], &["stats"]] {
        let error = operator.fails(arguments);
        assert!(error.contains("the local stack is not running") && error.contains("`cargo run`"), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
    assert!(operator.fails(&["secrets", "put"]).contains("name the stage"));
    let without_a_command = operator.runs(&[]);
    assert!(
        without_a_command.code == 2 && without_a_command.err.contains("Usage: carquery"),
        "{}",
        without_a_command.err
    );
}

#[test]
fn understanding_is_measured() {
    let operator = Operator::new();
    let sentences = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/ai/data/held_out.jsonl");
    let sentences = sentences.to_str().expect("a path");
    let missed = operator.text(&["eval", sentences, "--missed"]);
    assert!(missed.contains(", understood as ") && !missed.contains("Some("), "words, not Rust: {missed}");
    assert!(missed.contains("\ninventions "), "{missed}");
    let measured: Value = serde_json::from_str(&operator.text(&["eval", sentences, "--json"])).expect("JSON");
    assert!(measured["sentences"]["intent_accuracy"].as_f64().is_some_and(|accuracy| accuracy > 0.9), "{measured}");
    assert_eq!((&measured["guard"]["shown"], &measured["facts"]), (&Value::Array(Vec::new()), &Value::Null));
    assert!(operator.fails(&["eval", "nothing.jsonl"]).contains("nothing.jsonl cannot be read"));
    assert!(operator.fails(&["eval", sentences, "--model"]).contains("no model is configured"));
}

#[test]
fn an_evaluation_that_falls_short_fails() {
    let operator = Operator::new();
    let file = |name: &str| format!("{}/../../shared/{name}", env!("CARGO_MANIFEST_DIR"));
    let (sentences, dealer) = (file("ai/data/held_out.jsonl"), file("faq/data/dealer.toml"));
    let questions = file("faq/data/strangers.jsonl");
    let asked = ["eval", &sentences, "--dealer", &dealer, "--questions", &questions];
    let good = operator.runs(&[&asked[..], &["--min-accuracy", "0.95", "--max-wrong-facts", "0.02"]].concat());
    assert_eq!(good.code, 0, "{}", good.out);
    assert!(good.out.contains("wrong fact ") && !good.out.contains("falls short"), "{}", good.out);
    let bad = operator.runs(&[&asked[..], &["--min-entity-f1", "1", "--max-missed-facts", "0.01"]].concat());
    assert_eq!(bad.code, 1, "{}", bad.out);
    assert!(bad.out.contains("falls short: entity F1 is "), "{}", bad.out);
    assert!(bad.out.contains("of the questions that a fact answers get none, more than 0.010"), "{}", bad.out);
    let lonely = operator.runs(&["eval", &sentences, "--max-wrong-facts", "0.1"]);
    assert!(lonely.code == 2 && lonely.err.contains("--dealer"), "{}", lonely.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_stops_reading_is_not_an_error() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    for arguments in [&["leads", "export"][..], &["leads", "list", "--json"], &["doctor"]] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let outcome = operator.command(arguments).stdout(writer).output().expect("the command starts");
        assert!(outcome.status.success(), "{arguments:?}");
        assert!(outcome.stderr.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&outcome.stderr));
    }
    // A full disk is one.
    if let Ok(full) = File::options().write(true).open("/dev/full") {
        let outcome = operator.command(&["leads", "list"]).stdout(full).output().expect("the command starts");
        assert_eq!(outcome.status.code(), Some(1));
    }
    stack.stop().await;
}

#[test]
fn a_broken_file_of_settings_is_reported_and_not_shown() {
    let operator = Operator::new();
    std::fs::write(operator.folder.path().join(".env"), "TELEGRAM_BOT_TOKEN 1:secret-token\n").expect("it is written");
    assert!(operator.fails(&["leads", "list"]).contains(".env cannot be read, or has a line that is not NAME=value"));
    operator.never_prints(&["secret-token"]);
}

#[test]
fn what_keeps_a_command_from_a_stage_is_told_apart() {
    let mut operator = Operator::new();
    let refused = |operator: &Operator| operator.fails(&["--stage", "prod", "leads", "list"]);
    for name in ["Prod", "p", "pro/d", "-prod", "averyveryverylongname"] {
        let outcome = operator.runs(&[&format!("--stage={name}"), "leads", "list"]);
        assert!(
            outcome.code == 2 && outcome.err.contains("a stage has 2 to 16 lower-case letters"),
            "{name}: {}",
            outcome.err
        );
    }
    assert!(refused(&operator).contains("no AWS region is set"));
    operator.env.push(("AWS_REGION", "eu-central-1".to_owned()));
    let outcome = refused(&operator);
    assert!(outcome.contains("there are no AWS credentials") && outcome.contains("aws sso login"), "{outcome}");
    operator.env.push(("AWS_ACCESS_KEY_ID", "test".to_owned()));
    operator.env.push(("AWS_SECRET_ACCESS_KEY", "test".to_owned()));
    operator.env.push(("AWS_ENDPOINT_URL", String::new()));
    assert!(refused(&operator).contains("AWS_ENDPOINT_URL is set, but empty"));
    operator.env.pop();
    operator.env.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:1".to_owned()));
    assert!(refused(&operator).contains("no connection"));
    let doctor = operator.runs(&["--stage", "prod", "doctor"]);
    assert!(doctor.code == 1 && doctor.err.lines().count() == 1, "{}", doctor.err);
}

/// Serves `GetFunctionConfiguration` of Lambda for the functions of the stage `prod`, and for no others.
async fn lambda_of(settings: Value) -> String {
    let configuration = async move |UrlPath(name): UrlPath<String>| -> Response {
        if !name.starts_with("carquery-prod-") {
            let kind = [("x-amzn-errortype", "ResourceNotFoundException")];
            return (StatusCode::NOT_FOUND, kind, Json(json!({ "Message": "Function not found" }))).into_response();
        }
        Json(json!({ "FunctionName": name, "Environment": { "Variables": settings } })).into_response()
    };
    let router = Router::new().route("/2015-03-31/functions/{name}/configuration", get(configuration));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_is_acted_on_with_its_own_settings_not_those_of_the_environment() {
    let telegram = Telegram::start(telegram::Options::default()).await.expect("Telegram starts");
    let own = "https://abc.execute-api.eu-central-1.amazonaws.com/telegram/webhook";
    let settings = json!({
        "TELEGRAM_BOT_TOKEN": telegram.token(), "TELEGRAM_API_URL": telegram.url(),
        "TELEGRAM_WEBHOOK_SECRET": "secret-of-the-stage", "TELEGRAM_WEBHOOK_URL": own, "LEADS_QUEUE_URL": "http://127.0.0.1:1/q",
        "AMOCRM_SUBDOMAIN": "acme", "AMOCRM_LONG_LIVED_TOKEN": "token-of-the-stage",
    });
    let mut operator = Operator::new();
    // Another bot and another account, as in the .env of somebody who works on the local stack.
    let file = "TELEGRAM_BOT_TOKEN=1:another\nTELEGRAM_API_URL=http://127.0.0.1:1\nAMOCRM_MOCK_MODE=true\nLOG_LEVEL=\n";
    std::fs::write(operator.folder.path().join(".env"), file).expect("it is written");
    operator.env = vec![
        ("AWS_ENDPOINT_URL", lambda_of(settings).await),
        ("AWS_REGION", "eu-central-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("TELEGRAM_WEBHOOK_SECRET", "secret-of-another".to_owned()),
    ];
    assert_eq!(operator.json(&["--stage", "prod", "telegram", "set-webhook"]), json!({ "webhook": own }));
    assert_eq!(operator.json(&["--stage", "prod", "telegram", "info"])["url"], own);
    let refused = operator.fails(&["--stage", "prod", "amocrm", "authorize", "code"]);
    assert!(refused.contains("AMOCRM_LONG_LIVED_TOKEN is set"), "no mock mode: {refused}");
    let unknown = operator.fails(&["--stage", "dev", "telegram", "info"]);
    assert!(unknown.contains("there is no function carquery-dev-webhook: is this stage deployed"), "{unknown}");
    operator.never_prints(&[telegram.token(), "secret-of-the-stage", "token-of-the-stage", "secret-of-another"]);
    telegram.stop().await;
}
