//! The local stack: the three functions as on AWS, everything they need, and a page to watch them, in one process.
//!
//! The functions use the embedded tables in this process, and our own SQS over loopback. Telegram, amoCRM
//! and the model are simulated unless a setting makes them real ([`Parts`]). Everything listens on 127.0.0.1.
//!
//! [`run`] is `cargo run`; tests start a [`Stack`] themselves and control it step by step.

mod changes;
mod clock;
mod core;
mod options;
mod parts;
mod people;
mod simulated;
mod stack;
mod switches;
mod web;

pub use machine::Delivered;
pub use options::Options;
pub use parts::{AmocrmPart, OpenAiPart, Parts, TelegramPart};
pub use simulated::rules_answer;
pub use stack::Stack;

use anyhow::Context as _;

/// Starts a stack with a schedule, prints its address, and stops it at Ctrl-C or SIGTERM.
///
/// # Errors
/// The stack cannot start; the message says what to do.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let place = options.data_dir.clone();
    let stack = Stack::start(options).await?;
    if let Some(folder) = &place {
        machine::start_metrics_file(folder).context("cannot write metrics to the data folder")?;
    }
    println!("CarQuery runs at {}\n{}", stack.url(), stack.parts());
    match place {
        Some(path) => println!("  Data      in {} (CARQUERY_DATA_DIR)", path.display()),
        None => println!("  Data      in memory"),
    }
    println!("Ctrl-C ends it.");
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot listen for SIGTERM")?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    println!("\nEnding…");
    stack.stop().await;
    Ok(())
}
