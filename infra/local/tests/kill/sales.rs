//! Killed while the team is busy: with a card, a press on «Взять», a line of a talk, the text of a stage.

use std::fs;
use std::path::Path;

use simulators::amocrm::{BOT_FIRST_STAGE, Deal, MANAGER, SECOND_MANAGER};
use simulators::telegram::{BotRole, Group, MessageView, Person};

use super::*;

const SALES_CHAT: i64 = -1_001_234_567_890;
const PETR: i64 = 7_000_000_901;
const TAKE: &str = "🙋 Взять";
/// A stage with a text.
const CALLED: u64 = BOT_FIRST_STAGE + 1;
const ACCEPTED: &str = "Ваши документы у юриста.";
const HELLO: &str = "Здравствуйте!";

/// The dealer's file, with its sales group. Where the dealer is, it is noon: at night nobody is told of stages. Every
/// request goes to Ольга at first.
fn open_sales_group(simulators: &Simulators, data: &Path) -> (Group, Person) {
    let east = 12 - settings::system_clock()() / 3600 % 24;
    let file = format!(
        "time_zone = \"Etc/GMT{:+}\"\n\
         [[team]]\nname = \"Ольга\"\namocrm_user_id = {MANAGER}\ntelegram_id = 7000000900\n\
         [[team]]\nname = \"Пётр\"\namocrm_user_id = {SECOND_MANAGER}\ntelegram_id = {PETR}\nbranches = [\"sell\"]\n\
         [sales_chat]\nchat_id = {SALES_CHAT}\n[stages]\n{CALLED} = \"{ACCEPTED}\"\n",
        -east // the names of these zones count to the west
    );
    fs::write(data.join("dealer.toml"), file).expect("it is written");
    let group = simulators.telegram.supergroup_at(SALES_CHAT, "Продажи");
    let petr = group.member(&simulators.telegram.person_at(PETR, "Пётр", None));
    group.switch_topics(true);
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    (group, petr)
}

/// The customers, each before «Отправить».
async fn at_the_confirmation(simulators: &Simulators, count: usize) -> Vec<Person> {
    let customers: Vec<Person> = (0..count).map(|_| simulators.telegram.new_customer("Анна", None)).collect();
    for step in
        ["/start", "⚖️ Юридическая помощь", "Страхование (ОСАГО / КАСКО)", "Не платят", "Анна", "", "⏭ Пропустить"]
    {
        for (n, anna) in customers.iter().enumerate() {
            let done = match step {
                "" => anna.say(&format!("8 900 000-01-0{n}")).map(drop),
                typed if ["/start", "Не платят", "Анна"].contains(&typed) => anna.say(typed).map(drop),
                button => anna.tap(button).map(drop),
            };
            done.expect("it is possible");
        }
        simulators.settle().await;
    }
    customers
}

fn messages(person: &Person) -> Vec<MessageView> {
    person.view().map(|chat| chat.messages).unwrap_or_default()
}

/// How many messages of the bot's with this in them the customer has got.
fn times_read(anna: &Person, text: &str) -> usize {
    messages(anna).iter().filter(|message| message.from == "bot" && message.text.contains(text)).count()
}

/// The number of the customer's request, as the thanks have it.
fn number_of(anna: &Person) -> Option<String> {
    messages(anna).into_iter().find_map(|message| {
        message.text.lines().find_map(|line| line.strip_prefix("Номер заявки: ").map(str::to_owned))
    })
}

fn deal_of(simulators: &Simulators, anna: &Person) -> Option<Deal> {
    let number = number_of(anna)?;
    simulators.amocrm.deals().into_iter().find(|deal| deal.field("REQUEST_ID") == Some(&number))
}

/// The customer's cards in the group.
fn cards(group: &Group, anna: &Person) -> Vec<MessageView> {
    let (number, all) = (number_of(anna), group.view().map(|chat| chat.messages).unwrap_or_default());
    let is_card = |text: &str| number.as_ref().is_some_and(|number| text.contains(&format!("№ {number}")));
    all.into_iter().filter(|message| message.from == "bot" && is_card(&message.text)).collect()
}

/// What the bot has copied into the topic with the customer's card.
fn copied(group: &Group, anna: &Person) -> Vec<String> {
    let topic = cards(group, anna).first().and_then(|card| card.topic);
    let all = group.view().map(|chat| chat.messages).unwrap_or_default();
    let lines = all.into_iter().filter(|message| message.from == "bot" && message.topic == topic);
    lines.map(|line| line.text).filter(|text| text.starts_with("строка")).collect()
}

/// Deal, contact and task are Пётр's in amoCRM, and the card says so.
fn is_taken(simulators: &Simulators, group: &Group, anna: &Person) -> bool {
    let Some(deal) = deal_of(simulators, anna) else { return false };
    let contact = deal.contact.as_ref().map(|contact| &contact.responsible);
    let mut responsible = deal.tasks.iter().map(|task| &task.responsible).chain(contact).chain([&deal.responsible]);
    responsible.all(|name| name.starts_with("Игорь"))
        && cards(group, anna).iter().any(|card| card.text.contains("✅ Взято: Пётр"))
}

