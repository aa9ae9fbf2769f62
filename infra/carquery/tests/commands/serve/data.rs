//! Backup and restore, export and import.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use simulators::fault::{Fault, When};

use super::*;

impl World {
    /// The same operator and outside world with another, empty data folder.
    fn moves_to(&mut self, folder: &str) {
        let folder = self.operator.folder.path().join(folder).to_string_lossy().into_owned();
        self.operator.env.push(("CARQUERY_DATA_DIR", folder));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_running_bot_is_restored_into_an_empty_folder() {
    let mut world = World::start().await;
    assert!(world.operator.fails(&["backup", "none.sqlite"]).contains("there is no data in"));
    let bot = world.serve().await;
    asks_a_lawyer(&world.telegram, "Анна", "8 900 000-00-01").await;
    world.has_deals(1).await;
    let anna = world.requests();
    world.operator.text(&["backup", "anna.sqlite"]);
    assert!(world.operator.fails(&["backup", "anna.sqlite"]).contains("exists: name another file"));
    asks_a_lawyer(&world.telegram, "Борис", "8 900 000-00-02").await;
    world.has_deals(2).await;
    let both = world.requests();
    assert_eq!((anna.len(), both.len()), (1, 2));
    assert!(world.operator.fails(&["restore", "anna.sqlite"]).contains("in use by another carquery"));
    bot.stop().await;

    // What is damaged, or no backup at all, changes nothing.
    let backup = fs::read(world.operator.folder.path().join("anna.sqlite")).expect("it reads");
    let mut scrambled = backup.clone();
    scrambled[4096..].fill(0xab);
    let bad: [(&str, &[u8]); 4] =
        [("half", &backup[..backup.len() / 2]), ("scrambled", &scrambled), ("text", b"requests"), ("empty", b"")];
    for (name, bytes) in bad {
        fs::write(world.operator.folder.path().join(name), bytes).expect("it is written");
    }
    for name in ["half", "scrambled", "text", "empty", "missing"] {
        assert!(world.operator.fails(&["restore", name]).contains("nothing has changed"), "{name}");
    }
    assert!(!world.operator.folder.path().join("missing").exists());
    let bot = world.serve().await;
    assert_eq!(world.requests(), both);
    bot.stop().await;

    world.moves_to("elsewhere");
    world.operator.text(&["restore", "anna.sqlite"]);
    let bot = world.serve().await;
    assert_eq!(world.requests(), anna);
    asks_a_lawyer(&world.telegram, "Вера", "8 900 000-00-03").await;
    world.has_deals(3).await;
    bot.stop().await;
    world.operator.text(&["restore", "anna.sqlite"]);
    let before = world.operator.folder.path().join("elsewhere/before-restore.sqlite");
    world.operator.text(&["restore", &before.to_string_lossy()]);
    for file in ["anna.sqlite", "elsewhere/dynamodb.sqlite", "elsewhere/before-restore.sqlite"] {
        let found = fs::metadata(world.operator.folder.path().join(file)).expect("it is there");
        assert_eq!(found.permissions().mode() & 0o077, 0, "{file} is its owner's alone");
    }
    let bot = world.serve().await;
    assert_eq!(world.requests().len(), 2, "what a restore replaces is kept, and can be restored itself");
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_that_were_delivered_after_the_backup_are_not_made_twice() {
    let mut world = World::start().await;
    let bot = world.serve().await;
    let down = world.amocrm.faults().add("*", When::Always, Fault::Status(503, String::new()));
    asks_a_lawyer(&world.telegram, "Анна", "8 900 000-00-01").await;
    let boris = fills_in(&world.telegram, "Борис", "8 900 000-00-02").await;
    world.operator.text(&["backup", "evening.sqlite"]);
    boris.tap("✅ Отправить").expect("there is such a button");
    world.amocrm.faults().remove(down);
    world.has_deals(2).await;
    bot.kill();

    // The machine is gone, and all there is of Anna's request is that it waits.
    world.moves_to("another");
    assert_eq!(world.operator.json(&["restore", "evening.sqlite"])["before"], "nothing");
    let bot = world.serve().await;
    eventually("her request is taken for delivered", async || {
        world.operator.json(&["leads", "list"])[0]["status"] == "sent"
    })
    .await;
    world.has_deals(2).await;
    assert_eq!(world.amocrm.contacts().len(), 2);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_forgets_no_request_that_came_after_the_backup() {
    let world = World::start().await;
    let bot = world.serve().await;
    let down = || world.amocrm.faults().add("*", When::Always, Fault::Status(503, String::new()));
    let rule = down();
    asks_a_lawyer(&world.telegram, "Анна", "8 900 000-00-01").await;
    world.operator.text(&["backup", "evening.sqlite"]);
    world.amocrm.faults().remove(rule);
    world.has_deals(1).await;
    down();
    asks_a_lawyer(&world.telegram, "Борис", "8 900 000-00-02").await;
    let both = world.requests();
    bot.kill();
    let restored = world.operator.json(&["restore", "evening.sqlite"]);
    assert_eq!(restored["before"]["kept"]["requests"], 2, "{restored}");
    world.amocrm.faults().clear();
    let bot = world.serve().await;
    world.has_deals(2).await;
    assert_eq!(world.requests(), both);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_data_are_named_and_a_backup_takes_their_place() {
    let world = World::start().await;
    let bot = world.serve().await;
    asks_a_lawyer(&world.telegram, "Анна", "8 900 000-00-01").await;
    world.has_deals(1).await;
    let requests = world.requests();
    world.operator.text(&["backup", "evening.sqlite"]);
    bot.stop().await;
    let tables = world.operator.data().join("dynamodb.sqlite");
    let mut bytes = fs::read(&tables).expect("it reads");
    bytes[4096..].fill(0xab);
    fs::write(&tables, &bytes).expect("it is written");

    let refused = world.operator.runs(&["serve"]);
    assert!(refused.code == 1 && refused.err.contains("`carquery restore`"), "{}", refused.err);
    let restored = world.operator.text(&["restore", "evening.sqlite"]);
    assert!(restored.contains("damaged"), "{restored}");
    assert_eq!(fs::read(world.operator.data().join("before-restore.sqlite")).expect("it is kept"), bytes);
    let bot = world.serve().await;
    assert_eq!(world.requests(), requests);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_has_every_item_and_is_imported_once() {
    let mut world = World::start().await;
    let bot = world.serve().await;
    asks_a_lawyer(&world.telegram, "Анна", "8 900 000-00-01").await;
    world.has_deals(1).await;
    let requests = world.requests();
    assert!(world.operator.fails(&["export", "bot.jsonl"]).contains("in use by another carquery"));
    bot.stop().await;
    let exported = world.operator.json(&["export", "bot.jsonl"]);
    assert_eq!(exported["leads"]["copied"], 1, "{exported}");

    world.moves_to("elsewhere");
    fs::write(world.operator.folder.path().join("cut-off.jsonl"), "{\"table\":\"leads\",\"it").expect("it is written");
    assert!(world.operator.fails(&["import", "cut-off.jsonl"]).contains("line 1 of"));
    let imported = world.operator.json(&["import", "bot.jsonl"]);
    assert_eq!(imported["leads"], json!({ "copied": 1, "known": 0 }));
    assert_eq!(world.operator.json(&["import", "bot.jsonl"])["leads"], json!({ "copied": 0, "known": 1 }));
    world.operator.text(&["export", "again.jsonl"]);
    let items = |file: &str| {
        let text = fs::read_to_string(world.operator.folder.path().join(file)).expect("it reads");
        let mut items: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        items.sort_by_key(ToString::to_string);
        items
    };
    assert_eq!(items("bot.jsonl"), items("again.jsonl"));

    let bot = world.serve().await;
    assert_eq!(world.requests(), requests);
    asks_a_lawyer(&world.telegram, "Борис", "8 900 000-00-02").await;
    world.has_deals(2).await;
    bot.stop().await;
}
