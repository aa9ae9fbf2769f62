//! What an update and a request cost: calls to DynamoDB, to the Bot API and to amoCRM, counted. `cargo test -p stories
//! --test stories costs -- --nocapture` prints the tables.

use std::collections::BTreeMap;

use simulators::fault::Call;
use stories::{Bot, Customer, finish, story, to_confirmation, to_confirmation_again, without_ids};

/// What one update costs.
#[derive(Debug, Default)]
struct Cost {
    reads: usize,
    writes: usize,
    /// Bot API calls the bot makes.
    calls: usize,
    /// Bot API calls that ride in the answer to the webhook.
    riding: usize,
    /// Of all of it, in bytes.
    sent: usize,
    queue: usize,
}

/// Where calls are counted.
struct Meter<'a> {
    bot: &'a Bot,
    marks: (u64, u64, u64),
    table: String,
}

impl<'a> Meter<'a> {
    fn new(bot: &'a Bot) -> Self {
        let table = format!(
            "{:<34} {:>5} {:>6} {:>5} {:>6} {:>6} {:>5}\n",
            "update", "reads", "writes", "calls", "riding", "bytes", "queue"
        );
        let mut meter = Self { bot, marks: (0, 0, 0), table };
        meter.begin();
        meter
    }

    fn begin(&mut self) {
        self.marks =
            (self.bot.database().mark(), self.bot.telegram().faults().mark(), self.bot.stack().sqs().faults().mark());
    }

    /// What was called since the last look.
    fn take(&mut self, what: &str) -> Cost {
        let mut cost = Cost::default();
        let database = self.bot.database().calls_since(self.marks.0);
        let telegram = self.bot.telegram().faults().calls_since(self.marks.1);
        for call in &database {
            let is_read = ["GetItem", "BatchGetItem", "Query", "Scan"].iter().any(|read| call.route.starts_with(read));
            *(if is_read { &mut cost.reads } else { &mut cost.writes }) += 1;
            cost.sent += call.body.len();
        }
        for call in telegram.iter().filter(|call| call.route != "webhook") {
            *(if call.method == "REPLY" { &mut cost.riding } else { &mut cost.calls }) += 1;
            cost.sent += call.body.len();
        }
        cost.queue = self.bot.stack().sqs().faults().calls_since(self.marks.2).len();
        self.table.push_str(&format!(
            "{what:<34} {:>5} {:>6} {:>5} {:>6} {:>6} {:>5}\n",
            cost.reads, cost.writes, cost.calls, cost.riding, cost.sent, cost.queue
        ));
        self.begin();
        cost
    }

    /// At most one read and one write before the reply leaves, one call that shows the reply, and at most one more
    /// write that stores the message's id after the reply has left.
    fn take_usual(&mut self, what: &str, shows_new_message: bool) {
        let cost = self.take(what);
        let writes = if shows_new_message { 2 } else { 1 };
        assert!(cost.reads <= 1 && cost.writes <= writes, "{what}: {cost:?}\n{}", self.table);
        assert!(cost.calls <= 1 && cost.riding <= 1 && cost.queue == 0, "{what}: {cost:?}\n{}", self.table);
        assert!(cost.sent < 8 * 1024, "{what}: {cost:?}");
    }
}

