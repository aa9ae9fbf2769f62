//! What happens in groups.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Bot, Done, with};
use crate::telegram::{BotRole, Media, Options, PersonError, photo};

/// What the bot heard, as «kind: text».
fn heard(updates: &[Value]) -> Vec<String> {
    let told = |update: &Value| {
        let (kind, content) = update.as_object()?.iter().find(|(key, _)| *key != "update_id")?;
        let text = ["text", "caption", "data"].iter().find_map(|name| content[*name].as_str());
        Some(format!("{kind}: {}", text.unwrap_or_default()))
    };
    updates.iter().filter_map(told).collect()
}

#[tokio::test]
async fn a_topic_is_opened_written_in_renamed_closed_and_deleted() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    bot.updates().await?;
    let topic = bot.call("createForumTopic", json!({"chat_id": group.chat, "name": "Анна · K7QX"})).await?;
    let id = topic["message_thread_id"].as_i64().ok_or("no id")?;
    assert_eq!(topic["name"], "Анна · K7QX");
    bot.sends(group.chat, "карточка", json!({"message_thread_id": id})).await?;

    olga.in_topic(id).say("Здравствуйте!")?;
    let update = bot.updates().await?.remove(0);
    let message = &update["message"];
    assert_eq!(message["message_thread_id"], id);
    assert_eq!((&message["is_topic_message"], &message["chat"]["is_forum"]), (&json!(true), &json!(true)));
    assert_eq!((&message["from"]["id"], &message["from"]["first_name"]), (&json!(7_000_000_900_i64), &json!("Ольга")));
    assert_eq!(message["reply_to_message"]["forum_topic_created"]["name"], "Анна · K7QX", "as in real topics");

    let of_topic = |more: Value| with(json!({"chat_id": group.chat, "message_thread_id": id}), &more);
    bot.call("editForumTopic", of_topic(json!({"name": "Анна"}))).await?;
    let same = bot.refusal("editForumTopic", of_topic(json!({"name": "Анна"}))).await?;
    assert_eq!(same, "400 Bad Request: TOPIC_NOT_MODIFIED");
    bot.call("closeForumTopic", of_topic(json!({}))).await?;
    assert_eq!(bot.refusal("closeForumTopic", of_topic(json!({}))).await?, "400 Bad Request: TOPIC_NOT_MODIFIED");
    assert_eq!(olga.in_topic(id).say("ещё"), Err(PersonError::NoSuchTopic(id)));
    bot.sends(group.chat, "кто управляет темами, пишет и в закрытую", json!({"message_thread_id": id})).await?;
    bot.call("reopenForumTopic", of_topic(json!({}))).await?;
    assert_eq!(group.topics().iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), ["Анна"]);

    olga.close_topic(id)?;
    olga.reopen_topic(id)?;
    let updates = bot.updates().await?;
    let services = updates.iter().filter_map(|update| update["message"].as_object()).flat_map(|message| message.keys());
    let services: Vec<&str> = services.map(String::as_str).filter(|key| key.starts_with("forum_")).collect();
    assert_eq!(services, ["forum_topic_closed", "forum_topic_reopened"]);

    olga.delete_topic(id)?;
    assert!(bot.updates().await?.is_empty(), "Telegram says nothing of a deleted topic");
    for method in ["sendMessage", "sendChatAction"] {
        let refusal = bot.refusal(method, of_topic(json!({"text": "эй", "action": "typing"}))).await?;
        assert_eq!(refusal, "400 Bad Request: message thread not found", "{method}");
    }
    for method in ["closeForumTopic", "deleteForumTopic"] {
        assert_eq!(bot.refusal(method, of_topic(json!({}))).await?, "400 Bad Request: TOPIC_ID_INVALID", "{method}");
    }
    assert_eq!(group.view().ok_or("no group")?.messages, [], "everything in it is gone");
    Ok(())
}

