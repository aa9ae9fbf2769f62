//! What keeps the bot from starting is said in one message.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn wrong_settings_are_all_named_at_once() {
    let mut operator = Operator::new();
    operator.env = vec![("TELEGRAM_UPDATES", "webhook".to_owned()), ("CALLBACK_TASK_MINUTES", "soon".to_owned())];
    let error = operator.runs(&["serve"]);
    assert_eq!(error.code, 1);
    for name in ["TELEGRAM_BOT_TOKEN", "AMOCRM_SUBDOMAIN", "CALLBACK_TASK_MINUTES"] {
        assert!(error.err.contains(name), "{name}: {}", error.err);
    }
    operator.env = vec![("CARQUERY_PORT", "many".to_owned())];
    assert!(operator.runs(&["serve"]).err.contains("CARQUERY_PORT"));
    operator.env = vec![("LOG_LEVEL", "bogus".to_owned())];
    let said = operator.runs(&["serve"]).err;
    assert!(said.contains("LOG_LEVEL is none of error, warn, info, debug"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_taken_port_and_a_taken_folder_are_told_apart() {
    let mut world = World::start().await;
    let bot = world.serve().await;
    let taken = world.operator.runs(&["serve"]);
    assert!(taken.code == 1 && taken.err.contains("is taken"), "{}", taken.err);
    world.operator.env.push(("CARQUERY_PORT", "0".to_owned()));
    let in_use = world.operator.runs(&["serve"]);
    assert!(in_use.code == 1 && in_use.err.contains("is in use by another carquery"), "{}", in_use.err);
    bot.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_others_may_read_is_refused() {
    let world = World::start().await;
    fs::create_dir(world.operator.data()).expect("it is made");
    fs::set_permissions(world.operator.data(), fs::Permissions::from_mode(0o755)).expect("it is changed");
    let refused = world.operator.runs(&["serve"]);
    assert!(refused.code == 1 && refused.err.contains("chmod 700"), "{}", refused.err);
    fs::set_permissions(world.operator.data(), fs::Permissions::from_mode(0o700)).expect("it is changed");
    world.serve().await.stop().await;
}
