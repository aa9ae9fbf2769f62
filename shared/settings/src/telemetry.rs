//! Structured logs.
//!
//! JSON on Lambda, readable lines on a terminal. Never log a token, a phone, a name or a customer's text: ids say which
//! request it was.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::Env;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for CloudWatch.
    Json,
    /// For a person at a terminal.
    Readable,
}

/// Whose lines are held back, whatever the level is. The SDK and hyper log every request at debug, async-openai logs
/// whole answers: bodies carry personal data. The embedded DynamoDB warns of every failed condition; here failed
/// conditions are normal.
const OTHERS: [(&str, LevelFilter); 6] = [
    ("hyper", LevelFilter::WARN),
    ("aws", LevelFilter::WARN),
    ("h2", LevelFilter::WARN),
    ("rustls", LevelFilter::WARN),
    ("async_openai", LevelFilter::OFF),
    ("dynoxide", LevelFilter::ERROR),
];

/// Starts logging at `LOG_LEVEL`: `error`, `warn`, `info` (when unset) or `debug`. Later calls change nothing.
pub fn start(format: LogFormat, env: &mut Env) {
    let level = env.one_of("LOG_LEVEL", "info", &["error", "warn", "info", "debug"]);
    let level = level.parse().unwrap_or(LevelFilter::INFO);
    let filter = Targets::new().with_default(level).with_targets(OTHERS);
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).boxed(),
        LogFormat::Readable => lines.with_ansi(std::io::stderr().is_terminal()).with_target(false).boxed(),
    };
    // A second start, as in tests that share a process, keeps the first subscriber.
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
}