#[tokio::test]
async fn topics_need_a_forum_and_the_right() -> Done {
    let bot = Bot::start().await?;
    let group = bot.telegram.new_supergroup("Продажи");
    let create = json!({"chat_id": group.chat, "name": "Анна"});
    assert_eq!(bot.refusal("createForumTopic", create.clone()).await?, "400 Bad Request: the chat is not a forum");
    let general = json!({"chat_id": group.chat, "message_thread_id": 1, "text": "общая"});
    assert_eq!(bot.refusal("sendMessage", general.clone()).await?, "400 Bad Request: message thread not found");
    group.switch_topics(true);
    assert_eq!(bot.call("getChat", json!({"chat_id": group.chat})).await?["is_forum"], true);
    assert_eq!(bot.refusal("sendMessage", general).await?, "400 Bad Request: message thread not found");
    let rights = "400 Bad Request: not enough rights to create a topic";
    assert_eq!(bot.refusal("createForumTopic", create.clone()).await?, rights);
    group.make_bot(BotRole::Admin { can_manage_topics: false });
    assert_eq!(bot.refusal("createForumTopic", create.clone()).await?, rights);
    let olga = group.member(&bot.telegram.person_at(7_000_000_900, "Ольга", None));
    let closed = olga.open_topic("Курилка")?;
    olga.close_topic(closed)?;
    let into_closed = json!({"chat_id": group.chat, "message_thread_id": closed, "text": "?"});
    assert_eq!(bot.refusal("sendMessage", into_closed).await?, "400 Bad Request: TOPIC_CLOSED");
    let nameless = json!({"chat_id": group.chat, "name": " "});
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    assert_eq!(bot.refusal("createForumTopic", nameless).await?, "400 Bad Request: title must be non-empty");
    bot.call("createForumTopic", create).await?;
    Ok(())
}

#[tokio::test]
async fn who_is_in_the_group_and_what_the_bot_may_do_can_be_asked() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    let me = bot.call("getMe", json!({})).await?["id"].clone();
    let member = async |user: &Value| bot.call("getChatMember", json!({"chat_id": group.chat, "user_id": user})).await;
    let own = member(&me).await?;
    assert_eq!((&own["status"], &own["can_manage_topics"]), (&json!("administrator"), &json!(true)));
    assert_eq!(member(&json!(olga.id)).await?["status"], "member");
    let anna = bot.customer();
    assert_eq!(member(&json!(anna.id)).await?["status"], "left");
    let nobody = json!({"chat_id": group.chat, "user_id": 5});
    assert_eq!(bot.refusal("getChatMember", nobody).await?, "400 Bad Request: PARTICIPANT_ID_INVALID");
    let annas = group.member(&anna);
    assert_eq!(member(&json!(annas.id)).await?["status"], "member", "now she is in it");
    Ok(())
}

#[tokio::test]
async fn a_bot_that_is_not_an_admin_reads_commands_replies_and_service_messages_only() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    group.make_bot(BotRole::Member);
    bot.updates().await?;
    let question = bot.sends(group.chat, "Кто возьмёт?", json!({})).await?;
    let topic = olga.open_topic("Разное")?;
    olga.say("между собой")?;
    olga.say("/status")?;
    olga.reply(question, "я")?;
    let mine = group.view().ok_or("no group")?.messages.last().ok_or("no message")?.id;
    olga.edit(mine, "не я")?;
    olga.in_topic(topic).say("и в теме тоже")?;
    assert_eq!(heard(&bot.updates().await?), ["message: ", "message: /status", "message: я", "edited_message: не я"]);
    group.make_bot(BotRole::Admin { can_manage_topics: false });
    bot.updates().await?;
    olga.say("админ читает всё")?;
    assert_eq!(heard(&bot.updates().await?), ["message: админ читает всё"]);
    Ok(())
}

