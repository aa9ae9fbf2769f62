//! A person takes over, in topics of the sales group.

use simulators::fault::{Fault, When};
use simulators::telegram::{BotRole, Fresh, MessageView, Person, Redelivery};
use stories::{Bot, Customer, SalesGroup, Setup, System, photo, story, story_with, to_sent};

const CALLED: &str = "👤 Клиент зовёт человека.";

/// Анна, who has called a person; the team has read it.
async fn calls_a_person(bot: &Bot) -> (Customer, SalesGroup) {
    let group = bot.has_sales_team(&["Ольга", "Пётр"]).await;
    let anna = bot.customer("Анна");
    anna.say("/human").await;
    anna.sees("Зову менеджера.");
    let topic = group.topic("Анна");
    topic.saw(CALLED);
    (anna, topic)
}

/// Telegram delivers what comes from one chat one after the other.
fn as_telegram_delivers() -> Setup {
    let usual = Setup::default();
    Setup { redelivery: Redelivery { in_order: true, ..usual.redelivery }, ..usual }
}

#[tokio::test]
async fn customer_and_team_talk_in_a_topic_until_it_is_closed() {
    story(async |bot| {
        let (anna, topic) = calls_a_person(bot).await;
        assert_eq!(bot.sales_group().topics(), ["Анна · @anna_k"]);
        anna.say("Камри ещё в продаже?").await;
        topic.saw("Камри ещё в продаже?");
        let olga = bot.team("Ольга").in_topic("Анна");
        olga.writes("Здравствуйте! Да, приезжайте.").await;
        anna.sees("Ольга: Здравствуйте! Да, приезжайте.");
        bot.team("Пётр").in_topic("Анна").writes("И я здесь").await;
        anna.sees("Пётр: И я здесь");
        anna.send_photo(1).await;
        assert_eq!(topic.reads().len(), 1);
        olga.sends_photo(2).await;
        anna.sees("Ольга");
        anna.sees_nothing();
        olga.act(|app| app.send_voice(photo(3), 4)).await;
        olga.act(|app| app.send_document(photo(4), "Договор.pdf")).await;
        let kinds: Vec<_> = anna.fresh().into_iter().map(|fresh| fresh.message.kind).collect();
        assert_eq!(kinds, ["voice", "document"]);

        olga.writes("/close").await;
        topic.saw("Разговор закончен");
        anna.sees("Разговор с менеджером закончен — снова на связи я, бот.");
        anna.say("/help").await;
        anna.sees("👤 Позвать человека");
        olga.writes("Забыла сказать").await;
        assert_eq!(anna.reads().len(), 2, "the talk begins again, and the customer reads so");
        topic.saw_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_card_opens_the_topic_in_which_its_customer_is_talked_to() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        let topic = group.topic("Анна");
        topic.saw(&number);
        group.saw_nothing();
        bot.team("Ольга").in_topic("Анна").writes("Здравствуйте, когда вам удобно?").await;
        assert_eq!(anna.reads().len(), 2);
        anna.say("Завтра").await;
        topic.saw("Завтра");

        bot.schedule().await;
        let notes =
            |bot: &Bot| bot.crm().deals().into_iter().find(|found| found.id == deal.id).map(|deal| deal.notes.len());
        let before = notes(bot);
        bot.wait(600);
        for _ in 0..2 {
            bot.schedule().await;
        }
        bot.boss().sees("никто не взял");
        assert_eq!(notes(bot), before.map(|count| count + 1), "one note each ten minutes");
        let deal = bot.crm().deals().into_iter().find(|found| found.id == deal.id).expect("it is there");
        let note = deal.notes.iter().find(|text| text.contains("Разговор в Telegram №"));
        let note = note.expect("there is a note with the talk");
        assert!(note.contains("Ольга: Здравствуйте, когда вам удобно?") && note.contains("Клиент: Завтра"), "{note}");
    })
    .await;
}

#[tokio::test]
async fn a_card_waits_for_its_topic_while_telegram_opens_none() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let full = bot.fail(System::Telegram, "createForumTopic", When::Times(1), Fault::TooMany { retry_after: 30 });
        bot.deliver_request(&number, &anna).await;
        assert!(full.has_struck());
        group.saw_nothing();
        bot.wait(30);
        bot.schedule().await;
        group.topic("Анна").saw(&number);
    })
    .await;
}

