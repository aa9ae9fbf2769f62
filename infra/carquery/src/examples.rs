//! Examples under `--help` of each command.

use clap::Command;

/// By command.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("backup", &["carquery backup /var/backups/carquery.db"]),
    ("restore", &["carquery restore /var/backups/carquery.db"]),
    ("export", &["carquery --stage prod export items.jsonl"]),
    ("import", &["carquery --stage prod import items.jsonl"]),
    ("doctor", &["carquery doctor", "carquery --stage prod doctor --json"]),
    ("leads list", &["carquery leads list --status retry", "carquery --stage prod leads list --limit 10 --json"]),
    ("leads show", &["carquery leads show K7Q2-M9XD"]),
    ("leads retry", &["carquery leads retry K7Q2-M9XD", "carquery --stage prod leads retry --all"]),
    ("leads export", &["carquery --stage prod leads export > leads.csv", "carquery leads export --format json"]),
    ("dlq show", &["carquery --stage prod dlq show"]),
    ("dlq redrive", &["carquery --stage prod dlq redrive"]),
    ("dlq purge", &["carquery --stage prod dlq purge", "carquery --stage prod dlq purge --yes"]),
    ("customers show", &["carquery --stage prod customers show 123456789"]),
    ("customers forget", &["carquery customers forget 123456789", "carquery customers forget 123456789 --yes"]),
    ("customers ban", &["carquery --stage prod customers ban 123456789"]),
    ("customers unban", &["carquery --stage prod customers unban 123456789"]),
    (
        "dealer put",
        &["carquery --stage prod dealer put dealer.toml", "carquery dealer put dealer.toml --yes --russian"],
    ),
    ("dealer show", &["carquery --stage prod dealer show > dealer.toml"]),
    ("dealer check", &["carquery dealer check dealer.toml", "carquery dealer check dealer.toml --russian"]),
    ("amocrm authorize", &["carquery --stage prod amocrm authorize def502…"]),
    ("amocrm setup", &["carquery --stage prod amocrm setup", "carquery --stage prod amocrm setup --yes"]),
    ("amocrm pipelines", &["carquery --stage prod amocrm pipelines"]),
    ("amocrm check", &["carquery --stage prod amocrm check"]),
    ("telegram set-webhook", &["carquery --stage prod telegram set-webhook"]),
    ("telegram info", &["carquery --stage prod telegram info"]),
    ("telegram delete-webhook", &["carquery --stage prod telegram delete-webhook"]),
    (
        "links make",
        &[
            "carquery --stage prod links make --source avito --branch sell",
            "carquery links make --source window --bot my_dealer_bot --svg window.svg",
        ],
    ),
    ("secrets put", &["carquery --stage prod secrets put"]),
    ("stats", &["carquery --stage prod stats --days 30"]),
    ("eval", &["carquery eval sentences.jsonl --missed", "carquery eval sentences.jsonl --model --min-accuracy 0.9"]),
    (
        "completions",
        &["carquery completions bash > /etc/bash_completion.d/carquery", "carquery completions zsh > _carquery"],
    ),
];

/// The command with examples under the help of each of its commands.
pub(crate) fn add_to(command: Command) -> Command {
    add_under(command, "")
}

fn add_under(command: Command, path: &str) -> Command {
    let command = match EXAMPLES.iter().find(|(of, _)| *of == path) {
        Some((_, examples)) => command.after_help(format!("Examples:\n  {}", examples.join("\n  "))),
        None => command,
    };
    command.mut_subcommands(|under| {
        let path = format!("{path} {}", under.get_name());
        add_under(under, path.trim_start())
    })
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::Arguments;

    fn without_examples(command: &Command) -> Vec<String> {
        let shown = command.get_subcommands().filter(|under| !under.is_hide_set());
        if command.has_subcommands() {
            return shown.flat_map(without_examples).collect();
        }
        let has_some = command.get_after_help().is_some();
        if has_some { Vec::new() } else { vec![command.get_name().to_owned()] }
    }

    #[test]
    fn every_command_has_examples() {
        assert_eq!(without_examples(&add_to(Arguments::command())), Vec::<String>::new());
    }

    #[test]
    fn every_example_is_a_command_of_its_own_kind() {
        for (of, examples) in EXAMPLES {
            for example in *examples {
                let words = example.split(" > ").next().unwrap_or_default().split(' ');
                assert!(example.contains(of), "{example}");
                assert!(Arguments::try_parse_from(words).is_ok(), "{example}");
            }
        }
    }
}
