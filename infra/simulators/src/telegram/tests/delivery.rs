//! How updates reach a bot, whatever happens on the way.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{Bot, Done};
use crate::fault::{Fault, Faults, When};
use crate::http::{Dialect, Server};
use crate::telegram::{Options, Redelivery, Telegram};

/// A webhook that writes down what it hears and answers every press.
#[derive(Clone, Default)]
struct Hook(Arc<Mutex<Vec<Value>>>);

impl Hook {
    async fn serve(&self, faults: &Faults) -> std::io::Result<Server> {
        Server::start(Router::new().fallback(hear).with_state(self.clone()), 0, faults.clone(), Dialect::PLAIN).await
    }

    fn ids(&self) -> Vec<i64> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ids: Vec<i64> = heard.iter().filter_map(|update| update["update_id"].as_i64()).collect();
        ids.sort_unstable();
        ids
    }
}

async fn hear(State(hook): State<Hook>, headers: HeaderMap, body: Bytes) -> Response {
    if headers.get("x-telegram-bot-api-secret-token").is_none_or(|secret| secret != "s3cret") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let Ok(update) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST.into_response() };
    let press = update["callback_query"]["id"].clone();
    hook.0.lock().unwrap_or_else(PoisonError::into_inner).push(update);
    if press.is_null() {
        return StatusCode::OK.into_response();
    }
    Json(json!({"method": "answerCallbackQuery", "callback_query_id": press, "text": "Принято"})).into_response()
}

fn quick() -> Options {
    let redelivery = Redelivery {
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(50),
        timeout: Duration::from_millis(500),
        ..Redelivery::default()
    };
    Options { redelivery, ..Options::default() }
}

#[tokio::test]
async fn an_update_is_delivered_until_the_bot_accepts_it() -> Done {
    let (hook, faults) = (Hook::default(), Faults::default());
    let server = hook.serve(&faults).await?;
    let bot = Bot::of(quick()).await?;
    bot.telegram.set_webhook_target(&server.url(), Some("s3cret"));
    let anna = bot.customer();
    for fault in [Fault::Status(500, String::new()), Fault::DropBefore, Fault::LoseAnswer, Fault::Html(502)] {
        faults.add("*", When::Times(1), fault);
    }
    let first = anna.say("привет")?;
    bot.telegram.settle().await?;
    assert_eq!(hook.ids(), [first, first], "once with the answer lost, once for good");
    assert_eq!(faults.calls_since(0).len(), 5);
    let info = bot.call("getWebhookInfo", json!({})).await?;
    assert_eq!(info["pending_update_count"], 0);
    assert_eq!(info["last_error_message"], "Wrong response from the webhook: 502 Bad Gateway");
    Ok(())
}

#[tokio::test]
async fn an_answer_lost_on_telegrams_side_means_a_second_delivery() -> Done {
    let hook = Hook::default();
    let server = hook.serve(&Faults::default()).await?;
    let bot = Bot::of(quick()).await?;
    bot.telegram.set_webhook_target(&server.url(), Some("s3cret"));
    bot.telegram.faults().add("webhook", When::Times(1), Fault::LoseAnswer);
    let id = bot.customer().say("привет")?;
    bot.telegram.settle().await?;
    assert_eq!(hook.ids(), [id, id]);
    bot.telegram.redeliver(id)?;
    bot.telegram.settle().await?;
    assert_eq!(hook.ids(), [id, id, id]);
    Ok(())
}

#[tokio::test]
async fn the_call_in_a_webhooks_answer_is_performed() -> Done {
    let hook = Hook::default();
    let server = hook.serve(&Faults::default()).await?;
    let bot = Bot::of(quick()).await?;
    bot.telegram.set_webhook_target(&server.url(), Some("s3cret"));
    let anna = bot.customer();
    let keyboard = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "?", "reply_markup": keyboard})).await?;
    anna.tap("Да")?;
    bot.telegram.settle().await?;
    let alerts = anna.take_alerts();
    assert_eq!((alerts[0].text.as_str(), alerts[0].alert), ("Принято", false));
    let replies = bot.telegram.faults().calls_since(0).into_iter().filter(|call| call.method == "REPLY").count();
    assert_eq!(replies, 1);
    Ok(())
}

#[tokio::test]
async fn an_album_reaches_the_bot_in_parallel() -> Done {
    let (hook, faults) = (Hook::default(), Faults::default());
    let server = hook.serve(&faults).await?;
    let bot = Bot::of(quick()).await?;
    bot.telegram.set_webhook_target(&server.url(), Some("s3cret"));
    faults.add("*", When::Always, Fault::Hang(Duration::from_millis(200)));
    let started = std::time::Instant::now();
    let ids = bot.customer().send_album(vec![Bytes::from_static(b"jpeg"); 10])?;
    bot.telegram.settle().await?;
    assert_eq!(hook.ids(), ids);
    assert!(started.elapsed() < Duration::from_millis(1500), "ten answers of 200 ms each took {:?}", started.elapsed());
    Ok(())
}

