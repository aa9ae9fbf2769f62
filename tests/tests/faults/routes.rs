//! Which outside calls there are. The list is made by playing the stories; the table says what was thought of. A new
//! call without a row fails here, and every row is a row of the matrix.

use std::collections::BTreeSet;

use settings::Retry;
use simulators::fault::{Fault, When};
use simulators::served::Caller;
use stories::{Customer, System};

use crate::killable::{CALLED, KillableBot, TEAM, stages};
use crate::story::{
    COMPLETED, EXPECTED, anna_sells_her_car, leaves_a_form, sells, speaks_and_sells, takes_and_talks, times_told,
    topic_of_card, what_came_of,
};

/// A story in which a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Story {
    /// Anna asks a question and sells her car; the access token is refreshed.
    Calm,
    /// Anna sends a voice message and sells her car.
    Spoken,
    /// Two requests at a time, whose every creation loses its answer, and whose messages are lost.
    Troubled,
    /// The dealer has Anna's contact already.
    Known,
    /// Anna has everything deleted.
    Forgotten,
    /// Anna's form, which is in amoCRM half-way, is finished.
    Completed,
    /// Somebody of the team takes Anna's request in the sales chat, and talks with her.
    Taken,
    /// Anna's deal is moved to a stage that she is told of, amoCRM's hook says so, and she asks where it is.
    Moved,
}

/// An outside call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) system: System,
    pub(crate) name: &'static str,
    /// Where it is made.
    pub(crate) story: Story,
}

impl Route {
    /// Making the call changes nothing outside.
    pub(crate) fn only_reads(&self) -> bool {
        ["GET ", "GetItem ", "BatchGetItem ", "Query ", "getFile", "file"]
            .iter()
            .any(|read| self.name.starts_with(read))
    }
}

const fn route(system: System, name: &'static str, story: Story) -> Route {
    Route { system, name, story }
}

use Story::{Calm, Completed, Forgotten, Known, Moved, Spoken, Taken, Troubled};
use System::{Amocrm, DynamoDb, OpenAi, Sqs, Telegram};

