//! A request that joins an open deal: one deal with everything once, whatever fails, and whatever becomes of the deal
//! meanwhile.

use std::time::Duration;

use lead::{LOST, LeadId};
use serde_json::json;
use simulators::amocrm::{self, BOT_PIPELINE};
use simulators::fault::{Fault, When};
use stories::{Bot, Setup, System, account_without_lag, is_complete, numbers_of};

use crate::completion::stop_after;

/// A customer who sends a request and then another one.
struct Pair {
    first: LeadId,
    second: LeadId,
    phone: String,
}

/// A bot that can be broken time and again, each time for another customer.
struct Series {
    bot: Bot,
    requests: u8,
}

impl Series {
    async fn new() -> Self {
        let bot = Bot::start(Setup::deployed().at(account_without_lag())).await;
        bot.put_dealer_file("[repeat]\njoin_open_deal_days = 30").await;
        Self { bot, requests: 0 }
    }

    async fn request(&mut self, phone: &str, price: Option<u64>) -> LeadId {
        self.requests += 1;
        let photos = self.bot.photos(1);
        let change = |request: &mut lead::Request| (request.price, request.photos) = (price, photos);
        self.bot.store_with(self.requests, phone, change).await
    }

    /// The next customer has an open deal without a price, and sends a request with one.
    async fn pair(&mut self) -> Pair {
        let phone = format!("+790000000{:02}", self.requests);
        let first = self.request(&phone, None).await;
        self.bot.push_until_sent(&[first]).await;
        let second = self.request(&phone, Some(1_500_000)).await;
        Pair { first, second, phone }
    }

    /// How many calls the joining takes when nothing fails.
    async fn undisturbed_calls(&mut self) -> usize {
        let pair = self.pair().await;
        let mark = self.bot.crm().faults().mark();
        self.bot.push_until_sent(&[pair.second]).await;
        self.assert_joined_once(&pair, "undisturbed");
        assert_eq!(self.bot.admin().reads(), [""; 0]);
        let calls = self.bot.crm().faults().calls_since(mark).len();
        assert!(calls > 8, "{calls}");
        calls
    }

    fn deals(&self, pair: &Pair) -> Vec<amocrm::Deal> {
        let mut deals = self.bot.crm().deals();
        deals.retain(|deal| deal.contact.as_ref().is_some_and(|contact| contact.phones == [pair.phone.as_str()]));
        deals
    }

    /// Both requests are in one deal, and nothing of them twice.
    fn assert_joined_once(&self, pair: &Pair, what: &str) {
        let twins = self.bot.crm().twins();
        assert!(twins.is_none(), "{what}: {twins:?}");
        let deals = self.deals(pair);
        let [deal] = &deals[..] else { panic!("{what}: {deals:#?}") };
        assert_eq!(numbers_of(deal), [pair.first, pair.second].map(|id| id.request_number()), "{what}");
        assert_eq!((deal.price, deal.tasks.len(), deal.files.len()), (1_500_000, 2, 2), "{what}: {deal:#?}");
        assert_eq!(deal.tags, ["telegram_repeat"], "{what}");
    }

