//! Public functions and types have a doc comment, and messages to the admins a line of the runbook. rustc's
//! `missing_docs` requires one for each field and accessor, too, where the name says enough.

use std::fs;
use std::path::{Path, PathBuf};

const ITEMS: [&str; 7] =
    ["pub fn ", "pub const fn ", "pub async fn ", "pub struct ", "pub enum ", "pub trait ", "pub type "];

/// All source files below the folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Line numbers, from 1, of public items without a doc comment. Attributes, on one line or several, may follow the
/// comment.
fn undocumented(source: &str) -> Vec<usize> {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let is_accessor = |line: &str| line.contains("(&self) -> ") && !line.contains("Result<");
    let is_item = |line: &str| ITEMS.iter().any(|item| line.starts_with(item)) && !is_accessor(line);
    let is_documented = |number: usize| {
        let mut in_attribute = false;
        let above = lines[..number].iter().rev().find(|line| {
            in_attribute = !line.starts_with("#[") && (in_attribute || line.ends_with(")]"));
            !in_attribute && !line.starts_with("#[")
        });
        above.is_some_and(|line| line.starts_with("///"))
    };
    (0..lines.len())
        .filter(|number| is_item(lines[*number]) && !is_documented(*number))
        .map(|number| number + 1)
        .collect()
}

#[test]
fn public_functions_and_types_are_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for folder in ["shared", "functions", "infra"] {
        for member in fs::read_dir(root.join(folder)).expect("the folder can be read") {
            let src = member.expect("the folder can be read").path().join("src");
            if src.is_dir() {
                sources(&src, &mut files);
            }
        }
    }
    assert!(files.len() > 50, "the sources were not found");
    let missing: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let source = fs::read_to_string(file).expect("the file can be read");
            let lines = undocumented(&source);
            lines.into_iter().map(|line| format!("{}:{line}", file.display())).collect::<Vec<_>>()
        })
        .collect();
    assert!(missing.is_empty(), "without a doc comment:\n{}", missing.join("\n"));
}

#[test]
fn attributes_do_not_hide_a_comment_and_fields_and_accessors_need_none() {
    let documented = "/// What it is.\n#[derive(Debug)]\n#[expect(\n    clippy::x,\n    reason = \"y\"\n)]\npub struct A {\n    pub b: u8,\n}\n";
    let source = format!(
        "{documented}\npub fn c() {{}}\nimpl A {{\n    #[must_use]\n    pub const fn d() {{}}\n    pub fn e(&self) -> u8 {{}}\n}}\n"
    );
    assert_eq!(undocumented(&source), [11, 14]);
}

/// The openings of the admins' messages: up to the first value or end of a clause. Alarms have a table of their own.
fn openings(texts: &str) -> Vec<&str> {
    let (messages, _) = texts.split_once("alarm-started").expect("alarms follow the messages");
    let sign = |text: &str| ["⚠️", "🔑", "❌", "⏳", "✅", "ℹ️", "🗑"].iter().any(|sign| text.starts_with(sign));
    messages
        .lines()
        .map(|line| line.split_once(" = ").map_or(line, |(_, text)| text).trim())
        .filter(|text| sign(text))
        .filter_map(|text| text.split(['{', '(', ':', '.', ',']).next())
        .map(str::trim)
        .collect()
}

#[test]
fn the_runbook_says_what_to_do_about_each_message_to_the_admins() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &str| fs::read_to_string(root.join(path)).expect("the file can be read");
    let runbook = read("docs/runbook.md");
    let known: Vec<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .filter_map(|row| row.split(" | ").next())
        .flat_map(|messages| messages.split("; "))
        .map(|message| message.split(['…', ',']).next().unwrap_or_default().trim())
        .filter(|opening| !opening.is_empty())
        .collect();
    let texts = read("shared/texts/ru/admin.ftl");
    let openings = openings(&texts);
    assert!(openings.len() > 20, "the messages were not found");
    let begins_with = |opening: &str, known: &str| {
        opening.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
    };
    let missing: Vec<&str> =
        openings.into_iter().filter(|opening| !known.iter().any(|known| begins_with(opening, known))).collect();
    assert!(missing.is_empty(), "not in docs/runbook.md:\n{}", missing.join("\n"));
}
