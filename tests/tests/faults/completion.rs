//! A form that is in amoCRM half-way and is finished then: one deal with everything once, whatever fails, and whenever
//! the form is finished.

use std::time::Duration;

use lead::{LeadId, Photo};
use simulators::amocrm;
use simulators::fault::{Fault, When};
use stories::{Bot, Setup, System, account_without_lag, has_its_tasks};
use tokio::task::JoinHandle;

/// A bot that can be broken time and again, each time for another customer.
struct Series {
    bot: Bot,
    photos: Vec<Photo>,
    n: u8,
}

impl Series {
    async fn new(account: amocrm::Options) -> Self {
        let bot = Bot::start(Setup::deployed().at(account)).await;
        bot.put_dealer_file(&format!("[unfinished]\nstatus_id = {}", amocrm::BOT_FIRST_STAGE + 1)).await;
        let photos = bot.photos(3);
        Self { bot, photos, n: 0 }
    }

    fn phone(&self) -> String {
        format!("+790000000{:02}", self.n)
    }

    /// The next customer leaves a form with two photos.
    async fn unfinished(&mut self) -> LeadId {
        self.n += 1;
        self.bot.store_unfinished(self.n, &self.phone(), self.photos[..2].to_vec()).await
    }

    /// The customer finishes it with a third photo.
    async fn finish(&self, id: LeadId) {
        self.bot.finish_request(id, self.photos.clone()).await;
    }

    /// The next customer's form, which is in amoCRM half-way and is finished now.
    async fn finished(&mut self) -> LeadId {
        let id = self.unfinished().await;
        self.bot.push_until_sent(&[id]).await;
        self.finish(id).await;
        id
    }

    /// How many calls a delivery takes when nothing fails.
    async fn calls_of(&self, id: LeadId) -> usize {
        let mark = self.bot.crm().faults().mark();
        self.bot.push_until_sent(&[id]).await;
        self.bot.crm().faults().calls_since(mark).len()
    }

    /// The last customer's request is in amoCRM as finished, and nothing is there twice. Returns the first lines of its
    /// notes.
    fn assert_arrived_once(&self, id: LeadId, what: &str) -> Vec<String> {
        let crm = self.bot.crm();
        assert!(crm.twins().is_none(), "{what}: {:?}", crm.twins());
        let deals = crm.deals();
        let is_hers = |contact: &amocrm::ContactShown| contact.phones == [self.phone()];
        let deals: Vec<_> = deals.iter().filter(|deal| deal.contact.as_ref().is_some_and(is_hers)).collect();
        assert_eq!(deals.len(), 1, "{what}");
        let deal = deals[0];
        assert_eq!(deal.name, "Продажа авто — Toyota Camry — Анна", "{what}");
        assert_eq!(
            (deal.price, deal.stage.as_str(), deal.tags.len()),
            (1_500_000, "Новая заявка", 0),
            "{what}: {deal:?}"
        );
        assert!(has_its_tasks(deal) && deal.files.len() == 3, "{what}: {deal:?}");
        let contact = deal.contact.as_ref().expect("it has one");
        assert_eq!((&contact.tags, &contact.deals), (&vec!["telegram_new".to_owned()], &vec![deal.id]), "{what}");
        assert!(deal.notes.last().is_some_and(|note| note.contains("Пробег: 85 000 км")), "{what}: {:?}", deal.notes);
        let number = id.request_number();
        deal.notes.iter().map(|note| note.lines().next().unwrap_or_default().replace(&number, "NUMBER")).collect()
    }

