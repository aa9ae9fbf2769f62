//! What the network does to a conversation: updates come twice, at once and late; answers get lost; Telegram fails.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use settings::Retry;
use simulators::fault::{Fault, When};
use stories::{Bot, Customer, story, to_confirmation, to_photos, to_sent};

#[tokio::test]
async fn two_quick_presses_make_one_request() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let (message, send) = anna.button("✅ Отправить");
        for _ in 0..2 {
            anna.app.press(message, &send).expect("the press is sent");
        }
        anna.settle().await;
        let _ = anna.the_request_was_sent();
        assert_eq!(bot.requests().await.len(), 1);
        bot.deliver().await;
        bot.schedule().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn a_press_that_is_faster_than_our_notes_finds_its_buttons_alive() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        // The menu is sent, but its message's id is not noted yet when she presses.
        bot.database().add("PutItem sessions", When::After(1, 1), Fault::Hang(Duration::from_millis(1500)));
        anna.app.say("/start").expect("the command is sent");
        while anna.messages_with_buttons().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        anna.tap("🚗 Продать авто").await;
        anna.finally_sees("Шаг 1 из 8");
        let _ = anna.button("🏠 В начало");
        assert_eq!(anna.messages_with_buttons().len(), 1);
    })
    .await;
}

/// Does something, hears it again, and sees that it had its effect once: the screen is the same, nothing was sent
/// again.
async fn hears_once(customer: &Customer, update: i64, what: &str) {
    let before = customer.reads().pop().unwrap_or_else(|| panic!("{what} had an answer"));
    customer.redeliver(update).await;
    for again in customer.reads() {
        assert_eq!(again, before, "{what} was handled twice");
    }
}

#[tokio::test]
async fn each_kind_of_update_delivered_again_changes_nothing() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        hears_once(&anna, anna.say("/start").await, "a command").await;
        hears_once(&anna, anna.tap("🚗 Продать авто").await, "a press").await;
        hears_once(&anna, anna.say("Toyota Camry").await, "a typed answer").await;
        hears_once(&anna, anna.tap("2019").await, "a choice").await;
        hears_once(&anna, anna.say("много").await, "a wrong answer").await;
        hears_once(&anna, anna.say("85000").await, "a typed answer").await;
        hears_once(&anna, anna.tap("На ваше усмотрение").await, "a choice").await;
        hears_once(&anna, anna.send_photo(1).await, "a photo").await;
        let album = anna.send_album(2..=4).await;
        hears_once(&anna, album[1], "a photo of an album").await;
        hears_once(&anna, anna.tap("✅ Готово").await, "a press").await;
        hears_once(&anna, anna.say("Анна").await, "a name").await;
        let contact = anna.share_contact(stories::PHONE).await;
        hears_once(&anna, contact, "a contact").await;
        hears_once(&anna, anna.tap("⏭ Пропустить").await, "a skip").await;
        let send = anna.tap("✅ Отправить").await;
        hears_once(&anna, send, "«Отправить»").await;
        bot.deliver().await;
        anna.redeliver(send).await;
        let _ = anna.reads();
        assert_eq!(bot.requests().await.len(), 1);
        bot.deliver().await;
        assert_eq!(bot.next_deal().files.len(), 4, "each photo once");
    })
    .await;
}

#[tokio::test]
async fn the_same_update_five_times_at_once_is_one() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let update = anna.app.tap("✅ Отправить").expect("the button is there").expect("it is a press");
        for _ in 0..4 {
            bot.telegram().redeliver(update).expect("the update is remembered");
        }
        anna.settle().await;
        let mut thanks = anna.reads();
        thanks.dedup();
        assert_eq!(thanks.len(), 1, "{thanks:#?}");
        assert_eq!(bot.requests().await.len(), 1);
        bot.deliver().await;
        let _ = bot.next_deal();
    })
    .await;
}

#[tokio::test]
async fn a_late_copy_of_an_old_answer_does_not_answer_a_new_question() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        anna.say("/start").await;
        anna.tap("🚗 Продать авто").await;
        let car = anna.say("Toyota Camry").await;
        anna.tap("2019").await;
        anna.say("85000").await;
        let _ = anna.reads();
        anna.redeliver(car).await;
        for again in anna.reads() {
            assert!(again.contains("Шаг 4 из 8"), "{again}");
        }
        anna.say("1,5 млн").await;
        anna.sees("Шаг 5 из 8");
        bot.nothing_was_requested().await;
    })
    .await;
}

