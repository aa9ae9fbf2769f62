//! What `--help` of each command shows: examples, and only the options that the command uses.

use clap::{Arg, Command};

/// By command.
const EXAMPLES: &[(&str, &[&str])] = &[
    ("backup", &["carquery backup /var/backups/carquery/before-update.sqlite"]),
    ("restore", &["carquery restore /var/backups/carquery/before-update.sqlite"]),
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
    ("stats", &["carquery --stage prod stats --days 30", "carquery stats --days 30 --html stats.html"]),
    (
        "eval",
        &[
            "carquery eval sentences.jsonl --missed",
            "carquery eval sentences.jsonl --model --min-accuracy 0.9",
            "carquery eval --dealer dealer.toml --questions questions.jsonl --missed",
        ],
    ),
    (
        "completions",
        &["carquery completions bash > /etc/bash_completion.d/carquery", "carquery completions zsh > _carquery"],
    ),
    ("man", &["carquery man /usr/local/share/man/man1"]),
];

/// The options of every command, which these do not show: they have no use for them.
const WITHOUT_OPTIONS: &[(&str, &[&str])] = &[
    ("serve", &["stage", "json"]),
    ("backup", &["stage"]),
    ("restore", &["stage"]),
    ("completions", &["stage", "json"]),
    ("man", &["stage", "json"]),
];

/// The command with examples under the help of each of its commands, and without options that do nothing there.
pub(crate) fn add_to(command: Command) -> Command {
    let of_every_command: Vec<Arg> = command.get_arguments().filter(|option| option.is_global_set()).cloned().collect();
    add_under(command, "", &of_every_command)
}

/// Those of the command, or the first one of each command in its group.
fn examples_of(path: &str) -> Vec<&'static str> {
    let own = EXAMPLES.iter().filter(|(of, _)| *of == path).flat_map(|(_, examples)| *examples).copied();
    let in_group = |of: &str| of.strip_prefix(path).is_some_and(|rest| rest.starts_with(' '));
    let first = EXAMPLES.iter().filter(|(of, _)| in_group(of)).filter_map(|(_, examples)| examples.first().copied());
    own.chain(first).collect()
}

fn add_under(mut command: Command, path: &str, of_every_command: &[Arg]) -> Command {
    let examples = examples_of(path);
    if !examples.is_empty() {
        command = command.after_help(format!("Examples:\n  {}", examples.join("\n  ")));
    }
    let is_idle = |option: &Arg| {
        WITHOUT_OPTIONS.iter().any(|(of, options)| *of == path && options.contains(&option.get_id().as_str()))
    };
    // The command's own takes the place of the one that it would inherit.
    let hidden = of_every_command.iter().filter(|option| is_idle(option)).map(|option| option.clone().hide(true));
    command.args(hidden).mut_subcommands(|under| {
        let path = format!("{path} {}", under.get_name());
        add_under(under, path.trim_start(), of_every_command)
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

    fn assert_fits(command: &mut Command) {
        let help = command.render_help().to_string() + &command.render_long_help().to_string();
        let is_list = |line: &str| line.contains("[possible values:");
        let too_long = help.lines().filter(|line| line.chars().count() > 100 && !is_list(line));
        assert_eq!(too_long.collect::<Vec<_>>(), Vec::<&str>::new(), "{}", command.get_name());
        command.get_subcommands_mut().for_each(assert_fits);
    }

    #[test]
    fn help_fits_into_100_columns() {
        let mut command = add_to(Arguments::command());
        command.build();
        assert_fits(&mut command);
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
