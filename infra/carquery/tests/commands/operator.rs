//! An operator, who runs commands in a folder, and the stack they are run against.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use local::{Options, Stack};
use serde_json::Value;
use simulators::fault::Faults;
use simulators::served::{Caller, Served};
use simulators::telegram::{Person, Telegram};
use tempfile::TempDir;

/// A folder, and everything that commands printed which ran in it.
pub(crate) struct Operator {
    pub(crate) folder: TempDir,
    pub(crate) env: Vec<(&'static str, String)>,
    printed: Mutex<String>,
}

/// The result of a command.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Operator {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("there is room"), env: Vec::new(), printed: Mutex::default() }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_carquery"));
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null()).args(arguments);
        command.env("CARQUERY_DATA_DIR", self.data()).env("HOME", self.folder.path());
        command.env("AWS_EC2_METADATA_DISABLED", "true").envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command. Its output is kept, to be searched for secrets.
    pub(crate) fn runs(&self, arguments: &[&str]) -> Outcome {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("the command starts");
        let (out, err) = (String::from_utf8(stdout).expect("UTF-8"), String::from_utf8(stderr).expect("UTF-8"));
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
        let mut printed = self.printed.lock().expect("nobody crashed");
        *printed += &out;
        *printed += &err;
        Outcome { code: status.code().expect("it ended by itself"), out, err }
    }

    /// The output of a command that must succeed.
    pub(crate) fn text(&self, arguments: &[&str]) -> String {
        let outcome = self.runs(arguments);
        assert_eq!(outcome.code, 0, "{arguments:?}: {}{}", outcome.out, outcome.err);
        outcome.out
    }

    /// The same, as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let out = self.text(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {out}"))
    }

    /// The error of a command that must fail, as text; checks that --json gives it as JSON.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        let outcome = self.runs(arguments);
        assert_eq!(outcome.code, 1, "{arguments:?}: {}{}", outcome.out, outcome.err);
        assert!(outcome.out.is_empty(), "{arguments:?}: {}", outcome.out);
        let as_json = self.runs(&[arguments, &["--json"]].concat());
        let error: Value = serde_json::from_str(&as_json.err).expect("the error is JSON");
        assert_eq!((as_json.code, error["error"].is_string()), (1, true));
        outcome.err
    }

    pub(crate) fn never_prints(&self, secrets: &[&str]) {
        let printed = self.printed.lock().expect("nobody crashed");
        for secret in secrets {
            assert!(secret.len() > 5, "no secret to look for");
            assert!(!printed.contains(secret), "a secret was printed");
        }
    }
}

/// Asserts that everything a simulator serves only for the operator's command has been called.
pub(crate) fn assert_called(served: Vec<Served>, faults: &Faults) {
    let counts = faults.counts();
    let idle: Vec<_> = served
        .into_iter()
        .filter(|served| served.by == Caller::Operator && !counts.contains_key(served.route))
        .map(|served| served.route)
        .collect();
    assert!(idle.is_empty(), "no command calls {idle:?}");
}

/// A stack over the operator's folder that does nothing automatically. Commands block their thread: it runs on the
/// others.
pub(crate) async fn stack(operator: &Operator) -> Stack {
    let options = Options { data_dir: Some(operator.data()), schedule: false, ..Options::default() };
    Stack::start(options).await.expect("the stack starts")
}

/// A customer goes through the shortest questionnaire and sends the request.
pub(crate) async fn asks_a_lawyer(telegram: &Telegram, name: &str, phone: &str) -> Person {
    let customer = fills_in(telegram, name, phone).await;
    customer.tap("✅ Отправить").expect("there is such a button");
    telegram.settle().await.expect("the bot answers");
    customer
}

/// A customer goes through the shortest questionnaire up to the confirmation.
pub(crate) async fn fills_in(telegram: &Telegram, name: &str, phone: &str) -> Person {
    let customer = telegram.new_customer(name, None);
    for step in
        ["/start", "⚖️ Юридическая помощь", "Страхование (ОСАГО / КАСКО)", "Не платят", name, phone, "⏭ Пропустить"]
    {
        if customer.tap(step).is_err() {
            customer.say(step).expect("it is sent");
        }
        telegram.settle().await.expect("the bot answers");
        // Five messages a second is what a customer may send.
        tokio::time::sleep(std::time::Duration::from_millis(220)).await;
    }
    customer
}
