//! `.env.example` names exactly the settings that are read.

use std::collections::BTreeSet;

use lead::CrmField;
use settings::Env;

/// Read by the local stack itself, and where logging starts.
const LOCAL: [&str; 5] =
    ["TELEGRAM_UPDATES", "CARQUERY_PORT", "CARQUERY_DATA_DIR", "CARQUERY_DEALER_FILE", "LOG_LEVEL"];

/// What the functions ask for.
fn read() -> BTreeSet<String> {
    let mut env = Env::from_pairs::<String, String>([]);
    webhook::Settings::read(&mut env);
    crm_push::Settings::read(&mut env);
    scheduled::Settings::read(&mut env);
    env.asked().iter().cloned().chain(LOCAL.map(str::to_owned)).collect()
}

/// What `.env.example` names, commented out or not.
fn listed() -> Vec<String> {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../.env.example");
    let example = std::fs::read_to_string(example).expect(".env.example is in the repository");
    let name = |line: &str| {
        let (name, _) = line.trim_start_matches('#').split_once('=')?;
        let is_name = !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
        is_name.then(|| name.to_owned())
    };
    example.lines().filter_map(name).collect()
}

#[test]
fn the_example_lists_exactly_what_is_read() {
    let (read, listed) = (read(), listed());
    let once: BTreeSet<String> = listed.iter().cloned().collect();
    assert_eq!(once.len(), listed.len(), "a name is listed twice");
    let missing: Vec<_> = read.difference(&once).collect();
    let idle: Vec<_> = once.difference(&read).collect();
    assert!(missing.is_empty(), ".env.example does not name {missing:?}");
    assert!(idle.is_empty(), ".env.example names {idle:?}, which nothing reads");
}

#[test]
fn every_field_of_a_deal_has_a_setting_for_its_id() {
    let asked = read();
    let settings = asked.iter().filter(|name| name.starts_with("AMOCRM_FIELD_")).count();
    assert_eq!(settings, CrmField::ALL.len());
    for field in CrmField::ALL.iter().copied() {
        assert!(asked.contains(&format!("AMOCRM_FIELD_{}", field.code())), "{field:?}");
    }
}

/// A default that is shown must be the one that holds: the values of commented-out lines change nothing.
#[test]
fn the_defaults_shown_are_valid() {
    let example = include_str!("../../../.env.example");
    let defaults = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let defaults = defaults.filter(|(name, _)| !name.contains(' '));
    let required = [("TELEGRAM_BOT_TOKEN", "1:t"), ("TELEGRAM_WEBHOOK_SECRET", "s"), ("LEADS_QUEUE_URL", "http://q")];
    let account = [("AMOCRM_SUBDOMAIN", "acme"), ("AMOCRM_LONG_LIVED_TOKEN", "t")];
    let shown = |with_defaults: bool| {
        let defaults = defaults.clone().filter(|_| with_defaults);
        let mut env = Env::from_pairs(required.into_iter().chain(account).chain(defaults));
        let settings = (webhook::Settings::read(&mut env), crm_push::Settings::read(&mut env));
        format!("{:#?}", env.finish(settings).expect("the settings are right"))
    };
    assert_eq!(shown(true), shown(false), "a default in .env.example is not the default");
}