#[tokio::test]
async fn a_press_in_the_group_says_who_pressed_and_only_they_see_the_answer() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    let igor = group.member(&bot.telegram.person_at(7_000_000_901, "Игорь", None));
    bot.updates().await?;
    let button = json!({"inline_keyboard": [[{"text": "🙋 Взять", "callback_data": "take"}]]});
    bot.sends(group.chat, "Заявка", json!({"reply_markup": button})).await?;
    olga.tap("🙋 Взять")?;
    let press = &bot.updates().await?[0]["callback_query"];
    assert_eq!((&press["from"]["id"], &press["message"]["chat"]["id"]), (&json!(olga.id), &json!(group.chat)));
    bot.call("answerCallbackQuery", json!({"callback_query_id": press["id"], "text": "Ваша"})).await?;
    assert_eq!(igor.take_alerts(), []);
    assert_eq!(olga.take_alerts().remove(0).text, "Ваша");
    assert_eq!(igor.edit(1, "чужое"), Err(PersonError::NoSuchMessage(1)));
    let stranger = bot.customer().in_group(group.chat);
    assert_eq!(stranger.say("пустите"), Err(PersonError::NotAMember(stranger.id)));
    Ok(())
}

#[tokio::test]
async fn a_group_takes_twenty_messages_edits_and_topics_a_minute() -> Done {
    let minute = Duration::from_secs(3);
    let bot = Bot::of(Options { group_minute: minute, ..Options::default() }).await?;
    let (group, _) = bot.forum();
    bot.call("createForumTopic", json!({"chat_id": group.chat, "name": "Анна"})).await?;
    let first = bot.sends(group.chat, "1", json!({})).await?;
    let edit = json!({"chat_id": group.chat, "message_id": first, "text": "один"});
    bot.call("editMessageText", edit.clone()).await?;
    assert!(bot.refusal("editMessageText", edit).await?.contains("not modified"), "a refusal does not count");
    for n in 3..20 {
        bot.sends(group.chat, &n.to_string(), json!({})).await?;
    }
    let refused = bot.answer("sendMessage", json!({"chat_id": group.chat, "text": "21"})).await?;
    assert_eq!((&refused["error_code"], &refused["parameters"]["retry_after"]), (&json!(429), &json!(3)));
    let anna = bot.customer();
    bot.sends(anna.chat, "личные чаты это не касается", json!({})).await?;
    tokio::time::sleep(minute).await;
    bot.sends(group.chat, "21", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn whatever_a_person_sends_can_be_copied_with_its_caption_into_a_topic_and_back() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    let anna = bot.customer();
    let topic = olga.open_topic("Анна")?;
    anna.say("Здравствуйте")?;
    anna.send_photo(photo(1), Some("вот она"))?;
    anna.send_voice(vec![1, 2, 3], 4)?;
    anna.send_document(vec![1], "ПТС.pdf")?;
    anna.send_media(vec![Media::Photo(photo(2)), Media::Video(vec![9].into())], Some("альбом"))?;
    for message in anna.view().ok_or("no chat")?.messages {
        let copy = json!({"chat_id": group.chat, "message_thread_id": topic, "from_chat_id": anna.chat,
            "message_id": message.id});
        let copied = bot.call("copyMessage", copy).await?;
        assert_eq!(copied.as_object().map(serde_json::Map::len), Some(1), "its id and nothing else: {copied}");
    }
    let seen: Vec<String> =
        group.take_new().iter().map(|fresh| format!("{} {}", fresh.message.kind, fresh.message.text)).collect();
    assert_eq!(seen, ["text Здравствуйте", "photo вот она", "voice ", "document ", "photo альбом", "video "]);

    let olgas = olga.in_topic(topic);
    olgas.send_photo(photo(3), Some("такая?"))?;
    let theirs = group.view().ok_or("no group")?.messages.last().ok_or("no message")?.clone();
    let back = |message: i64, more: Value| {
        with(json!({"chat_id": anna.chat, "from_chat_id": group.chat, "message_id": message}), &more)
    };
    let bold = json!([{"type": "bold", "offset": 0, "length": 5}]);
    bot.call("copyMessage", back(theirs.id, json!({"caption": "Ольга: такая?", "caption_entities": bold}))).await?;
    let got = anna.last_from_bot().ok_or("nothing came")?;
    assert_eq!((got.kind, got.text.as_str(), got.entities.len()), ("photo", "Ольга: такая?", 1));
    assert_eq!(got.file, theirs.file);

    assert_eq!(bot.refusal("copyMessage", back(topic, json!({}))).await?, "400 Bad Request: message can't be copied");
    olgas.delete_message(theirs.id)?;
    let gone = bot.refusal("copyMessage", back(theirs.id, json!({}))).await?;
    assert_eq!(gone, "400 Bad Request: message to copy not found");
    let long = back(theirs.id - 1, json!({"caption": "я".repeat(1025)}));
    assert_eq!(bot.refusal("copyMessage", long).await?, "400 Bad Request: message caption is too long");
    anna.block_bot()?;
    let blocked = bot.refusal("copyMessage", back(theirs.id - 1, json!({}))).await?;
    assert_eq!(blocked, "403 Forbidden: bot was blocked by the user");
    Ok(())
}

/// A PNG with these sides and nothing to see.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    png.extend([width.to_be_bytes(), height.to_be_bytes()].concat());
    png
}

