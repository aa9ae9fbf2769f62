//! `carquery doctor`: every dependency of a stage, and what to do about each fault.

mod chats;
mod dealer_file;
mod models;
mod this_machine;

use std::process::ExitCode;
use std::time::Duration;

use ::dealer::Dealer;
use anstyle::{AnsiColor, Style};
use aws_sdk_cloudwatch::types::{MetricAlarm, StateValue};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Value, json};
use settings::{Env, Telegram, data_folder};
use storage::schema;
use telegram::{Api, ApiError};

use crate::amocrm::Account;
use crate::clock::Clock;
use crate::funnel;
use crate::output::{Output, print_line, printable};
use crate::stage::{Stage, Stores};

/// Requests that wait longer than this many seconds are a finding.
const TOO_OLD: i64 = 15 * 60;
/// A clock further off than this many seconds breaks signatures.
const CLOCK_SKEW: i64 = 60;

/// The result of one check.
#[derive(Debug, Serialize)]
pub(crate) struct Finding {
    ok: bool,
    what: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Finding {
    pub(crate) fn good(what: &str, state: &str) -> Self {
        Self { ok: true, what: what.to_owned(), state: state.to_owned(), fix: None }
    }

    pub(crate) fn bad(what: &str, state: &str, fix: &str) -> Self {
        Self { ok: false, what: what.to_owned(), state: state.to_owned(), fix: Some(fix.to_owned()) }
    }
}

/// Prints findings. Exits with a failure if any is bad.
pub(crate) fn report(findings: &[Finding], output: Output) -> ExitCode {
    let healthy = findings.iter().all(|finding| finding.ok);
    if output.json {
        output.print(&json!({ "healthy": healthy, "findings": findings }), |_| String::new());
    } else {
        print_line(text(findings).trim_end());
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A line for each finding, and one for its fix.
fn text(findings: &[Finding]) -> String {
    const OK: Style = AnsiColor::Green.on_default();
    const FAIL: Style = AnsiColor::Red.on_default().bold();
    let width = findings.iter().map(|finding| finding.what.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for finding in findings {
        let (style, mark) = if finding.ok { (OK, "ok  ") } else { (FAIL, "FAIL") };
        let (what, state) = (printable(&finding.what), printable(&finding.state));
        text += &format!("{style}{mark}{style:#}  {what:<width$}  {state}\n");
        if let Some(fix) = &finding.fix {
            text += &format!("      {:<width$}  → {}\n", "", printable(fix));
        }
    }
    text
}

pub(crate) async fn run(stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    // Without its settings nothing of a stage can be checked.
    stage.env().await?;
    let mut findings = Vec::new();
    let fixes = Fixes::of(stage);
    let (mut clock, mut dealer) = (Clock::default(), Dealer::default());
    match stage.stores().await {
        Ok(stores) => {
            clock = stores.clock().await;
            dealer = crate::dealer::stored(&stores.aws, &stores.tables).await;
            findings.extend(of_tables(&stores, &fixes).await);
            findings.extend(of_delivery(&stores, &fixes, &clock).await);
            findings.extend(dealer_file::check(&stores).await);
            findings.extend(chats::of_sales_chat(stage, &stores, &dealer).await);
        }
        Err(error) => findings.push(Finding::bad("stores", &format!("{error:#}"), fixes.table)),
    }
    match stage {
        Stage::Local => findings.extend(this_machine::check(&data_folder(&mut Env::of_process()))),
        Stage::Deployed(stage) => findings.push(of_alarms(stage).await),
    }
    findings.extend(of_telegram(stage, &clock, &dealer).await);
    match Account::of(stage).await {
        Ok(account) => findings.extend(account.check().await),
        Err(error) => findings.push(Finding::bad("amoCRM settings", &format!("{error:#}"), "see .env.example")),
    }
    findings.extend(models::check(stage).await);
    Ok(report(&findings, *output))
}

/// What to do about a store, by where it is.
struct Fixes {
    table: &'static str,
    call: &'static str,
    clock: &'static str,
}

impl Fixes {
    const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Local => Self {
                table: "start the bot again: it makes the tables that are missing",
                call: "see the bot's log",
                clock: "set this computer's clock: times in amoCRM and in messages would be wrong",
            },
            Stage::Deployed(_) => Self {
                table: "deploy the stack again; check region and rights",
                call: "check region and rights",
                clock: "set this computer's clock: AWS refuses requests that are signed with a wrong time",
            },
        }
    }
}

async fn of_tables(stores: &Stores, fixes: &Fixes) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in storage::TABLES {
        let (name, expires) = (table.name(&stores.tables), table.expires());
        let what = format!("table {name}");
        findings.push(match schema::state_of(&stores.aws.dynamodb, name).await {
            Ok(state) if expires && !state.expires => {
                Finding::bad(&what, "has no time to live: items would never expire", fixes.table)
            }
            Ok(state) if state.active => Finding::good(&what, if expires { "active, expires" } else { "active" }),
            Ok(_) => Finding::bad(&what, "is not active", "wait a minute, then try again"),
            Err(error) => Finding::bad(&what, &error.to_string(), fixes.table),
        });
    }
    findings
}

async fn of_delivery(stores: &Stores, fixes: &Fixes, clock: &Clock) -> Vec<Finding> {
    let now = Timestamp::now().as_second();
    let queue = match stores.aws.queue(&stores.tables).depth().await {
        Ok(depth) => Finding::good("queue", &format!("{depth} message(s) waiting")),
        Err(error) => Finding::bad("queue", &error.to_string(), fixes.call),
    };
    let mut dead_letters = stores.tables.clone();
    dead_letters.leads_queue_url.clone_from(&stores.dlq_url);
    let dlq = match stores.aws.queue(&dead_letters).depth().await {
        Ok(0) => Finding::good("dead-letter queue", "empty"),
        Ok(depth) => Finding::bad(
            "dead-letter queue",
            &format!("{depth} message(s)"),
            "`carquery dlq show`, fix the cause, then `carquery dlq redrive`",
        ),
        Err(error) => Finding::bad("dead-letter queue", &error.to_string(), fixes.call),
    };
    let leads = stores.aws.leads(&stores.tables);
    let waiting = match leads.unsent(1000).await {
        Ok(ids) => {
            let oldest = ids.iter().map(|id| i64::try_from(id.0.timestamp_ms() / 1000).unwrap_or_default()).min();
            match oldest {
                Some(at) if now - at > TOO_OLD => Finding::bad(
                    "undelivered requests",
                    &format!("{}, the oldest started {}", ids.len(), clock.time_and_zone(at)),
                    "`carquery leads list --status retry` shows why",
                ),
                _ => Finding::good("undelivered requests", &ids.len().to_string()),
            }
        }
        Err(error) => Finding::bad("undelivered requests", &error.to_string(), fixes.call),
    };
    vec![queue, dlq, waiting]
}

async fn of_telegram(stage: &Stage, clock: &Clock, dealer: &Dealer) -> Vec<Finding> {
    let Ok(mut env) = stage.env().await else { return Vec::new() };
    let settings = Telegram::read(&mut env);
    if settings.token.expose_secret().is_empty() {
        return vec![Finding::bad("Telegram", "TELEGRAM_BOT_TOKEN is not set", "ask @BotFather for one")];
    }
    let api = Api::new(&settings);
    let mut findings = Vec::from_iter(of_clock(&settings.api_url, Fixes::of(stage).clock).await);
    match api.call("getMe", &json!({})).await {
        Ok(me) => findings.push(Finding::good("Telegram bot", &format!("@{}", me["username"].as_str().unwrap_or("?")))),
        Err(error) => {
            findings.push(Finding::bad("Telegram bot", &error.to_string(), fix_of(&error)));
            return findings;
        }
    }
    // The local stack's simulator has no webhook, and the stack says nothing of updates.
    let updates = env.optional("TELEGRAM_UPDATES");
    if *stage != Stage::Local || updates.is_some() {
        let own = env.optional("TELEGRAM_WEBHOOK_URL");
        findings.push(match api.call("getWebhookInfo", &json!({})).await {
            Ok(info) if updates.as_deref() == Some("polling") => of_polling(&info),
            Ok(info) => of_webhook(&info, own.as_deref(), clock),
            Err(error) => Finding::bad("Telegram webhook", &error.to_string(), fix_of(&error)),
        });
    }
    findings.push(match settings.admin_chat_id {
        Some(chat) => chats::of_chat(&api, "admin chat", chat, "write /start to the bot from that chat").await,
        None => Finding::bad("admin chat", "ADMIN_CHAT_ID is not set: trouble is only logged", "set it"),
    });
    findings.extend(chats::of_listeners(&api, dealer).await);
    findings
}

/// What to do about a failed call: an outage is not a reason to change the token.
const fn fix_of(error: &ApiError) -> &'static str {
    match error {
        ApiError::Unreachable { .. } => "check the network and TELEGRAM_API_URL; updates wait at Telegram for a day",
        error if error.is_temporary() => "try again in a few minutes",
        _ => "check TELEGRAM_BOT_TOKEN with @BotFather",
    }
}