/// Breaks the bot's next messages, and waits until Telegram has delivered the update again.
async fn says_while_broken(bot: &Bot, customer: &Customer, text: &str, fault: Fault, times: u32) {
    bot.telegram().faults().add("sendMessage", When::Times(times), fault);
    customer.say(text).await;
}

#[tokio::test]
async fn a_prompt_whose_answer_got_lost_is_shown_and_the_dialog_goes_on() {
    for fault in [Fault::LoseAnswer, Fault::DropBefore] {
        story(async |bot| {
            let anna = bot.customer("Анна");
            anna.say("/start").await;
            anna.tap("🚗 Продать авто").await;
            let _ = anna.reads();
            says_while_broken(bot, &anna, "Toyota Camry", fault.clone(), 3).await;
            let shown = anna.reads();
            assert!(!shown.is_empty(), "the question was never shown");
            assert!(shown.iter().all(|screen| screen.contains("Шаг 2 из 8")), "{shown:#?}");
            anna.tap("2019").await;
            anna.sees("Шаг 3 из 8");
            anna.tap("⬅️ Назад").await;
            anna.tap("⬅️ Назад").await;
            anna.finally_sees("Текущее значение: Toyota Camry");
        })
        .await;
    }
}

#[tokio::test]
async fn telegram_in_trouble_costs_time_and_nothing_else() {
    for fault in
        [Fault::TooMany { retry_after: 1 }, Fault::Html(502), Fault::Status(500, String::new()), Fault::Garbage]
    {
        story(async |bot| {
            let anna = bot.customer("Анна");
            to_confirmation(&anna).await;
            bot.telegram().faults().add("editMessageText", When::Times(1), fault.clone());
            let _ = anna.send_request().await;
            assert_eq!(bot.requests().await.len(), 1);
            bot.deliver().await;
            let _ = bot.next_deal();
        })
        .await;
    }
}

#[tokio::test]
async fn a_message_that_is_gone_is_sent_again() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let change = anna.button("✏️ Изменить");
        anna.app.delete_message(change.0).expect("the message was there");
        anna.press(&change).await;
        anna.sees("Что изменить?");
        anna.tap("Имя").await;
        anna.sees("Как к вам обращаться?");
        anna.say("Пётр").await;
        anna.sees("Имя: Пётр");
    })
    .await;
}

#[tokio::test]
async fn a_message_that_telegram_does_not_let_us_change_is_sent_again() {
    for reason in ["BOT_RESPONSE_TIMEOUT", "there is no text in the message to edit"] {
        story(async |bot| {
            let anna = bot.customer("Анна");
            anna.say("/start").await;
            let _ = anna.reads();
            let refusal = json!({"ok": false, "error_code": 400, "description": format!("Bad Request: {reason}")});
            bot.telegram().faults().add("editMessageText", When::Times(1), Fault::Status(400, refusal.to_string()));
            anna.tap("🚗 Продать авто").await;
            anna.sees("Шаг 1 из 8");
            assert_eq!(anna.messages_with_buttons().len(), 1, "the old screen has lost its buttons");
            anna.say("Toyota Camry").await;
            anna.sees("Шаг 2 из 8");
            anna.tap("2019").await;
            anna.sees("Шаг 3 из 8");
        })
        .await;
    }
}

#[tokio::test]
async fn a_customer_who_has_blocked_the_bot_is_not_an_error() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        to_confirmation(&anna).await;
        let send = anna.button("✅ Отправить");
        anna.app.block_bot().expect("the chat is there");
        // The press was on its way already.
        anna.press(&send).await;
        anna.sees_nothing();
        assert_eq!(bot.requests().await.len(), 1, "the request counts all the same");
        bot.deliver().await;
        let _ = bot.next_deal();
        bot.admin().sees_nothing();
        assert!(has_blocked_the_bot(bot, &anna).await);

        anna.app.unblock_bot().expect("the chat is there");
        anna.say("/start").await;
        anna.sees("Здравствуйте!");
        assert!(!has_blocked_the_bot(bot, &anna).await);
    })
    .await;
}

/// Whether it is noted that the bot must not write to this customer first.
async fn has_blocked_the_bot(bot: &Bot, customer: &Customer) -> bool {
    let customers = bot.stack().aws().customers(bot.stack().tables());
    let profile = customers.get(customer.chat).await.expect("the table answers");
    profile.is_some_and(|profile| profile.blocked)
}

