//! `carquery secrets`: the stage's one secret in Secrets Manager, from which the template takes its settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use lead::Seconds;
use serde_json::json;

use crate::aws;
use crate::output::Output;
use crate::stage::Stage;

/// Settings that are secret. All others are parameters of the template, which the console shows.
pub(crate) const SECRETS: [&str; 9] = [
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "TELEGRAM_WEBHOOK_SECRET_PREVIOUS",
    "AMOCRM_CLIENT_ID",
    "AMOCRM_CLIENT_SECRET",
    "AMOCRM_LONG_LIVED_TOKEN",
    "AMOCRM_WEBHOOK_SECRET",
    "OPENAI_API_KEY",
    "OPENAI_TRANSCRIBE_API_KEY",
];

const WEBHOOK_SECRET: &str = "TELEGRAM_WEBHOOK_SECRET";
/// The one before it, which this command keeps when the secret changes, as `SECRET@UNTIL`.
const PREVIOUS_SECRET: &str = "TELEGRAM_WEBHOOK_SECRET_PREVIOUS";
/// How long the previous secret is accepted, in seconds: as long as Telegram keeps updates.
const DAY: Seconds = 24 * 3600;

/// Secrets that this command makes up if nobody sets them.
const MADE_UP: [&str; 2] = [WEBHOOK_SECRET, "AMOCRM_WEBHOOK_SECRET"];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Store the secrets of a .env file for a stage, without printing them.
    ///
    /// A secret that the file leaves empty stays as it is.
    Put {
        /// The file.
        #[arg(long, default_value = ".env")]
        from: PathBuf,
        /// Remove a stored secret, named as in .env; may be given several times.
        #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(SECRETS), hide_possible_values = true)]
        forget: Vec<String>,
        /// Allow the stage to become another bot.
        #[arg(long)]
        yes: bool,
    },
}

/// Secrets by name; an empty one is not set.
type Values = BTreeMap<String, String>;

/// The new secrets, and what changes.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// All names, empty where unset: a dynamic reference to a missing one would fail the deployment.
    values: Values,
    set: Vec<&'static str>,
    kept: Vec<&'static str>,
    removed: Vec<&'static str>,
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let Stage::Deployed(stage) = stage else {
        anyhow::bail!(
            "what runs on this machine reads .env itself: name the stage to store secrets for, as in `--stage prod`"
        )
    };
    let Command::Put { from, forget, yes } = command;
    let given: Values = dotenvy::from_path_iter(&from)
        .with_context(|| format!("{} cannot be read", from.display()))?
        .collect::<Result<_, _>>()
        .map_err(|_| anyhow::anyhow!("{} has a line that is not NAME=value", from.display()))?;
    let client = Client::new(aws::config().await?);
    let name = format!("carquery/{stage}");
    let stored = read(&client, &name).await?;
    let plan = Plan::of(&given, stored.as_ref(), &forget, yes, settings::system_clock()())?;
    if stored.as_ref() != Some(&plan.values) {
        write(&client, &name, &serde_json::to_string(&plan.values)?, stored.is_some()).await?;
    }
    let changed = !plan.set.is_empty() || !plan.removed.is_empty();
    let result = json!({
        "secret": name, "set": plan.set, "kept": plan.kept, "removed": plan.removed, "changed": changed
    });
    output.print(&result, |_| {
        let mut text = format!("{name}:\n");
        for (word, names) in [("set", &plan.set), ("kept", &plan.kept), ("removed", &plan.removed)] {
            if !names.is_empty() {
                text += &format!("  {word:<8} {}\n", names.join(", "));
            }
        }
        text + if changed { "Deploy again for it to take effect." } else { "Nothing has changed." }
    });
    Ok(ExitCode::SUCCESS)
}

