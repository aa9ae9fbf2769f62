//! A request arrives once, whatever single thing fails on the way.

use std::time::Duration;

use futures::{StreamExt, stream};
use lead::{LeadId, Photo, Status};
use settings::{Env, Retry};
use simulators::amocrm;
use simulators::fault::{Fault, When};
use storage::Tables;
use stories::{ANNA, BORIS, Bot, Setup, account_without_lag, failed, is_complete};

use crate::killable::TEAM;

/// Everything of request `n` is in amoCRM, and nothing twice.
fn assert_arrived_once(bot: &Bot, n: u8, id: LeadId, what: &str) {
    assert!(bot.crm().twins().is_none(), "{what}: {:?}", bot.crm().twins());
    let (number, phone) = (id.request_number(), phone(n));
    let deals = bot.crm().deals();
    let deals: Vec<_> = deals.iter().filter(|deal| deal.field("REQUEST_ID") == Some(&number)).collect();
    assert_eq!(deals.len(), 1, "{what}");
    let deal = deals[0];
    assert!(is_complete(deal) && deal.files.len() == 2, "{what}: {deal:?}");
    let contact = deal.contact.as_ref().unwrap();
    assert_eq!((&contact.phones, &contact.tags), (&vec![phone], &vec!["telegram_new".to_owned()]), "{what}");
    assert_eq!(contact.deals, [deal.id], "{what}");
    let of_task = deal.tasks.first().map(|task| task.responsible.as_str());
    assert_eq!((contact.responsible.as_str(), of_task), (deal.responsible.as_str(), Some(deal.responsible.as_str())));
    assert!(["Ольга Менеджер", "Игорь Менеджер"].contains(&deal.responsible.as_str()), "{what}: {deal:?}");
}

fn setup() -> Setup {
    Setup::deployed().at(account_without_lag())
}

fn phone(n: u8) -> String {
    format!("+790000000{n:02}")
}

/// A bot that can be broken time and again, each time for another customer.
struct Series {
    bot: Bot,
    photos: Vec<Photo>,
    n: u8,
}

impl Series {
    async fn new() -> Self {
        let bot = Bot::start(setup()).await;
        bot.put_dealer_file(TEAM).await;
        let photos = bot.photos(2);
        Self { bot, photos, n: 0 }
    }

    /// The next customer's request.
    async fn request(&mut self) -> LeadId {
        self.n += 1;
        let photos = self.photos.clone();
        self.bot.store_with(self.n, &phone(self.n), |request| request.photos = photos).await
    }

    /// How many calls a delivery takes when nothing fails.
    async fn undisturbed_calls(&mut self) -> usize {
        let id = self.request().await;
        let mark = self.bot.crm().faults().mark();
        assert_eq!(self.bot.push(&[id]).await, [""; 0]);
        assert_arrived_once(&self.bot, self.n, id, "undisturbed");
        assert_eq!(self.bot.admin().reads(), [""; 0]);
        self.bot.crm().faults().calls_since(mark).len()
    }
}

