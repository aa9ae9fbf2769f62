//! Links between the documents lead to files and headings that are there, and what README.md shows README.ru.md shows,
//! too.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// READMEs, guides and records of decisions.
fn documents() -> Vec<PathBuf> {
    let folders = ["", "docs", "docs/decisions", "shared/ai"].map(|folder| root().join(folder));
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the folder can be read"));
    let paths = files.map(|file| file.expect("the folder can be read").path());
    paths.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Where links and pictures of a Markdown text lead, without those to the web.
fn targets(text: &str) -> Vec<&str> {
    let markdown = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let html = text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    markdown.chain(html).filter(|target| !target.contains("://") && !target.contains(char::is_whitespace)).collect()
}

/// The anchor that GitHub makes of a heading.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let mut count = 0;
    let mut broken = Vec::new();
    for document in documents() {
        let text = read(&document);
        for target in targets(&text) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { document.clone() } else { document.with_file_name("").join(file) };
            let leads = path.exists()
                && (heading.is_empty()
                    || read(&path).lines().any(|line| line.starts_with('#') && anchor(line) == heading));
            if !leads {
                broken.push(format!("{}: {target}", document.display()));
            }
            count += 1;
        }
    }
    assert!(count > 100, "only {count} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn both_readmes_have_the_same_pictures() {
    let pictures = |name: &str| -> BTreeSet<String> {
        let text = read(&root().join(name));
        targets(&text).into_iter().filter(|target| target.contains("images/")).map(str::to_owned).collect()
    };
    let shown = pictures("README.md");
    assert_eq!(shown, pictures("README.ru.md"));
    let made = fs::read_dir(root().join("docs/images")).expect("the folder can be read");
    let made = made.map(|file| format!("docs/images/{}", file.expect("it can be read").file_name().display()));
    assert_eq!(shown, made.collect(), "a picture that no README shows");
}

#[test]
fn a_heading_has_the_anchor_that_github_gives_it() {
    assert_eq!(anchor("## Region and data residency"), "region-and-data-residency");
    assert_eq!(anchor("### Шаг 1. Бот, `@BotFather`"), "шаг-1-бот-botfather");
}