#[tokio::test]
async fn in_order_a_chats_next_message_waits_for_the_one_before_and_nothing_else_does() -> Done {
    let (hook, faults) = (Hook::default(), Faults::default());
    let server = hook.serve(&faults).await?;
    let in_order = Redelivery { in_order: true, ..quick().redelivery };
    let bot = Bot::of(Options { redelivery: in_order, ..quick() }).await?;
    bot.telegram.set_webhook_target(&server.url(), Some("s3cret"));
    let (anna, igor) = (bot.customer(), bot.customer());
    let keyboard = json!({"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]});
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "?", "reply_markup": keyboard})).await?;

    // While the bot is busy with the first photo, the rest of the album waits; a press and another chat do not.
    faults.add("*", When::Times(1), Fault::Hang(Duration::from_millis(400)));
    let mut messages = anna.send_album(vec![Bytes::from_static(b"jpeg"); 4])?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    anna.tap("Да")?;
    igor.say("привет")?;
    messages.push(anna.say("всё")?);
    bot.telegram.settle().await?;

    let heard = hook.0.lock().unwrap_or_else(PoisonError::into_inner);
    let ids: Vec<i64> = heard.iter().filter_map(|update| update["update_id"].as_i64()).collect();
    assert_eq!(ids.len(), 7);
    assert_eq!(ids[2..], messages);
    Ok(())
}

#[tokio::test]
async fn only_wanted_kinds_of_updates_come() -> Done {
    let hook = Hook::default();
    let server = hook.serve(&Faults::default()).await?;
    let bot = Bot::of(quick()).await?;
    let target = json!({"url": server.url(), "secret_token": "s3cret", "allowed_updates": ["message"]});
    bot.call("setWebhook", target).await?;
    let anna = bot.customer();
    anna.block_bot()?;
    anna.unblock_bot()?;
    let id = anna.say("привет")?;
    bot.telegram.settle().await?;
    assert_eq!(hook.ids(), [id]);
    let conflict = bot.refusal("getUpdates", json!({})).await?;
    assert!(conflict.starts_with("409 Conflict: can't use getUpdates method while webhook is active"), "{conflict}");
    let plain = bot.refusal("setWebhook", json!({"url": "http://example.com"})).await?;
    assert_eq!(plain, "400 Bad Request: bad webhook: An HTTPS URL must be provided for webhook");
    Ok(())
}

#[tokio::test]
async fn a_long_poll_ends_as_soon_as_somebody_writes() -> Done {
    let bot = Bot::start().await?;
    let anna = bot.customer();
    let poll = bot.call("getUpdates", json!({"timeout": 30}));
    let write = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        anna.say("привет")
    };
    let started = std::time::Instant::now();
    let (updates, said) = tokio::join!(poll, write);
    let (updates, said) = (updates?, said?);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(updates[0]["update_id"], said);
    assert_eq!(bot.telegram.unsettled(), [said]);
    bot.call("getUpdates", json!({"offset": said + 1})).await?;
    bot.telegram.settle().await?;
    Ok(())
}

#[tokio::test]
async fn of_two_bots_that_poll_the_older_is_turned_away() -> Done {
    let bot = Bot::start().await?;
    let first = bot.refusal("getUpdates", json!({"timeout": 20}));
    let second = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        bot.call("getUpdates", json!({})).await
    };
    let (first, second) = tokio::join!(first, second);
    assert!(first?.starts_with("409 Conflict: terminated by other getUpdates request"));
    assert_eq!(second?, json!([]));
    Ok(())
}

#[tokio::test]
async fn chats_files_and_waiting_updates_survive_a_crash() -> Done {
    let folder = tempfile::tempdir()?;
    let options = Options { journal: Some(folder.path().join("telegram.jsonl")), ..quick() };
    let bot = Bot::of(options.clone()).await?;
    let anna = bot.telegram.new_customer("Анна", None);
    let keyboard = json!({"keyboard": [["⬅️ Назад"]]});
    anna.send_photo("jpeg bytes", Some("вот"))?;
    bot.call("sendMessage", json!({"chat_id": anna.chat, "text": "Спасибо", "reply_markup": keyboard})).await?;
    let before = anna.view().ok_or("no chat")?;
    bot.telegram.stop().await;
    drop(bot);

    let telegram = Telegram::start(options).await?;
    let anna = telegram.customer(anna.chat);
    assert_eq!(anna.view(), Some(before.clone()));
    let path = &before.messages[0].file.as_ref().ok_or("no file")?.path;
    assert_eq!(telegram.file(path).ok_or("no bytes")?.1, "jpeg bytes");
    let hook = Hook::default();
    let server = hook.serve(&Faults::default()).await?;
    telegram.set_webhook_target(&server.url(), Some("s3cret"));
    telegram.settle().await?;
    assert_eq!(hook.ids(), [1001]);
    assert_eq!(telegram.new_customer("Пётр", None).chat, anna.chat + 1, "no id is given twice");
    assert_eq!(anna.say("ещё")?, 1002);
    Ok(())
}
