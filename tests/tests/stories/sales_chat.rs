//! The sales chat: each request is a card that somebody of the team takes.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::json;
use simulators::amocrm::Deal;
use simulators::fault::{Fault, When};
use simulators::telegram::BotRole;
use stories::System::{Amocrm, Telegram};
use stories::{
    BOSS, Bot, Customer, SALES_CHAT, SalesGroup, Setup, System, finish, story, story_with, to_confirmation_again,
    to_photos, to_sent,
};
use tokio::time::sleep;

const TAKE: &str = "🙋 Взять";
const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

/// A customer's request, delivered. Returns its number and its deal.
async fn request(bot: &Bot) -> (String, Deal) {
    let anna = bot.customer("Анна");
    let number = to_sent(&anna).await;
    let deal = bot.deliver_request(&number, &anna).await;
    (number, deal)
}

/// Who is responsible in amoCRM for the deal, its contact and its tasks.
fn responsible(bot: &Bot, id: u64) -> Vec<String> {
    let deals = bot.crm().deals();
    let deal = deals.iter().find(|deal| deal.id == id).expect("the deal is there");
    let contact = deal.contact.as_ref().map(|contact| contact.responsible.clone());
    let of_tasks = deal.tasks.iter().map(|task| task.responsible.clone());
    std::iter::once(deal.responsible.clone()).chain(contact).chain(of_tasks).collect()
}

async fn team(bot: &Bot) -> SalesGroup {
    bot.has_sales_team(&["Ольга", "Пётр"]).await
}

