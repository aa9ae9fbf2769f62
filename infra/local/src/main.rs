//! What `cargo run` starts: the local stack, and what is built on its simulators.

mod bench;
mod control;
mod soak;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use settings::Env;
use settings::telemetry::{self, LogFormat};
use simulators::fault::Faults;

/// CarQuery on this computer: the three functions, their storage, and simulators of Telegram, amoCRM and OpenAI.
#[derive(Parser)]
#[command(name = "carquery-local", version, max_term_width = 100, infer_long_args = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the local stack with its chat page (the default).
    Stack(StackArguments),
    /// Run only the simulators, for a bot that runs elsewhere; prints their addresses as JSON.
    Simulators,
    /// Let many customers talk to the bot while calls fail at random, and count lost and duplicate requests.
    Soak(soak::Arguments),
    /// Measure how quickly the bot on one machine answers, and what that costs.
    Bench(bench::Arguments),
    /// Measure what an update and a request cost each Lambda function, which `cargo build --release` has built.
    BenchFunctions(bench::functions::Arguments),
    /// The bot process that `bench` measures.
    #[command(hide = true)]
    BenchBot,
    /// The bot process that `soak` starts and kills.
    #[command(hide = true)]
    SoakBot(soak::BotArguments),
}

#[derive(clap::Args, Default)]
struct StackArguments {
    /// Also serve the tables to any program on this machine, for functions that run elsewhere.
    #[arg(long)]
    serve_tables: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let file = dotenvy::dotenv().err().filter(|error| !error.not_found());
    let command = Arguments::parse().command.unwrap_or_else(|| Command::Stack(StackArguments::default()));
    if file.is_some() {
        // The error itself would show the line, which may hold a secret.
        return failed(".env cannot be read, or has a line that is not NAME=value");
    }
    if let Some(stage) = std::env::var("CARQUERY_STAGE").ok().filter(|stage| !stage.is_empty() && stage != "local") {
        return failed(format!(
            "CARQUERY_STAGE is {stage}, but this is the local stack: unset it, or use the `carquery` command for a deployed stage"
        ));
    }
    let mut env = Env::of_process();
    telemetry::start(LogFormat::Readable, &mut env);
    if let Err(wrong) = env.finish(()) {
        return failed(wrong);
    }
    run(command).await.unwrap_or_else(|error| failed(format!("{error:#}")))
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Stack(StackArguments { serve_tables }) => {
            let database_faults = serve_tables.then(Faults::default);
            local::run(local::Options { database_faults, ..local::Options::of_process()? }).await?;
        }
        Command::Simulators => control::run().await?,
        Command::Soak(arguments) => return soak::run(&arguments).await,
        Command::Bench(arguments) => return bench::run(&arguments).await,
        Command::BenchFunctions(arguments) => return bench::functions::run(&arguments).await,
        Command::BenchBot => bench::run_bot().await?,
        Command::SoakBot(arguments) => soak::run_bot(&arguments).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(reason: impl std::fmt::Display) -> ExitCode {
    eprintln!("carquery-local: {reason}");
    ExitCode::FAILURE
}
