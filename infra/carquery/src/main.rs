//! The `carquery` command: the bot on this machine, and everything an operator does with it or with a deployed stage.

mod amocrm;
mod aws;
mod backup;
mod clock;
mod completions;
mod csv;
mod customers;
mod dealer;
mod dlq;
mod doctor;
#[cfg(test)]
mod documents;
mod eval;
mod examples;
mod funnel;
mod leads;
mod links;
mod output;
mod report;
mod sales_chat;
mod secrets;
mod serve;
mod stage;
mod stats;
mod telegram;
mod transfer;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::output::Output;
use crate::stage::Stage;

/// Run the CarQuery bot on this machine, and operate it here or on AWS.
#[derive(Parser)]
#[command(version = env!("CARQUERY_VERSION"), infer_long_args = true, after_help = EXAMPLES)]
struct Arguments {
    /// This machine, or a deployed stage.
    #[arg(long, global = true, default_value = "local", env = "CARQUERY_STAGE", hide_env_values = true)]
    #[arg(help_heading = "Options of every command")]
    stage: Stage,
    /// Print JSON instead of text.
    #[arg(long, global = true, help_heading = "Options of every command")]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  carquery serve                        the bot on this machine, until Ctrl-C
  carquery doctor                       is everything well with it?
  carquery backup carquery-1.sqlite     copy its data while it runs
  carquery --stage prod leads list      the requests of a bot on AWS";

const EXAMPLES_OF_SERVE: &str = "\
The settings are in the environment or in .env (see .env.example). The least are TELEGRAM_BOT_TOKEN
and amoCRM's account with its token; AMOCRM_MOCK_MODE=true tries the bot without an account.

Examples:
  carquery serve                                      asks Telegram for updates: needs no address
  CARQUERY_DATA_DIR=/var/lib/carquery carquery serve  data elsewhere than in .carquery
  TELEGRAM_UPDATES=webhook CARQUERY_PORT=8081 carquery serve
  carquery telegram set-webhook https://bot.example.org/telegram/webhook
                                                      Telegram posts to a proxy with TLS before it";

#[derive(Subcommand)]
enum Command {
    /// Run the bot on this machine. Its settings are in the environment or in .env.
    #[command(after_help = EXAMPLES_OF_SERVE)]
    Serve,
    /// Copy the data of the bot on this machine to a new file, while it runs.
    Backup(backup::Arguments),
    /// Put a backup in the place of the data of the bot on this machine.
    ///
    /// The bot must be stopped. What was there before is kept.
    Restore(backup::Arguments),
    /// Write every item of a stage's tables into a new file, to move to another stage.
    ///
    /// The bot must be stopped, or paused on AWS.
    Export(transfer::Arguments),
    /// Write the items of an exported file into a stage's tables.
    ///
    /// Items that are there already stay. The bot must be stopped, or paused on AWS.
    Import(transfer::Arguments),
    /// Check every dependency of a stage, with a fix for each fault.
    Doctor,
    /// Requests and their delivery.
    #[command(subcommand)]
    Leads(leads::Command),
    /// Queue messages that could not be processed.
    #[command(subcommand)]
    Dlq(dlq::Command),
    /// Customers: delete their data, or stop answering them.
    #[command(subcommand)]
    Customers(customers::Command),
    /// The dealer's file: opening hours, team, limits and texts.
    #[command(subcommand)]
    Dealer(dealer::Command),
    /// The amoCRM account.
    #[command(subcommand)]
    Amocrm(amocrm::Command),
    /// The bot at Telegram.
    #[command(subcommand)]
    Telegram(telegram::Command),
    /// Links to the bot that say where customers come from.
    #[command(subcommand)]
    Links(links::Command),
    /// Secrets of a deployed stage.
    #[command(subcommand)]
    Secrets(secrets::Command),
    /// Where customers leave, and how requests were delivered, in the last days.
    Stats(stats::Arguments),
    /// Measure how well free sentences are understood; `--stage` matters only with `--model`.
    Eval(eval::Arguments),
    /// Print what makes a shell complete this command's words.
    Completions(completions::Completions),
    /// Write a man page for each command into a folder.
    Man(completions::Man),
}

impl Command {
    /// Whether it has a result that a program could read.
    const fn has_result(&self) -> bool {
        !matches!(self, Self::Serve | Self::Completions(_) | Self::Man(_))
    }

    /// Whether it knows nothing of a stage, and would do to this machine what was meant for another.
    const fn is_of_this_machine(&self) -> bool {
        matches!(self, Self::Serve | Self::Backup(_) | Self::Restore(_))
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // No file is fine: everything has a default, and a deployed stage has its own settings.
    let file = dotenvy::dotenv().err().filter(|error| !error.not_found());
    let arguments = Arguments::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    if arguments.json && !arguments.command.has_result() {
        command().error(ErrorKind::ArgumentConflict, "this command has no result to print as JSON").exit();
    }
    if arguments.stage != Stage::Local && arguments.command.is_of_this_machine() {
        let stages = "this command is of this machine only: leave out --stage, and unset CARQUERY_STAGE";
        command().error(ErrorKind::ArgumentConflict, stages).exit();
    }
    let output = Output { json: arguments.json };
    if let Some(error) = file {
        output.error(&anyhow::Error::msg(what_is_wrong_with_settings(&error)));
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

/// The error itself would show the line, which may hold a secret.
fn what_is_wrong_with_settings(error: &dotenvy::Error) -> String {
    let dotenvy::Error::LineParse(line, _) = error else { return format!(".env cannot be read: {error}") };
    let text = std::fs::read_to_string(".env").unwrap_or_default();
    match text.lines().position(|held| held == line) {
        Some(position) => format!("line {} of .env is not NAME=value", position + 1),
        None => "a line of .env is not NAME=value".to_owned(),
    }
}

/// The whole command line.
fn command() -> clap::Command {
    examples::add_to(Arguments::command())
}

async fn run(arguments: Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let stage = &arguments.stage;
    match arguments.command {
        Command::Serve => serve::run().await,
        Command::Backup(arguments) => backup::back_up(&arguments, *output),
        Command::Restore(arguments) => backup::restore(&arguments, *output).await,
        Command::Export(arguments) => transfer::export(&arguments, stage, *output).await,
        Command::Import(arguments) => transfer::import(&arguments, stage, *output).await,
        Command::Doctor => doctor::run(stage, output).await,
        Command::Leads(command) => leads::run(command, stage, output).await,
        Command::Dlq(command) => dlq::run(command, stage, output).await,
        Command::Customers(command) => customers::run(command, stage, output).await,
        Command::Dealer(command) => dealer::run(command, stage, output).await,
        Command::Amocrm(command) => amocrm::run(command, stage, output).await,
        Command::Telegram(command) => telegram::run(command, stage, output).await,
        Command::Links(command) => links::run(command, stage, output).await,
        Command::Secrets(command) => secrets::run(command, stage, output).await,
        Command::Stats(arguments) => stats::run(&arguments, stage, output).await,
        Command::Eval(arguments) => eval::run(&arguments, stage, output).await,
        Command::Completions(completions) => completions.print(),
        Command::Man(man) => man.write(),
    }
}
