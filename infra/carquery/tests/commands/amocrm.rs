//! `carquery amocrm`.

use local::{Options, Stack};
use serde_json::{Value, json};
use simulators::amocrm::{self, Amocrm, DISMISSED_MANAGER, MANAGER};
use simulators::fault::{Fault, When};

use crate::operator::{Operator, assert_called};

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
    assert!(plan["hook"].as_str().is_some_and(|hook| hook.ends_with("/amocrm/webhook/…")), "{plan}");
    assert_eq!(operator.json(&["amocrm", "setup"]), plan, "a plan changes nothing");
    assert!(operator.runs(&["amocrm", "check"]).out.contains("is not subscribed: deals are looked at every hour only"));
    let made = operator.json(&["amocrm", "setup", "--yes"]);
    assert_eq!(made["hook"], plan["hook"]);
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

    let secret = kept["AMOCRM_WEBHOOK_SECRET"].as_str().expect("the stack has one").to_owned();
    let mut another = kept.clone();
    another["AMOCRM_WEBHOOK_SECRET"] = json!("another-secret-of-the-hook");
    std::fs::write(&endpoints, another.to_string()).expect("it is written");
    assert!(operator.runs(&["amocrm", "check"]).out.contains("has another secret or other events"));
    assert!(operator.text(&["amocrm", "setup", "--yes"]).contains("Subscribed the hook"));
    assert!(operator.text(&["amocrm", "setup", "--yes"]).contains("Nothing to do"), "the old one is gone");
    std::fs::write(&endpoints, kept.to_string()).expect("it is written");
    operator.text(&["amocrm", "setup", "--yes"]);

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
    let team = |user: u64| format!("[[team]]\nname = \"Павел\"\namocrm_user_id = {user}\n");
    std::fs::write(&file, team(DISMISSED_MANAGER)).expect("it is written");
    operator.text(&["dealer", "put", "--yes", &file.display().to_string()]);
    let check = operator.runs(&["amocrm", "check"]);
    assert!(check.code == 1 && check.out.contains("703 is deactivated"), "{}", check.out);
    std::fs::write(&file, team(MANAGER)).expect("it is written");
    operator.text(&["dealer", "put", "--yes", &file.display().to_string()]);
    assert!(operator.text(&["amocrm", "check"]).contains("amoCRM team"));
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
    operator.never_prints(&[amocrm.client_secret(), &token, &code, &secret]);
    assert_called(Amocrm::served(), amocrm.faults());
    stack.stop().await;
}