    fn assert_completed_once(&self, id: LeadId, what: &str) {
        let notes = self.assert_arrived_once(id, what);
        assert_eq!(notes, ["Заявка № NUMBER не закончена", "Заявка № NUMBER закончена"], "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_call_of_a_completion_fails() {
    let mut series = Series::new(account_without_lag()).await;
    let id = series.finished().await;
    let calls = series.calls_of(id).await;
    series.assert_completed_once(id, "undisturbed");
    assert!(calls > 8, "{calls}");
    assert_eq!(series.bot.admin().reads(), [""; 0]);
    for fault in [
        Fault::LoseAnswer,
        Fault::Garbage,
        Fault::DropBefore,
        Fault::Hang(Duration::from_millis(800)),
        Fault::Status(500, "{}".to_owned()),
        Fault::Html(504),
        Fault::Html(403),
    ] {
        let mut series = Series::new(account_without_lag()).await;
        for spared in 0..calls {
            let id = series.finished().await;
            series.bot.crm().faults().add("*", When::After(u32::try_from(spared).unwrap(), 1), fault.clone());
            series.bot.push_until_sent(&[id]).await;
            series.assert_completed_once(id, &format!("call {} of {calls}: {fault:?}", spared + 1));
            series.bot.wait(700);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_worker_of_a_completion_dies() {
    let mut series = Series::new(account_without_lag()).await;
    let id = series.finished().await;
    for n in 1..=series.calls_of(id).await {
        let id = series.finished().await;
        stop_after(&series.bot, id, n).await;
        series.bot.wait(700); // the dead worker's lease is over
        series.bot.push_until_sent(&[id]).await;
        series.assert_completed_once(id, &format!("died after call {n}"));
    }
}

/// The worker of the unfinished request goes on until it learns of it, or dies at that moment; with a field for the
/// request's number in the account, or without.
#[tokio::test(flavor = "multi_thread")]
async fn at_whatever_moment_of_its_first_delivery_the_form_is_finished() {
    for (with_bot_fields, dies) in [(true, false), (true, true), (false, false), (false, true)] {
        let account = amocrm::Options { with_bot_fields, ..account_without_lag() };
        let mut series = Series::new(account.clone()).await;
        let id = series.unfinished().await;
        for n in 0..=series.calls_of(id).await {
            if !with_bot_fields {
                // Without a number, deals are told apart by their time, too: the clock has to agree with the account's.
                series = Series::new(account.clone()).await;
            }
            let id = series.unfinished().await;
            if dies {
                stop_after(&series.bot, id, n).await;
                series.finish(id).await;
            } else {
                let running = run_until(&series.bot, id, n).await;
                series.finish(id).await;
                running.await.expect("it ends");
            }
            series.bot.wait(700);
            series.bot.push_until_sent(&[id]).await;
            let what = format!("finished at call {n}, the worker dies: {dies}, fields: {with_bot_fields}");
            let notes = series.assert_arrived_once(id, &what);
            let last = notes.last().map(String::as_str);
            assert!(notes.len() <= 2 && last != Some("Заявка № NUMBER не закончена"), "{what}: {notes:?}");
        }
    }
}

/// Has a worker deliver the request and its photos, and waits until amoCRM has got `n` calls.
async fn run_until(bot: &Bot, id: LeadId, n: usize) -> JoinHandle<()> {
    let before = bot.crm().calls().len();
    let running = run(bot, id).await;
    while !running.is_finished() && bot.crm().calls().len() < before + n {
        tokio::task::yield_now().await;
    }
    running
}

/// Kills a worker while it waits for the answer to its call number `n`. amoCRM has done what it was asked for.
pub(crate) async fn stop_after(bot: &Bot, id: LeadId, n: usize) {
    let Some(spared) = n.checked_sub(1) else { return };
    let late = Fault::LateAnswer(Duration::from_secs(60));
    let failing = bot.fail(System::Amocrm, "*", When::After(u32::try_from(spared).unwrap(), 1), late);
    let running = run(bot, id).await;
    while !running.is_finished() && !failing.has_struck() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(20)).await;
    running.abort();
    let _ = running.await;
}

async fn run(bot: &Bot, id: LeadId) -> JoinHandle<()> {
    let (event, photos) = (bot.batch(&[id]).await, bot.photo_batch(&[id]));
    let worker = bot.worker(&bot.crm_push_settings());
    tokio::spawn(async move {
        worker.handle(event).await;
        worker.handle(photos).await;
    })
}