#[tokio::test]
async fn a_photo_is_sent_by_its_id_or_uploaded_and_its_caption_edited() -> Done {
    let bot = Bot::start().await?;
    let (group, _) = bot.forum();
    let anna = bot.customer();
    anna.send_photo(photo(7), None)?;
    anna.send_document(vec![1], "ПТС.pdf")?;
    let updates = bot.updates().await?;
    let largest = updates.iter().find_map(|update| update["message"]["photo"].as_array()?.last()).ok_or("no photo")?;
    let take = json!({"inline_keyboard": [[{"text": "🙋 Взять", "callback_data": "take"}]]});
    let card = json!({"chat_id": group.chat, "photo": largest["file_id"], "caption": "Kia Rio", "reply_markup": take});
    let sent = bot.call("sendPhoto", card).await?;
    assert_eq!(sent["photo"].as_array().and_then(|sizes| sizes.last()), Some(largest));
    let edit = |more: Value| with(json!({"chat_id": group.chat, "message_id": sent["message_id"]}), &more);
    let as_text = bot.refusal("editMessageText", edit(json!({"text": "взяла Ольга"}))).await?;
    assert_eq!(as_text, "400 Bad Request: there is no text in the message to edit");
    bot.call("editMessageCaption", edit(json!({"caption": "Взяла Ольга"}))).await?;
    let seen: Vec<String> = group.take_new().iter().map(|fresh| fresh.message.to_string()).collect();
    assert_eq!(seen, ["Kia Rio\n[🙋 Взять]", "Взяла Ольга"]);
    let text = bot.sends(group.chat, "текст", json!({})).await?;
    let caption = json!({"chat_id": group.chat, "message_id": text, "caption": "подпись"});
    let no_caption = bot.refusal("editMessageCaption", caption).await?;
    assert_eq!(no_caption, "400 Bad Request: there is no caption in the message to edit");

    let document =
        updates.iter().find_map(|update| update["message"]["document"]["file_id"].as_str()).ok_or("no file")?;
    for (photo, why) in [
        (json!(document), "400 Bad Request: can't use file of type Document as Photo"),
        (json!("AgAC"), "400 Bad Request: wrong file identifier/HTTP URL specified"),
        (Value::Null, "400 Bad Request: there is no photo in the request"),
    ] {
        assert_eq!(bot.refusal("sendPhoto", json!({"chat_id": group.chat, "photo": photo})).await?, why);
    }

    let upload = async |picture: Vec<u8>| {
        let part = reqwest::multipart::Part::bytes(picture).file_name("funnel.png");
        let form = reqwest::multipart::Form::new().text("chat_id", anna.chat.to_string()).part("photo", part);
        let url = format!("{}/bot{}/sendPhoto", bot.telegram.url(), bot.telegram.token());
        bot.client.post(url).multipart(form).send().await?.json::<Value>().await
    };
    let sent = upload(png(800, 400)).await?;
    assert_eq!(sent["result"]["photo"][2]["width"], 800, "{sent}");
    let file = anna.last_from_bot().and_then(|message| message.file).ok_or("no picture")?;
    assert_eq!(bot.telegram.file(&file.path), Some(("image/png".to_owned(), png(800, 400).into())));
    assert_eq!(upload(b"GIF89a".to_vec()).await?["description"], "Bad Request: IMAGE_PROCESS_FAILED");
    assert_eq!(upload(png(9_000, 2_000)).await?["description"], "Bad Request: PHOTO_INVALID_DIMENSIONS");
    assert_eq!(upload(png(2_100, 100)).await?["description"], "Bad Request: PHOTO_INVALID_DIMENSIONS");
    Ok(())
}

