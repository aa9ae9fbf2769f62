//! `carquery stats`: where customers come from and leave, and how requests were delivered, in the last days.

use std::collections::BTreeMap;
use std::process::ExitCode;

use jiff::Timestamp;
use lead::{Lead, Source, Status};
use serde::Serialize;
use storage::Reached;

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

/// The funnel of customers who came by one source's links.
#[derive(Debug, Default, PartialEq, Serialize)]
struct SourceLine {
    /// No payload has brackets: `(no link)` and `(others)` are not sources.
    source: String,
    /// `None` for customers without a link: only links are counted one by one.
    #[serde(flatten)]
    dialogs: Option<Dialogs>,
    requests: u64,
    sent: u64,
}

/// Dialogs that came at least so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Dialogs {
    started: u64,
    name: u64,
    confirm: u64,
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
    let aws = &stores.aws;
    let since = Timestamp::now().as_second() - i64::from(arguments.days) * 24 * 3600;
    let leads: Vec<Lead> = aws
        .leads(&stores.tables)
        .all()
        .await?
        .into_iter()
        .map(|lead| lead.value)
        .filter(|lead| lead.request.created_at >= since)
        .collect();
    let funnel = funnel::since(stage, since).await?;
    let reached = aws.counters(&stores.tables).reached_by_source(since).await?;
    let stats = Stats { funnel, sources: by_source(&leads, &reached), delivery: summarise(&leads) };
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
    let rows = lines.iter().map(|line| {
        let count =
            |of: fn(Dialogs) -> u64| line.dialogs.map_or_else(|| "–".to_owned(), |dialogs| of(dialogs).to_string());
        [
            line.source.clone(),
            count(|dialogs| dialogs.started),
            count(|dialogs| dialogs.name),
            count(|dialogs| dialogs.confirm),
            line.requests.to_string(),
            line.sent.to_string(),
        ]
    });
    table(["SOURCE", "STARTED", "NAME", "CONFIRM", "REQUESTS", "IN AMOCRM"], rows)
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

/// The largest sources, then the rest together.
fn by_source(leads: &[Lead], reached: &BTreeMap<String, Reached>) -> Vec<SourceLine> {
    let mut lines: BTreeMap<&str, SourceLine> = BTreeMap::new();
    for (source, reached) in reached {
        lines.entry(source).or_default().dialogs = Some(Dialogs::of(*reached));
    }
    for lead in leads {
        let source = lead.request.source.as_ref().map(Source::name);
        let line = lines.entry(source.unwrap_or("(no link)")).or_default();
        line.requests += 1;
        line.sent += u64::from(matches!(lead.status, Status::Sent { .. }));
    }
    let named = |(source, line): (&str, SourceLine)| SourceLine { source: source.to_owned(), ..line };
    let mut lines: Vec<SourceLine> = lines.into_iter().map(named).collect();
    let size = |line: &SourceLine| (line.requests, line.dialogs.map_or(0, |dialogs| dialogs.started));
    lines.sort_by_key(|line| std::cmp::Reverse(size(line)));
    let others = lines.split_off(lines.len().min(MAX_SOURCES));
    lines.extend(
        others.into_iter().reduce(SourceLine::add).map(|sum| SourceLine { source: "(others)".to_owned(), ..sum }),
    );
    lines
}

impl SourceLine {
    fn add(self, other: Self) -> Self {
        let dialogs = self.dialogs.into_iter().chain(other.dialogs).reduce(|a, b| Dialogs {
            started: a.started + b.started,
            name: a.name + b.name,
            confirm: a.confirm + b.confirm,
        });
        Self { dialogs, requests: self.requests + other.requests, sent: self.sent + other.sent, ..self }
    }
}

impl Dialogs {
    /// A dialog that got further has passed here, even if another link or none was counted then.
    fn of(reached: Reached) -> Self {
        let name = reached.name.max(reached.confirmation);
        Self { started: reached.started.max(name), name, confirm: reached.confirmation }
    }
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
    use lead::Request;

    use super::*;

    fn lead(source: Option<Source>) -> Lead {
        Lead::new(Request { source, ..Request::example() }, 0)
    }

    fn from(name: &str) -> Option<Source> {
        Some(Source { source: Some(name.to_owned()), ..Source::default() })
    }

    #[test]
    fn any_number_of_sources_makes_a_short_table() {
        let many = (0..1000).map(|number| lead(from(&format!("made-up-{number}"))));
        let mut leads: Vec<Lead> =
            many.chain([lead(None), lead(None), lead(from("avito")), lead(from("avito"))]).collect();
        leads[1000].status = Status::Sent { at: 9 };
        let lines = by_source(&leads, &BTreeMap::new());
        assert_eq!(lines.len(), MAX_SOURCES + 1);
        let line = |source: &str, requests, sent| SourceLine {
            source: source.to_owned(),
            requests,
            sent,
            ..SourceLine::default()
        };
        assert_eq!(lines[..2], [line("(no link)", 2, 1), line("avito", 2, 0)]);
        assert_eq!(lines[20], line("(others)", 982, 0));
    }

    #[test]
    fn the_funnel_of_each_source_is_shown_also_when_nobody_finished() {
        let reached = BTreeMap::from([
            ("avito".to_owned(), Reached { started: 9, name: 4, confirmation: 3 }),
            ("poster".to_owned(), Reached { started: 1, name: 0, confirmation: 2 }),
        ]);
        let campaign = Source { campaign: Some("ad_7".to_owned()), ..Source::default() };
        let lines = by_source(&[lead(None), lead(from("avito")), lead(from("avito")), lead(Some(campaign))], &reached);
        assert_eq!(
            sources_table(&lines),
            "SOURCE     STARTED  NAME  CONFIRM  REQUESTS  IN AMOCRM\n\
             avito      9        4     3        2         0\n\
             (no link)  –        –     –        1         0\n\
             ad_7       –        –     –        1         0\n\
             poster     2        2     2        0         0"
        );
    }

    #[test]
    fn the_others_are_added_up() {
        let reached =
            (0..25).map(|number| (format!("made-up-{number}"), Reached { started: 2, name: 1, confirmation: 0 }));
        let lines = by_source(&[], &reached.collect());
        assert_eq!(lines[20].dialogs, Some(Dialogs { started: 10, name: 5, confirm: 0 }));
    }
}
