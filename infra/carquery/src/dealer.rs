//! `carquery dealer`: check the dealer's file, store it for the bot, or show the stored one.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ::dealer::{Dealer, Fault};
use anyhow::Context;
use clap::Subcommand;
use serde_json::json;
use storage::{Aws, SaveError, Tables};

use crate::output::{self, Output, print_line};
use crate::stage::Stage;

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check a dealer's file, show what it changes, and store it. The bot uses it within a minute.
    Put {
        /// Such as `dealer.toml`; `dealer.example.toml` explains every line.
        file: PathBuf,
        /// Store it without asking.
        #[arg(long)]
        yes: bool,
        /// Print faults in Russian.
        #[arg(long)]
        russian: bool,
    },
    /// Print the stored dealer's file.
    Show,
    /// Print every fault of a dealer's file with its line.
    Check {
        file: PathBuf,
        /// Print faults in Russian.
        #[arg(long)]
        russian: bool,
    },
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    match command {
        Command::Put { file, yes, russian } => put(&file, yes, russian, stage, *output).await,
        Command::Show => show(stage, *output).await,
        Command::Check { file, russian } => check(&file, russian, *output),
    }
}

/// The stored file. One that cannot be read counts as none, as for the bot.
pub(crate) async fn stored(aws: &Aws, tables: &Tables) -> Dealer {
    let text = aws.dealer_file(tables).load().await.map(|stored| stored.value).unwrap_or_default();
    ::dealer::parse(&text).unwrap_or_default()
}

fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

fn check(file: &Path, russian: bool, output: Output) -> anyhow::Result<ExitCode> {
    let Err(faults) = ::dealer::parse(&read(file)?) else {
        output.print(&json!({ "faults": [] }), |_| format!("{} has no faults.", file.display()));
        return Ok(ExitCode::SUCCESS);
    };
    print_faults(file, &faults, russian, output);
    Ok(ExitCode::FAILURE)
}

fn print_faults(file: &Path, faults: &[Fault], russian: bool, output: Output) {
    let problem = |fault: &Fault| if russian { fault.problem.russian() } else { fault.problem.to_string() };
    let as_json = |fault: &Fault| json!({ "line": fault.line, "problem": problem(fault) });
    output.print(&json!({ "faults": faults.iter().map(as_json).collect::<Vec<_>>() }), |_| {
        let as_text = |fault: &Fault| if russian { fault.russian() } else { fault.to_string() };
        let lines: Vec<String> = faults.iter().map(as_text).collect();
        format!("{}:\n{}", file.display(), lines.join("\n"))
    });
}

async fn show(stage: &Stage, output: Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    let stored = stores.aws.dealer_file(&stores.tables).load().await?;
    anyhow::ensure!(stored.version > 0, "no dealer's file is stored: store one with `carquery dealer put FILE`");
    if output.json {
        output.print(&json!({ "text": stored.value }), |_| String::new());
    } else {
        print_line(stored.value.trim_end());
    }
    Ok(ExitCode::SUCCESS)
}

async fn put(file: &Path, yes: bool, russian: bool, stage: &Stage, output: Output) -> anyhow::Result<ExitCode> {
    let text = read(file)?;
    let new = match ::dealer::parse(&text) {
        Ok(new) => new,
        Err(faults) => {
            print_faults(file, &faults, russian, output);
            return Ok(ExitCode::FAILURE);
        }
    };
    let stores = stage.stores().await?;
    let table = stores.aws.dealer_file(&stores.tables);
    let mut stored = table.load().await?;
    if stored.version > 0 && stored.value == text {
        output.print(&json!({ "stored": false, "changes": [] }), |_| "This file is stored already.".to_owned());
        return Ok(ExitCode::SUCCESS);
    }
    // A stored file that this version cannot read counts as empty: every line of the new one is a change.
    let old = ::dealer::parse(&stored.value).unwrap_or_default();
    let changes = ::dealer::difference(&old, &new);
    let stores_it = yes || (!output.json && is_confirmed(&changes)?);
    if stores_it {
        stored.value = text;
        match table.save(&mut stored).await {
            Ok(()) => {}
            Err(SaveError::Conflict) => anyhow::bail!("somebody else stored another file meanwhile: run this again"),
            Err(error) => return Err(error).context("the file was not stored"),
        }
    }
    output.print(&json!({ "stored": stores_it, "changes": changes }), |_| match (stores_it, yes) {
        (true, false) => "Stored. The bot uses it within a minute.".to_owned(),
        (true, true) => format!("{}\nStored. The bot uses it within a minute.", list(&changes)),
        (false, _) if std::io::stdin().is_terminal() => "Not stored.".to_owned(),
        (false, _) => format!("{}\nNot stored. Add --yes.", list(&changes)),
    });
    Ok(ExitCode::SUCCESS)
}

/// Shows the changes and asks. False when nobody can be asked.
fn is_confirmed(changes: &[String]) -> anyhow::Result<bool> {
    if std::io::stdin().is_terminal() {
        print_line(&list(changes));
    }
    output::is_confirmed("Store it?")
}

fn list(changes: &[String]) -> String {
    if changes.is_empty() { "Only comments or order change.".to_owned() } else { changes.join("\n") }
}
