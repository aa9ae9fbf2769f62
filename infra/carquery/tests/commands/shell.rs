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
fn the_version_names_the_release() {
    let version = Operator::new().text(&["--version"]);
    assert!(version.starts_with(&format!("carquery {}", env!("CARGO_PKG_VERSION"))), "{version}");
}