#[tokio::test]
async fn an_update_costs_one_read_one_write_and_one_call() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        // Connections and the first session.
        anna.say("/start").await;
        let mut meter = Meter::new(bot);
        anna.say("/menu").await;
        meter.take_usual("a command", true);
        anna.tap("🚗 Продать авто").await;
        meter.take_usual("a press: the menu", false);
        anna.say("Toyota Camry").await;
        meter.take_usual("a typed answer", true);
        anna.tap("2019").await;
        meter.take_usual("a press: an answer", false);
        anna.say("много").await;
        meter.take_usual("a wrong answer", true);
        anna.say("85000").await;
        meter.take_usual("a typed answer", true);
        anna.tap("На ваше усмотрение").await;
        meter.take_usual("a press: an answer", false);
        anna.send_photo(1).await;
        meter.take_usual("a photo", true);
        anna.act(simulators::telegram::Person::send_sticker).await;
        meter.take_usual("a sticker", true);
        anna.tap("✅ Готово").await;
        let cost = meter.take("a press: the name's keyboard");
        // Such a keyboard comes with a new message only, and the old one loses its buttons.
        assert_eq!((cost.reads, cost.writes, cost.calls, cost.riding), (1, 2, 2, 1), "{cost:?}");

        anna.say("Анна").await;
        meter.take_usual("a typed name", true);
        anna.share_contact(stories::PHONE).await;
        let cost = meter.take("a contact: two messages");
        assert!(cost.reads <= 1 && cost.writes <= 2 && cost.calls + cost.riding <= 2, "{cost:?}");
        anna.tap("⏭ Пропустить").await;
        meter.take_usual("a press: skip", false);

        let (message, dead) = (anna.button("✅ Отправить").0, "1:back".to_owned());
        anna.press(&(message, dead)).await;
        let cost = meter.take("a dead button");
        // The call shows the prompt as it should look; nearly always it looks so already.
        assert_eq!((cost.reads, cost.writes, cost.calls, cost.riding), (1, 0, 1, 1), "{cost:?}");
        let _ = anna.alert();

        let send = anna.tap("✅ Отправить").await;
        let cost = meter.take("«Отправить»");
        assert_eq!((cost.reads, cost.writes), (1, 1), "one transaction ends the dialog: {cost:?}");
        assert!(cost.calls == 1 && cost.riding <= 1 && cost.queue == 1, "{cost:?}");
        anna.redeliver(send).await;
        let cost = meter.take("the same, delivered again");
        assert_eq!((cost.reads, cost.writes, cost.queue), (1, 0, 0), "{cost:?}");

        anna.say("Сколько стоит проверка?").await;
        let cost = meter.take("a free question");
        // The fifth write counts the question against the day's budget of everybody, which must hold before the model
        // is asked.
        assert!(cost.reads <= 2 && cost.writes <= 5 && cost.calls <= 3, "{cost:?}");
        let _ = anna.reads();
        println!("{}", meter.table);
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn an_album_of_ten_costs_one_message() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        stories::to_photos(&anna).await;
        let mut meter = Meter::new(bot);
        anna.send_album(1..=10).await;
        let cost = meter.take("an album of ten");
        println!("{}", meter.table);
        assert!(cost.calls <= 2, "one message, and its predecessor's buttons: {cost:?}");
        let _ = anna.reads();
    })
    .await;
}

fn by_route(calls: &[Call]) -> String {
    let mut routes: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls {
        *routes.entry(without_ids(&call.route)).or_default() += 1;
    }
    routes.iter().map(|(route, count)| format!("{count:>4} {route}\n")).collect()
}

async fn requested(customer: &Customer, phone: &str) -> String {
    to_confirmation(customer).await;
    customer.tap("✏️ Изменить").await;
    customer.tap("Телефон").await;
    customer.say(phone).await;
    let _ = customer.reads();
    customer.send_request().await
}

#[tokio::test]
async fn a_request_costs_seven_calls_to_amocrm() {
    story(async |bot| {
        let customers: Vec<Customer> = (0..11).map(|_| bot.customer("Анна")).collect();
        let _ = requested(&customers[0], "+79000000000").await;
        let (crm, mark) = (bot.crm().faults().mark(), bot.database().mark());
        bot.deliver().await;
        let _ = bot.next_deal();
        let (one, one_database) = (bot.crm().faults().calls_since(crm), bot.database().calls_since(mark));
        println!(
            "one request: {} to amoCRM\n{}\n{} to DynamoDB\n{}",
            one.len(),
            by_route(&one),
            one_database.len(),
            by_route(&one_database)
        );

        for (n, customer) in customers.iter().enumerate().skip(1) {
            let _ = requested(customer, &format!("+790000000{n:02}")).await;
        }
        let (crm, mark) = (bot.crm().faults().mark(), bot.database().mark());
        bot.deliver().await;
        for _ in 1..=10 {
            let _ = bot.next_deal();
        }
        let (ten, ten_database) = (bot.crm().faults().calls_since(crm), bot.database().calls_since(mark));
        println!(
            "ten requests: {} to amoCRM\n{}\n{} to DynamoDB\n{}",
            ten.len(),
            by_route(&ten),
            ten_database.len(),
            by_route(&ten_database)
        );

        // The first one of an hour reads the account's fields: two calls more.
        assert!(one.len() <= 2 + 7, "{}", by_route(&one));
        // A contact is looked for in three spellings, then contact, deal, note and task are created.
        assert!(ten.len() <= 10 * 7, "{}", by_route(&ten));
    })
    .await;
}

