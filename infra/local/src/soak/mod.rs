//! `carquery-local soak`: many customers at once, while calls fail at random and the bot itself is killed.
//!
//! The bot runs in a process of its own, so that it can be killed with SIGKILL and started again on the same data.
//! Telegram and amoCRM are simulated in this process: they remember what the killed bot did. A third of the customers
//! leave their form half-way, and half of those come back. The team takes requests, talks with customers and moves
//! deals; some customers come again. In the end every request that a customer was thanked for, and every form that was
//! left for good, must be in amoCRM, once, and what came of them where it belongs.

mod after;
mod bot;
mod cards;
mod chaos;
mod customer;
mod cut_off;
mod judgement;
mod outside;
mod report;
mod sales;
mod sends;
mod stages;
mod talks;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

pub(crate) use bot::Arguments as BotArguments;
pub(crate) use bot::run as run_bot;

use bot::Bot;
use customer::{Visit, Visitor};
use outside::Outside;
use report::Report;

/// How often the group is read, and amoCRM is searched for new deals.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How often it is judged in the end whether everything is there.
const JUDGE_EVERY: Duration = Duration::from_secs(1);
/// How often a line of progress is printed.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);
/// How far the clock is set when everybody has gone: then the talks' notes and the deals whose hooks were lost are due.
const AN_HOUR: Duration = Duration::from_secs(3_660);
/// How long calls fail in that hour.
const FAULTS_GO_ON: Duration = Duration::from_secs(10);
/// The bot takes 600 requests an hour, and some customers send two.
const MAX_DIALOGS: usize = 500;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many customers begin a request, up to 500.
    #[arg(long, default_value_t = 50)]
    dialogs: usize,
    /// How many of them talk at the same time.
    #[arg(long, default_value_t = 20)]
    at_once: usize,
    /// Seed of the random faults.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Percentage of calls to Telegram, amoCRM, DynamoDB and SQS that fail.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=90))]
    faults: u8,
    /// How many times the bot is killed (SIGKILL) and started again.
    #[arg(long, default_value_t = 0)]
    kills: usize,
    /// Requests per second that the amoCRM account allows.
    #[arg(long, default_value_t = 50)]
    crm_rate: u32,
    /// How many seconds without faults the last requests may take after the last customer has finished.
    #[arg(long, default_value_t = 900)]
    patience: u64,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// Plays the customers and prints the report.
///
/// Exits with a failure if anything is lost or duplicated.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    ensure!(arguments.dialogs <= MAX_DIALOGS, "the bot takes 600 requests an hour: play up to {MAX_DIALOGS} dialogs");
    let started = Instant::now();
    let outside = Arc::new(Outside::start().await?);
    let data = tempfile::tempdir().context("cannot create a folder for the run's data")?;
    let mut bot = Bot::start(&outside, data.path(), arguments).await?;
    for faults in [outside.telegram.faults(), outside.amocrm.faults()] {
        chaos::break_some(faults, arguments.faults, arguments.seed);
    }

    let finished = Arc::new(AtomicUsize::new(0));
    let mut going_on = start_visits(&outside, arguments, &finished);
    let mut visits = Vec::new();
    let mut kills = 0;
    let mut progress = Progress::new(arguments.dialogs);
    while visits.len() < arguments.dialogs {
        tokio::select! {
            Some(visit) = going_on.join_next() => visits.push(visit.context("a customer crashed")?),
            () = sleep(LOOK_EVERY) => outside.look(),
        }
        progress.show(visits.len(), &outside, kills);
        // Spread evenly over the requests: the first kill comes when the first of `kills + 1` parts has finished.
        if kills < arguments.kills
            && finished.load(Ordering::Relaxed) * (arguments.kills + 1) >= arguments.dialogs * (kills + 1)
        {
            kills += 1;
            outside.note_cut_off(bot.kill()?);
            bot = Bot::start(&outside, data.path(), arguments).await?;
        }
    }
    let talking = started.elapsed();
    outside.note_cut_off(bot.kill()?);
    outside.forward(AN_HOUR);
    bot = Bot::start(&outside, data.path(), arguments).await?;
    look_until(&outside, FAULTS_GO_ON, || false).await;
    // No more faults: what waits must go out.
    outside.telegram.faults().clear();
    outside.amocrm.faults().clear();
    bot.end_faults()?;
    let is_done = || {
        let missing = Report::missing(&outside, &visits);
        progress.show_missing(&missing);
        missing.is_empty()
    };
    look_until(&outside, Duration::from_secs(arguments.patience), is_done).await;
    bot.kill()?;
    let report = Report::of(&outside, &visits, kills, [talking, started.elapsed()]);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.text());
    }
    Ok(if report.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks at what comes, for this time or until `is_done`.
async fn look_until(outside: &Outside, patience: Duration, mut is_done: impl FnMut() -> bool) {
    let deadline = Instant::now() + patience;
    let mut judged_at = Instant::now();
    while Instant::now() < deadline {
        sleep(LOOK_EVERY).await;
        outside.look();
        if judged_at.elapsed() >= JUDGE_EVERY {
            judged_at = Instant::now();
            if is_done() {
                return;
            }
        }
    }
}

/// Lets the customers come, `at_once` at a time.
fn start_visits(outside: &Arc<Outside>, arguments: &Arguments, finished: &Arc<AtomicUsize>) -> JoinSet<Visit> {
    let turns = Arc::new(Semaphore::new(arguments.at_once.max(1)));
    let mut visits = JoinSet::new();
    for number in 0..arguments.dialogs {
        let (outside, turns, finished) = (Arc::clone(outside), Arc::clone(&turns), Arc::clone(finished));
        visits.spawn(async move {
            let _turn = turns.acquire().await;
            let mut visitor = Visitor::new(&outside.telegram, number);
            let mut visit = visitor.visit(number).await;
            after::play(&mut visitor, &mut visit, &outside).await;
            finished.fetch_add(1, Ordering::Relaxed);
            visit
        });
    }
    visits
}

/// Prints how far the run is to standard error, every few seconds.
struct Progress {
    dialogs: usize,
    shown_at: Instant,
}

impl Progress {
    fn new(dialogs: usize) -> Self {
        Self { dialogs, shown_at: Instant::now() }
    }

    fn show(&mut self, finished: usize, outside: &Outside, kills: usize) {
        if self.is_time() {
            eprintln!(
                "{finished} of {} customers have finished, {} have a deal in amoCRM, {kills} kill(s)",
                self.dialogs,
                outside.deals_seen()
            );
        }
    }

    fn show_missing(&mut self, missing: &[String]) {
        if self.is_time() {
            eprintln!("everybody has finished; missing: {}", missing.join("; "));
        }
    }

    fn is_time(&mut self) -> bool {
        let is_time = self.shown_at.elapsed() >= PROGRESS_EVERY;
        if is_time {
            self.shown_at = Instant::now();
        }
        is_time
    }
}
