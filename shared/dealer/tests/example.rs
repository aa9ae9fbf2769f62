//! `dealer.example.toml`, which a dealer copies, against the types.

use std::collections::BTreeSet;

use dealer::{BRANCHES, Dealer, Problem, parse};

const EXAMPLE: &str = include_str!("../../../dealer.example.toml");

/// The file with every example in it switched on.
fn everything_on() -> String {
    let switch_on = |line: &'static str| match line.strip_prefix('#') {
        Some(rest) if !rest.is_empty() && !rest.starts_with(' ') => rest,
        _ => line,
    };
    EXAMPLE.lines().map(|line| format!("{}\n", switch_on(line))).collect()
}

/// The names that the checked file knows, as `section key`: those that it lists when it meets an unknown one.
fn known_keys() -> BTreeSet<String> {
    let mut text = String::from("nonsense = 1\n");
    for section in ["[sales_chat]", "[repeat]", "[unfinished]", "[digest]", "[limits]", "[[team]]", "[[fact]]"] {
        text.push_str(&format!("{section}\nnonsense = 1\n"));
    }
    let faults = parse(&text).expect_err("every section has an unknown key");
    let unknown = faults.into_iter().filter_map(|fault| match fault.problem {
        Problem::UnknownKey { key, section, known } if key == "nonsense" => Some((section, known)),
        _ => None,
    });
    unknown.flat_map(|(section, known)| known.into_iter().map(move |key| format!("{section} {key}"))).collect()
}

/// The names in a text, as `section key`; sections are names of the top of the file.
fn named_keys(text: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut keys = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
            keys.insert(format!(" {}", line.trim_matches(['[', ']'])));
        } else if let Some((key, _)) = line.split_once(" = ") {
            keys.insert(format!("{section} {key}"));
        }
    }
    keys
}

#[test]
fn a_copy_of_the_example_works_at_once() {
    let dealer = parse(EXAMPLE).expect("the example has no fault");
    assert_eq!(dealer.team.members().len(), 0, "requests do not go to the people of the example");
    assert!(dealer.sales_chat.is_none() && dealer.digest.is_none(), "nothing is sent to the chats of the example");
    assert!(dealer.facts.is_empty() && dealer.stages.is_empty(), "no customer reads the texts of the example");
}

#[test]
fn every_example_in_it_can_be_switched_on() {
    let dealer = parse(&everything_on()).expect("the examples have no fault");
    assert_eq!(dealer.team.members().len(), 2);
    assert_eq!(dealer.facts.len(), 2);
    let Dealer { sales_chat, digest, unfinished, stages, .. } = dealer;
    assert!(sales_chat.is_some_and(|chat| chat.escalation.is_some()) && digest.is_some());
    assert!(unfinished.status_id.is_some() && stages.len() == 2);
}

#[test]
fn it_names_every_key_there_is() {
    let named: BTreeSet<String> = named_keys(&everything_on())
        .into_iter()
        .filter(|key| !key.starts_with("[hours]") && !key.starts_with("[stages]"))
        .collect();
    assert_eq!(named, known_keys());
}

#[test]
fn the_defaults_it_names_are_the_defaults() {
    let with = |text: &str| parse(text).expect("it has no fault");
    let chat = "[sales_chat]\nchat_id = -1001234567890\nescalate_to = 7000000901\n";
    let spelled_out = [
        ("", "time_zone = \"Europe/Moscow\"\nholidays = []\n"),
        ("[repeat]", "[repeat]\njoin_open_deal_days = 30"),
        ("[unfinished]", "[unfinished]\nremind_after_minutes = 20\nto_crm_after_minutes = 120\nresume_days = 7"),
        ("[limits]", "[limits]\nrequests_a_day = 10\nmodel_questions_a_day = 3000"),
        ("", "[limits]\nrequests_a_day = 10\nmodel_questions_a_day = 3000"),
        ("[digest]\nchat_id = 5", "[digest]\nchat_id = 5\nat = \"Mon 09:00\""),
        (chat, &format!("{chat}escalate_after_minutes = 10\nshow_phone = false")),
    ];
    for (short, long) in spelled_out {
        assert_eq!(with(short), with(long), "{long}");
        for line in long.lines().filter(|line| line.contains(" = ") && !line.contains("holidays")) {
            let is_named = EXAMPLE.lines().any(|named| named.trim_start_matches('#') == line);
            assert!(is_named || line.starts_with("chat_id"), "{line}");
        }
    }
}

#[test]
fn the_questionnaires_it_names_are_those_of_the_bot() {
    let of_the_bot: Vec<&str> = dialog::funnel().map(|(branch, _)| branch).collect();
    assert_eq!(BRANCHES.to_vec(), of_the_bot);
    for branch in BRANCHES {
        assert!(EXAMPLE.contains(&format!("{branch} — ")), "{branch}");
    }
}
