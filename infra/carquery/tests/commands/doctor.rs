//! What `carquery doctor` says of each model and of the dealer's file.

use jiff::ToSpan as _;
use serde_json::Value;
use simulators::openai::{OpenAi, Options};
use simulators::telegram::BotRole;

use crate::operator::{Operator, stack};

/// What the doctor says.
struct Said(Value);

impl Said {
    fn to(operator: &Operator) -> Self {
        let out = operator.runs(&["doctor", "--json"]).out;
        Self(serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}")))
    }

    /// Whether `what` is good, its state, and what to do about it.
    fn of(&self, what: &str) -> (bool, &str, &str) {
        let mut findings = self.0["findings"].as_array().expect("a list").iter();
        let found = findings.find(|finding| finding["what"] == what).unwrap_or_else(|| panic!("{what}: {}", self.0));
        let text = |name: &str| found[name].as_str().unwrap_or_default();
        (found["ok"] == true, text("state"), text("fix"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_model_is_looked_up_and_its_end_is_known_sixty_days_before() {
    let mut operator = Operator::new();
    let stack = stack(&operator).await;
    let models = ["small", "smart", "hearing"].map(str::to_owned).to_vec();
    let server = OpenAi::start(Options { api_key: Some("sk-of-doctor".to_owned()), models, ..Options::default() });
    let server = server.await.expect("a port is free");
    operator.env = vec![
        ("OPENAI_BASE_URL", server.url()),
        ("OPENAI_API_KEY", "sk-of-doctor".to_owned()),
        ("OPENAI_MODEL", "small".to_owned()),
        ("OPENAI_FALLBACK_MODEL", "smart".to_owned()),
        ("OPENAI_TRANSCRIBE_MODEL", "hearing".to_owned()),
    ];
    let settings = ["OPENAI_MODEL", "OPENAI_FALLBACK_MODEL", "OPENAI_TRANSCRIBE_MODEL"];
    let names = ["AI model small", "AI model smart", "voice model hearing"];
    let said = Said::to(&operator);
    for name in names {
        assert_eq!(said.of(name), (true, "is on the server", ""));
    }

    let today = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::UTC).date();
    for (days, is_late) in [(60, false), (61, true)] {
        let end = today.saturating_add(days.days()).to_string();
        for model in ["small", "smart", "hearing"] {
            server.set_shutdown_date(model, &end);
        }
        let said = Said::to(&operator);
        for (name, setting) in names.into_iter().zip(settings) {
            let (ok, state, fix) = said.of(name);
            assert_eq!(ok, is_late, "{name} ends in {days} days: {state}");
            assert!(ok || (state.contains(&end) && fix.contains(setting)), "{state}: {fix}");
        }
    }

    for (variable, name) in operator.env[2..].iter_mut().zip(["gone", "gone too", "deaf"]) {
        name.clone_into(&mut variable.1);
    }
    let said = Said::to(&operator);
    for name in ["AI model gone", "AI model gone too", "voice model deaf"] {
        assert_eq!((said.of(name).0, said.of(name).1), (false, "is not on the server"));
    }

    operator.env[1].1 = "sk-of-somebody".to_owned();
    let said = Said::to(&operator);
    for (name, setting) in [("AI models", "OPENAI_API_KEY"), ("voice model", "OPENAI_TRANSCRIBE_API_KEY")] {
        let (ok, state, fix) = said.of(name);
        assert!(
            !ok && state == "the server does not accept the key (HTTP 401)" && fix.contains(setting),
            "{state}: {fix}"
        );
    }
    operator.never_prints(&["sk-of-doctor", "sk-of-somebody"]);
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_dealers_file_is_looked_at_with_its_facts() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let store = async |text: &str| {
        let table = stack.aws().dealer_file(stack.tables());
        let mut stored = table.load().await.expect("the table answers");
        text.clone_into(&mut stored.value);
        table.save(&mut stored).await.expect("the table takes it");
    };
    let said = Said::to(&operator);
    let (ok, state, _) = said.of("dealer's file");
    assert!(ok && state.starts_with("none is stored"), "{state}");
    store("[[fact]]\nquestions = [\"Где вы находитесь?\"]\nanswer = \"Здесь.\"\n").await;
    assert_eq!(Said::to(&operator).of("facts"), (true, "1", ""));
    store("time_zone = 7").await;
    let said = Said::to(&operator);
    let (ok, state, fix) = said.of("dealer's file");
    assert!(!ok && state.contains("line 1") && fix.contains("`carquery dealer put FILE`"), "{state}: {fix}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chats_of_the_dealers_file_are_looked_at() {
    let operator = Operator::new();
    let stack = stack(&operator).await;
    let telegram = stack.telegram().expect("it is simulated");
    let group = telegram.new_supergroup("Продажи");
    group.switch_topics(true);
    group.make_bot(BotRole::Kicked);
    let boss = telegram.new_customer("Начальник", None);
    let file = format!(
        "[sales_chat]\nchat_id = {}\nescalate_to = {}\n[digest]\nchat_id = 7000000999\n",
        group.chat, boss.chat
    );
    let table = stack.aws().dealer_file(stack.tables());
    let mut stored = table.load().await.expect("the table answers");
    stored.value = file;
    table.save(&mut stored).await.expect("the table takes it");

    let said = Said::to(&operator);
    let (ok, state, fix) = said.of("sales chat");
    assert!(
        !ok && state.contains("there is no such chat, or it has") && fix.starts_with("add the bot"),
        "{state}: {fix}"
    );
    let (ok, _, fix) = said.of("digest");
    assert!(!ok && fix.contains("/start") && fix.contains("[digest]"), "{fix}");

    boss.mark_started();
    group.make_bot(BotRole::Admin { can_manage_topics: false });
    let said = Said::to(&operator);
    let (ok, state, _) = said.of("sales chat");
    assert!(!ok && state.contains("may not manage the topics"), "{state}");
    assert!(said.of("escalations").0, "{}", said.0);
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    assert!(Said::to(&operator).of("sales chat").0);
    stack.stop().await;
}