#[tokio::test]
async fn a_message_is_replied_to() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    olga.say("кто это?")?;
    let asked = group.view().ok_or("no group")?.messages[0].id;
    let reply = |id: i64, anyway: bool| json!({"message_id": id, "allow_sending_without_reply": anyway});
    bot.sends(group.chat, "клиент", json!({"reply_parameters": reply(asked, false)})).await?;
    assert_eq!(group.view().and_then(|view| view.messages[1].reply_to), Some(asked));
    let missing = json!({"chat_id": group.chat, "text": "?", "reply_parameters": reply(99, false)});
    assert_eq!(bot.refusal("sendMessage", missing).await?, "400 Bad Request: message to be replied not found");
    bot.sends(group.chat, "всё равно", json!({"reply_parameters": reply(99, true)})).await?;
    Ok(())
}

#[tokio::test]
async fn a_group_that_throws_the_bot_out_takes_nothing_and_tells_nothing() -> Done {
    let bot = Bot::start().await?;
    let (group, olga) = bot.forum();
    bot.updates().await?;
    group.make_bot(BotRole::Kicked);
    olga.say("без бота")?;
    let updates = bot.updates().await?;
    assert_eq!(updates.len(), 1);
    assert_eq!(updates[0]["my_chat_member"]["new_chat_member"]["status"], "kicked");
    let refused = bot.refusal("sendMessage", json!({"chat_id": group.chat, "text": "эй"})).await?;
    assert_eq!(refused, "403 Forbidden: bot was kicked from the supergroup chat");
    group.make_bot(BotRole::Member);
    bot.sends(group.chat, "снова здесь", json!({})).await?;
    Ok(())
}

#[tokio::test]
async fn a_group_that_becomes_a_supergroup_says_so_in_both_chats_and_keeps_its_members() -> Done {
    let bot = Bot::start().await?;
    let group = bot.telegram.new_group("Продажи");
    let olga = group.member(&bot.telegram.person_at(7_000_000_900, "Ольга", None));
    let supergroup = group.upgrade();
    let updates = bot.updates().await?;
    assert_eq!(updates[0]["message"]["migrate_to_chat_id"], supergroup.chat);
    assert_eq!(updates[0]["message"]["chat"]["id"], group.chat);
    assert_eq!(updates[1]["message"]["migrate_from_chat_id"], group.chat);
    assert_eq!(updates[1]["message"]["chat"]["type"], "supergroup");
    let refused = bot.answer("sendMessage", json!({"chat_id": group.chat, "text": "эй"})).await?;
    assert_eq!(refused["parameters"]["migrate_to_chat_id"], supergroup.chat);
    supergroup.member(&olga).say("/status")?;
    assert_eq!(heard(&bot.updates().await?), ["message: /status"]);
    Ok(())
}

#[tokio::test]
async fn groups_topics_and_members_survive_a_restart() -> Done {
    let folder = tempfile::tempdir()?;
    let options = || Options { journal: Some(folder.path().join("telegram.jsonl")), ..Options::default() };
    let bot = Bot::of(options()).await?;
    let group = bot.telegram.supergroup_at(-1_001_234_567_890, "Продажи");
    let olga = group.member(&bot.telegram.person_at(7_000_000_900, "Ольга", None));
    group.switch_topics(true);
    group.make_bot(BotRole::Admin { can_manage_topics: true });
    let topic = olga.open_topic("Анна")?;
    bot.telegram.stop().await;

    let bot = Bot::of(options()).await?;
    let group = bot.telegram.supergroup_at(-1_001_234_567_890, "Другое имя");
    assert_eq!(group.view().map(|view| view.first_name).as_deref(), Some("Продажи"));
    let olga = group.member(&bot.telegram.person_at(7_000_000_900, "Ольга", None));
    olga.in_topic(topic).say("всё на месте")?;
    bot.sends(group.chat, "да", json!({"message_thread_id": topic})).await?;
    Ok(())
}
