//! Every outside call, failing in every way, once and for a while.

use std::sync::Arc;
use std::time::Duration;

use settings::Retry;
use simulators::fault::{Fault, When};
use stories::{Customer, System};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::killable::KillableBot;
use crate::routes::{Route, Story, TABLE};
use crate::story::{missing_of_talk, times_told, what_admins_read, what_came_of};

/// Bots at a time: most of the time is spent waiting for a client to try again.
const AT_ONCE: usize = 16;
/// Longer than any client waits, but for the download of a photo.
const TOO_LONG: Duration = Duration::from_secs(16);
/// How often a call fails in a row: what is repeated at once outlasts one failure, but not this many.
const fn a_while(system: System) -> u32 {
    match system {
        System::DynamoDb | System::Sqs => Retry::AWS_CALL.tries + 1,
        _ => 4,
    }
}

/// One way to fail.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) what: Fault,
    pub(crate) times: u32,
}

/// The ways in which a call is made to fail. What only reads loses no more with its answer than with its question.
pub(crate) fn ways(route: &Route) -> Vec<Way> {
    let internal = match route.system {
        System::DynamoDb | System::Sqs => r#"{"__type":"InternalServerError","message":"Internal server error"}"#,
        _ => "{}",
    };
    let (lost, late) = if route.only_reads() {
        (Fault::DropBefore, Fault::Hang(TOO_LONG))
    } else {
        (Fault::LoseAnswer, Fault::LateAnswer(TOO_LONG))
    };
    let server_error = Fault::Status(500, internal.to_owned());
    let too_many = Fault::TooMany { retry_after: 1 };
    let mut once = vec![lost.clone(), server_error.clone(), too_many.clone(), Fault::Html(403), Fault::Garbage, late];
    if !route.only_reads() {
        once.push(Fault::DropBefore);
    }
    let once = once.into_iter().map(|what| Way { what, times: 1 });
    once.chain([lost, server_error, too_many].map(|what| Way { what, times: a_while(route.system) })).collect()
}

/// Plays a story for each call of the system and each way to fail.
async fn whatever_fails_of(system: System) {
    let routes = TABLE.iter().filter(|route| route.system == system);
    let cells: Vec<_> = routes.flat_map(|route| ways(route).into_iter().map(move |way| (route, way))).collect();
    let cells = Arc::new(Mutex::new(cells));
    let mut bots = JoinSet::new();
    for _ in 0..AT_ONCE {
        let cells = Arc::clone(&cells);
        bots.spawn(async move {
            let bot = KillableBot::start().await;
            let mut wrong = Vec::new();
            loop {
                let next = cells.lock().await.pop();
                let Some((route, way)) = next else { return wrong };
                if let Some(different) = played(&bot, route, &way).await {
                    wrong.push(format!("{} {way:?}\n{different}", route.name));
                }
            }
        });
    }
    let wrong: Vec<String> = bots.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

async fn played(bot: &KillableBot, route: &Route, way: &Way) -> Option<String> {
    let told = match cell(bot, route, way).await {
        // Some calls are made once in the life of a process.
        Err(NeverCalled) => cell(&KillableBot::start().await, route, way).await,
        told => told,
    };
    told.unwrap_or_else(|NeverCalled| Some("was never called".to_owned()))
}

/// The call that was to fail was not made.
struct NeverCalled;

/// One story with one thing failing. Returns what is different from what it should have come to.
async fn cell(bot: &KillableBot, route: &Route, way: &Way) -> Result<Option<String>, NeverCalled> {
    let before = what_admins_read(bot);
    let customers = route.story.cast(bot);
    let failing = bot.fail(route.system, route.name, When::Times(way.times), way.what.clone());
    route.story.play(bot, &customers).await;
    let struck = failing.has_struck();
    drop(failing);
    bot.recover().await;
    if !struck {
        return Err(NeverCalled);
    }
    if let Some(different) = different(bot, route.story, &customers) {
        return Ok(Some(different));
    }
    if route.story == Story::Forgotten
        && let Some(left) = bot.left_of(customers[0].chat).await
    {
        return Ok(Some(left));
    }
    let read = what_admins_read(bot);
    // They are told before anything is deleted, so a press that is delivered again tells them again: too often, never
    // not at all.
    let deletions = read.deletions - before.deletions;
    let expected =
        if route.story == Story::Forgotten { 1..=1 + usize::try_from(way.times).unwrap_or(1) } else { 0..=0 };
    if !expected.contains(&deletions) {
        return Ok(Some(format!("the admins read of {deletions} deletions")));
    }
    // A 403 without a reason is how amoCRM blocks an account, which its support has to undo.
    let needs_a_person = route.system == System::Amocrm && way.what == Fault::Html(403);
    Ok(read.too_much_since(&before, needs_a_person))
}

/// What is not as it should be in the end.
fn different(bot: &KillableBot, story: Story, customers: &[Customer]) -> Option<String> {
    let twins = bot.crm().twins();
    if !twins.is_none() {
        return Some(format!("{twins:?}"));
    }
    // Who lost the answer to a write that made it theirs to tell does not tell: better once too few than twice.
    if let Some(times) = customers.iter().map(times_told).find(|times| *times > 1) {
        return Some(format!("told {times} times that the deal was moved"));
    }
    if story == Story::Taken
        && let Some(missing) = customers.iter().find_map(|customer| missing_of_talk(bot, customer))
    {
        return Some(missing);
    }
    customers.iter().map(|customer| what_came_of(bot, customer)).find(|told| *told != story.expected())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_dynamodb_does() {
    whatever_fails_of(System::DynamoDb).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_sqs_does() {
    whatever_fails_of(System::Sqs).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_telegram_does() {
    whatever_fails_of(System::Telegram).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_amocrm_does() {
    whatever_fails_of(System::Amocrm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_model_does() {
    whatever_fails_of(System::OpenAi).await;
}