impl Plan {
    fn of(given: &Values, stored: Option<&Values>, forget: &[String], yes: bool, now: Seconds) -> anyhow::Result<Self> {
        let value = |values: &Values, name: &str| values.get(name).filter(|value| !value.is_empty()).cloned();
        let mut plan = Self { values: Values::new(), set: Vec::new(), kept: Vec::new(), removed: Vec::new() };
        for name in SECRETS {
            let given = value(given, name);
            let old = stored.and_then(|stored| value(stored, name));
            let forgotten = forget.iter().any(|forgotten| forgotten == name);
            anyhow::ensure!(!forgotten || given.is_none(), "{name} is to be forgotten, but the file sets it");
            let mut new = given.or_else(|| old.clone().filter(|_| !forgotten));
            // A random one will do: no person ever types it.
            if MADE_UP.contains(&name) {
                new = new.or_else(|| Some(random_secret()));
            }
            if name == PREVIOUS_SECRET && !forgotten {
                let current = plan.values.get(WEBHOOK_SECRET);
                let replaced = stored.and_then(|stored| value(stored, WEBHOOK_SECRET));
                let replaced = replaced.filter(|replaced| Some(replaced) != current);
                new = replaced.map(|replaced| format!("{replaced}@{}", now + DAY)).or(new);
            }
            if name == "TELEGRAM_BOT_TOKEN" {
                anyhow::ensure!(
                    new.is_some(),
                    "{name} is neither stored nor set in the file: without it there is no bot"
                );
                anyhow::ensure!(
                    yes || old.is_none() || old == new,
                    "another {name} is stored: customers would meet another bot, or none if the token is old. Add --yes if \
                     you mean it"
                );
            }
            match (&old, &new) {
                (old, new) if old == new => plan.kept.extend(old.as_ref().map(|_| name)),
                (_, Some(_)) => plan.set.push(name),
                (_, None) => plan.removed.push(name),
            }
            plan.values.insert(name.to_owned(), new.unwrap_or_default());
        }
        Ok(plan)
    }
}

/// 64 hexadecimal digits.
fn random_secret() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn read(client: &Client, name: &str) -> anyhow::Result<Option<Values>> {
    match client.get_secret_value().secret_id(name).send().await {
        Ok(answer) => serde_json::from_str(answer.secret_string().unwrap_or("{}"))
            .map(Some)
            .map_err(|_| anyhow::anyhow!("the secret {name} is not a JSON object of names and values")),
        Err(error) if error.as_service_error().is_some_and(GetSecretValueError::is_resource_not_found_exception) => {
            Ok(None)
        }
        Err(error) => Err(refused(name, &error)),
    }
}

async fn write(client: &Client, name: &str, text: &str, exists: bool) -> anyhow::Result<()> {
    if exists {
        client
            .put_secret_value()
            .secret_id(name)
            .secret_string(text)
            .send()
            .await
            .map_err(|error| refused(name, &error))?;
    } else {
        client
            .create_secret()
            .name(name)
            .description("Secrets of the CarQuery bot, written by `carquery secrets put`")
            .secret_string(text)
            .send()
            .await
            .map_err(|error| refused(name, &error))?;
    }
    Ok(())
}