#[tokio::test]
async fn a_form_is_kept_and_offered_again() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        for step in ["/start", "🚗 Продать авто"] {
            if step.starts_with('/') {
                anna.say(step).await
            } else {
                anna.tap(step).await
            };
        }
        anna.say("Kia Rio").await;
        let _ = anna.reads();
        anna.say("/human").await;
        anna.sees("Зову менеджера.");
        let topic = group.topic("Анна");
        topic.saw("Заявка «Продажа авто» не закончена, шаг «Год выпуска».");
        anna.say("а сколько дадите?").await;
        topic.saw("а сколько дадите?");
        bot.wait(13 * 3600);
        bot.wait(8 * 3600);
        bot.schedule().await;
        anna.sees("Заявка «Продажа авто» ещё не отправлена");
        topic.saw("Больше 12 часов тишины");
        anna.tap("Продолжить").await;
        anna.sees("Шаг 2 из 8");
    })
    .await;
}

#[tokio::test]
async fn a_group_without_topics_leads_to_the_questionnaire_for_a_manager() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        group.app.switch_topics(false);
        let anna = bot.customer("Анна");
        anna.say("/help").await;
        let _ = anna.reads();
        anna.tap("👤 Позвать человека").await;
        anna.sees("Вопрос менеджеру");
        let boris = bot.customer("Борис");
        bot.wait(61);
        group.app.switch_topics(true);
        group.app.make_bot(BotRole::Admin { can_manage_topics: false });
        boris.say("/human").await;
        boris.sees("Вопрос менеджеру");
        group.saw_nothing();
    })
    .await;
}

#[tokio::test]
async fn a_deleted_topic_is_opened_again_and_a_closed_one_goes_on() {
    story(async |bot| {
        let (anna, _) = calls_a_person(bot).await;
        bot.team("Ольга").in_topic("Анна").closes_topic().await;
        anna.say("вы закрылись?").await;
        bot.sales_group().topic("Анна").saw("вы закрылись?");
        bot.team("Ольга").in_topic("Анна").deletes_topic();
        anna.say("ау").await;
        let topic = bot.sales_group().topic("Анна");
        let read = topic.reads();
        assert_eq!(read.len(), 2, "{read:#?}");
        assert!(read[0].starts_with("Прежней темы больше нет") && read[1].contains("ау"), "{read:#?}");
        bot.team("Ольга").in_topic("Анна").writes("я тут").await;
        anna.sees("Ольга: я тут");
    })
    .await;
}

#[tokio::test]
async fn whoever_writes_in_vain_is_told() {
    story(async |bot| {
        let (anna, topic) = calls_a_person(bot).await;
        let olga = bot.team("Ольга").in_topic("Анна");
        anna.act(Person::block_bot).await;
        olga.writes("Вы здесь?").await;
        topic.saw("Не доставлено: клиент заблокировал бота");
        anna.act(Person::unblock_bot).await;
        olga.writes("/help").await;
        topic.saw("Такой команды здесь нет");
        let stranger = bot.telegram().person_at(7_000_000_555, "Чужой", None);
        let stranger = bot.sales_group().app.member(&stranger).in_topic(bot.sales_group().app.topics()[0].id);
        stranger.say("куплю дёшево").expect("anybody in the group can write");
        bot.settle().await;
        topic.saw("Не отправлено: писать клиентам могут только сотрудники");
        bot.team("Ольга").writes("это коллегам, не клиенту").await;
        anna.sees_nothing();
    })
    .await;
}