#[tokio::test]
async fn a_request_is_a_card_and_the_manager_who_takes_it_is_responsible() {
    story(async |bot| {
        let group = team(bot).await;
        let (number, deal) = request(bot).await;
        assert_eq!(
            group.screen(),
            format!("🚗 Проверка авто · № {number}\nSkoda Octavia\nКлиент: Анна\n[🙋 Взять]\n[Открыть в amoCRM]")
        );
        bot.wait(130);
        bot.team("Пётр").taps(TAKE).await;
        assert_eq!(bot.team("Пётр").alert(), "Заявка ваша. Ответственный в amoCRM сейчас сменится.");
        group.saw("✅ Взято: Пётр, через 2 мин\n[Открыть в amoCRM]");
        bot.deliver().await;
        let set = responsible(bot, deal.id);
        assert_eq!(set.len(), 3);
        assert!(set.iter().all(|name| name.starts_with("Игорь")), "who is Пётр's user in amoCRM: {set:?}");
        group.saw_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_second_press_reads_who_has_it_and_strangers_change_nothing() {
    story(async |bot| {
        let group = team(bot).await;
        let (_, deal) = request(bot).await;
        let before = responsible(bot, deal.id);
        let card = group.app.view().unwrap().messages.pop().unwrap();
        let _ = group.reads();
        let stranger = group.app.member(&bot.telegram().new_customer("Прохожий", None));
        stranger.tap(TAKE).unwrap();
        bot.settle().await;
        assert!(stranger.take_alerts()[0].text.starts_with("Кнопка работает только у менеджеров"));
        group.saw_nothing();
        assert_eq!(responsible(bot, deal.id), before);

        bot.team("Пётр").taps(TAKE).await;
        let _ = (group.reads(), bot.team("Пётр").alert());
        // Their app has not shown yet that somebody was faster.
        let data = card.buttons.concat().into_iter().find_map(|button| button.callback_data).unwrap();
        bot.team("Ольга").act(|app| app.press(card.id, &data)).await;
        assert_eq!(bot.team("Ольга").alert(), "Уже взято: Пётр.");
        group.saw_nothing();
        bot.deliver().await;
        assert!(responsible(bot, deal.id).iter().all(|name| *name == responsible(bot, deal.id)[0]));
    })
    .await;
}

#[tokio::test]
async fn other_groups_and_what_looks_like_the_group_are_ignored() {
    story(async |bot| {
        let group = team(bot).await;
        let _ = request(bot).await;
        let card = group.app.view().unwrap().messages.pop().unwrap();
        let data = card.buttons.concat().into_iter().find_map(|button| button.callback_data).unwrap();
        let _ = group.reads();
        let mark = bot.mark();
        let olga = json!({ "id": 7_000_000_900_i64, "is_bot": false, "first_name": "Ольга" });
        let foreign = json!({ "id": -1_009_999_999_999_i64, "type": "supergroup", "title": "Продажи" });
        let anonymous = json!({ "id": 1_087_968_824, "is_bot": true, "first_name": "Group" });
        let here = json!({ "id": SALES_CHAT, "type": "supergroup", "title": "Продажи" });
        for update in [
            json!({ "callback_query": { "id": "1", "from": olga, "data": data, "message": { "message_id": 5, "chat": foreign } } }),
            json!({ "message": { "message_id": 6, "chat": foreign, "from": olga, "migrate_to_chat_id": -1_008 } }),
            json!({ "message": { "message_id": 7, "chat": here, "from": anonymous, "sender_chat": here, "text": "/close" } }),
            json!({ "callback_query": { "id": "2", "from": olga, "data": "take:01JD0000000000000AK7QX3M9Q", "message": { "message_id": card.id, "chat": here } } }),
            json!({ "callback_query": { "id": "3", "from": olga, "data": "3:send", "message": { "message_id": card.id, "chat": here } } }),
        ] {
            bot.telegram().raw_update(update);
            bot.settle().await;
        }
        group.saw_nothing();
        let calls = bot.calls_since(&mark);
        let is_read = |(system, route): &(System, String)| *system == System::Telegram || route.starts_with("GetItem");
        assert!(calls.keys().all(is_read), "nothing is stored of it: {calls:?}");
    })
    .await;
}

#[tokio::test]
async fn what_amocrm_does_not_take_now_is_set_by_the_schedule() {
    story(async |bot| {
        let group = team(bot).await;
        let (_, deal) = request(bot).await;
        let before = responsible(bot, deal.id);
        let failing = bot.fail(Amocrm, "PATCH /api/v4/leads/*", When::Always, Fault::Html(503));
        bot.team("Пётр").taps(TAKE).await;
        let _ = (group.reads(), bot.team("Пётр").alert());
        bot.deliver().await;
        assert_eq!(responsible(bot, deal.id), before);
        assert!(failing.has_struck());
        drop(failing);
        bot.wait(700);
        bot.schedule().await;
        assert_ne!(responsible(bot, deal.id)[0], before[0]);
    })
    .await;
}

#[tokio::test]
async fn a_card_that_telegram_does_not_change_at_once_says_later_who_has_the_request() {
    story(async |bot| {
        let group = team(bot).await;
        request(bot).await;
        let _ = group.reads();
        // Of webhook, and of crm-push.
        let full = bot.fail(System::Telegram, "editMessageText", When::Times(2), Fault::TooMany { retry_after: 30 });
        bot.team("Пётр").taps(TAKE).await;
        let _ = bot.team("Пётр").alert();
        bot.deliver().await;
        assert!(full.has_struck());
        group.saw_nothing();
        bot.wait(60);
        bot.schedule().await;
        group.saw("✅ Взято: Пётр");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_nobody_takes_is_reported() {
    story(async |bot| {
        let group = team(bot).await;
        let _ = request(bot).await;
        let _ = group.reads();
        bot.wait(9 * 60);
        bot.schedule().await;
        bot.wait(120);
        bot.schedule().await;
        bot.schedule().await;
        let told = bot.boss().reads();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("никто не взял за 10 мин"), "{told:?}");
        assert!(!told[0].contains("+7900"), "{told:?}");
        assert!(bot.telegram().chat(BOSS).is_some());
    })
    .await;
}

#[tokio::test]
async fn nobody_is_told_at_night_that_a_request_was_not_taken() {
    story(async |bot| {
        let hours = "[hours]\n\"Mon-Sun\" = \"09:00-20:00\"\n";
        let group = bot.has_sales_team_and(&["Ольга", "Пётр"], hours).await;
        bot.wait(10 * HOUR); // it is ten in the evening
        to_sent(&bot.customer("Анна")).await;
        bot.deliver().await;
        let _ = (bot.next_deal(), group.reads());
        for passed in [HOUR / 2, 10 * HOUR + HOUR / 2 + 5 * MINUTE] {
            bot.wait(passed);
            bot.schedule().await;
            bot.boss().sees_nothing();
        }
        bot.wait(6 * MINUTE);
        bot.schedule().await;
        bot.boss().sees("никто не взял за 10 мин");
    })
    .await;
}

/// As many as one run of the schedule looks at, and all due before the others.
#[tokio::test]
async fn jobs_that_cannot_be_read_keep_no_other_from_its_turn() {
    story(async |bot| {
        let group = team(bot).await;
        let _ = request(bot).await;
        let _ = group.reads();
        let jobs = bot.stack().tables().name("jobs");
        for n in 0..50 {
            let number = |number: i64| AttributeValue::N(number.to_string());
            let put = bot.stack().aws().dynamodb.put_item().table_name(jobs);
            let put = put.item("job", AttributeValue::S(format!("of-tomorrow:{n}"))).item("version", number(1));
            let put = put.item("due", AttributeValue::S("1".to_owned())).item("due_at", number(bot.now()));
            put.send().await.expect("the table takes it");
        }
        bot.wait(11 * 60);
        bot.schedule().await;
        bot.schedule().await;
        bot.boss().sees("никто не взял за 10 мин");
        let stored = bot.everything_stored().await;
        assert_eq!(stored.matches("of-tomorrow").count(), 50, "another version may read them");
    })
    .await;
}

/// Somebody else writes the same item all the time.
fn conflict() -> Fault {
    let conflict = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException";
    Fault::Status(400, json!({ "__type": conflict, "message": "The conditional request failed" }).to_string())
}

#[tokio::test]
async fn no_conflict_holds_up_a_worker_for_ever() {
    for (route, spared) in [("PutItem sales-chat", 1), ("PutItem deals", 0)] {
        let soon_again = Setup { queue_visibility: Duration::from_secs(2), ..Setup::default() };
        story_with(soon_again, async |bot| {
            let group = team(bot).await;
            let anna = bot.customer("Анна");
            let number = to_sent(&anna).await;
            let conflicts = bot.fail(System::DynamoDb, route, When::After(spared, 1_000), conflict());
            bot.stack().deliver_once().await.expect("the worker comes to an end");
            assert!(conflicts.has_struck(), "{route}");
            drop(conflicts);
            bot.wait(300); // its lease ends
            for _ in 0..100 {
                bot.deliver().await;
                if group.app.view().is_some_and(|view| view.messages.iter().any(|card| card.text.contains(&number))) {
                    break;
                }
                sleep(Duration::from_millis(100)).await;
            }
            let _ = bot.deliver_request(&number, &anna).await;
            let cards = group.reads();
            assert!(matches!(&cards[..], [card] if card.contains(&number)), "{route}: {cards:#?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_card_that_a_hiccup_has_held_up_comes_within_seconds() {
    story(async |bot| {
        let group = team(bot).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let hiccup = bot.fail(Telegram, "getChat", When::Times(3), Fault::Html(502));
        let _ = bot.deliver_request(&number, &anna).await;
        assert!(hiccup.has_struck());
        group.saw(TAKE);
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_to_a_card_makes_no_second_one_and_the_press_works() {
    story(async |bot| {
        let group = team(bot).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let failing = bot.fail(Telegram, "sendMessage", When::Times(1), Fault::LoseAnswer);
        let _ = bot.deliver_request(&number, &anna).await;
        drop(failing);
        bot.wait(120);
        bot.schedule().await;
        group.saw(TAKE);
        bot.team("Ольга").taps(TAKE).await;
        assert_eq!(bot.team("Ольга").alert(), "Заявка ваша. Ответственный в amoCRM сейчас сменится.");
        group.saw("✅ Взято: Ольга");
        bot.deliver().await;
    })
    .await;
}

/// Everything that the bot has written in the group, and the names of its topics.
fn shown(group: &SalesGroup) -> String {
    let messages = group.app.view().expect("the group is there").messages;
    messages
        .iter()
        .filter(|message| message.service.is_none())
        .map(ToString::to_string)
        .chain(group.topics())
        .collect::<Vec<_>>()
        .join("\n")
}

async fn deletes_everything(customer: &Customer) {
    customer.say("/delete").await;
    let _ = customer.reads();
    customer.tap("Да, удалить").await;
    customer.finally_sees("Готово: ваши данные удалены.");
}

#[tokio::test]
async fn the_cards_of_a_deleted_customer_say_nothing_of_them() {
    story(async |bot| {
        let group = team(bot).await;
        let anna = bot.customer("Анна");
        to_photos(&anna).await;
        anna.send_photo(1).await;
        anna.tap("✅ Готово").await;
        finish(&anna).await;
        to_confirmation_again(&anna).await;
        anna.send_request().await;
        bot.deliver().await;
        let _ = (bot.next_deal(), bot.next_deal());
        let read = shown(&group);
        assert!(["Анна", "anna_k", "Skoda", "Toyota"].iter().all(|part| read.contains(part)), "{read}");
        deletes_everything(&anna).await;
        bot.admin().sees("В amoCRM остался его контакт");
        let read = shown(&group);
        assert!(read.contains("клиент попросил удалить свои данные"), "{read}");
        for part in ["Анна", "anna_k", "Skoda", "Toyota", TAKE] {
            assert!(!read.contains(part), "«{part}» is in:\n{read}");
        }
        let _ = group.reads();
    })
    .await;
}

#[tokio::test]
async fn the_admins_hear_of_cards_that_the_bot_may_not_change() {
    story(async |bot| {
        let group = team(bot).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let _ = bot.deliver_request(&number, &anna).await;
        let _ = group.reads();
        group.app.make_bot(BotRole::Kicked);
        bot.settle().await;
        deletes_everything(&anna).await;
        let told = bot.admin().reads();
        let cards = told.iter().find(|message| message.contains("могут быть карточки")).expect("the admins hear of it");
        assert!(cards.contains(&format!("{number} https://t.me/c/1234567890/")), "{cards}");
        assert!(!bot.everything_stored().await.contains("anna_k"), "it stands in the way of nothing");
    })
    .await;
}

/// Every call that a press on «Взять» leads to, until amoCRM has it.
const CALLS_OF_A_PRESS: [(System, &str); 9] = [
    (System::DynamoDb, "GetItem sales-chat"),
    (System::DynamoDb, "PutItem sales-chat"),
    (System::DynamoDb, "Query sales-chat"),
    (System::Sqs, "SendMessage"),
    (System::Telegram, "editMessageText"),
    (System::Amocrm, "GET /api/v4/leads"),
    (System::Amocrm, "PATCH /api/v4/leads/*"),
    (System::Amocrm, "PATCH /api/v4/tasks/*"),
    (System::Amocrm, "PATCH /api/v4/contacts/*"),
];

#[tokio::test]
async fn whatever_call_of_a_press_fails_the_request_has_who_took_it() {
    for (system, route) in CALLS_OF_A_PRESS {
        let faults = [
            Fault::LoseAnswer,
            Fault::DropBefore,
            Fault::Html(403),
            Fault::Html(502),
            Fault::TooMany { retry_after: 1 },
        ];
        join_all(faults.map(|fault| press_while_this_fails(system, route, fault))).await;
    }
}

async fn press_while_this_fails(system: System, route: &str, fault: Fault) {
    let told = &format!("{system:?} {route}: {fault:?}");
    story(async |bot| {
        let group = team(bot).await;
        let (_, deal) = request(bot).await;
        let _ = group.reads();
        let failing = bot.fail(system, route, When::Times(1), fault.clone());
        bot.team("Пётр").taps(TAKE).await;
        for _ in 0..4 {
            let _ = bot.stack().deliver_once().await;
            bot.wait(700);
            let _ = bot.stack().run_schedule().await;
        }
        bot.deliver().await;
        assert!(failing.has_struck(), "{told}");
        let set = responsible(bot, deal.id);
        assert!(set.iter().all(|name| name.starts_with("Игорь")), "{told}: {set:?}");
        let messages = group.app.view().unwrap().messages;
        assert!(messages.iter().any(|card| card.text.contains("✅ Взято: Пётр")), "{told}");
        let _ = (group.reads(), bot.boss().reads(), bot.admin().reads(), bot.team("Пётр").app.take_alerts());
    })
    .await;
}
