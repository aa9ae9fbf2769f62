//! What shells and readers of manuals get.

use crate::operator::Operator;

#[test]
fn shells_complete_its_words_and_man_explains_each_command() {
    let operator = Operator::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(operator.text(&["completions", shell]).contains("set-webhook"), "{shell}");
    }
    operator.text(&["man", "."]);
    let page = std::fs::read_to_string(operator.folder.path().join("carquery-leads-retry.1")).expect("it is written");
    assert!(page.contains("Examples:") && page.contains("carquery leads retry"), "{page}");
    let refused = operator.runs(&["completions", "bash", "--json"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""), "it is not JSON");
}

#[test]
fn help_names_only_options_that_do_something() {
    let operator = Operator::new();
    for command in [&["serve", "--help"][..], &["completions", "--help"], &["man", "--help"]] {
        let help = operator.text(command);
        assert!(!help.contains("--stage") && !help.contains("--json"), "{help}");
    }
    let help = operator.text(&["backup", "--help"]);
    assert!(!help.contains("--stage") && help.contains("--json"), "{help}");
    let help = operator.text(&["leads", "--help"]);
    assert!(help.contains("--stage") && help.contains("carquery leads retry"), "{help}");
}

#[test]
fn what_is_meant_for_a_stage_is_not_done_to_this_machine() {
    let mut operator = Operator::new();
    let of_another = |outcome: crate::operator::Outcome| {
        assert!(outcome.code == 2 && outcome.err.contains("of this machine only"), "{}", outcome.err);
    };
    for command in [&["serve"][..], &["backup", "copy.sqlite"], &["restore", "copy.sqlite"]] {
        of_another(operator.runs(&[&["--stage", "prod"], command].concat()));
        of_another(operator.runs(&[command, &["--stage", "prod"]].concat()));
    }
    operator.env.push(("CARQUERY_STAGE", "prod".to_owned()));
    of_another(operator.runs(&["backup", "copy.sqlite"]));
}

#[test]
fn the_version_names_the_release() {
    let version = Operator::new().text(&["--version"]);
    assert!(version.starts_with(&format!("carquery {}", env!("CARGO_PKG_VERSION"))), "{version}");
}
