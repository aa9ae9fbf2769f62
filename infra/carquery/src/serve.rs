//! `carquery serve`: the bot on this machine, in production.

use std::process::ExitCode;

use anyhow::Context as _;
use machine::{Server, ServerOptions, Updates};
use settings::Env;
use settings::telemetry::{self, LogFormat};
use tokio::signal::unix::{SignalKind, signal};

pub(crate) async fn run() -> anyhow::Result<ExitCode> {
    let mut env = Env::of_process();
    telemetry::start(LogFormat::Json, &mut env);
    env.finish(())?;
    let options = ServerOptions::of_process()?;
    let data = options.data_dir.clone();
    let server = Server::start(options).await?;
    machine::start_metrics_file(&data).context("cannot write metrics to the data folder")?;
    tokio::spawn(machine::shorten_metrics_file(data.clone()));
    let updates = match server.updates() {
        Updates::Polling => "asks Telegram for updates",
        Updates::Webhook => "waits for Telegram at /telegram/webhook, behind a proxy with TLS",
    };
    println!(
        "CarQuery {} {updates}.\n  Health    {}/health\n  Data      in {}\nCtrl-C or SIGTERM ends it.",
        env!("CARGO_PKG_VERSION"),
        server.url(),
        data.display()
    );
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    println!("Ending…");
    server.stop().await;
    Ok(ExitCode::SUCCESS)
}
