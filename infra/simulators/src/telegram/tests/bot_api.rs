//! What a bot can do and what it is refused.

use std::time::Duration;

use serde_json::json;

use super::{Bot, Done};
use crate::fault::{Fault, When};
use crate::telegram::{How, Options};

#[tokio::test]
async fn a_message_is_sent_edited_and_read_by_the_customer() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let keyboard =
        json!({"inline_keyboard": [[{"text": "АКПП", "callback_data": "a"}, {"text": "МКПП", "callback_data": "m"}]]});
    let entities = json!([{"type": "bold", "offset": 0, "length": 7}]);
    let sent = bot
        .call(
            "sendMessage",
            json!({"chat_id": anna.chat, "text": "Коробка?  ", "entities": entities, "reply_markup": keyboard}),
        )
        .await?;
    assert_eq!(sent["text"], "Коробка?");
    assert_eq!(sent["from"]["is_bot"], true);
    assert_eq!(sent["chat"], json!({"id": anna.chat, "first_name": "Анна", "username": "anna", "type": "private"}));
    assert_eq!(sent["reply_markup"], keyboard);

    let id = &sent["message_id"];
    bot.call("editMessageText", json!({"chat_id": anna.chat, "message_id": id, "text": "Привод?"})).await?;

    let seen = anna.take_new();
    let told: Vec<String> = seen.iter().map(|fresh| format!("{:?}: {}", fresh.how, fresh.message)).collect();
    insta::assert_snapshot!(told.join("\n---\n"), @r"
    Sent: Коробка?
    [АКПП] [МКПП]
    ---
    Edited: Привод?
    ");
    assert!(bot.telegram.untaken().is_empty());
    let view = anna.view().ok_or("no chat")?;
    assert_eq!(view.messages.len(), 1, "the edit was in place");
    assert!(view.messages[0].edited);
    Ok(())
}

#[tokio::test]
async fn what_telegram_refuses_to_send() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let mut told = Vec::new();
    let with = |extra: serde_json::Value| {
        let mut params = json!({"chat_id": anna.chat, "text": "hello"});
        params
            .as_object_mut()
            .into_iter()
            .for_each(|object| object.extend(extra.as_object().cloned().unwrap_or_default()));
        params
    };
    let button = |button: serde_json::Value| with(json!({"reply_markup": {"inline_keyboard": [[button]]}}));
    let entity = |entity: serde_json::Value| with(json!({"entities": [entity]}));
    for params in [
        json!({"chat_id": anna.chat}),
        json!({"text": "hello"}),
        json!({"chat_id": 12, "text": "hello"}),
        with(json!({"text": " \u{200f}\u{2060} "})),
        with(json!({"text": "я".repeat(4097)})),
        with(json!({"parse_mode": "Marked"})),
        with(json!({"reply_markup": "keyboard"})),
        with(json!({"reply_markup": {"inline_keyboard": "bad"}})),
        with(json!({"reply_markup": {"keyboard": [["A"]], "one_time_keyboard": "yes"}})),
        button(json!({"callback_data": "x"})),
        button(json!({"text": "b", "callback_data": ""})),
        button(json!({"text": "b", "callback_data": "ы".repeat(33)})),
        button(json!({"text": "b", "url": "not-a-url"})),
        button(json!({"text": "b", "url": "ftp://example.com"})),
        entity(json!({"type": "bold", "offset": 100, "length": 1})),
        entity(json!({"type": "bold", "offset": 0, "length": 6})),
        entity(json!({"type": "bold", "offset": -1, "length": 1})),
        entity(json!({"type": "wavy", "offset": 0, "length": 1})),
        entity(json!({"type": "text_link", "offset": 0, "length": 1, "url": "no"})),
        with(json!({"text": "🚗", "entities": [{"type": "bold", "offset": 1, "length": 1}]})),
    ] {
        told.push(bot.refusal("sendMessage", params).await?);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    400 Bad Request: message text is empty
    400 Bad Request: chat_id is empty
    400 Bad Request: chat not found
    400 Bad Request: text must be non-empty
    400 Bad Request: message is too long
    400 Bad Request: unsupported parse_mode
    400 Bad Request: object expected as reply markup
    400 Bad Request: field "inline_keyboard" must be of type Array
    400 Bad Request: field "one_time_keyboard" must be of type Boolean
    400 Bad Request: can't parse inline keyboard button: Can't find field "text"
    400 Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard
    400 Bad Request: BUTTON_DATA_INVALID
    400 Bad Request: inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL
    400 Bad Request: inline keyboard button URL 'ftp://example.com' is invalid: Unsupported URL protocol
    400 Bad Request: entity begins after the end of the text at UTF-16 offset 100
    400 Bad Request: entity beginning at UTF-16 offset 0 ends after the end of the text at UTF-16 offset 6
    400 Bad Request: receive an entity with incorrect offset -1
    400 Bad Request: can't parse MessageEntity: Unsupported type specified
    400 Bad Request: entity URL 'no' is invalid: Wrong HTTP URL
    400 Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 0
    "#);
    assert!(anna.take_new().is_empty(), "nothing of this reached the customer");
    Ok(())
}