/// Every outside call of the functions.
pub(crate) const TABLE: &[Route] = &[
    route(DynamoDb, "GetItem sessions", Calm),
    route(DynamoDb, "PutItem sessions", Calm),
    route(DynamoDb, "Query sessions", Calm),
    route(DynamoDb, "TransactWriteItems", Calm),
    route(DynamoDb, "PutItem ai-log", Calm),
    route(DynamoDb, "GetItem leads", Calm),
    route(DynamoDb, "PutItem leads", Calm),
    route(DynamoDb, "Query leads", Calm),
    route(DynamoDb, "GetItem customers", Calm),
    route(DynamoDb, "UpdateItem customers", Calm),
    route(DynamoDb, "GetItem deals", Calm),
    route(DynamoDb, "PutItem deals", Calm),
    route(DynamoDb, "Query deals", Calm),
    route(DynamoDb, "GetItem deals", Moved),
    route(DynamoDb, "PutItem deals", Moved),
    route(DynamoDb, "Query deals", Moved),
    route(DynamoDb, "GetItem jobs", Taken),
    route(DynamoDb, "PutItem jobs", Taken),
    route(DynamoDb, "GetItem sales-chat", Taken),
    route(DynamoDb, "PutItem sales-chat", Taken),
    route(DynamoDb, "GetItem talks", Taken),
    route(DynamoDb, "PutItem talks", Taken),
    route(Telegram, "getChat", Taken),
    route(Telegram, "getChatMember", Taken),
    route(Telegram, "createForumTopic", Taken),
    route(Telegram, "sendPhoto", Taken),
    route(Telegram, "editMessageCaption", Taken),
    route(Telegram, "copyMessage", Taken),
    route(Telegram, "sendMessage", Taken),
    route(Telegram, "answerCallbackQuery", Taken),
    route(Amocrm, "PATCH /api/v4/leads/*", Taken),
    route(Amocrm, "PATCH /api/v4/contacts/*", Taken),
    route(Amocrm, "PATCH /api/v4/tasks/*", Taken),
    route(DynamoDb, "GetItem dealer", Calm),
    route(DynamoDb, "UpdateItem counters", Calm),
    route(DynamoDb, "Query counters", Calm),
    route(DynamoDb, "GetItem credentials", Calm),
    route(DynamoDb, "PutItem credentials", Calm),
    route(DynamoDb, "Query leads", Forgotten),
    route(DynamoDb, "Query ai-log", Forgotten),
    route(DynamoDb, "Query jobs", Calm),
    route(DynamoDb, "Query talks", Calm),
    route(DynamoDb, "GetItem talks", Forgotten),
    route(DynamoDb, "DeleteItem talks", Forgotten),
    route(DynamoDb, "Query jobs", Forgotten),
    route(DynamoDb, "Query sales-chat", Calm),
    route(DynamoDb, "Query sales-chat", Forgotten),
    route(DynamoDb, "DeleteItem ai-log", Forgotten),
    route(DynamoDb, "DeleteItem leads", Forgotten),
    route(DynamoDb, "Query deals", Forgotten),
    route(DynamoDb, "DeleteItem deals", Forgotten),
    route(DynamoDb, "DeleteItem customers", Forgotten),
    route(DynamoDb, "GetItem sessions", Forgotten),
    route(DynamoDb, "PutItem sessions", Forgotten),
    route(Sqs, "SendMessage", Calm),
    route(Sqs, "ReceiveMessage", Calm),
    route(Sqs, "DeleteMessageBatch", Calm),
    route(Telegram, "webhook", Calm),
    route(Telegram, "sendMessage", Calm),
    route(Telegram, "editMessageText", Calm),
    route(Telegram, "editMessageReplyMarkup", Calm),
    route(Telegram, "answerCallbackQuery", Calm),
    route(Telegram, "sendChatAction", Calm),
    route(Telegram, "getFile", Calm),
    route(Telegram, "file", Calm),
    route(Amocrm, "POST /oauth2/access_token", Calm),
    route(Amocrm, "GET /api/v4/account", Calm),
    route(Amocrm, "GET /api/v4/users", Calm),
    route(Amocrm, "GET /api/v4/leads/custom_fields", Calm),
    route(Amocrm, "GET /api/v4/contacts/custom_fields", Calm),
    route(Amocrm, "GET /api/v4/contacts", Calm),
    route(Amocrm, "POST /api/v4/contacts", Calm),
    route(Amocrm, "POST /api/v4/leads", Calm),
    route(Amocrm, "POST /api/v4/leads/notes", Calm),
    route(Amocrm, "POST /api/v4/tasks", Calm),
    route(Amocrm, "POST /drive/v1.0/sessions", Calm),
    route(Amocrm, "POST /drive/v1.0/sessions/upload/*", Calm),
    route(Amocrm, "PUT /api/v4/leads/*/files", Calm),
    route(Amocrm, "PATCH /api/v4/contacts/*", Known),
    route(Amocrm, "GET /api/v4/contacts/*", Troubled),
    route(Amocrm, "GET /api/v4/leads", Troubled),
    route(Amocrm, "GET /api/v4/leads", Completed),
    route(Amocrm, "PATCH /api/v4/leads/*", Completed),
    route(Amocrm, "GET /api/v4/leads", Moved),
    route(Amocrm, "GET /api/v4/leads/*/notes", Troubled),
    route(Amocrm, "GET /api/v4/tasks", Troubled),
    route(OpenAi, "POST /v1/chat/completions", Calm),
    route(OpenAi, "POST /v1/audio/transcriptions", Spoken),
    route(Telegram, "getFile", Spoken),
    route(Telegram, "file", Spoken),
];

/// What only `/health` calls. Nothing depends on it.
const HEALTH: [(System, &str); 1] = [(Sqs, "GetQueueAttributes")];

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// The creations that lose their answer in [`Story::Troubled`].
const CREATIONS: [&str; 4] =
    ["POST /api/v4/contacts", "POST /api/v4/leads", "POST /api/v4/leads/notes", "POST /api/v4/tasks"];

impl Story {
    /// Who takes part.
    pub(crate) fn cast(self, bot: &KillableBot) -> Vec<Customer> {
        let count = if self == Troubled { 2 } else { 1 };
        (0..count).map(|_| bot.customer("Анна")).collect()
    }

    /// What must come of it for each customer.
    pub(crate) fn expected(self) -> String {
        if self == Completed {
            return COMPLETED.to_owned();
        }
        if self == Moved {
            return EXPECTED.replace("Новая заявка", "Созвонились");
        }
        let tag = if self == Known { "telegram_repeat" } else { "telegram_new" };
        EXPECTED.replace("telegram_new", tag)
    }

