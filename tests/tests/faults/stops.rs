//! The functions stopped between every two calls: what was called is done, and nobody is left to know it.

use std::sync::Arc;
use std::time::Duration;

use simulators::fault::{Fault, When};
use stories::System;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::killable::KillableBot;
use crate::story::{EXPECTED, anna_sells_her_car, what_admins_read, what_came_of};

/// Bots at a time.
const AT_ONCE: usize = 8;
/// The answer never comes while the function lives.
const FOR_EVER: Duration = Duration::from_secs(600);

/// After the `spared`-th call of this name everything stops.
#[derive(Clone, Debug)]
struct Stop {
    system: System,
    route: String,
    spared: u32,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_after_any_call() {
    let stops = every_call().await;
    let all = stops.len();
    let stops = Arc::new(Mutex::new(stops));
    let mut bots = JoinSet::new();
    for _ in 0..AT_ONCE {
        let stops = Arc::clone(&stops);
        bots.spawn(async move {
            let bot = KillableBot::start().await;
            let (mut wrong, mut struck) = (Vec::new(), 0);
            loop {
                let Some(stop) = stops.lock().await.pop() else { return (wrong, struck) };
                match stopped(&bot, &stop).await {
                    Ok(has_struck) => struck += usize::from(has_struck),
                    Err(different) => wrong.push(format!("{stop:?}\n{different}")),
                }
            }
        });
    }
    let (mut wrong, mut struck) = (Vec::new(), 0);
    for (more_wrong, more_struck) in bots.join_all().await {
        wrong.extend(more_wrong);
        struck += more_struck;
    }
    assert!(wrong.is_empty(), "{} of {all} stops went wrong:\n{}", wrong.len(), wrong.join("\n\n"));
    // Photos of an album meet or do not meet, and a process asks once for its account: not every call is made in every
    // run.
    assert!(struck * 10 > all * 8, "only {struck} of {all} stops took place");
}

/// One stop for each call of the undisturbed story.
async fn every_call() -> Vec<Stop> {
    let bot = KillableBot::start().await;
    let mark = bot.mark();
    anna_sells_her_car(&bot, &bot.customer("Анна")).await;
    bot.recover().await;
    let calls = bot.calls_since(&mark).into_iter().filter(|((_, route), _)| route != "webhook");
    calls
        .flat_map(|((system, route), count)| {
            (0..count).map(move |spared| Stop { system, route: route.clone(), spared })
        })
        .collect()
}

/// Plays the story with one stop. Returns whether it took place.
async fn stopped(bot: &KillableBot, stop: &Stop) -> Result<bool, String> {
    let before = what_admins_read(bot);
    let anna = bot.customer("Анна");
    let failing = bot.fail(stop.system, &stop.route, When::After(stop.spared, 1), Fault::LateAnswer(FOR_EVER));
    let told = async {
        anna_sells_her_car(bot, &anna).await;
        bot.recover().await;
    };
    bot.stopping(&failing, told).await;
    let told = what_came_of(bot, &anna);
    if told != EXPECTED || !bot.crm().twins().is_none() {
        return Err(format!("{:?}\n{told}", bot.crm().twins()));
    }
    what_admins_read(bot).too_much_since(&before, false).map_or(Ok(failing.has_struck()), Err)
}
