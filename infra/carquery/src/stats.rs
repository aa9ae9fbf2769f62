//! `carquery stats`: requests and their delivery in the last days.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use lead::{Lead, Status};
use serde::Serialize;

use crate::leads::StatusName;
use crate::output::{Output, table};
use crate::stage::Stage;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// So many days back.
    #[arg(long, default_value_t = 7)]
    days: u16,
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
    output.print(&summarise(&leads), |lines| {
        if lines.is_empty() {
            return format!("No requests in the last {} day(s).", arguments.days);
        }
        let seconds = |value: Option<i64>| value.map_or_else(|| "–".to_owned(), |value| format!("{value} s"));
        let rows: Vec<Vec<String>> = lines
            .iter()
            .map(|(branch, line)| {
                vec![
                    branch.clone(),
                    line.requests.to_string(),
                    line.sent.to_string(),
                    line.waiting.to_string(),
                    line.dead.to_string(),
                    seconds(line.median_seconds),
                    seconds(line.slowest_seconds),
                ]
            })
            .collect();
        table(&["BRANCH", "REQUESTS", "SENT", "WAITING", "DEAD", "MEDIAN", "SLOWEST"], &rows)
    });
    Ok(ExitCode::SUCCESS)
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