/// Delivers once for every call of a delivery, with that call failing so.
async fn every_call_fails_once(fault: Fault) {
    let mut series = Series::new().await;
    let calls = series.undisturbed_calls().await;
    assert!(calls > 8, "{calls}");
    for spared in 0..calls {
        let id = series.request().await;
        series.bot.crm().faults().add("*", When::After(u32::try_from(spared).unwrap(), 1), fault.clone());
        series.bot.push_until_sent(&[id]).await;
        assert_arrived_once(&series.bot, series.n, id, &format!("call {} of {calls} fails", spared + 1));
        series.bot.wait(700);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_is_lost() {
    every_call_fails_once(Fault::LoseAnswer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_answer_is_garbage() {
    every_call_fails_once(Fault::Garbage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_connection_breaks() {
    every_call_fails_once(Fault::DropBefore).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_times_out() {
    every_call_fails_once(Fault::Hang(Duration::from_millis(800))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_meets_an_internal_error() {
    every_call_fails_once(Fault::Status(500, "{}".to_owned())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whichever_call_meets_a_gateway_that_gave_up() {
    every_call_fails_once(Fault::Html(504)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_account_is_blocked_for_a_moment() {
    every_call_fails_once(Fault::Html(403)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_worker_dies() {
    let mut series = Series::new().await;
    let calls = series.undisturbed_calls().await;
    for (n, pause) in (1..=calls).flat_map(|n| [0, 3].map(|pause| (n, pause))) {
        let id = series.request().await;
        let bot = &series.bot;
        let (event, worker) = (bot.batch(&[id]).await, bot.worker(&bot.crm_push_settings()));
        let before = bot.crm().calls().len();
        let photos = bot.photo_batch(&[id]);
        let running = tokio::spawn(async move {
            worker.handle(event).await;
            worker.handle(photos).await
        });
        while !running.is_finished() && bot.crm().calls().len() < before + n {
            tokio::task::yield_now().await;
        }
        tokio::time::sleep(Duration::from_millis(pause)).await;
        running.abort();
        let _ = running.await;
        bot.push(&[id]).await;
        bot.wait(700); // the dead worker's lease is over
        bot.push_until_sent(&[id]).await;
        assert_arrived_once(bot, series.n, id, &format!("died {pause} ms after call {n} of {calls}"));
    }
}

/// So many failed calls in a row are at least one failed operation.
const FAILED_OPERATION: u32 = Retry::AWS_CALL.tries + 1;
/// Scenarios that run at the same time: they mostly wait for the SDK's pauses.
const AT_ONCE: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_operation_of_the_database_fails() {
    let mut series = Series::new().await;
    let id = series.request().await;
    let before = series.bot.database().mark();
    series.bot.push(&[id]).await;
    let operations = u32::try_from(series.bot.database().calls_since(before).len()).unwrap();
    assert!(operations > 10, "{operations}");
    let faults = [Fault::Status(500, "{}".to_owned()), Fault::LoseAnswer];
    let scenarios = faults.iter().flat_map(|fault| (0..operations).map(move |spared| (fault.clone(), spared)));
    let scenarios = stream::iter(scenarios).map(|(fault, spared)| async move {
        let what = format!("from operation {} of {operations}: {fault:?}", spared + 1);
        let mut series = Series::new().await;
        let id = series.request().await;
        let bot = series.bot;
        let event = bot.batch(&[id]).await;
        bot.database().add("*", When::After(spared, FAILED_OPERATION), fault);
        let worker = bot.worker(&bot.crm_push_settings());
        worker.handle(event).await;
        worker.handle(bot.photo_batch(&[id])).await;
        bot.database().clear();
        bot.wait(700); // the lease is over, and the queue has delivered the message again
        bot.push_until_sent(&[id]).await;
        assert_arrived_once(&bot, 1, id, &what);
    });
    scenarios.buffer_unordered(AT_ONCE).collect::<()>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_of_a_batch_makes_no_twins() {
    for route in ["POST /api/v4/contacts", "POST /api/v4/leads", "POST /api/v4/leads/notes", "POST /api/v4/tasks"] {
        for fault in [Fault::LoseAnswer, Fault::Html(504), Fault::Status(500, String::new()), Fault::Garbage] {
            let bot = Bot::start(setup()).await;
            let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
            bot.crm().faults().add(route, When::Times(1), fault.clone());
            bot.push_until_sent(&ids).await;
            assert!(bot.crm().twins().is_none(), "{route} {fault:?}: {:?}", bot.crm().twins());
            assert_eq!((bot.crm().deals().len(), bot.crm().contacts().len()), (2, 2), "{route} {fault:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_deal_is_found_in_the_same_attempt() {
    let bot = Bot::start(setup()).await;
    let id = bot.store(1, ANNA).await;
    bot.crm().faults().add("POST /api/v4/leads", When::Times(1), Fault::LoseAnswer);
    bot.push(&[id]).await;
    assert!(bot.is_sent(id).await);
    let posted = bot.crm().calls().iter().filter(|call| call.route == "POST /api/v4/leads").count();
    assert_eq!(posted, 1);
    assert_eq!(bot.admin().reads(), [""; 0], "nothing to trouble an admin with");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_deal_is_found_though_its_contact_does_not_tell_of_it() {
    let bot = Bot::start(setup()).await;
    let id = bot.store(1, ANNA).await;
    bot.crm().faults().add("GET /api/v4/contacts/*", When::Always, Fault::Status(204, String::new()));
    bot.crm().faults().add("POST /api/v4/leads", When::Times(1), Fault::LoseAnswer);
    bot.push_until_sent(&[id]).await;
    assert_eq!(bot.crm().deals().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_deal_is_found_in_an_account_without_a_field_for_the_number() {
    let account = amocrm::Options { with_bot_fields: false, ..account_without_lag() };
    for lost in 0..3 {
        let bot = Bot::start(Setup::deployed().at(account.clone())).await;
        // An earlier request like this one is there already.
        let earlier = bot.store(1, ANNA).await;
        bot.push_until_sent(&[earlier]).await;
        let id = bot.store(2, ANNA).await;
        bot.crm().faults().add("POST /api/v4/leads", When::After(lost, 1), Fault::LoseAnswer);
        bot.push_until_sent(&[id]).await;
        let deals = bot.crm().deals();
        assert_eq!(deals.len(), 2, "answer {lost} lost");
        for (deal, id) in deals.iter().zip([id, earlier]) {
            assert!(is_complete(deal), "{deal:?}");
            assert!(deal.notes[0].contains(&id.request_number()), "{:?}", deal.notes);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_message_twice_or_for_two_workers_is_one_delivery() {
    let mut series = Series::new().await;
    let id = series.request().await;
    let bot = series.bot;
    let settings = bot.crm_push_settings();
    let (one, other) = (bot.worker(&settings), bot.worker(&settings));
    let event = bot.batch(&[id, id]).await;
    let (first, second) = tokio::join!(one.handle(event.clone()), other.handle(event.clone()));
    assert_eq!((failed(&first), failed(&second)), (vec![], vec![]));
    other.handle(event).await;
    let photos = bot.photo_batch(&[id, id]);
    tokio::join!(one.handle(photos.clone()), other.handle(photos.clone()));
    other.handle(photos).await;
    assert!(bot.is_sent(id).await);
    assert_arrived_once(&bot, 1, id, "delivered thrice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_deleted_on_the_way_goes_no_further() {
    let bot = Bot::start(setup()).await;
    let id = bot.store(1, ANNA).await;
    bot.crm().faults().add("POST /api/v4/contacts", When::Times(1), Fault::Hang(Duration::from_millis(120)));
    let ids = [id];
    let (failures, ()) = tokio::join!(bot.push(&ids), async {
        tokio::time::sleep(Duration::from_millis(60)).await;
        bot.leads().delete(&id).await.unwrap();
    });
    assert_eq!(failures, [""; 0]);
    assert_eq!(bot.crm().deals(), []);
    assert_eq!(bot.leads().get(&id).await.unwrap(), None, "it is not written back");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_table_leaves_the_messages_on_the_queue() {
    let bot = Bot::start(setup()).await;
    let ids = [bot.store(1, ANNA).await, bot.store(2, BORIS).await];
    let event = bot.batch(&ids).await;
    let mark = bot.crm().faults().mark();
    let mut settings = bot.crm_push_settings();
    let queue = settings.tables.leads_queue_url.as_str();
    let mut env = Env::from_pairs([("LEADS_TABLE", "no-such-table"), ("LEADS_QUEUE_URL", queue)]);
    settings.tables = Tables::read(&mut env);
    let answer = bot.worker(&settings).handle(event).await;
    assert_eq!(failed(&answer).len(), 2);
    assert_eq!(bot.crm().faults().calls_since(mark), []);
    assert!(matches!(bot.lead(ids[0]).await.status, Status::Pending { .. }));
}
