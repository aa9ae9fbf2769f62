//! `carquery stats`: where customers leave, and how requests were delivered, in the last days.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use lead::{Lead, Status};
use serde::Serialize;

use crate::funnel::{self, Funnel};
use crate::leads::StatusName;
use crate::output::{Output, table};
use crate::stage::Stage;

/// Columns of the longest bar.
const BAR: u64 = 30;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many days back.
    #[arg(long, default_value_t = 7)]
    days: u16,
}

/// What is printed.
#[derive(Debug, Serialize)]
struct Stats {
    funnel: Vec<Funnel>,
    delivery: BTreeMap<String, Line>,
}

/// Delivery of one branch's requests.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Line {
    requests: usize,
    sent: usize,
    waiting: usize,
    dead: usize,
    /// From «Отправить» to the deal, in seconds.
    median_seconds: Option<i64>,
    slowest_seconds: Option<i64>,
}

pub(crate) async fn run(arguments: &Arguments, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    let since = Timestamp::now().as_second() - i64::from(arguments.days) * 24 * 3600;
    let leads: Vec<Lead> = stores
        .aws
        .leads(&stores.tables)
        .all()
        .await?
        .into_iter()
        .map(|lead| lead.value)
        .filter(|lead| lead.request.created_at >= since)
        .collect();
    let stats = Stats { funnel: funnel::since(stage, since).await?, delivery: summarise(&leads) };
    output.print(&stats, |stats| {
        if stats.funnel.is_empty() && stats.delivery.is_empty() {
            return format!("Nobody has started a request in the last {} day(s).", arguments.days);
        }
        let mut parts: Vec<String> = stats.funnel.iter().map(funnel_table).collect();
        parts.push(delivery_table(&stats.delivery));
        parts.join("\n\n")
    });
    Ok(ExitCode::SUCCESS)
}

/// One questionnaire: how many customers reached each question, and how many left there.
fn funnel_table(funnel: &Funnel) -> String {
    let started = funnel.steps.first().map_or(0, |stop| stop.reached);
    let bar = |reached: u64| "█".repeat(usize::try_from((reached * BAR).div_ceil(started.max(1))).unwrap_or_default());
    let mut rows: Vec<[String; 4]> = funnel
        .steps
        .iter()
        .map(|stop| {
            let left = if stop.left == 0 { String::new() } else { stop.left.to_string() };
            [stop.step.to_owned(), stop.reached.to_string(), left, bar(stop.reached)]
        })
        .collect();
    rows.push(["sent".to_owned(), funnel.finished.to_string(), String::new(), bar(funnel.finished)]);
    table([&funnel.branch.to_uppercase(), "REACHED", "LEFT", ""], rows)
}

fn delivery_table(lines: &BTreeMap<String, Line>) -> String {
    let seconds = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value} s"));
    let rows = lines.iter().map(|(branch, line)| {
        [
            branch.clone(),
            line.requests.to_string(),
            line.sent.to_string(),
            line.waiting.to_string(),
            line.dead.to_string(),
            seconds(line.median_seconds),
            seconds(line.slowest_seconds),
        ]
    });
    table(["DELIVERY", "REQUESTS", "IN AMOCRM", "WAITING", "DEAD", "MEDIAN", "SLOWEST"], rows)
}

fn summarise(leads: &[Lead]) -> BTreeMap<String, Line> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for lead in leads {
        let branch = &lead.request.branch;
        let line = lines.entry(branch.clone()).or_default();
        line.requests += 1;
        match StatusName::of(&lead.status) {
            StatusName::Sent => line.sent += 1,
            StatusName::Dead => line.dead += 1,
            StatusName::Pending | StatusName::Sending | StatusName::Retry => line.waiting += 1,
        }
        if let Status::Sent { at } = lead.status {
            times.entry(branch.clone()).or_default().push(at - lead.request.created_at);
        }
    }
    for (branch, mut seconds) in times {
        seconds.sort_unstable();
        let line = lines.entry(branch).or_default();
        line.median_seconds = seconds.get(seconds.len() / 2).copied();
        line.slowest_seconds = seconds.last().copied();
    }
    lines
}
