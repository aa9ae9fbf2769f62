//! `carquery leads`: requests and their delivery.

use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use anyhow::Context;
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;
use lead::{Lead, LeadId, Request, Status};
use serde_json::{Value, json};
use storage::{SaveError, Versioned};

use crate::clock::Clock;
use crate::csv;
use crate::output::{Output, print_line, printable, table};
use crate::stage::{Stage, Stores};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// List requests, the newest last.
    List {
        /// Only those.
        #[arg(long)]
        status: Option<StatusName>,
        /// Only the newest ones, up to this number.
        #[arg(long, default_value_t = 50)]
        limit: usize,
    },
    /// Show one request: answers, progress, error.
    Show {
        /// Its id, or the request number that the customer has.
        id: String,
    },
    /// Try again now: one request, or with --all everything that is dead or waiting.
    Retry {
        /// Its id or request number.
        #[arg(required_unless_present = "all")]
        id: Option<String>,
        /// Every dead or waiting request.
        #[arg(long, conflicts_with = "id")]
        all: bool,
    },
    /// Write all requests to standard output.
    ///
    /// They contain personal data: store them accordingly.
    Export {
        /// CSV is for Excel in Russian; --json means JSON, too.
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Json,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum StatusName {
    Pending,
    Sending,
    Retry,
    Sent,
    Dead,
}

impl StatusName {
    pub(crate) const fn of(status: &Status) -> Self {
        match status {
            Status::Pending { .. } => Self::Pending,
            Status::Sending { .. } => Self::Sending,
            Status::Retry { .. } => Self::Retry,
            Status::Sent { .. } => Self::Sent,
            Status::Dead { .. } => Self::Dead,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        self.into()
    }

    const fn style(self) -> Style {
        match self {
            Self::Sent => AnsiColor::Green.on_default(),
            Self::Pending | Self::Sending => Style::new(),
            Self::Retry => AnsiColor::Yellow.on_default(),
            Self::Dead => AnsiColor::Red.on_default().bold(),
        }
    }
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    match command {
        Command::List { status, limit } => list(&stores, status, limit, *output).await,
        Command::Show { id } => show(&stores, &id, *output).await,
        Command::Retry { id, .. } => retry(&stores, id.as_deref(), *output).await,
        Command::Export { format } => export(&stores, if output.json { Format::Json } else { format }).await,
    }
}

async fn list(stores: &Stores, status: Option<StatusName>, limit: usize, output: Output) -> anyhow::Result<ExitCode> {
    let mut leads = stores.aws.leads(&stores.tables).all().await?;
    leads.retain(|lead| status.is_none_or(|wanted| StatusName::of(&lead.value.status) == wanted));
    let leads = &leads[leads.len().saturating_sub(limit)..];
    let rows: Vec<Value> = leads.iter().map(|lead| summary(&lead.value)).collect();
    let clock = stores.clock().await;
    output.print_coloured(&rows, |_| {
        if leads.is_empty() {
            return "No requests.".to_owned();
        }
        let created = format!("CREATED ({})", clock.zone());
        let head = ["REQUEST", &created, "BRANCH", "STATUS", "TRIES", "DEAL", "ERROR"];
        let table = table(head, leads.iter().map(|lead| row(&lead.value, &clock).map(|cell| one_line(&cell))));
        let statuses = leads.iter().map(|lead| StatusName::of(&lead.value.status));
        with_coloured_statuses(&table, statuses)
    });
    Ok(ExitCode::SUCCESS)
}

/// A cell that makes no second line and does not steer the terminal.
fn one_line(cell: &str) -> String {
    printable(&cell.replace('\n', " "))
}

/// A table that has a request in each line after its head.
fn with_coloured_statuses(table: &str, statuses: impl Iterator<Item = StatusName>) -> String {
    let mut lines = table.lines();
    let head = lines.next().map(str::to_owned);
    let coloured = lines.zip(statuses).map(|(line, status)| {
        // Before it stand a number, a time and the id of a questionnaire.
        let (word, style) = (status.word(), status.style());
        line.replacen(&format!("  {word}"), &format!("  {style}{word}{style:#}"), 1)
    });
    head.into_iter().chain(coloured).collect::<Vec<_>>().join("\n")
}

fn row(lead: &Lead, clock: &Clock) -> [String; 7] {
    [
        lead.lead_id.request_number(),
        clock.time(lead.request.created_at),
        branch(&lead.request),
        StatusName::of(&lead.status).word().to_owned(),
        lead.attempts.to_string(),
        lead.progress.deal_id().map_or_else(String::new, |id| id.to_string()),
        lead.error.clone().unwrap_or_default(),
    ]
}

/// `sell`, or `sell (unfinished)`.
fn branch(request: &Request) -> String {
    let mark = if request.unfinished.is_some() { " (unfinished)" } else { "" };
    format!("{}{mark}", request.branch)
}

/// A request without personal data.
fn summary(lead: &Lead) -> Value {
    json!({
        "lead_id": lead.lead_id,
        "request_number": lead.lead_id.request_number(),
        "created_at": lead.request.created_at,
        "branch": lead.request.branch,
        "unfinished": lead.request.unfinished.is_some(),
        "status": StatusName::of(&lead.status).word(),
        "due_at": lead.due_at(),
        "attempts": lead.attempts,
        "deal_id": lead.progress.deal_id(),
        "error": lead.error,
    })
}

async fn show(stores: &Stores, id: &str, output: Output) -> anyhow::Result<ExitCode> {
    let lead = find(stores, id).await?.value;
    let clock = stores.clock().await;
    output.print(&lead, |lead| {
        let mut text = format!(
            "{} {} — {}\n{}\nphone {}  chat {}\ncreated {}, status {}, tries {}\n",
            lead.lead_id.request_number(),
            lead.lead_id,
            lead.request.branch,
            lead.request.deal_name(),
            lead.request.customer.phone,
            lead.chat_id,
            clock.time_and_zone(lead.request.created_at),
            StatusName::of(&lead.status).word(),
            lead.attempts,
        );
        if let Some(question) = &lead.request.unfinished {
            text += &format!("unfinished, stopped at: {question}\n");
        }
        if let Some(at) = lead.due_at() {
            text += &format!("due {}\n", clock.time(at));
        }
        if let Some(error) = &lead.error {
            text += &format!("error: {error}\n");
        }
        let progress = &lead.progress;
        let steps: Vec<String> = progress.steps().map(|(step, id)| format!("{step} {id}")).collect();
        let files = lead.request.file_count();
        let uploaded = progress.files.len() + progress.voice_files.len();
        text += &format!("amoCRM: {}, files {uploaded} of {files}\n\n", steps.join(", "));
        for answer in &lead.request.answers {
            text += &format!("{}: {}\n", answer.question, answer.answer);
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

/// A request by its id, or by the number that the customer has.
async fn find(stores: &Stores, id: &str) -> anyhow::Result<Versioned<Lead>> {
    let leads = stores.aws.leads(&stores.tables);
    if let Ok(id) = id.parse::<LeadId>() {
        return leads.get(&id).await?.with_context(|| format!("there is no request {id}"));
    }
    let number = id.trim_start_matches(['№', '#', ' ']).to_uppercase();
    let all = leads.all().await?;
    all.into_iter()
        .find(|lead| lead.value.lead_id.request_number() == number)
        .with_context(|| format!("there is no request with the number {number}"))
}

async fn retry(stores: &Stores, id: Option<&str>, output: Output) -> anyhow::Result<ExitCode> {
    let leads = stores.aws.leads(&stores.tables);
    let queue = stores.aws.queue(&stores.tables);
    let chosen = match id {
        Some(id) => vec![find(stores, id).await?],
        None => leads.all().await?,
    };
    let (mut queued, mut changed) = (Vec::new(), Vec::new());
    for mut lead in chosen {
        let number = lead.value.lead_id.request_number();
        if !lead.value.revive(Timestamp::now().as_second()) {
            if id.is_some() {
                let word = StatusName::of(&lead.value.status).word();
                anyhow::bail!("the request is {word}: there is nothing to try again");
            }
            continue;
        }
        match leads.save(&mut lead).await {
            Ok(()) => {}
            // Somebody is working on this one; the others go out all the same.
            Err(SaveError::Conflict) if id.is_none() => {
                changed.push(number);
                continue;
            }
            Err(SaveError::Conflict) => anyhow::bail!("the request was changed meanwhile: look at it and repeat"),
            Err(error) => return Err(error.into()),
        }
        queue.enqueue(&lead).await?;
        queued.push(number);
    }
    output.print(&json!({ "queued": queued, "changed_meanwhile": changed }), |_| {
        let mut text = match queued.len() {
            0 => "Nothing is dead or waiting.".to_owned(),
            count => format!("Queued {count} request(s): {}.", queued.join(", ")),
        };
        if !changed.is_empty() {
            text += &format!("\nChanged meanwhile, and left alone: {}.", changed.join(", "));
        }
        text
    });
    Ok(ExitCode::SUCCESS)
}

async fn export(stores: &Stores, format: Format) -> anyhow::Result<ExitCode> {
    let leads: Vec<Lead> = stores.aws.leads(&stores.tables).all().await?.into_iter().map(|lead| lead.value).collect();
    let clock = stores.clock().await;
    let file = match format {
        Format::Json => serde_json::to_string_pretty(&leads)?,
        Format::Csv => csv::file(CSV_HEAD, leads.iter().map(|lead| csv_row(lead, &clock)))?,
    };
    print_line(file.trim_end());
    Ok(ExitCode::SUCCESS)
}

const CSV_HEAD: [&str; 13] = [
    "request_number",
    "created_at",
    "branch",
    "service",
    "topic",
    "name",
    "phone",
    "chat_id",
    "price",
    "status",
    "deal_id",
    "stopped_at",
    "answers",
];

fn csv_row(lead: &Lead, clock: &Clock) -> [String; 13] {
    let request = &lead.request;
    let answers = request.answers.iter().map(|answer| format!("{}: {}", answer.question, answer.answer));
    [
        lead.lead_id.request_number(),
        clock.time(request.created_at),
        request.branch.clone(),
        request.service.clone(),
        request.topic.clone(),
        request.customer.name.clone(),
        request.customer.phone.clone(),
        lead.chat_id.to_string(),
        request.price.map_or_else(String::new, |price| price.to_string()),
        StatusName::of(&lead.status).word().to_owned(),
        lead.progress.deal_id().map_or_else(String::new, |id| id.to_string()),
        request.unfinished.clone().unwrap_or_default(),
        answers.collect::<Vec<_>>().join("; "),
    ]
}