/// The webhook as Telegram describes it; `own` is the address of the stage's API.
fn of_webhook(info: &Value, own: Option<&str>, clock: &Clock) -> Finding {
    const NAME: &str = "Telegram webhook";
    let url = info["url"].as_str().unwrap_or_default();
    if url.is_empty() {
        return Finding::bad(NAME, "is not set", "`carquery telegram set-webhook`");
    }
    // A domain of the operator's own may lead to the same API.
    if url.contains(".execute-api.") && own.is_some_and(|own| own != url) {
        return Finding::bad(NAME, &format!("{url} is another stack's"), "`carquery telegram set-webhook`");
    }
    let now = Timestamp::now().as_second();
    match (info["last_error_date"].as_i64(), info["last_error_message"].as_str()) {
        (Some(at), Some(error)) if now - at < 3600 => {
            let state = format!("{url}: {} {error}", clock.time_and_zone(at));
            Finding::bad(
                NAME,
                &state,
                "on 401 set the webhook again, because the secret differs; otherwise see the log of `webhook`",
            )
        }
        _ => Finding::good(NAME, &format!("{url}, {} update(s) waiting", info["pending_update_count"])),
    }
}

/// Updates that the bot asks for: Telegram refuses while a webhook is set.
fn of_polling(info: &Value) -> Finding {
    const NAME: &str = "Telegram updates";
    match info["url"].as_str().unwrap_or_default() {
        "" => Finding::good(NAME, &format!("long polling, {} waiting", info["pending_update_count"])),
        url => Finding::bad(
            NAME,
            &format!("go to {url}"),
            "`carquery telegram delete-webhook`, or TELEGRAM_UPDATES=webhook",
        ),
    }
}