/// What the delivery of a request of somebody new costs: calls to amoCRM, calls to DynamoDB.
async fn delivered_for(bot: &Bot, phone: &str) -> (Vec<Call>, Vec<Call>) {
    requested(&bot.customer("Анна"), phone).await;
    let (crm, mark) = (bot.crm().faults().mark(), bot.database().mark());
    bot.deliver().await;
    let _ = bot.next_deal();
    (bot.crm().faults().calls_since(crm), bot.database().calls_since(mark))
}

#[tokio::test]
async fn a_turn_of_the_team_costs_no_call_to_amocrm_and_three_to_the_database() {
    story(async |bot| {
        let _ = delivered_for(bot, "+79000000001").await; // the first one of an hour reads the account's fields
        let (alone, alone_database) = delivered_for(bot, "+79000000002").await;
        bot.put_dealer_file(
            "[[team]]\nname = \"Ольга\"\namocrm_user_id = 702\n[[team]]\nname = \"Игорь\"\namocrm_user_id = 704\n",
        )
        .await;
        bot.wait(61);
        let (first, _) = delivered_for(bot, "+79000000003").await;
        let (second, second_database) = delivered_for(bot, "+79000000004").await;
        println!("without a team:\n{}\nwith one:\n{}", by_route(&alone_database), by_route(&second_database));
        assert_eq!(first.len(), alone.len() + 1, "the first one of an hour reads the users: {}", by_route(&first));
        assert_eq!(second.len(), alone.len(), "{}", by_route(&second));
        // The users and the turn are read, the turn is stored; the lead is stored once more instead of being read.
        assert_eq!(second_database.len(), alone_database.len() + 3, "{}", by_route(&second_database));
    })
    .await;
}

#[tokio::test]
async fn a_request_that_joins_a_deal_costs_nine_calls_to_amocrm() {
    story(async |bot| {
        bot.put_dealer_file("[repeat]\njoin_open_deal_days = 30").await;
        let anna = bot.customer("Анна");
        let first = requested(&anna, "+79000000000").await;
        let mark = bot.crm().faults().mark();
        bot.deliver().await;
        let _ = bot.next_deal();
        let new = bot.crm().faults().calls_since(mark);
        println!("the first of a customer: {} to amoCRM\n{}", new.len(), by_route(&new));
        // Nothing can be joined: the chat has no other request, and its number was only typed.
        assert!(new.len() <= 2 + 7, "{first}: {}", by_route(&new));

        to_confirmation_again(&anna).await;
        let _ = anna.send_request().await;
        let (crm, mark) = (bot.crm().faults().mark(), bot.database().mark());
        bot.deliver().await;
        let (calls, database) = (bot.crm().faults().calls_since(crm), bot.database().calls_since(mark));
        println!("one that joins: {} to amoCRM\n{}", calls.len(), by_route(&calls));
        println!("{} to DynamoDB\n{}", database.len(), by_route(&database));
        // The contact is found and tagged, its deals are read; the deal is read and filled, read again for the note;
        // the task.
        assert!(calls.len() <= 9, "{}", by_route(&calls));
    })
    .await;
}

#[tokio::test]
async fn a_request_with_photos_costs_three_calls_a_photo() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        stories::to_photos(&anna).await;
        anna.send_photo(1).await;
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        let mark = bot.crm().faults().mark();
        bot.deliver().await;
        let _ = bot.next_deal();
        let calls = bot.crm().faults().calls_since(mark);
        println!("one request with a photo: {} to amoCRM\n{}", calls.len(), by_route(&calls));
        // Nine for the request with the account's fields; the file host's address, and session, part and attaching.
        assert!(calls.len() <= 9 + 1 + 3, "{}", by_route(&calls));
    })
    .await;
}
