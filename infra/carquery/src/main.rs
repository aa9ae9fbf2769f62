//! The `carquery` command: the local stack, and everything an operator does.

mod amocrm;
mod aws;
mod customers;
mod dlq;
mod doctor;
mod eval;
mod funnel;
mod leads;
mod output;
mod secrets;
mod simulators;
mod soak;
mod stage;
mod stats;
mod telegram;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::Output;
use crate::stage::Stage;

/// A Telegram bot that never loses a car dealer's customer.
#[derive(Parser)]
#[command(version, max_term_width = 100, infer_long_args = true)]
struct Arguments {
    /// Where to act: `local`, or the stage of a deployed stack (`dev`, `prod`), whose own settings are used then.
    #[arg(long, global = true, default_value = "local", env = "CARQUERY_STAGE")]
    stage: Stage,
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the local stack with its chat page; what `carquery` does without a command.
    Local,
    /// Run only the simulators of Telegram, amoCRM and OpenAI, for a bot that runs elsewhere.
    Simulators,
    /// Check every dependency of a stage, with a fix for each fault.
    Doctor,
    /// The amoCRM account.
    #[command(subcommand)]
    Amocrm(amocrm::Command),
    /// Secrets of a stage.
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Measure how well free sentences are understood.
    Eval(eval::Arguments),
    /// Requests and their delivery.
    #[command(subcommand)]
    Leads(leads::Command),
    /// Messages that nobody could process.
    #[command(subcommand)]
    Dlq(dlq::Command),
    /// Customers: delete their data, or stop answering them.
    #[command(subcommand)]
    Customers(customers::Command),
    /// The bot at Telegram.
    #[command(subcommand)]
    Telegram(telegram::Command),
    /// Let many customers talk to the bot while everything fails, and count what is lost or there twice.
    Soak(soak::Arguments),
    #[command(hide = true)]
    SoakBot(soak::BotArguments),
    /// Where customers leave, and how requests were delivered, in the last days.
    Stats(stats::Arguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    // No file is no fault: everything has a default, and a deployed stage has its own settings.
    let file = dotenvy::dotenv().err().filter(|error| !error.not_found());
    let arguments = Arguments::parse();
    let output = Output { json: arguments.json };
    if file.is_some() {
        // What is wrong would show the line, which may hold a secret.
        output.error(&anyhow::anyhow!(".env cannot be read, or has a line that is no NAME=value"));
        return ExitCode::FAILURE;
    }
    match run(arguments, &output).await {
        Ok(code) => code,
        Err(error) => {
            output.error(&error);
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let stage = &arguments.stage;
    match arguments.command {
        None | Some(Command::Local) => {
            start_logs();
            local::run(local::Options::of_process()?).await?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Simulators) => {
            start_logs();
            simulators::run(output).await
        }
        Some(Command::Doctor) => doctor::run(stage, output).await,
        Some(Command::Amocrm(command)) => amocrm::run(command, stage, output).await,
        Some(Command::Secrets(command)) => secrets::run(command, stage, output).await,
        Some(Command::Eval(arguments)) => eval::run(&arguments, stage, output).await,
        Some(Command::Leads(command)) => leads::run(command, stage, output).await,
        Some(Command::Dlq(command)) => dlq::run(command, stage, output).await,
        Some(Command::Customers(command)) => customers::run(command, stage, output).await,
        Some(Command::Telegram(command)) => telegram::run(command, stage, output).await,
        Some(Command::Soak(arguments)) => {
            start_logs();
            soak::run(&arguments, output).await
        }
        Some(Command::SoakBot(arguments)) => soak::run_bot(&arguments).await,
        Some(Command::Stats(arguments)) => stats::run(&arguments, stage, output).await,
    }
}

fn start_logs() {
    settings::telemetry::start(settings::telemetry::LogFormat::Readable);
}