    /// The second request has everything once, in the deal that it joined or in one of its own.
    fn assert_arrived_once(&self, pair: &Pair, what: &str) {
        let twins = self.bot.crm().twins();
        assert!(twins.is_none(), "{what}: {twins:?}");
        let number = pair.second.request_number();
        let deals = self.deals(pair);
        let noted: Vec<_> = deals.iter().filter(|deal| numbers_of(deal).contains(&number)).collect();
        let [deal] = &noted[..] else { panic!("{what}: {deals:#?}") };
        let tasks = deal.tasks.iter().filter(|task| task.text.contains(&number)).count();
        let files = deal.files.iter().filter(|file| file.name.starts_with(&number)).count();
        assert_eq!((tasks, files), (1, 1), "{what}: {deal:#?}");
        assert!(deals.len() <= 2 && (deals.len() == 1 || is_complete(&deals[0])), "{what}: {deals:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_call_of_a_joining_fails() {
    let calls = Series::new().await.undisturbed_calls().await;
    for fault in [
        Fault::LoseAnswer,
        Fault::Garbage,
        Fault::DropBefore,
        Fault::Hang(Duration::from_millis(800)),
        Fault::Status(500, "{}".to_owned()),
        Fault::Html(504),
        Fault::Html(403),
    ] {
        let mut series = Series::new().await;
        for spared in 0..calls {
            let pair = series.pair().await;
            let when = When::After(u32::try_from(spared).unwrap(), 1);
            series.bot.crm().faults().add("*", when, fault.clone());
            series.bot.push_until_sent(&[pair.second]).await;
            series.assert_joined_once(&pair, &format!("call {} of {calls}: {fault:?}", spared + 1));
            series.bot.wait(700);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_worker_of_a_joining_dies() {
    let mut series = Series::new().await;
    for n in 1..=series.undisturbed_calls().await {
        let pair = series.pair().await;
        stop_after(&series.bot, pair.second, n).await;
        series.bot.wait(700); // the dead worker's lease is over
        series.bot.push_until_sent(&[pair.second]).await;
        series.assert_joined_once(&pair, &format!("died after call {n}"));
    }
}

/// At whatever moment of the joining a manager closes the deal, or deletes it: the worker goes on, or dies at that
/// moment.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_the_deal_while_a_request_joins_it() {
    let mut series = Series::new().await;
    let calls = series.undisturbed_calls().await;
    for deletes in [true, false] {
        for n in 0..=calls {
            let pair = series.pair().await;
            let deal = series.deals(&pair)[0].id;
            stop_after(&series.bot, pair.second, n).await;
            if deletes && series.deals(&pair)[0].tasks.len() == 2 {
                break; // the manager has got it, note and task, and has deleted it
            }
            if deletes {
                series.bot.crm().delete_deal(deal);
            } else {
                let closed = json!({ "pipeline_id": BOT_PIPELINE, "status_id": LOST });
                series.bot.manager_changes(deal, closed).await;
            }
            series.bot.wait(700);
            series.bot.push_until_sent(&[pair.second]).await;
            series.assert_arrived_once(&pair, &format!("after call {n} of {calls}, deleted: {deletes}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deal_that_is_deleted_under_the_hand_that_writes_is_made_again() {
    for route in ["PATCH /api/v4/leads/*", "POST /api/v4/leads/notes", "POST /api/v4/tasks"] {
        let mut series = Series::new().await;
        let pair = series.pair().await;
        let deal = series.deals(&pair)[0].id;
        let slow = Fault::Hang(Duration::from_millis(150));
        let writing = series.bot.fail(System::Amocrm, route, When::Times(1), slow);
        let ids = [pair.second];
        tokio::join!(series.bot.push(&ids), async {
            while !writing.has_struck() {
                tokio::task::yield_now().await;
            }
            series.bot.crm().delete_deal(deal);
        });
        series.bot.push_until_sent(&ids).await;
        series.assert_arrived_once(&pair, route);
        assert_eq!(series.bot.admin().reads(), [""; 0], "nothing is wrong with the account");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_joins_the_deal_of_an_earlier_one_that_is_in_doubt() {
    for fault in [Fault::LoseAnswer, Fault::Html(504), Fault::Hang(Duration::from_millis(800)), Fault::DropBefore] {
        let mut series = Series::new().await;
        let phone = "+79000000000".to_owned();
        let first = series.request(&phone, None).await;
        let second = series.request(&phone, Some(1_500_000)).await;
        // The creation itself, and whatever is asked about it.
        series.bot.crm().faults().add("POST /api/v4/leads", When::Times(1), fault.clone());
        series.bot.crm().faults().add("GET /api/v4/contacts/*", When::After(1, 2), Fault::Html(504));
        series.bot.push(&[first, second]).await;
        series.bot.push_until_sent(&[second, first]).await;
        let pair = Pair { first, second, phone };
        let deals = series.deals(&pair);
        assert_eq!(deals.len(), 1, "{fault:?}: {deals:#?}");
        assert_eq!((deals[0].notes.len(), deals[0].tasks.len()), (2, 2), "{fault:?}: {deals:#?}");
        assert!(series.bot.crm().twins().is_none(), "{fault:?}");
    }
}
