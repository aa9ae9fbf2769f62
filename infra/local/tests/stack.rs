//! The stack as its users meet it: over HTTP, over restarts, with a Telegram that is not its own.

use std::time::Duration;

use local::{Options, Stack, TelegramPart};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use simulators::telegram::{self, Telegram};

type Outcome = anyhow::Result<()>;

/// How long anything may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(20);

/// By hand: nothing happens that the test does not ask for.
fn by_hand() -> Options {
    Options { schedule: false, ..Options::default() }
}

async fn get(stack: &Stack, path: &str) -> anyhow::Result<Value> {
    Ok(Client::new().get(format!("{}/api/{path}", stack.url())).send().await?.error_for_status()?.json().await?)
}

async fn post(stack: &Stack, path: &str, body: &Value) -> anyhow::Result<StatusCode> {
    Ok(Client::new().post(format!("{}/api/{path}", stack.url())).json(body).send().await?.status())
}

async fn eventually(what: &str, mut is_so: impl AsyncFnMut() -> anyhow::Result<bool>) -> Outcome {
    let waiting = async {
        while !is_so().await? {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    };
    tokio::time::timeout(PATIENCE, waiting).await.map_err(|_| anyhow::anyhow!("not in time: {what}"))?
}

fn last_from_bot(chat: &Value) -> Option<String> {
    let messages = chat["messages"].as_array()?;
    let last = messages.iter().rev().find(|message| message["out"] == json!(false))?;
    last["text"].as_str().map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dealers_file_is_stored_whenever_it_changes() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("dealer.toml");
    let options =
        || Options { data_dir: Some(folder.path().join("data")), dealer_file: Some(path.clone()), ..by_hand() };
    let stored = async |stack: &Stack| anyhow::Ok(stack.aws().dealer_file(stack.tables()).load().await?.value);
    let (samara, omsk) = ("time_zone = \"Europe/Samara\"\n", "time_zone = \"Asia/Omsk\"\n");

    std::fs::write(&path, samara)?;
    let stack = Stack::start(options()).await?;
    assert_eq!(stored(&stack).await?, samara, "it is in use from the first customer on");
    stack.stop().await;
    std::fs::write(&path, "time_zone = \"Omsk\"\n")?;
    let stack = Stack::start(options()).await?;
    assert_eq!(stored(&stack).await?, samara, "a broken file changes nothing");
    std::fs::write(&path, omsk)?;
    eventually("the new file", async || Ok(stored(&stack).await? == omsk)).await?;
    let mut put = stack.aws().dealer_file(stack.tables()).load().await?;
    samara.clone_into(&mut put.value);
    stack.aws().dealer_file(stack.tables()).save(&mut put).await?;
    stack.stop().await;

    let stack = Stack::start(options()).await?;
    assert_eq!(stored(&stack).await?, samara, "a file that has not changed does not replace what was put since");
    stack.stop().await;
    std::fs::remove_file(&path)?;
    let stack = Stack::start(options()).await?;
    assert_eq!(stored(&stack).await?, "", "without its file everything is off again");
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_of_the_page_talks_to_the_bot() -> Outcome {
    let stack = Stack::start(by_hand()).await?;
    let chats = get(&stack, "chats").await?;
    assert_eq!(chats["chats"].as_array().map(Vec::len), Some(4), "three customers and the admin: {chats}");
    let id = chats["chats"][0]["id"].as_i64().unwrap_or_default();

    assert_eq!(post(&stack, &format!("chats/{id}/text"), &json!({ "text": "/start" })).await?, StatusCode::OK);
    eventually("a greeting with buttons", async || {
        let chat = get(&stack, &format!("chats/{id}")).await?;
        Ok(last_from_bot(&chat).is_some_and(|text| !text.is_empty()))
    })
    .await?;
    let chat = get(&stack, &format!("chats/{id}")).await?;
    let menu = chat["messages"][1].clone();
    assert_eq!(menu["buttons"][0][0]["text"], "🚗 Продать авто");

    let press = json!({ "message_id": menu["id"], "data": menu["buttons"][0][0]["data"] });
    assert_eq!(post(&stack, &format!("chats/{id}/press"), &press).await?, StatusCode::OK);
    let chat = get(&stack, &format!("chats/{id}")).await?;
    assert!(last_from_bot(&chat).is_some_and(|text| text.contains("Шаг 1 из 8")), "the menu became the first question");
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_is_on_the_page_within_seconds_when_minutes_are_short() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("dealer.toml");
    std::fs::write(&path, "[unfinished]\nremind_after_minutes = 2\n")?;
    let minute = ("CARQUERY_MINUTE_SECONDS".to_owned(), "1".to_owned());
    let stack = Stack::start(Options { env: vec![minute], dealer_file: Some(path), ..Options::default() }).await?;
    let id = get(&stack, "chats").await?["chats"][0]["id"].as_i64().unwrap_or_default();
    for text in ["/start b_sell", "Toyota Camry"] {
        post(&stack, &format!("chats/{id}/text"), &json!({ "text": text })).await?;
    }
    eventually("a reminder", async || {
        let chat = get(&stack, &format!("chats/{id}")).await?;
        Ok(last_from_bot(&chat).is_some_and(|text| text.contains("остановились на шаге «Год выпуска»")))
    })
    .await?;
    let chat = get(&stack, &format!("chats/{id}")).await?;
    let buttons = &chat["messages"].as_array().and_then(|messages| messages.last()).unwrap_or(&Value::Null)["buttons"];
    assert_eq!(buttons[0][0]["text"], "▶️ Продолжить");
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_is_one_file_away_and_calls_nobody() -> Outcome {
    let stack = Stack::start(by_hand()).await?;
    let page = Client::new().get(stack.url()).send().await?;
    let policy = page.headers()["content-security-policy"].to_str()?.to_owned();
    assert!(policy.starts_with("default-src 'self'"), "{policy}");
    assert!(page.text().await?.contains("/assets/js/main.js"));
    let health = Client::new().get(format!("{}/health", stack.url())).send().await?;
    assert_eq!(health.status(), StatusCode::OK);
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_are_kept_out() -> Outcome {
    let stack = Stack::start(by_hand()).await?;
    let (client, url) = (Client::new(), stack.url());
    let rebound = client.get(format!("{url}/api/chats")).header("host", "evil.example").send().await?;
    assert_eq!(rebound.status(), StatusCode::FORBIDDEN, "a name that resolves to this machine");
    let form = client.post(format!("{url}/api/schedule")).header("origin", "https://evil.example").send().await?;
    assert_eq!(form.status(), StatusCode::FORBIDDEN, "a form of another site");
    let forged = client.post(format!("{url}/telegram/webhook")).body(r#"{"update_id":1}"#).send().await?;
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED, "an update without the secret");
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_survive_a_restart_and_the_folder_has_one_owner() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = || Options { data_dir: Some(folder.path().join("data")), ..by_hand() };
    let first = Stack::start(options()).await?;
    let id = get(&first, "chats").await?["chats"][0]["id"].as_i64().unwrap_or_default();
    post(&first, &format!("chats/{id}/text"), &json!({ "text": "/start" })).await?;
    if let Some(telegram) = first.telegram() {
        telegram.settle().await?;
    }
    let before = get(&first, &format!("chats/{id}")).await?["messages"].clone();
    assert!(folder.path().join("data").join(settings::ENDPOINTS_FILE).exists());

    let refused = Stack::start(options()).await.map(drop).expect_err("the folder is taken").to_string();
    assert!(refused.contains("in use by another carquery"), "{refused}");
    first.stop().await;
    assert!(
        !folder.path().join("data").join(settings::ENDPOINTS_FILE).exists(),
        "nobody is told of a stack that has ended"
    );

    let second = Stack::start(options()).await?;
    assert_eq!(get(&second, &format!("chats/{id}")).await?["messages"], before);
    assert_eq!(get(&second, "chats").await?["chats"].as_array().map(Vec::len), Some(4), "no second set of customers");
    second.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_receiver_died_is_to_be_had_at_the_next_start() -> Outcome {
    let folder = tempfile::tempdir()?;
    let options = || Options { data_dir: Some(folder.path().join("data")), ..by_hand() };
    let first = Stack::start(options()).await?;
    let (queue, url) = (first.aws().sqs.clone(), first.tables().leads_queue_url.clone());
    queue
        .send_message()
        .queue_url(&url)
        .message_body("{}")
        .message_group_id("g")
        .message_deduplication_id("1")
        .send()
        .await?;
    queue.receive_message().queue_url(&url).send().await?;
    assert_eq!(first.sqs().queues.view().in_flight.len(), 1);
    first.stop().await;

    let second = Stack::start(options()).await?;
    let view = second.sqs().queues.view();
    assert_eq!((view.waiting.len(), view.in_flight.len()), (1, 0));
    second.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_port_is_said_so() -> Outcome {
    let first = Stack::start(by_hand()).await?;
    let port = first.url().rsplit(':').next().unwrap_or_default().parse()?;
    let refused = Stack::start(Options { port, ..by_hand() }).await.map(drop).expect_err("the port is taken");
    assert_eq!(
        refused.to_string(),
        format!("port {port} is taken: is carquery running already? CARQUERY_PORT chooses another one, 0 any free one")
    );
    first.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_it_poll_a_telegram_of_others() -> Outcome {
    let telegram = Telegram::start(telegram::Options::default()).await?;
    let env = [("TELEGRAM_BOT_TOKEN", telegram.token().to_owned()), ("TELEGRAM_API_URL", telegram.url())];
    let env = env.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let stack = Stack::start(Options { env, ..by_hand() }).await?;
    assert_eq!(stack.parts().telegram, TelegramPart::Polling);
    assert!(stack.telegram().is_none());

    let anna = telegram.new_customer("Анна", Some("anna"));
    anna.say("/start")?;
    eventually("the bot answers what it polled", async || Ok(anna.last_from_bot().is_some())).await?;
    anna.tap("🚗 Продать авто")?;
    eventually("the press is handled", async || {
        Ok(anna.last_from_bot().is_some_and(|message| message.text.contains("Шаг 1 из 8")))
    })
    .await?;
    eventually("the answer to the press, which rides in the webhook's response, reaches Telegram", async || {
        Ok(telegram.faults().counts().contains_key("answerCallbackQuery"))
    })
    .await?;
    assert!(telegram.faults().counts().contains_key("getUpdates"));
    eventually("everything is confirmed", async || Ok(telegram.unsettled().is_empty())).await?;
    stack.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_said_at_the_start() -> Outcome {
    let telegram = Telegram::start(telegram::Options::default()).await?;
    let env = [("TELEGRAM_BOT_TOKEN", "1:wrong".to_owned()), ("TELEGRAM_API_URL", telegram.url())];
    let env = env.map(|(name, value)| (name.to_owned(), value)).to_vec();
    let refused = Stack::start(Options { env, ..by_hand() }).await.map(drop).expect_err("the token is wrong");
    assert!(refused.to_string().contains("TELEGRAM_BOT_TOKEN"), "{refused}");
    Ok(())
}
