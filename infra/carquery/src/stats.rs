//! `carquery stats`: where customers come from and leave, and how requests were delivered, in the last days.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use lead::{Lead, Source, Status};
use serde::Serialize;
use storage::Reached;

use crate::clock::Clock;
use crate::funnel::{self, Funnel, Questions};
use crate::leads::StatusName;
use crate::output::{Output, table};
use crate::report;
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
    /// Also write a page with charts for the dealer's owner, in Russian; replaces it.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// What is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    pub(crate) funnel: Vec<Funnel>,
    /// The largest first, then the rest together.
    pub(crate) sources: Vec<SourceLine>,
    pub(crate) delivery: BTreeMap<String, Line>,
    pub(crate) questions: Questions,
    /// Every day of the period in order, also those without requests.
    pub(crate) days: Vec<Day>,
}

/// The requests of a day by the dealer's clock.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) sent: u32,
    pub(crate) waiting: u32,
    pub(crate) dead: u32,
}

impl Day {
    pub(crate) const fn requests(&self) -> u32 {
        self.sent + self.waiting + self.dead
    }
}

/// Not a source, because no payload has brackets.
pub(crate) const NO_LINK: &str = "(no link)";
/// The same.
pub(crate) const OTHERS: &str = "(others)";

/// The funnel of customers who came by one source's links.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct SourceLine {
    /// Its name, [`NO_LINK`] or [`OTHERS`].
    pub(crate) source: String,
    /// `None` for customers without a link: only links are counted one by one.
    #[serde(flatten)]
    pub(crate) dialogs: Option<Dialogs>,
    pub(crate) requests: u64,
    pub(crate) sent: u64,
}

/// Dialogs that came at least so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Dialogs {
    pub(crate) started: u64,
    pub(crate) name: u64,
    pub(crate) confirm: u64,
}

/// Delivery of one branch's requests.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(crate) struct Line {
    pub(crate) requests: usize,
    pub(crate) sent: usize,
    pub(crate) waiting: usize,
    pub(crate) dead: usize,
    /// From «Отправить» to the deal, in seconds; of finished requests.
    pub(crate) median_seconds: Option<i64>,
    pub(crate) slowest_seconds: Option<i64>,
}

pub(crate) async fn run(arguments: &Arguments, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let stores = stage.stores().await?;
    let aws = &stores.aws;
    let now = Timestamp::now().as_second();
    let since = now - i64::from(arguments.days) * 24 * 3600;
    let leads: Vec<Lead> = aws
        .leads(&stores.tables)
        .all()
        .await?
        .into_iter()
        .map(|lead| lead.value)
        .filter(|lead| lead.request.created_at >= since)
        .collect();
    let counted = funnel::since(stage, since).await?;
    let reached = aws.counters(&stores.tables).reached_by_source(since).await?;
    let clock = stores.clock().await;
    let stats = Stats {
        funnel: counted.funnels,
        sources: by_source(&leads, &reached),
        delivery: summarise(&leads),
        questions: counted.questions,
        days: by_day(&leads, &clock, since, now),
    };
    if let Some(path) = &arguments.html {
        let page = report::page(&stats, &clock, now);
        std::fs::write(path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
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
        let line = lines.entry(source.unwrap_or(NO_LINK)).or_default();
        line.requests += 1;
        line.sent += u64::from(matches!(lead.status, Status::Sent { .. }));
    }
    let named = |(source, line): (&str, SourceLine)| SourceLine { source: source.to_owned(), ..line };
    let mut lines: Vec<SourceLine> = lines.into_iter().map(named).collect();
    let size = |line: &SourceLine| (line.requests, line.dialogs.map_or(0, |dialogs| dialogs.started));
    lines.sort_by_key(|line| std::cmp::Reverse(size(line)));
    let others = lines.split_off(lines.len().min(MAX_SOURCES));
    lines.extend(others.into_iter().reduce(SourceLine::add).map(|sum| SourceLine { source: OTHERS.to_owned(), ..sum }));
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

fn by_day(leads: &[Lead], clock: &Clock, since: i64, now: i64) -> Vec<Day> {
    let (first, last) = (clock.date(since), clock.date(now));
    let dates = first.series(1.day()).take_while(|date| *date <= last);
    let mut days: BTreeMap<Date, Day> = dates.map(|date| (date, Day { date, ..Day::default() })).collect();
    for lead in leads {
        let Some(day) = days.get_mut(&clock.date(lead.request.created_at)) else { continue };
        match StatusName::of(&lead.status) {
            StatusName::Sent => day.sent += 1,
            StatusName::Dead => day.dead += 1,
            StatusName::Pending | StatusName::Sending | StatusName::Retry => day.waiting += 1,
        }
    }
    days.into_values().collect()
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
    fn a_day_is_the_dealers_and_one_without_requests_is_there_too() {
        let leads = [9, 3600 * 20, 3600 * 22]
            .map(|created_at| Lead::new(Request { created_at, ..Request::example() }, created_at));
        let days = by_day(&leads, &Clock::default(), 0, 3 * 24 * 3600);
        let waiting: Vec<_> = days.iter().map(|day| (day.date.day(), day.waiting)).collect();
        assert_eq!(waiting, [(1, 2), (2, 1), (3, 0), (4, 0)], "in Moscow the second day began at 21:00 UTC");
    }

    #[test]
    fn the_others_are_added_up() {
        let reached =
            (0..25).map(|number| (format!("made-up-{number}"), Reached { started: 2, name: 1, confirmation: 0 }));
        let lines = by_source(&[], &reached.collect());
        assert_eq!(lines[20].dialogs, Some(Dialogs { started: 10, name: 5, confirm: 0 }));
    }
}