/// Telegram's answer to the opening of a topic is lost, so there are two.
#[tokio::test]
async fn whoever_writes_in_a_topic_without_a_customer_is_told_once_an_hour() {
    story(async |bot| {
        let group = bot.has_sales_team(&["Ольга"]).await;
        let anna = bot.customer("Анна");
        let lost = bot.fail(System::Telegram, "createForumTopic", When::Times(1), Fault::LoseAnswer);
        anna.say("/human").await;
        anna.sees("Зову менеджера.");
        assert!(lost.has_struck());
        let [stray, topic] = &group.app.topics()[..] else { panic!("{:?}", group.topics()) };
        group.topic_with_id(topic.id).saw(CALLED);

        let olga = bot.team("Ольга").in_topic_with_id(stray.id);
        for text in ["Здравствуйте!", "Вы тут?", "/close"] {
            olga.writes(text).await;
        }
        group.saw("Никому не отправлено: у этой темы нет клиента.");
        bot.wait(3600);
        olga.writes("Ау").await;
        group.saw("Никому не отправлено");
        anna.sees_nothing();

        let own = bot.team("Ольга").opens_topic("Отпуска").await;
        bot.team("Ольга").in_topic_with_id(own).writes("Я с пятницы").await;
        group.saw_nothing();
    })
    .await;
}