    /// Plays it until nothing more happens by itself.
    pub(crate) async fn play(self, bot: &KillableBot, customers: &[Customer]) {
        match self {
            Calm => {
                anna_sells_her_car(bot, &customers[0]).await;
                bot.recover().await;
            }
            Spoken => {
                speaks_and_sells(&customers[0]).await;
                bot.recover().await;
            }
            Troubled => {
                // None of them reaches the queue: the schedule finds them together.
                let tries = Retry::AWS_CALL.tries * u32::try_from(customers.len()).unwrap_or(u32::MAX);
                let lost = bot.fail(Sqs, "SendMessage", When::Times(tries), Fault::DropBefore);
                for customer in customers {
                    sells(customer).await;
                }
                drop(lost);
                let lost = CREATIONS.map(|creation| bot.fail(Amocrm, creation, When::Times(1), Fault::LoseAnswer));
                bot.recover().await;
                drop(lost);
            }
            Known => {
                let anna = &customers[0];
                bot.crm().add_contact("Анна", &[&format!("+{}", anna.phone())]);
                sells(anna).await;
                bot.recover().await;
            }
            Forgotten => {
                anna_sells_her_car(bot, &customers[0]).await;
                bot.recover().await;
                customers[0].say("/delete").await;
                customers[0].tap("Да, удалить").await;
            }
            Moved => {
                let anna = &customers[0];
                sells(anna).await;
                bot.recover().await;
                bot.wait(dealer::Calendar::default().next_daytime(bot.now()) - bot.now() + MINUTE);
                let requests = bot.requests().await;
                let hers = requests.iter().find(|lead| lead.chat_id == anna.chat).expect("she has sent a request");
                let deal = hers.progress.deal_id().expect("it has become a deal");
                bot.crm().move_deal(deal, CALLED);
                bot.hear_of_moves(&[deal]).await;
                bot.deliver().await;
                bot.wait(HOUR); // whatever has failed, the next look succeeds
                bot.recover().await;
                anna.say("/status").await;
            }
            Taken => {
                let group = bot.has_sales_team_and(&["Ольга", "Игорь"], &stages()).await;
                let seen = group.app.view().map_or(0, |view| view.messages.len());
                sells(&customers[0]).await;
                bot.recover().await;
                if let Some(topic) = topic_of_card(bot, seen) {
                    takes_and_talks(bot, &customers[0], topic).await;
                }
                bot.wait(HOUR); // whatever has failed, the next try succeeds
                bot.recover().await;
                bot.put_dealer_file(&format!("{TEAM}{}", stages())).await;
            }
            Completed => {
                let id = leaves_a_form(bot, &customers[0]).await;
                bot.recover().await;
                bot.finish_request(id, bot.photos(2)).await;
                bot.recover().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_fails_and_every_call_is_in_the_table() {
    let mut called = BTreeSet::new();
    for story in [Calm, Spoken, Troubled, Known, Forgotten, Completed, Moved, Taken] {
        let bot = KillableBot::start().await;
        let mark = bot.mark();
        let customers = story.cast(&bot);
        story.play(&bot, &customers).await;
        called.extend(bot.calls_since(&mark).into_keys());
        for customer in &customers {
            assert_eq!(what_came_of(&bot, customer), story.expected(), "{story:?}");
            assert_eq!(times_told(customer), usize::from(story == Moved), "{story:?}");
        }
        assert!(bot.crm().twins().is_none(), "{story:?}: {:?}", bot.crm().twins());
    }
    // The dealer's file is put by the story, as by the operator's command.
    called.remove(&(DynamoDb, "PutItem dealer".to_owned()));
    let table: BTreeSet<_> = TABLE.iter().map(|route| (route.system, route.name.to_owned())).collect();
    let missing: Vec<_> = called.difference(&table).collect();
    assert!(missing.is_empty(), "calls that the matrix does not know: {missing:#?}");
    let superfluous: Vec<_> = table.difference(&called).collect();
    assert!(superfluous.is_empty(), "calls that nobody makes: {superfluous:#?}");
    assert_eq!(
        served_to_functions(),
        called_by_functions(table),
        "the simulators serve what is called, and nothing else"
    );
}

/// What the simulators serve because the functions call it.
fn served_to_functions() -> BTreeSet<(System, String)> {
    [
        (Sqs, simulators::sqs::Sqs::served()),
        (Telegram, simulators::telegram::Telegram::served()),
        (Amocrm, simulators::amocrm::Amocrm::served()),
    ]
    .into_iter()
    .flat_map(|(system, served)| served.into_iter().map(move |served| (system, served)))
    .filter(|(_, served)| served.by == Caller::Functions)
    .map(|(system, served)| (system, served.route.to_owned()))
    .collect()
}

/// What the functions call of what is simulated, health checks included.
fn called_by_functions(table: BTreeSet<(System, String)>) -> BTreeSet<(System, String)> {
    let health = HEALTH.map(|(system, name)| (system, name.to_owned()));
    table.into_iter().chain(health).filter(|(system, _)| [Sqs, Telegram, Amocrm].contains(system)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_health_check_calls_what_is_expected() {
    let bot = KillableBot::start().await;
    let mark = bot.mark();
    let health = reqwest::get(format!("{}/health", bot.stack().url())).await.expect("it answers");
    assert!(health.status().is_success());
    let table: BTreeSet<_> = TABLE.iter().map(|route| (route.system, route.name.to_owned())).collect();
    let called: BTreeSet<_> = bot.calls_since(&mark).into_keys().collect();
    let own: Vec<_> = called.difference(&table).map(|(system, name)| (*system, name.as_str())).collect();
    assert_eq!(own, HEALTH);
}
