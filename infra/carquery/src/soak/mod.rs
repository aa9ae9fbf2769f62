//! `carquery soak`: many customers at once, while everything around the bot fails at random and the bot itself is killed.
//!
//! The bot runs as a process of its own, so that it can be killed as the system kills (SIGKILL) and started again on the
//! same data. Telegram and amoCRM are simulated in this process: they remember what the killed one did. In the end every
//! request that a customer was thanked for must be in amoCRM, once.

mod bot;
mod customer;
mod report;
mod weather;

use std::collections::HashMap;
use std::path::PathBuf;
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

use crate::output::Output;
use bot::Bot;
use customer::{Customer, Talk};
use report::Report;

/// How often the dealer looks for new deals.
const LOOK_EVERY: Duration = Duration::from_millis(250);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many customers finish a request.
    #[arg(long, default_value_t = 50)]
    dialogs: usize,
    /// How many of them talk at the same time.
    #[arg(long, default_value_t = 20)]
    at_once: usize,
    /// What chance draws from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// So many of 100 calls fail: of Telegram, amoCRM, DynamoDB and SQS, in all ways there are.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=90))]
    faults: u8,
    /// How often the bot is killed (SIGKILL) and started again meanwhile.
    #[arg(long, default_value_t = 0)]
    kills: usize,
    /// Calls a second that the amoCRM account allows.
    #[arg(long, default_value_t = 50)]
    crm_rate: u32,
    /// How many seconds of fair weather the last requests may take after the last customer has finished.
    #[arg(long, default_value_t = 900)]
    patience: u64,
}

/// Everything outside the bot.
pub(crate) struct Outside {
    telegram: Telegram,
    amocrm: Amocrm,
    admin: i64,
}

/// Runs the program. Fails when anything is lost or there twice.
pub(crate) async fn run(arguments: &Arguments, output: &Output) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let outside = Arc::new(Outside::start().await?);
    let data = Folder::new()?;
    let mut bot = Bot::start(&outside, &data.0, arguments).await?;
    for faults in [outside.telegram.faults(), outside.amocrm.faults()] {
        weather::break_some(faults, arguments.faults, arguments.seed);
    }

    let finished = Arc::new(AtomicUsize::new(0));
    let mut talks = start_talks(&outside, arguments, &finished);
    let (mut told, mut deals) = (Vec::new(), HashMap::new());
    let mut kills = 0;
    while told.len() < arguments.dialogs {
        tokio::select! {
            Some(talk) = talks.join_next() => told.push(talk.context("a customer crashed")?),
            () = sleep(LOOK_EVERY) => {}
        }
        outside.look(&mut deals);
        // Spread evenly over the requests: the first kill comes when the first of `kills + 1` parts has finished.
        if kills < arguments.kills
            && finished.load(Ordering::Relaxed) * (arguments.kills + 1) >= arguments.dialogs * (kills + 1)
        {
            kills += 1;
            bot.kill()?;
            bot = Bot::start(&outside, &data.0, arguments).await?;
        }
    }
    // Fair weather: what waits goes out.
    outside.telegram.faults().clear();
    outside.amocrm.faults().clear();
    bot.fair_weather()?;
    let talked = started.elapsed();
    let deadline = Instant::now() + Duration::from_secs(arguments.patience);
    while Instant::now() < deadline && !outside.has_everything(&told) {
        sleep(LOOK_EVERY).await;
        outside.look(&mut deals);
    }
    bot.kill()?;
    let report = Report::of(&outside, &told, &deals, kills, [talked, started.elapsed()]);
    output.print(&report, Report::table);
    Ok(if report.is_fine() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lets the customers talk, so many at a time.
fn start_talks(outside: &Arc<Outside>, arguments: &Arguments, finished: &Arc<AtomicUsize>) -> JoinSet<Talk> {
    let turns = Arc::new(Semaphore::new(arguments.at_once.max(1)));
    let mut talks = JoinSet::new();
    for number in 0..arguments.dialogs {
        let (outside, turns, finished) = (Arc::clone(outside), Arc::clone(&turns), Arc::clone(finished));
        talks.spawn(async move {
            let _turn = turns.acquire().await;
            let talk = Customer::new(&outside.telegram, number).talk().await;
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
        telegram.mark_started(admin);
        Ok(Self { telegram, amocrm, admin })
    }

    /// Notes when each customer's deal was first seen, by phone.
    fn look(&self, deals: &mut HashMap<String, Instant>) {
        let now = Instant::now();
        for contact in self.amocrm.contacts().into_iter().filter(|contact| !contact.deals.is_empty()) {
            for phone in contact.phones {
                deals.entry(phone).or_insert(now);
            }
        }
    }

    /// Every request is there with all that belongs to it.
    fn has_everything(&self, told: &[Talk]) -> bool {
        let complete = self.amocrm.deals().into_iter().filter(report::is_complete).count();
        complete >= told.iter().filter(|talk| talk.thanked).count()
    }
}

/// A folder for this run's data, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("carquery-soak-{:016x}", rand::random::<u64>()));
        std::fs::create_dir_all(&path).context("cannot create a folder for the run's data")?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