fn takes(petr: &Person, group: &Group, anna: &Person) {
    let card = cards(group, anna).pop().expect("there is a card");
    let button = card.buttons.concat().into_iter().find(|button| button.text == TAKE).expect("nobody has taken it");
    petr.press(card.id, &button.callback_data.unwrap_or_default()).expect("it can be pressed");
}

fn writes(petr: &Person, group: &Group, anna: &Person, text: &str) {
    let topic = cards(group, anna).first().and_then(|card| card.topic).expect("the card is in a topic");
    petr.in_topic(topic).say(text).expect("it is possible");
}

async fn is_moved(simulators: &Simulators, anna: &Person) {
    let deal = deal_of(simulators, anna).expect("there is a deal").id;
    simulators.amocrm.move_deal(deal, CALLED);
    let hook = format!("http://127.0.0.1:{}/amocrm/webhook/{SECRET}", simulators.port);
    let posted = reqwest::Client::new().post(hook).body(format!("leads%5Bstatus%5D%5B0%5D%5Bid%5D={deal}")).send();
    assert!(posted.await.expect("it answers").status().is_success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_killed_while_the_team_is_busy_loses_nothing_and_repeats_a_line_at_most() {
    let data = tempfile::tempdir().expect("there is room");
    let simulators = Simulators::start().await;
    let (telegram, amocrm) = (simulators.telegram.faults(), simulators.amocrm.faults());
    let (group, petr) = open_sales_group(&simulators, data.path());
    let mut bot = simulators.start_bot(data.path()).await;
    let customers = at_the_confirmation(&simulators, 5).await;
    let [untaken, taken @ ..] = &customers[..] else { panic!("there are customers") };
    let [slow, second, third, fourth] = taken else { panic!("five customers were expected") };

    // A card: itself, and its topic. The topic's answer is lost, so the card comes into another one, after a minute: if
    // the first one came again, it would be there by then.
    for (anna, route) in [(untaken, "sendMessage"), (slow, "createForumTopic")] {
        let sends = async || {
            anna.tap("✅ Отправить").expect("there is such a button");
        };
        bot = simulators.kill_at((telegram, route), bot, data.path(), sends).await;
    }
    for anna in [second, third, fourth] {
        anna.tap("✅ Отправить").expect("there is such a button");
    }
    eventually("three cards", async || [second, third, fourth].iter().all(|anna| !cards(&group, anna).is_empty()))
        .await;

    for (anna, moment) in [(second, (amocrm, "GET /api/v4/leads")), (third, (telegram, "sendMessage"))] {
        bot = simulators.kill_at(moment, bot, data.path(), async || is_moved(&simulators, anna).await).await;
    }
    eventually("both are told", async || [second, third].iter().all(|anna| times_read(anna, ACCEPTED) > 0)).await;

    for anna in [third, fourth] {
        writes(&petr, &group, anna, HELLO);
    }
    eventually("both are greeted", async || [third, fourth].iter().all(|anna| times_read(anna, HELLO) > 0)).await;
    let asks = async || {
        fourth.say("строка 1").expect("it is possible");
    };
    bot = simulators.kill_at((telegram, "copyMessage"), bot, data.path(), asks).await;
    fourth.say("строка 2").expect("it is possible");
    let answers = async || writes(&petr, &group, third, "строка 1");
    bot = simulators.kill_at((telegram, "sendMessage"), bot, data.path(), answers).await;
    writes(&petr, &group, third, "строка 2");

    for (anna, moment) in [
        (second, (telegram, "editMessageText")),
        (third, (amocrm, "PATCH /api/v4/leads/*")),
        (fourth, (amocrm, "PATCH /api/v4/tasks/*")),
    ] {
        bot = simulators.kill_at(moment, bot, data.path(), async || takes(&petr, &group, anna)).await;
    }
    eventually("the card that was put off", async || !cards(&group, slow).is_empty()).await;
    let takes = async || takes(&petr, &group, slow);
    bot = simulators.kill_at((amocrm, "PATCH /api/v4/contacts/*"), bot, data.path(), takes).await;

    simulators.settle().await;
    eventually("all is taken", async || taken.iter().all(|anna| is_taken(&simulators, &group, anna))).await;
    let is_there = |lines: &[String]| lines.last().is_some_and(|line| line.ends_with("строка 2"));
    let heard = || -> Vec<String> {
        let read = messages(third).into_iter().filter(|message| message.from == "bot").map(|message| message.text);
        read.filter(|text| text.starts_with("Пётр: строка")).collect()
    };
    eventually("every line", async || is_there(&copied(&group, fourth)) && is_there(&heard())).await;
    for lines in [copied(&group, fourth), heard()] {
        assert!((2..=3).contains(&lines.len()), "the line whose answer was lost may come again: {lines:?}");
        assert!(lines.is_sorted(), "{lines:?}");
    }
    for anna in &customers {
        assert_eq!(cards(&group, anna).len(), 1, "one card");
    }
    for anna in [second, third] {
        assert_eq!(times_read(anna, ACCEPTED), 1, "told once");
    }
    assert_eq!(group.topics().len(), customers.len() + 1, "one whose answer was lost");
    assert_eq!(simulators.amocrm.deals().len(), customers.len());
    assert!(simulators.amocrm.twins().is_none(), "{:?}", simulators.amocrm.twins());
    drop(bot);
}