/// Alarms that are ringing, and alarms that would notify nobody.
async fn of_alarms(stage: &str) -> Finding {
    const NAME: &str = "alarms";
    let mut alarms = Vec::new();
    let prefix = format!("carquery-{stage}-");
    let client = match funnel::cloudwatch().await {
        Ok(client) => client,
        Err(error) => return Finding::bad(NAME, &error.to_string(), "check region and rights"),
    };
    let mut pages = client.describe_alarms().alarm_name_prefix(&prefix).into_paginator().send();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => alarms.extend(page.metric_alarms.unwrap_or_default()),
            Err(error) => return Finding::bad(NAME, &funnel::refused(&error).to_string(), "check region and rights"),
        }
    }
    let named = |which: &dyn Fn(&MetricAlarm) -> bool| -> Vec<&str> {
        let chosen = alarms.iter().filter(|alarm| which(alarm));
        chosen.filter_map(|alarm| alarm.alarm_name()?.strip_prefix(&prefix)).collect()
    };
    let ringing = named(&|alarm| alarm.state_value() == Some(&StateValue::Alarm));
    let mute = named(&|alarm| alarm.actions_enabled() == Some(false) || alarm.alarm_actions().is_empty());
    if alarms.is_empty() {
        Finding::bad(NAME, "there are none", "deploy the stack again")
    } else if !ringing.is_empty() {
        Finding::bad(NAME, &format!("ringing: {}", ringing.join(", ")), "docs/runbook.md says what to do about each")
    } else if !mute.is_empty() {
        Finding::bad(NAME, &format!("would notify nobody: {}", mute.join(", ")), "deploy the stack again")
    } else {
        Finding::good(NAME, &format!("{}, none ringing", alarms.len()))
    }
}

/// This computer's clock against Telegram's.
async fn of_clock(telegram_url: &str, fix: &str) -> Option<Finding> {
    let answer = reqwest::Client::new().get(telegram_url).timeout(Duration::from_secs(5)).send().await.ok()?;
    let seconds = skew(answer.headers())?;
    Some(if seconds.abs() > CLOCK_SKEW {
        Finding::bad("clock", &format!("{seconds} s off"), fix)
    } else {
        Finding::good("clock", "right")
    })
}

/// How far this computer's clock is ahead of the server's, in seconds.
fn skew(headers: &reqwest::header::HeaderMap) -> Option<i64> {
    let date = headers.get("date")?.to_str().ok()?;
    let there = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    Some(Timestamp::now().as_second() - there.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_of_another_stack_is_a_fault_and_one_behind_an_own_domain_is_not() {
        let own = "https://abc.execute-api.eu-central-1.amazonaws.com/telegram/webhook";
        let ok =
            |url: &str| of_webhook(&json!({ "url": url, "pending_update_count": 0 }), Some(own), &Clock::default()).ok;
        assert!(ok(own));
        assert!(ok("https://bot.example.org/telegram/webhook"));
        assert!(!ok("https://xyz.execute-api.eu-central-1.amazonaws.com/telegram/webhook"));
        assert!(!ok(""));
    }

    #[test]
    fn a_webhook_is_a_fault_of_a_bot_that_asks_for_updates() {
        assert!(of_polling(&json!({ "url": "", "pending_update_count": 0 })).ok);
        assert!(!of_polling(&json!({ "url": "https://bot.example.org/telegram/webhook" })).ok);
    }

    #[test]
    fn an_outage_of_telegram_is_no_reason_to_change_the_token() {
        let down = ApiError::Unavailable { method: "getMe", reason: "HTTP 502".to_owned() };
        assert_eq!(fix_of(&down), "try again in a few minutes");
        assert!(fix_of(&ApiError::Unauthorized).contains("@BotFather"));
    }

    #[test]
    fn faults_stand_out_and_say_what_to_do() {
        let findings = [Finding::good("queue", "empty"), Finding::bad("clock", "90 s\u{1b} off", "set it")];
        let text = text(&findings);
        assert!(text.contains("\u{1b}[31mFAIL"), "{text:?}");
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "ok    queue  empty\nFAIL  clock  90 s\u{fffd} off\n             → set it\n");
    }
}