#[tokio::test]
async fn edits_replies_and_albums_arrive_as_they_were_meant() {
    story(async |bot| {
        let (anna, topic) = calls_a_person(bot).await;
        anna.say("Цена 900").await;
        topic.saw("Цена 900");
        let mine = anna.messages().last().expect("it is there").id;
        anna.act(|app| app.edit(mine, "Цена 950")).await;
        topic.saw("Цена 950");
        assert!(
            !bot.sales_group()
                .app
                .view()
                .expect("the group")
                .messages
                .iter()
                .any(|sent| sent.to_string() == "Цена 900")
        );
        let olga = bot.team("Ольга").in_topic("Анна");
        olga.writes("Согласны").await;
        anna.sees("Ольга: Согласны");
        olga.edits("Согласны, 940").await;
        anna.sees("Ольга: Согласны, 940");
        anna.send_album(1..=5).await;
        assert_eq!(topic.reads().len(), 5);
        olga.sends_album(1..=3).await;
        let read = anna.reads();
        assert_eq!(read.len(), 3, "{read:#?}");
        assert_eq!(read.iter().filter(|message| message.contains("Ольга")).count(), 1, "{read:#?}");
        anna.act(|app| app.send_voice(photo(1), 3)).await;
        assert_eq!(topic.reads().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn lines_that_three_people_write_at_one_moment_arrive_once_in_order_and_in_the_note() {
    story_with(as_telegram_delivers(), async |bot| {
        let group = bot.has_sales_team(&["Ольга", "Пётр"]).await;
        let anna = bot.customer("Анна");
        let number = to_sent(&anna).await;
        let deal = bot.deliver_request(&number, &anna).await;
        let topic = group.topic("Анна");
        topic.saw(&number);
        let [olga, petr] = ["Ольга", "Пётр"].map(|name| bot.team(name).in_topic("Анна"));
        olga.writes("Здравствуйте!").await;
        anna.finally_sees("Ольга: Здравствуйте!");

        let (mut to_team, mut to_customer) = (Vec::new(), Vec::new());
        for n in 1..=5 {
            for (person, text) in [(&anna.app, "вопрос"), (&olga.app, "ответ"), (&petr.app, "совет")] {
                person.say(&format!("{text} {n}")).expect("it is possible");
            }
            to_team.push(format!("вопрос {n}"));
            to_customer.extend([format!("Ольга: ответ {n}"), format!("Пётр: совет {n}")]);
        }
        bot.settle().await;
        assert_eq!(topic.reads(), to_team);
        assert_eq!(anna.reads(), to_customer);

        bot.wait(600);
        bot.schedule().await;
        bot.boss().sees("никто не взял");
        let deal = bot.crm().deals().into_iter().find(|found| found.id == deal.id).expect("it is there");
        let notes: Vec<_> = deal.notes.iter().filter(|note| note.starts_with("Разговор в Telegram №")).collect();
        let [note] = &notes[..] else { panic!("one note was expected: {notes:#?}") };
        let mut noted: Vec<&str> = note.lines().skip(2).filter_map(|line| line.splitn(3, ' ').nth(2)).collect();
        let mut said = vec!["Ольга: Здравствуйте!".to_owned()];
        said.extend(to_team.iter().map(|line| format!("Клиент: {line}")));
        said.extend(to_customer);
        noted.sort_unstable();
        said.sort_unstable();
        assert_eq!(noted, said, "{note}");
    })
    .await;
}

#[tokio::test]
async fn an_album_arrives_whole_and_in_order_however_telegram_delivers_it() {
    for setup in [Setup::default(), as_telegram_delivers()] {
        story_with(setup, async |bot| {
            let (anna, topic) = calls_a_person(bot).await;
            let files = |messages: Vec<MessageView>| -> Vec<String> {
                messages.into_iter().filter_map(|message| Some(message.file?.path)).collect()
            };
            let read = |fresh: Vec<Fresh>| files(fresh.into_iter().map(|fresh| fresh.message).collect());
            anna.send_album(1..=10).await;
            let sent = files(anna.messages());
            assert_eq!((sent.len(), read(topic.fresh())), (10, sent));
            bot.team("Ольга").in_topic("Анна").sends_album(11..=20).await;
            let sent = files(bot.sales_group().app.view().expect("the group is there").messages).split_off(10);
            assert_eq!((sent.len(), read(anna.fresh())), (10, sent));
        })
        .await;
    }
}

#[tokio::test]
async fn a_pause_or_an_outage_keeps_the_order_and_loses_nothing() {
    story(async |bot| {
        let (anna, topic) = calls_a_person(bot).await;
        let failing = bot.fail(System::Telegram, "copyMessage", When::Always, Fault::Html(500));
        for text in ["раз", "два", "три"] {
            anna.say(text).await;
        }
        assert!(failing.has_struck());
        topic.saw_nothing();
        drop(failing);
        bot.wait(60);
        bot.schedule().await;
        assert_eq!(topic.reads(), ["раз", "два", "три"]);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_customer_is_forgotten_and_the_team_hears_of_it() {
    story(async |bot| {
        let (anna, topic) = calls_a_person(bot).await;
        anna.say("секрет").await;
        topic.saw("секрет");
        anna.say("/delete").await;
        let _ = anna.reads();
        anna.tap("Да, удалить").await;
        anna.sees("Готово: ваши данные удалены.");
        assert!(topic.reads()[0].starts_with("Клиент попросил удалить его данные."));
        assert_eq!(bot.sales_group().topics(), ["🔒 Клиент удалил данные"]);
        let stored = bot.everything_stored().await;
        assert!(!stored.contains("секрет") && !stored.contains("anna_k"), "{stored}");
    })
    .await;
}

/// Whatever call of a talk fails, and however: both sides read everything, in order, once more at the most.
#[tokio::test]
async fn every_call_of_a_talk_may_fail() {
    let calls = [
        (System::Telegram, "createForumTopic"),
        (System::Telegram, "copyMessage"),
        (System::Telegram, "sendMessage"),
        (System::DynamoDb, "GetItem talks"),
        (System::DynamoDb, "PutItem talks"),
        (System::DynamoDb, "Query talks"),
    ];
    for (system, call) in calls {
        for fault in [Fault::Html(502), Fault::DropBefore, Fault::LoseAnswer] {
            story(async |bot| {
                let group = bot.has_sales_team(&["Ольга"]).await;
                let anna = bot.customer("Анна");
                let failing = bot.fail(system, call, When::Times(2), fault.clone());
                for text in ["/human", "раз", "два"] {
                    anna.say(text).await;
                }
                bot.wait(120);
                bot.schedule().await;
                let topic = group.topic("Анна");
                let mut read = topic.reads();
                read.extend(group.reads()); // a topic whose answer was lost, and its first messages
                read.dedup();
                let at = |text: &str| read.iter().position(|line| line == text);
                assert!(at("раз").is_some() && at("раз") < at("два"), "{call} {fault:?}: {read:#?}");
                bot.team("Ольга").in_topic("Анна").writes("три").await;
                bot.wait(120);
                bot.schedule().await;
                let mut read = anna.reads();
                read.dedup();
                assert_eq!(read.last().map(String::as_str), Some("Ольга: три"), "{call} {fault:?}: {read:#?}");
                let _ = (group.reads(), failing.has_struck());
            })
            .await;
        }
    }
}
