//! What keeps a command from a stage, local or deployed, and what does not.

use std::fs::File;

use axum::extract::Path as UrlPath;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use simulators::telegram::{self, Telegram};

use crate::operator::{Operator, stack};

#[test]
fn without_a_running_stack_every_command_says_in_one_line_how_to_start_it() {
    let operator = Operator::new();
    for arguments in [&["doctor"][..], &["leads", "list"], &["amocrm", "check"], &["telegram", "info"], &["stats"]] {
        let error = operator.fails(arguments);
        assert!(error.contains("nothing is running in") && error.contains("`carquery serve`"), "{error}");
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
    std::fs::write(operator.folder.path().join(".env"), "LOG_LEVEL=info\nTELEGRAM_BOT_TOKEN 1:secret-token\n")
        .expect("it is written");
    assert!(operator.fails(&["leads", "list"]).contains("line 2 of .env is not NAME=value"));
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
