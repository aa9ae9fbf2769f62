//! What customers do, as the bot hears of it.

use bytes::Bytes;
use serde_json::{Value, json};

use super::{Bot, Done};
use crate::telegram::{Media, PersonError};

/// The one update that waits, without what differs from run to run.
async fn heard(bot: &Bot) -> Result<Value, Box<dyn std::error::Error>> {
    let mut updates = bot.call("getUpdates", json!({})).await?;
    let update = updates.as_array_mut().and_then(Vec::pop).ok_or("no update")?;
    let next = update["update_id"].as_i64().unwrap_or_default() + 1;
    bot.call("getUpdates", json!({"offset": next})).await?;
    Ok(update)
}

#[tokio::test]
async fn a_typed_text_comes_with_everything_real_updates_have() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.telegram.new_customer("Анна", Some("anna"));
    anna.say("/start promo")?;
    let mut update = heard(&bot).await?;
    update["message"]["date"] = json!(0);
    insta::assert_snapshot!(serde_json::to_string_pretty(&update)?, @r#"
    {
      "message": {
        "chat": {
          "first_name": "Анна",
          "id": 7000000001,
          "type": "private",
          "username": "anna"
        },
        "date": 0,
        "entities": [
          {
            "length": 6,
            "offset": 0,
            "type": "bot_command"
          }
        ],
        "from": {
          "first_name": "Анна",
          "id": 7000000001,
          "is_bot": false,
          "language_code": "ru",
          "username": "anna"
        },
        "message_id": 1,
        "text": "/start promo"
      },
      "update_id": 1001
    }
    "#);
    Ok(())
}

#[tokio::test]
async fn one_press_shares_the_own_contact_and_folds_the_keyboard() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let share = "📱 Поделиться контактом";
    let keyboard =
        json!({"keyboard": [[{"text": share, "request_contact": true}], ["⬅️ Назад"]], "one_time_keyboard": true});
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "Телефон?", "reply_markup": keyboard})).await?;
    assert!(anna.view().is_some_and(|view| view.reply_keyboard.is_some()));
    anna.tap(share)?;
    let contact = &heard(&bot).await?["message"]["contact"];
    assert_eq!(contact, &json!({"phone_number": "79000000001", "first_name": "Анна", "user_id": anna.chat}));
    assert!(anna.view().is_some_and(|view| view.reply_keyboard.is_none()));

    anna.share_contact_of("Пётр", "+7 912 345-67-89")?;
    assert_eq!(heard(&bot).await?["message"]["contact"]["user_id"], Value::Null);
    Ok(())
}

#[tokio::test]
async fn a_keyboard_button_is_typed_and_a_missing_one_is_named() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "?", "reply_markup": {"keyboard": [["⬅️ Назад"]]}}))
        .await?;
    anna.tap("⬅️ Назад")?;
    assert_eq!(heard(&bot).await?["message"]["text"], "⬅️ Назад");
    let missing = anna.tap("Вперёд");
    let visible = vec!["⬅️ Назад".to_owned()];
    assert_eq!(missing, Err(PersonError::NoSuchButton { text: "Вперёд".to_owned(), visible }));
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "?", "reply_markup": {"remove_keyboard": true}}))
        .await?;
    assert!(anna.tap("⬅️ Назад").is_err());
    Ok(())
}

#[tokio::test]
async fn an_album_is_many_updates_with_one_group_and_every_photo_can_be_fetched() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let photos: Vec<Bytes> = (0..10_u8).map(|number| Bytes::from(vec![number; 100])).collect();
    anna.send_album(photos.clone())?;
    let updates = bot.call("getUpdates", json!({})).await?;
    let updates = updates.as_array().ok_or("no updates")?;
    assert_eq!(updates.len(), 10);
    let group = &updates[0]["message"]["media_group_id"];
    assert!(group.is_string());
    for (update, photo) in updates.iter().zip(photos) {
        assert_eq!(&update["message"]["media_group_id"], group);
        let largest = update["message"]["photo"].as_array().and_then(|sizes| sizes.last()).ok_or("no photo")?;
        let file = bot.call("getFile", json!({"file_id": largest["file_id"]})).await?;
        let path = file["file_path"].as_str().ok_or("no path")?;
        let url = format!("{}/file/bot{}/{path}", bot.telegram.url(), bot.telegram.token());
        assert_eq!(bot.client.get(url).send().await?.bytes().await?, photo);
    }
    assert_eq!(bot.refusal("getFile", json!({"file_id": "AgAC"})).await?, "400 Bad Request: invalid file_id");
    Ok(())
}

