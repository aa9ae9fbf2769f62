//! A full disk, a clock that jumps, and no certificates.

use std::fs;

use simulators::fault::{Fault, When};

use super::*;

/// The bot in a shell that lets writes beyond the limit fail, as on a full disk, instead of killing it.
async fn serve_with_limits(world: &World) -> Bot {
    let serve = world.operator.command(&["serve"]);
    let mut shell = Command::new("sh");
    shell.env_clear().envs(serve.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(world.operator.folder.path()).stdin(Stdio::null());
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" serve"]).arg(serve.get_program());
    let bot = Bot::start(shell);
    world.is_healthy().await;
    bot
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_updates_wait_and_are_taken_when_there_is_room() {
    let world = World::start().await;
    let bot = serve_with_limits(&world).await;
    let file_size = |limit: &str| {
        let limited = Command::new("prlimit").args(["--pid", &bot.process.id().to_string(), limit]).status();
        assert!(limited.expect("there is a prlimit").success());
    };
    let anna = fills_in(&world.telegram, "Анна", "8 900 000-00-01").await;

    file_size("--fsize=0:unlimited");
    anna.tap("✅ Отправить").expect("there is such a button");
    eventually("it is said", async || bot.log().contains("the data folder cannot be written")).await;
    assert_eq!(world.status("/health").await, Some(503));
    let endpoints = fs::read(world.operator.data().join(settings::ENDPOINTS_FILE)).expect("it is there");
    let endpoints: Value = serde_json::from_slice(&endpoints).expect("JSON");
    let secret = endpoints["TELEGRAM_WEBHOOK_SECRET"].as_str().expect("a secret");
    let update = r#"{"update_id":900000001,"message":{"message_id":1,"date":1,"chat":{"id":77,"type":"private"},
        "from":{"id":77,"is_bot":false,"first_name":"Борис"},"text":"/start"}}"#;
    let posted = reqwest::Client::new()
        .post(format!("{}/telegram/webhook", world.url))
        .header("x-telegram-bot-api-secret-token", secret)
        .body(update)
        .send()
        .await
        .expect("it answers");
    assert!(posted.status().is_server_error(), "Telegram delivers it again: {}", posted.status());
    assert!(!world.telegram.unsettled().is_empty(), "the press waits at Telegram");
    assert!(world.amocrm.deals().is_empty());

    file_size("--fsize=unlimited:unlimited");
    world.is_healthy().await;
    world.telegram.settle().await.expect("what waited is accepted");
    world.has_deals(1).await;
    asks_a_lawyer(&world.telegram, "Борис", "8 900 000-00-02").await;
    world.has_deals(2).await;
    bot.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_loses_nothing_and_makes_nothing_twice() {
    const HOUR: i64 = 3600;
    let mut world = World::start().await;
    let folder = world.operator.folder.path();
    let (library, ahead) = (folder.join("clock.so"), folder.join("ahead"));
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/commands/serve/clock.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", source, "-ldl", "-o"]).arg(&library).status();
    assert!(built.expect("there is a C compiler").success());
    let set = |seconds: i64| fs::write(&ahead, seconds.to_string()).expect("it is written");
    set(0);
    world.operator.env.push(("LD_PRELOAD", library.to_string_lossy().into_owned()));
    world.operator.env.push(("CLOCK_AHEAD", ahead.to_string_lossy().into_owned()));
    let bot = world.serve().await;

    // An hour forward while a deal is being made: the lease and the message's visibility are over at once.
    let faults = world.amocrm.faults();
    let anna = fills_in(&world.telegram, "Анна", "8 900 000-00-01").await;
    let rule = faults.add("POST /api/v4/leads", When::Times(1), Fault::LateAnswer(Duration::from_secs(5)));
    anna.tap("✅ Отправить").expect("there is such a button");
    eventually("the delivery is under way", async || faults.list().iter().all(|active| active.id != rule)).await;
    set(HOUR);
    world.has_deals(1).await;

    // And back in the middle of a dialog and of a delivery.
    let boris = fills_in(&world.telegram, "Борис", "8 900 000-00-02").await;
    let rule = faults.add("POST /api/v4/leads", When::Times(1), Fault::Status(503, String::new()));
    set(0);
    boris.tap("✅ Отправить").expect("there is such a button");
    eventually("the delivery has failed", async || faults.list().iter().all(|active| active.id != rule)).await;
    world.has_deals(2).await;
    asks_a_lawyer(&world.telegram, "Вера", "8 900 000-00-03").await;
    world.has_deals(3).await;
    set(-HOUR);
    asks_a_lawyer(&world.telegram, "Глеб", "8 900 000-00-04").await;
    set(0);
    world.has_deals(4).await;

    // What fails while the clock is a day ahead is put off to tomorrow.
    set(24 * HOUR);
    let rule = faults.add("*", When::Always, Fault::Status(503, String::new()));
    asks_a_lawyer(&world.telegram, "Дина", "8 900 000-00-05").await;
    eventually("the delivery has failed", async || {
        let requests = world.operator.json(&["leads", "list"]);
        requests.as_array().is_some_and(|all| all.iter().any(|lead| lead["status"] == "retry"))
    })
    .await;
    set(0);
    faults.remove(rule);
    world.has_deals(5).await;
    bot.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_certificates_it_says_what_to_install() {
    let world = World::start().await;
    let mut serve = world.operator.command(&["serve"]);
    serve.env("SSL_CERT_FILE", "/nonexistent").env("SSL_CERT_DIR", "/nonexistent");
    let mut bot = Bot::start(serve);
    assert!(!bot.ends().await.success());
    assert!(bot.log().contains("install ca-certificates"), "{}", bot.log());
}
