//! Every text is used, and every text that is asked for exists.

use std::collections::BTreeSet;
use std::path::Path;

use crate::Language;
use crate::branches;

const RUSSIAN: Language = Language::Russian;

fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a file").path();
        if path.is_dir() && !path.ends_with("tests") {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&std::fs::read_to_string(&path).expect("text"));
        }
    }
    all
}

fn literals(source: &str) -> BTreeSet<&str> {
    let is_id =
        |text: &str| !text.is_empty() && text.chars().all(|char| char.is_ascii_alphanumeric() || "-.".contains(char));
    source.split('"').filter(|text| is_id(text)).collect()
}

#[test]
fn every_text_is_used() {
    let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let literals = literals(&source);
    let mut used: BTreeSet<String> = literals.iter().map(ToString::to_string).collect();
    for branch in branches::ALL {
        used.insert(branch.id.to_owned());
        used.insert(branch.menu_text());
        used.extend(branch.steps.iter().flat_map(crate::questionnaire::Step::text_ids));
    }
    for side in ["small", "large"] {
        used.extend(["wrong-year", "wrong-mileage", "wrong-money"].map(|text| format!("{text}.{side}")));
    }
    used.remove("manager.menu.menu");
    let unused: Vec<String> = RUSSIAN.conversation_ids().into_iter().filter(|id| !used.contains(id)).collect();
    assert_eq!(unused, Vec::<String>::new());
}

#[test]
fn every_text_asked_for_exists() {
    let source = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    // Joins calls that are broken after the parenthesis.
    let source = source.split('(').map(str::trim_start).collect::<Vec<_>>().join("(");
    let asked: BTreeSet<&str> =
        ["text(\"", "text_with(\"", "with_service(\"", "press(Some(\"", "Some(\"got-", "Some(\"hint-"]
            .into_iter()
            .flat_map(|call| {
                let skipped = call.len() - call.find('"').expect("a quote") - 1;
                source.match_indices(call).map(move |(at, _)| at + call.len() - skipped)
            })
            .filter_map(|at| source[at..].split('"').next())
            .collect();
    assert!(asked.len() > 30, "{asked:?}");
    let prefixes = ["got-", "hint-", "button-", "wrong-", "menu-", "photos-"];
    let hyphenated = literals(&source).into_iter().filter(|id| prefixes.iter().any(|prefix| id.starts_with(prefix)));
    let missing: Vec<&str> = asked.into_iter().chain(hyphenated).filter(|id| !RUSSIAN.has(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn plurals_are_russian() {
    let characters = |max: i64| RUSSIAN.text_with("wrong-length", [("max", max.into())]);
    assert!(characters(1).contains("1 символ."));
    assert!(characters(3).contains("3 символа."));
    assert!(characters(11).contains("11 символов."));
    assert!(characters(1000).contains("1000 символов."));
    let understood = |count: i64| RUSSIAN.text_with("prefilled", [("count", count.into())]);
    assert!(understood(1).contains("1 ответ —"));
    assert!(understood(2).contains("2 ответа —"));
    assert!(understood(5).contains("5 ответов —"));
}