fn refused<E: ProvideErrorMetadata, R>(name: &str, error: &SdkError<E, R>) -> anyhow::Error {
    anyhow::anyhow!("Secrets Manager and {name}: {}", aws::reason(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Seconds = 1_780_000_000;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_first_file_stores_every_name_and_makes_up_the_webhooks_secrets() {
        let plan = Plan::of(&values(&[("TELEGRAM_BOT_TOKEN", "1:a")]), None, &[], false, NOW).expect("a plan");
        assert_eq!(plan.set, ["TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "AMOCRM_WEBHOOK_SECRET"]);
        let (telegrams, amocrms) = (&plan.values["TELEGRAM_WEBHOOK_SECRET"], &plan.values["AMOCRM_WEBHOOK_SECRET"]);
        assert_eq!((telegrams.len(), amocrms.len()), (64, 64));
        assert_ne!(telegrams, amocrms);
        assert_eq!((plan.values.len(), &*plan.values["OPENAI_API_KEY"]), (SECRETS.len(), ""));
        let again =
            Plan::of(&values(&[("TELEGRAM_BOT_TOKEN", "1:a")]), Some(&plan.values), &[], false, NOW).expect("a plan");
        assert_eq!((again.values, again.kept), (plan.values, plan.set), "the same file again changes nothing");
    }

    #[test]
    fn what_a_file_leaves_empty_stays_until_it_is_forgotten_by_name() {
        let stored = values(&[
            ("TELEGRAM_BOT_TOKEN", "1:a"),
            ("TELEGRAM_WEBHOOK_SECRET", "s"),
            ("AMOCRM_WEBHOOK_SECRET", "h"),
            ("OPENAI_API_KEY", "key"),
        ]);
        let file = values(&[("OPENAI_API_KEY", ""), ("AMOCRM_LONG_LIVED_TOKEN", "t")]);
        let plan = Plan::of(&file, Some(&stored), &[], false, NOW).expect("a plan");
        assert_eq!(
            plan.kept,
            ["TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "AMOCRM_WEBHOOK_SECRET", "OPENAI_API_KEY"]
        );
        assert_eq!((plan.set, plan.removed), (vec!["AMOCRM_LONG_LIVED_TOKEN"], vec![]));

        let forget = ["OPENAI_API_KEY".to_owned()];
        let plan = Plan::of(&file, Some(&stored), &forget, false, NOW).expect("a plan");
        assert_eq!((plan.removed, &*plan.values["OPENAI_API_KEY"]), (vec!["OPENAI_API_KEY"], ""));
        let both = Plan::of(&values(&[("OPENAI_API_KEY", "other")]), Some(&stored), &forget, false, NOW);
        assert!(both.expect_err("set and forgotten").to_string().contains("the file sets it"));
        let token = Plan::of(&Values::new(), Some(&stored), &["TELEGRAM_BOT_TOKEN".to_owned()], true, NOW);
        assert!(token.expect_err("no bot").to_string().contains("there is no bot"));
    }

    #[test]
    fn another_bot_is_asked_about_first() {
        let stored =
            values(&[("TELEGRAM_BOT_TOKEN", "1:a"), ("TELEGRAM_WEBHOOK_SECRET", "s"), ("AMOCRM_WEBHOOK_SECRET", "h")]);
        let file = values(&[("TELEGRAM_BOT_TOKEN", "2:b")]);
        let refused = Plan::of(&file, Some(&stored), &[], false, NOW).expect_err("another bot").to_string();
        assert!(refused.contains("--yes") && !refused.contains("1:a") && !refused.contains("2:b"), "{refused}");
        assert_eq!(Plan::of(&file, Some(&stored), &[], true, NOW).expect("a plan").set, ["TELEGRAM_BOT_TOKEN"]);
    }

    #[test]
    fn the_webhooks_old_secret_is_kept_for_a_day() {
        let stored = values(&[
            ("TELEGRAM_BOT_TOKEN", "1:a"),
            ("TELEGRAM_WEBHOOK_SECRET", "old"),
            ("AMOCRM_WEBHOOK_SECRET", "h"),
        ]);
        let file = values(&[("TELEGRAM_WEBHOOK_SECRET", "new")]);
        let plan = Plan::of(&file, Some(&stored), &[], false, NOW).expect("a plan");
        assert_eq!(plan.set, ["TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_SECRET_PREVIOUS"]);
        assert_eq!(plan.values["TELEGRAM_WEBHOOK_SECRET_PREVIOUS"], "old@1780086400");

        let again = Plan::of(&file, Some(&plan.values), &[], false, NOW + 60).expect("a plan");
        assert_eq!((again.values, again.set), (plan.values.clone(), vec![]), "the same file again changes nothing");
        let forget = ["TELEGRAM_WEBHOOK_SECRET_PREVIOUS".to_owned()];
        let leaked = Plan::of(&file, Some(&stored), &forget, false, NOW).expect("a plan");
        assert_eq!(leaked.values["TELEGRAM_WEBHOOK_SECRET_PREVIOUS"], "", "one that has leaked is not kept");
    }
}
