//! `carquery-local soak`: many customers at once, while calls fail at random and the bot itself is killed.
//!
//! The bot runs in a process of its own, so that it can be killed with SIGKILL and started again on the same data.
//! Telegram and amoCRM are simulated in this process: they remember what the killed bot did. A third of the customers
//! leave their form half-way, and half of those come back. In the end every request that a customer was thanked for,
//! and every form that was left for good, must be in amoCRM, once.

mod bot;
mod chaos;
mod customer;
mod report;

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context;
use simulators::amocrm::{self, Amocrm};
use simulators::telegram::{self, Telegram};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

pub(crate) use bot::Arguments as BotArguments;
pub(crate) use bot::run as run_bot;

use bot::Bot;
use customer::{Talk, Visitor};
use report::Report;

/// How often amoCRM is searched for new deals.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often a line of progress is printed.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many customers begin a request.
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

/// Everything outside the bot.
pub(crate) struct Outside {
    telegram: Telegram,
    amocrm: Amocrm,
    admin: i64,
}

/// Plays the customers and prints the report.
///
/// Exits with a failure if anything is lost or duplicated.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let outside = Arc::new(Outside::start().await?);
    let data = tempfile::tempdir().context("cannot create a folder for the run's data")?;
    let mut bot = Bot::start(&outside, data.path(), arguments).await?;
    for faults in [outside.telegram.faults(), outside.amocrm.faults()] {
        chaos::break_some(faults, arguments.faults, arguments.seed);
    }

    let finished = Arc::new(AtomicUsize::new(0));
    let mut talks = start_talks(&outside, arguments, &finished);
    let (mut talked, mut deals) = (Vec::new(), HashMap::new());
    let mut kills = 0;
    let mut progress = Progress::new(arguments.dialogs);
    while talked.len() < arguments.dialogs {
        tokio::select! {
            Some(talk) = talks.join_next() => talked.push(talk.context("a customer crashed")?),
            () = sleep(LOOK_EVERY) => {}
        }
        outside.look(&mut deals);
        progress.show(talked.len(), deals.len(), kills);
        // Spread evenly over the requests: the first kill comes when the first of `kills + 1` parts has finished.
        if kills < arguments.kills
            && finished.load(Ordering::Relaxed) * (arguments.kills + 1) >= arguments.dialogs * (kills + 1)
        {
            kills += 1;
            bot.kill()?;
            bot = Bot::start(&outside, data.path(), arguments).await?;
        }
    }
    // No more faults: what waits must go out.
    outside.telegram.faults().clear();
    outside.amocrm.faults().clear();
    bot.end_faults()?;
    let talking = started.elapsed();
    let deadline = Instant::now() + Duration::from_secs(arguments.patience);
    while Instant::now() < deadline && !outside.has_everything(&talked) {
        sleep(LOOK_EVERY).await;
        outside.look(&mut deals);
        progress.show(talked.len(), deals.len(), kills);
    }
    bot.kill()?;
    let report = Report::of(&outside, &talked, &deals, kills, [talking, started.elapsed()]);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{}", report.text());
    }
    Ok(if report.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets the customers talk, `at_once` at a time.
fn start_talks(outside: &Arc<Outside>, arguments: &Arguments, finished: &Arc<AtomicUsize>) -> JoinSet<Talk> {
    let turns = Arc::new(Semaphore::new(arguments.at_once.max(1)));
    let mut talks = JoinSet::new();
    for number in 0..arguments.dialogs {
        let (outside, turns, finished) = (Arc::clone(outside), Arc::clone(&turns), Arc::clone(finished));
        talks.spawn(async move {
            let _turn = turns.acquire().await;
            let talk = Visitor::new(&outside.telegram, number).talk().await;
            finished.fetch_add(1, Ordering::Relaxed);
            talk
        });
    }
    talks
}

impl Outside {
    async fn start() -> anyhow::Result<Self> {
        let telegram = telegram::Options {
            redelivery: telegram::Redelivery { attempts: 10_000, ..telegram::Redelivery::default() },
            ..telegram::Options::default()
        };
        let telegram = Telegram::start(telegram).await?;
        let amocrm = amocrm::Options { rate_limit: None, ..amocrm::Options::default() };
        let amocrm = Amocrm::start(amocrm).await?;
        let admin = telegram.new_customer("Админ", None);
        admin.mark_started();
        Ok(Self { telegram, amocrm, admin: admin.chat })
    }

    /// Records when each customer's deal was first seen, by phone.
    fn look(&self, deals: &mut HashMap<String, Instant>) {
        let now = Instant::now();
        for contact in self.amocrm.contacts().into_iter().filter(|contact| !contact.deals.is_empty()) {
            for phone in contact.phones {
                deals.entry(phone).or_insert(now);
            }
        }
    }

    /// Whether every request is in amoCRM, complete, and every form that was left.
    fn has_everything(&self, talked: &[Talk]) -> bool {
        let deals = self.amocrm.deals();
        talked
            .iter()
            .filter(|talk| talk.thanked || talk.left)
            .all(|talk| deals.iter().any(|deal| talk.is_told_by(deal)))
    }
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

    fn show(&mut self, finished: usize, deals: usize, kills: usize) {
        if self.shown_at.elapsed() >= PROGRESS_EVERY {
            self.shown_at = Instant::now();
            eprintln!(
                "{finished} of {} customers have finished, {deals} deals in amoCRM, {kills} kill(s)",
                self.dialogs
            );
        }
    }
}