#[tokio::test]
async fn what_telegram_refuses_to_edit() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    anna.say("мой текст")?;
    let theirs = anna.view().ok_or("no chat")?.messages[0].id;
    let text = |id: i64, text: &str| json!({"chat_id": anna.chat, "message_id": id, "text": text});
    let plain = bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "one"})).await?["message_id"]
        .as_i64()
        .unwrap_or(0);
    let keyboard = json!({"keyboard": [["A"]]});
    let with_keyboard =
        bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "k", "reply_markup": keyboard})).await?;
    let with_keyboard = with_keyboard["message_id"].as_i64().unwrap_or(0);

    let mut told = Vec::new();
    told.push(bot.refusal("editMessageText", text(plain, " one\n")).await?);
    told.push(bot.refusal("editMessageText", text(999, "two")).await?);
    told.push(bot.refusal("editMessageText", text(theirs, "two")).await?);
    told.push(bot.refusal("editMessageText", text(with_keyboard, "two")).await?);
    let mut to_keyboard = text(plain, "two");
    to_keyboard["reply_markup"] = keyboard;
    told.push(bot.refusal("editMessageText", to_keyboard).await?);
    told.push(bot.refusal("editMessageReplyMarkup", json!({"chat_id": anna.chat, "message_id": plain})).await?);
    anna.delete_message(plain)?;
    told.push(bot.refusal("editMessageText", text(plain, "two")).await?);
    insta::assert_snapshot!(told.join("\n"), @r"
    400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message
    400 Bad Request: message to edit not found
    400 Bad Request: message can't be edited
    400 Bad Request: message can't be edited
    400 Bad Request: inline keyboard expected
    400 Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message
    400 Bad Request: message to edit not found
    ");
    Ok(())
}

#[tokio::test]
async fn a_bot_may_write_only_to_who_wrote_first_and_has_not_blocked_it() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.telegram.new_customer("Пётр", None);
    let hello = json!({"chat_id": anna.chat, "text": "hello"});
    assert_eq!(
        bot.refusal("sendMessage", hello.clone()).await?,
        "403 Forbidden: bot can't initiate conversation with a user"
    );
    anna.say("/start")?;
    bot.call("sendMessage", hello.clone()).await?;
    anna.block_bot()?;
    assert_eq!(bot.refusal("sendMessage", hello.clone()).await?, "403 Forbidden: bot was blocked by the user");
    assert!(anna.say("hi").is_err());
    anna.unblock_bot()?;
    bot.call("sendMessage", hello).await?;
    Ok(())
}

#[tokio::test]
async fn presses_are_answered_with_windows_and_lines() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let keyboard = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "Верно?", "reply_markup": keyboard})).await?;
    anna.tap("Да")?;
    let updates = bot.call("getUpdates", json!({})).await?;
    let query = &updates[0]["callback_query"];
    assert_eq!((&query["data"], &query["message"]["text"]), (&json!("yes"), &json!("Верно?")));

    let answer =
        |id: &serde_json::Value, text: &str| json!({"callback_query_id": id, "text": text, "show_alert": true});
    let too_old = "400 Bad Request: query is too old and response timeout expired or query ID is invalid";
    assert_eq!(bot.refusal("answerCallbackQuery", answer(&json!("77"), "")).await?, too_old);
    assert_eq!(
        bot.refusal("answerCallbackQuery", answer(&query["id"], &"я".repeat(201))).await?,
        "400 Bad Request: MESSAGE_TOO_LONG"
    );
    bot.call("answerCallbackQuery", answer(&query["id"], "Кнопка больше не активна")).await?;
    let alerts = anna.take_alerts();
    assert_eq!(alerts.len(), 1);
    assert_eq!((alerts[0].text.as_str(), alerts[0].alert), ("Кнопка больше не активна", true));
    Ok(())
}

#[tokio::test]
async fn a_test_can_wait_for_what_the_bot_says_next() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let speak = async {
        tokio::time::sleep(Duration::from_millis(30)).await;
        bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "CRM is down"})).await
    };
    let (next, spoken) = tokio::join!(anna.take_next(Duration::from_secs(5)), speak);
    spoken?;
    assert_eq!(next.map(|fresh| fresh.message.text), Some("CRM is down".to_owned()));
    assert_eq!(anna.take_next(Duration::from_millis(20)).await, None);
    Ok(())
}

