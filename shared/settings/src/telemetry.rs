//! Structured logs.
//!
//! JSON on Lambda, readable lines on a terminal. Never log a token, a phone, a name or a customer's text: ids say which
//! request it was.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::Env;

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for CloudWatch.
    Json,
    /// For a person at a terminal.
    Readable,
}

/// Starts logging at `LOG_LEVEL`: `error`, `warn`, `info` (when unset) or `debug`. Later calls change nothing.
pub fn start(format: LogFormat, env: &mut Env) {
    let level = env.one_of("LOG_LEVEL", "info", &["error", "warn", "info", "debug"]);
    // The SDK and hyper log every request at debug, async-openai logs whole answers: bodies carry personal data. The
    // embedded DynamoDB warns of every failed condition; here failed conditions are normal.
    const OTHERS: &str = "hyper=warn,aws=warn,h2=warn,rustls=warn,async_openai=off,dynoxide=error";
    let filter = EnvFilter::new(format!("{level},{OTHERS}"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start, as in tests that share a process, keeps the first subscriber.
    let _ = match format {
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).try_init(),
        LogFormat::Readable => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
    };
}