#[tokio::test]
async fn groups_channels_and_bots_get_no_answer() {
    story(async |bot| {
        let mark = bot.telegram().faults().mark();
        let person = json!({"id": 77, "is_bot": false, "first_name": "Анна"});
        let message = |chat, from| json!({"message_id": 5, "date": 1, "chat": chat, "from": from, "text": "/start"});
        let group = json!({"id": -10_077, "type": "supergroup", "title": "Гараж"});
        let private = json!({"id": 77, "type": "private", "first_name": "Бот"});
        for update in [
            json!({"message": message(group.clone(), person.clone())}),
            json!({"channel_post": message(json!({"id": -10_078, "type": "channel", "title": "Новости"}), person.clone())}),
            json!({"edited_message": message(private.clone(), person.clone())}),
            json!({"message": message(private, json!({"id": 77, "is_bot": true, "first_name": "Бот"}))}),
            json!({"callback_query": {"id": "1", "from": person, "chat_instance": "1", "data": "1:open:sell",
                "message": message(group, json!({"id": 4242, "is_bot": true, "first_name": "CarQuery"}))}}),
            json!({"kind_yet_to_come": {"chat": {"id": 77}}}),
        ] {
            bot.telegram().raw_update(update);
        }
        bot.telegram().settle().await.expect("each is accepted");
        let calls = bot.telegram().faults().calls_since(mark);
        let answers: Vec<_> = calls.iter().filter(|call| call.route != "webhook").collect();
        assert!(answers.is_empty(), "{answers:#?}");
        assert!(calls.iter().all(|call| call.status == 200), "{calls:#?}");
        assert!(!bot.everything_stored().await.contains("carquery-sessions"), "nothing is remembered of them");
    })
    .await;
}

#[tokio::test]
async fn a_flood_costs_neither_the_crm_nor_others_anything() {
    story(async |bot| {
        let (anna, igor) = (bot.customer("Анна"), bot.customer("Игорь"));
        to_photos(&igor).await;
        let crm = bot.crm().faults().mark();
        anna.say("/start").await;
        let _ = anna.reads();
        for n in 0..100 {
            anna.app.say(&format!("сообщение {n}")).expect("the message is sent");
        }
        // Somebody else, in the middle of it.
        igor.app.tap("⏭ Пропустить").expect("the button is there");
        // Without time passing: these are 100 messages in a second.
        bot.telegram().settle().await.expect("each is accepted");
        igor.sees("Как к вам обращаться?");
        let answered = anna.reads();
        assert!(answered.len() <= 20, "{} answers to 100 messages", answered.len());
        // Which of them is hit first depends on how fast the machine is.
        let told = |text: &String| {
            ["Слишком быстро", "слишком много", "ещё разбираюсь"].iter().any(|words| text.contains(words))
        };
        assert!(answered.iter().any(told), "{answered:#?}");
        let asked = bot.stack().openai().expect("simulated").questions();
        // An unsure first model has the second asked as well.
        let asked: BTreeSet<String> = asked.into_iter().map(|asked| asked.question).collect();
        assert!(asked.len() <= 10, "the model was asked {asked:#?}");
        assert!(bot.crm().faults().calls_since(crm).is_empty(), "amoCRM was not bothered");
        bot.nothing_was_requested().await;

        bot.wait(61);
        anna.say("/start").await;
        anna.sees("Здравствуйте!");
    })
    .await;
}

#[tokio::test]
async fn a_request_that_could_not_be_queued_is_found_by_the_schedule() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        bot.stack().sqs().faults().add("SendMessage*", When::Always, Fault::Status(503, "{}".to_owned()));
        to_sent(&anna).await;
        bot.deliver().await;
        assert!(bot.crm().deals().is_empty(), "the queue knows nothing of it");
        bot.stack().sqs().faults().clear();
        bot.wait(300);
        bot.schedule().await;
        let _ = bot.next_deal();
        bot.admin().sees_nothing();
    })
    .await;
}

#[tokio::test]
async fn an_answer_of_the_tables_that_breaks_off_is_asked_for_again_at_once() {
    story(async |bot| {
        let anna = bot.customer("Анна");
        // Each read costs more than a tenth of the quota of retries that the SDK would have.
        for _ in 0..12 {
            let failures = Retry::AWS_CALL.tries - 1;
            bot.database().add("GetItem sessions", When::Times(failures), Fault::Garbage);
            anna.say("/start").await;
            anna.sees("Здравствуйте!");
        }
        let calls = bot.telegram().faults().calls_since(0);
        let updates: Vec<u16> = calls.iter().filter(|call| call.route == "webhook").map(|call| call.status).collect();
        assert_eq!(updates, [200; 12], "Telegram had to deliver nothing again");
    })
    .await;
}