#[tokio::test]
async fn photos_and_videos_share_an_album_whose_caption_comes_first() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let parts = vec![Media::Photo("jpeg".into()), Media::Video("mp4".into()), Media::Photo("jpeg".into())];
    anna.send_media(parts, Some("мои"))?;
    let updates = bot.call("getUpdates", json!({})).await?;
    let messages: Vec<&Value> =
        updates.as_array().ok_or("no updates")?.iter().map(|update| &update["message"]).collect();
    let kinds = messages.iter().map(|message| ["photo", "video"].map(|kind| message.get(kind).is_some()));
    assert_eq!(kinds.collect::<Vec<_>>(), [[true, false], [false, true], [true, false]]);
    assert_eq!(messages[1]["video"]["file_size"], 3);
    let captions: Vec<&Value> = messages.iter().map(|message| &message["caption"]).collect();
    assert_eq!(captions, [&json!("мои"), &Value::Null, &Value::Null]);
    assert!(messages.iter().all(|message| message["media_group_id"] == messages[0]["media_group_id"]));
    Ok(())
}

#[tokio::test]
async fn a_file_keeps_its_type_name_and_size_and_alone_it_is_not_an_album() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    for (name, kind) in [("скан.png", "image/png"), ("IMG_1.HEIC", "image/heic"), ("ПТС.pdf", "application/pdf")]
    {
        let file = Media::File { name: name.to_owned(), bytes: "bytes".into() };
        anna.send_media(vec![file], Some("вот"))?;
        let mut message = heard(&bot).await?["message"].take();
        assert_eq!((&message["caption"], &message["media_group_id"]), (&json!("вот"), &Value::Null));
        let document = message["document"].as_object_mut().ok_or("no document")?;
        document.retain(|key, _| !key.starts_with("file_id") && key != "file_unique_id");
        assert_eq!(message["document"], json!({"file_name": name, "mime_type": kind, "file_size": 5}));
    }
    let shown = anna.view().ok_or("no chat")?.messages.pop().and_then(|message| message.file);
    assert_eq!(shown.and_then(|file| file.name).as_deref(), Some("ПТС.pdf"));
    Ok(())
}

#[tokio::test]
async fn whatever_else_can_be_sent_has_its_own_field() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    anna.send_photo("jpeg", Some("моя"))?;
    assert_eq!(heard(&bot).await?["message"]["caption"], "моя");
    anna.send_document_image("jpeg")?;
    assert_eq!(heard(&bot).await?["message"]["document"]["mime_type"], "image/jpeg");
    anna.send_document("pdf", "договор.pdf")?;
    assert_eq!(heard(&bot).await?["message"]["document"]["file_name"], "договор.pdf");
    anna.send_sticker()?;
    assert_eq!(heard(&bot).await?["message"]["sticker"]["emoji"], "👍");
    anna.send_voice("ogg", 3)?;
    assert_eq!(heard(&bot).await?["message"]["voice"]["mime_type"], "audio/ogg");
    anna.send_location(55.75, 37.61)?;
    assert_eq!(heard(&bot).await?["message"]["location"]["latitude"], 55.75);
    let kinds: Vec<&str> = anna.view().ok_or("no chat")?.messages.iter().map(|message| message.kind).collect();
    assert_eq!(kinds, ["photo", "document", "document", "sticker", "voice", "location"]);
    Ok(())
}

#[tokio::test]
async fn a_press_under_a_deleted_message_tells_little() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let keyboard = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    let sent = bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "?", "reply_markup": keyboard})).await?;
    let id = sent["message_id"].as_i64().ok_or("no id")?;
    anna.delete_message(id)?;
    anna.press(id, "yes")?;
    let message = &heard(&bot).await?["callback_query"]["message"];
    assert_eq!((&message["date"], &message["text"]), (&json!(0), &Value::Null));
    Ok(())
}

#[tokio::test]
async fn formatted_texts_edits_topics_and_untyped_files_come_as_telegram_sends_them() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    anna.paste_formatted("Toyota Camry")?;
    let message = heard(&bot).await?["message"].clone();
    assert_eq!(message["rich_message"]["blocks"][0]["text"], json!(["Toyota Camry"]));
    assert!(message.get("text").is_none());

    anna.in_topic(7).say("Toyota Camri")?;
    let message = heard(&bot).await?["message"].clone();
    assert_eq!((&message["message_thread_id"], &message["is_topic_message"]), (&json!(7), &json!(true)));
    anna.edit(message["message_id"].as_i64().unwrap_or_default(), "Toyota Camry")?;
    let edited = heard(&bot).await?["edited_message"].clone();
    assert_eq!((&edited["text"], &edited["message_id"]), (&json!("Toyota Camry"), &message["message_id"]));
    assert!(edited["edit_date"].is_i64());
    let reply = json!({"chat_id": anna.chat, "message_thread_id": 7, "text": "Принято"});
    assert_eq!(bot.call("sendMessage", reply).await?["message_thread_id"], 7);
    assert_eq!(anna.last_from_bot().and_then(|message| message.topic), Some(7));

    anna.send_document_as("jpeg", "IMG_4321.JPG", Some("application/octet-stream"))?;
    assert_eq!(heard(&bot).await?["message"]["document"]["mime_type"], "application/octet-stream");
    anna.send_document_as("jpeg", "photo.jpeg", None)?;
    assert!(heard(&bot).await?["message"]["document"].get("mime_type").is_none());
    Ok(())
}
