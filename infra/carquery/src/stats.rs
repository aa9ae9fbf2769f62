//! `carquery stats`: where customers come from and leave, and how requests were delivered, in the last days.

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

/// Sources with a line of their own. A source is a stranger's text, so there may be any number of them.
const MAX_SOURCES: usize = 20;

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
    /// The largest first, then the rest together.
    sources: Vec<SourceLine>,
    delivery: BTreeMap<String, Line>,
}

/// Requests of customers who came by one source's links.
#[derive(Debug, PartialEq, Serialize)]
struct SourceLine {
    /// No payload has brackets: `(no link)` and `(others)` are not sources.
    source: String,
    requests: usize,
    sent: usize,
}

/// Delivery of one branch's requests.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Line {
    requests: usize,
    sent: usize,
    waiting: usize,
    dead: usize,
    /// From «Отправить» to the deal, in seconds; of finished requests.
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
    let funnel = funnel::since(stage, since).await?;
    let stats = Stats { funnel, sources: by_source(&leads), delivery: summarise(&leads) };
    output.print(&stats, |stats| {
        if stats.funnel.is_empty() && stats.delivery.is_empty() {
            return format!("Nobody has started a request in the last {} day(s).", arguments.days);
        }
        let mut parts: Vec<String> = stats.funnel.iter().map(funnel_table).collect();
        parts.push(sources_table(&stats.sources));
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

fn sources_table(lines: &[SourceLine]) -> String {
    let rows = lines.iter().map(|line| [line.source.clone(), line.requests.to_string(), line.sent.to_string()]);
    table(["SOURCE", "REQUESTS", "IN AMOCRM"], rows)
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

/// Counted from the stored requests and not by metrics: CloudWatch charges for every new value of a dimension, and anybody
/// can make up sources.
fn by_source(leads: &[Lead]) -> Vec<SourceLine> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for lead in leads {
        let source = lead.request.source.as_ref().and_then(|source| source.parts().next());
        let (requests, sent) = counts.entry(source.unwrap_or("(no link)")).or_default();
        *requests += 1;
        *sent += usize::from(matches!(lead.status, Status::Sent { .. }));
    }
    let line =
        |(source, (requests, sent)): (&str, (usize, usize))| SourceLine { source: source.to_owned(), requests, sent };
    let mut lines: Vec<SourceLine> = counts.into_iter().map(line).collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.requests));
    let others = lines.split_off(lines.len().min(MAX_SOURCES));
    if !others.is_empty() {
        let sum = |count: fn(&SourceLine) -> usize| others.iter().map(count).sum();
        lines.push(SourceLine {
            source: "(others)".to_owned(),
            requests: sum(|line| line.requests),
            sent: sum(|line| line.sent),
        });
    }
    lines
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
        if let (Status::Sent { at }, None) = (&lead.status, &lead.request.unfinished) {
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

#[cfg(test)]
mod tests {
    use lead::{Request, Source};

    use super::*;

    fn lead(source: Option<Source>) -> Lead {
        Lead::new(Request { source, ..Request::example() }, 0)
    }

    #[test]
    fn any_number_of_sources_makes_a_short_table() {
        let from = |name: &str| Some(Source { source: Some(name.to_owned()), ..Source::default() });
        let many = (0..1000).map(|number| lead(from(&format!("made-up-{number}"))));
        let mut leads: Vec<Lead> =
            many.chain([lead(None), lead(None), lead(from("avito")), lead(from("avito"))]).collect();
        leads[1000].status = Status::Sent { at: 9 };
        let lines = by_source(&leads);
        assert_eq!(lines.len(), MAX_SOURCES + 1);
        let line = |source: &str, requests, sent| SourceLine { source: source.to_owned(), requests, sent };
        assert_eq!(lines[..2], [line("(no link)", 2, 1), line("avito", 2, 0)]);
        assert_eq!(lines[20], line("(others)", 982, 0));
    }

    #[test]
    fn a_source_without_a_name_is_called_by_its_campaign() {
        let campaign = Source { campaign: Some("ad_7".to_owned()), ..Source::default() };
        assert_eq!(
            sources_table(&by_source(&[lead(Some(campaign))])),
            "SOURCE  REQUESTS  IN AMOCRM\nad_7    1         0"
        );
    }
}
