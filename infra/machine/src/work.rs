//! What goes on by itself: the queue's consumers, the schedule, and the deletion of what has expired.

use std::sync::Arc;
use std::time::Duration;

use embedded::DynamoDb;
use settings::system_clock;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::clock_watch::ClockWatch;
use crate::{Functions, Variables, read};

/// Consumers of the queue, as many as the template's maximum concurrency.
const CONSUMERS: usize = 2;
/// The schedule's first pauses after the start.
const AFTER_START: [Duration; 2] = [Duration::from_secs(15), Duration::from_secs(35)];
/// The schedule comes by at least as often as on AWS, in minutes of the dealer's file.
const SCHEDULE_MINUTES: u32 = 5;
/// How often expired items are deleted.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Starts it all, until `stopping`. `scheduled` is called after each run of the schedule.
///
/// # Errors
/// A setting is wrong.
pub fn work(
    functions: &Arc<Functions>,
    tables: &DynamoDb,
    variables: &Variables,
    stopping: &watch::Receiver<bool>,
    scheduled: impl Fn() + Send + 'static,
) -> anyhow::Result<Vec<JoinHandle<()>>> {
    let (delivery, dealer_file) =
        read(variables, |env| (settings::Delivery::read(env), settings::DealerFile::read(env)))?;
    let retry_interval = Duration::from_secs(delivery.retry_interval_seconds.max(1).unsigned_abs());
    let every = retry_interval.min(Duration::from_secs((SCHEDULE_MINUTES * dealer_file.minute_seconds).into()));
    let mut workers: Vec<_> =
        (0..CONSUMERS).map(|_| tokio::spawn(functions.consumer().run(stopping.clone()))).collect();
    workers.push(tokio::spawn(schedule(Arc::clone(functions), every, stopping.clone(), scheduled)));
    workers.push(tokio::spawn(sweep(tables.clone(), stopping.clone())));
    Ok(workers)
}

async fn schedule(
    functions: Arc<Functions>,
    every: Duration,
    mut stopping: watch::Receiver<bool>,
    scheduled: impl Fn() + Send,
) {
    // What a killed process was doing is due within a minute of the start: nobody should wait for the next turn then.
    let mut first = AFTER_START.into_iter();
    let clock = system_clock();
    let mut watch = ClockWatch::new(clock());
    loop {
        if watch.has_gone_back(clock())
            && let Err(error) = functions.clock_went_back(clock()).await
        {
            tracing::error!("requests that were put off by a clock that was ahead stay so: {error:#}");
        }
        if let Err(error) = functions.run_schedule().await {
            tracing::error!("{error:#}");
        }
        scheduled();
        tokio::select! {
            () = tokio::time::sleep(first.next().unwrap_or(every).min(every)) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

async fn sweep(tables: DynamoDb, mut stopping: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => match tables.sweep() {
                Ok(count) => tracing::debug!(count, "deleted expired items"),
                Err(error) => tracing::warn!("expired items stay: {error}"),
            },
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}