#[tokio::test]
async fn typing_shows_until_a_message_comes() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let typing = || anna.view().is_some_and(|view| view.typing_until_ms > 0);
    bot.call("sendChatAction", json!({"chat_id": anna.chat, "action": "typing"})).await?;
    assert!(typing());
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "done"})).await?;
    assert!(!typing());
    let wrong = bot.refusal("sendChatAction", json!({"chat_id": anna.chat, "action": "dancing"})).await?;
    assert_eq!(wrong, "400 Bad Request: wrong parameter action in request");
    Ok(())
}

#[tokio::test]
async fn commands_and_descriptions_are_checked() -> Done {
    let bot = Bot::start().await?;
    let commands = json!([{"command": "start", "description": "Начать"}]);
    bot.call("setMyCommands", json!({"commands": commands, "language_code": "ru"})).await?;
    bot.call("setMyDescription", json!({"description": "Бот"})).await?;
    let wrong = json!({"commands": [{"command": "Start", "description": "x"}]});
    assert_eq!(bot.refusal("setMyCommands", wrong).await?, "400 Bad Request: BOT_COMMAND_INVALID");
    let long = json!({"short_description": "x".repeat(121)});
    assert_eq!(bot.refusal("setMyShortDescription", long).await?, "400 Bad Request: short description is too long");
    Ok(())
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_method_are_told_apart() -> Done {
    let bot = Bot::start().await?;
    let post = |path: &str| bot.client.post(format!("{}{path}", bot.telegram.url())).send();
    assert_eq!(
        post("/bot1:other/getMe").await?.text().await?,
        r#"{"description":"Unauthorized","error_code":401,"ok":false}"#
    );
    assert_eq!(bot.refusal("sendDance", json!({})).await?, "404 Not Found");
    let form = bot.client.post(format!("{}/bot{}/sendMessage", bot.telegram.url(), bot.telegram.token()));
    let anna = bot.customer();
    let form = form
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("chat_id={}&text=hi+there", anna.chat));
    assert_eq!(form.send().await?.json::<serde_json::Value>().await?["result"]["text"], "hi there");
    Ok(())
}

#[tokio::test]
async fn too_many_messages_and_faults_sound_like_telegram() -> Done {
    let bot = Bot::of(Options { pace: Some(Duration::from_secs(1)), ..Options::default() }).await?;
    let anna = bot.customer();
    let hello = json!({"chat_id": anna.chat, "text": "hello"});
    bot.call("sendMessage", hello.clone()).await?;
    let answer = bot.answer("sendMessage", hello.clone()).await?;
    let expected = json!({
        "ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1},
    });
    assert_eq!(answer, expected);

    bot.telegram.faults().add("sendMessage", When::Times(1), Fault::TooMany { retry_after: 7 });
    assert_eq!(bot.answer("sendMessage", hello).await?["parameters"]["retry_after"], 7);
    let routes: Vec<String> = bot.telegram.faults().calls_since(0).into_iter().map(|call| call.route).collect();
    assert_eq!(routes, ["sendMessage", "sendMessage", "sendMessage"]);
    Ok(())
}

#[tokio::test]
async fn dropping_a_keyboard_is_told_apart_from_an_edit() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let keyboard = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    let sent =
        bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "Верно?", "reply_markup": keyboard})).await?;
    bot.call("editMessageReplyMarkup", json!({"chat_id": anna.chat, "message_id": sent["message_id"]})).await?;
    let seen: Vec<How> = anna.take_new().into_iter().map(|fresh| fresh.how).collect();
    assert_eq!(seen, [How::Sent, How::Keyboard]);
    assert!(anna.tap("Да").is_err(), "there is no such button any more");
    Ok(())
}

#[tokio::test]
async fn a_group_that_became_a_supergroup_names_it() -> Done {
    let bot = Bot::start().await?;
    let group = bot.telegram.new_group("Администраторы");
    bot.call("sendMessage", json!({"chat_id": group.chat, "text": "one"})).await?;
    let supergroup = group.upgrade().chat;
    let moved = bot.answer("sendMessage", json!({"chat_id": group.chat, "text": "two"})).await?;
    assert_eq!(moved["description"], "Bad Request: group chat was upgraded to a supergroup chat");
    assert_eq!((&moved["error_code"], &moved["parameters"]), (&json!(400), &json!({"migrate_to_chat_id": supergroup})));
    bot.call("sendMessage", json!({"chat_id": supergroup, "text": "two"})).await?;
    assert_eq!(bot.call("getChat", json!({"chat_id": supergroup})).await?["type"], "supergroup");
    Ok(())
}
