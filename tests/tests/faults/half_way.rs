//! A form that is left half-way, while the calls of the schedule fail: never two reminders, and the manager hears once.

use std::sync::Arc;
use std::time::Duration;

use simulators::fault::{Fault, When};
use stories::{Customer, System, to_name_with_consent};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::killable::{KillableBot, TEAM};
use crate::matrix::{Way, ways};
use crate::routes::TABLE;

/// What the schedule needs for a form that was left.
const CALLS: [(System, &str); 6] = [
    (System::DynamoDb, "Query sessions"),
    (System::DynamoDb, "GetItem sessions"),
    (System::DynamoDb, "GetItem customers"),
    (System::DynamoDb, "PutItem sessions"),
    (System::DynamoDb, "TransactWriteItems"),
    (System::Telegram, "sendMessage"),
];
/// Bots at a time.
const AT_ONCE: usize = 16;
/// The answer never comes while the function lives.
const FOR_EVER: Duration = Duration::from_secs(600);

/// What happens to a call.
#[derive(Clone, Debug)]
enum Trouble {
    Fails(Way),
    /// The function is stopped while it waits for the answer.
    Stops,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_schedule_calls_fails() {
    let routes = CALLS.map(|call| TABLE.iter().find(|route| (route.system, route.name) == call).expect("it is known"));
    let cells = routes.into_iter().flat_map(|route| {
        let troubles = ways(route).into_iter().map(Trouble::Fails).chain([Trouble::Stops]);
        troubles.map(|trouble| (route.system, route.name, route.only_reads(), trouble))
    });
    let cells = Arc::new(Mutex::new(cells.collect::<Vec<_>>()));
    let mut bots = JoinSet::new();
    for _ in 0..AT_ONCE {
        let cells = Arc::clone(&cells);
        bots.spawn(async move {
            let mut wrong = Vec::new();
            loop {
                let Some((system, name, only_reads, trouble)) = cells.lock().await.pop() else { return wrong };
                let reminders = left_and_finished(system, name, &trouble).await;
                let fine = reminders.as_ref().is_ok_and(|reminders| *reminders == 1 || *reminders == 0 && !only_reads);
                if !fine {
                    wrong.push(format!("{name} {trouble:?}: {reminders:?} reminders"));
                }
            }
        });
    }
    let wrong: Vec<String> = bots.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Anna leaves a form, and finishes it hours later. Returns how often she was reminded.
async fn left_and_finished(system: System, name: &str, trouble: &Trouble) -> Result<usize, String> {
    let bot = KillableBot::of_a_dealer_with_policy().await;
    bot.put_dealer_file(&format!("{TEAM}[unfinished]")).await;
    let anna = bot.customer("Анна");
    to_the_comment(&anna).await;
    let failing = match trouble {
        Trouble::Fails(way) => bot.fail(system, name, When::Times(way.times), way.what.clone()),
        Trouble::Stops => bot.fail(system, name, When::Times(1), Fault::LateAnswer(FOR_EVER)),
    };
    match trouble {
        Trouble::Fails(_) => hours_pass(&bot).await,
        Trouble::Stops => bot.stopping(&failing, hours_pass(&bot)).await,
    }
    if !failing.has_struck() {
        return Err("it was never called;".to_owned());
    }
    drop(failing);
    bot.recover().await;
    let reminders = anna.messages().iter().filter(|message| message.text.contains("продолжим?")).count();
    expect_deal(&bot, "Не закончил: Проверка авто — Skoda Octavia — Анна", 1)?;
    anna.say("Я вернулась").await;
    anna.tap("Продолжить").await;
    anna.tap("⏭ Пропустить").await;
    anna.tap("✅ Отправить").await;
    bot.recover().await;
    expect_deal(&bot, "Проверка авто — Skoda Octavia — Анна", 2)?;
    Ok(reminders)
}

/// From the menu to the comment, which comes after the phone.
async fn to_the_comment(anna: &Customer) {
    to_name_with_consent(anna).await;
    anna.say("Анна").await;
    anna.share_contact(&anna.phone()).await;
}

/// The time in which a form is reminded of and goes to the manager.
async fn hours_pass(bot: &KillableBot) {
    for _ in 0..13 {
        bot.wait(10 * 60);
        bot.schedule().await;
    }
}

/// There is one deal, and everything of it once.
fn expect_deal(bot: &KillableBot, name: &str, notes: usize) -> Result<(), String> {
    let (deals, twins) = (bot.crm().deals(), bot.crm().twins());
    let as_expected = |deal: &simulators::amocrm::Deal| {
        deal.name == name && (deal.notes.len(), deal.tasks.len()) == (notes, 1) && deal.contact.is_some()
    };
    let fine = deals.len() == 1 && deals.iter().all(as_expected) && twins.is_none();
    if fine { Ok(()) } else { Err(format!("{twins:?} {deals:#?};")) }
}
