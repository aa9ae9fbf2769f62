//! Every `carquery` command in the documents is one that exists, and both READMEs list all of them.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Command;
use clap::error::ErrorKind;

use crate::command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// READMEs and documents, each with its name.
fn documents() -> Vec<(String, String)> {
    let folders = [root(), root().join("docs")];
    let files = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the folder can be read"));
    let paths = files.map(|file| file.expect("the folder can be read").path());
    let texts = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("the file can be read")));
    // What has been written of an older version stays as it is.
    texts.filter(|(name, _)| !name.ends_with("CHANGELOG.md")).collect()
}

/// Lines of code blocks, and what stands between backticks elsewhere.
fn code(text: &str) -> Vec<&str> {
    let mut in_block = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            found.push(line.trim());
        } else {
            found.extend(line.split('`').skip(1).step_by(2));
        }
    }
    found
}

/// The words of a `carquery` command, without what the shell does around it. `None` for other code.
fn words(code: &str) -> Option<Vec<&str>> {
    let code = code.trim_start_matches("sudo -u carquery ").trim_start_matches("cargo ");
    let without_settings = code.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter == '_');
    let code = without_settings.strip_prefix('=').and_then(|rest| rest.split_once(' ')).map_or(code, |(_, rest)| rest);
    let rest = code.strip_prefix("carquery ")?;
    let ends = ["  ", " #", " >", " |", " &&", ";", "…", ")"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    Some(rest[..end].split_whitespace().map(|word| word.trim_matches('"')).collect())
}

/// `leads list, show` means `leads list` and `leads show`; `backup FILE, restore FILE` means both.
fn each_of<'a>(words: &[&'a str]) -> Vec<Vec<&'a str>> {
    let mut commands: Vec<Vec<&str>> =
        words.split_inclusive(|word| word.ends_with(',')).map(<[&str]>::to_vec).collect();
    let group = commands.first().and_then(|first| first.first()).copied().filter(|name| is_group(name));
    commands.iter_mut().skip(1).for_each(|command| command.splice(0..0, group).for_each(drop));
    commands.iter_mut().flatten().for_each(|word| *word = word.trim_end_matches(','));
    commands
}

fn is_group(name: &str) -> bool {
    command().find_subcommand(name).is_some_and(Command::has_subcommands)
}

/// What stands for a number or a shell in the documents.
fn example_for(word: &str) -> &str {
    match word {
        "CHAT_ID" | "$chat" => "1",
        "SHELL" => "bash",
        word => word,
    }
}

#[test]
fn every_command_in_the_documents_exists() {
    let mut count = 0;
    for (document, text) in documents() {
        for words in code(&text).into_iter().filter_map(words).flat_map(|words| each_of(&words)) {
            let parsed = command()
                .try_get_matches_from(["carquery"].into_iter().chain(words.iter().map(|word| example_for(word))));
            let unknown = [
                ErrorKind::UnknownArgument,
                ErrorKind::InvalidSubcommand,
                ErrorKind::InvalidValue,
                ErrorKind::ValueValidation,
            ];
            if let Err(error) = parsed {
                assert!(!unknown.contains(&error.kind()), "{document}: carquery {}: {error}", words.join(" "));
            }
            count += 1;
        }
    }
    assert!(count > 100, "only {count} commands were found");
}

#[test]
fn both_readmes_list_every_command() {
    for name in ["README.md", "README.ru.md"] {
        let text = fs::read_to_string(root().join(name)).expect("the file can be read");
        let listed: Vec<Vec<&str>> =
            code(&text).into_iter().filter_map(words).flat_map(|words| each_of(&words)).collect();
        let is_listed = |path: &[&str]| listed.iter().any(|words| words.starts_with(path));
        for of_all in command().get_subcommands() {
            let group = of_all.get_name();
            assert!(is_listed(&[group]), "{name} does not list carquery {group}");
            for one in of_all.get_subcommands() {
                assert!(
                    is_listed(&[group, one.get_name()]),
                    "{name} does not list carquery {group} {}",
                    one.get_name()
                );
            }
        }
    }
}
