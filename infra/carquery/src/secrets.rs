//! `carquery secrets`: the stage's one secret in Secrets Manager, from which the template takes its settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use clap::Subcommand;
use serde_json::json;
use settings::Env;
use storage::{Aws, AwsSettings};

use crate::output::Output;
use crate::stage::Stage;

/// What is secret. Everything else is a parameter of the template, and shown in the console.
pub(crate) const SECRETS: [&str; 6] = [
    "TELEGRAM_BOT_TOKEN",
    "TELEGRAM_WEBHOOK_SECRET",
    "AMOCRM_CLIENT_ID",
    "AMOCRM_CLIENT_SECRET",
    "AMOCRM_LONG_LIVED_TOKEN",
    "OPENAI_API_KEY",
];

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Store the secrets of a .env file for a stage. Never prints them; the same file twice changes nothing.
    Put {
        /// The file.
        #[arg(long, default_value = ".env")]
        from: PathBuf,
    },
}

/// Name of a stage's secret; the template refers to it.
pub(crate) fn secret_name(stage: &str) -> String {
    format!("carquery/{stage}")
}

pub(crate) async fn run(command: Command, stage: &Stage, output: &Output) -> anyhow::Result<ExitCode> {
    let Stage::Deployed(stage) = stage else {
        anyhow::bail!("the local stack reads .env itself: name the stage to store secrets for, as in --stage prod")
    };
    let Command::Put { from } = command;
    let given: BTreeMap<String, String> = dotenvy::from_path_iter(&from)
        .with_context(|| format!("{} cannot be read", from.display()))?
        .collect::<Result<_, _>>()
        .map_err(|_| anyhow::anyhow!("{} has a line that is no NAME=value", from.display()))?;
    // All names, empty where unset: a dynamic reference to a missing one would fail the deployment.
    let mut secret: BTreeMap<&str, String> =
        SECRETS.into_iter().map(|name| (name, given.get(name).cloned().unwrap_or_default())).collect();
    anyhow::ensure!(!secret["TELEGRAM_BOT_TOKEN"].is_empty(), "TELEGRAM_BOT_TOKEN is not set in {}", from.display());
    let client = client(&mut Env::of_process()).await;
    let name = secret_name(stage);
    let stored = read(&client, &name).await?;
    if secret["TELEGRAM_WEBHOOK_SECRET"].is_empty() {
        let kept = stored.as_ref().and_then(|stored| stored.get("TELEGRAM_WEBHOOK_SECRET")).cloned();
        secret.insert("TELEGRAM_WEBHOOK_SECRET", kept.unwrap_or_else(random_secret));
    }
    let set: Vec<&str> = secret.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| *name).collect();
    let changed =
        stored.as_ref().is_none_or(|stored| secret.iter().any(|(name, value)| stored.get(*name) != Some(value)));
    if changed {
        write(&client, &name, &serde_json::to_string(&secret)?, stored.is_some()).await?;
    }
    output.print(&json!({ "secret": name, "set": set, "changed": changed }), |_| {
        let word = if changed { "Stored" } else { "Unchanged:" };
        format!("{word} {} in {name}. Deploy again for a change to take effect.", set.join(", "))
    });
    Ok(ExitCode::SUCCESS)
}

/// 64 hexadecimal digits.
fn random_secret() -> String {
    rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The secrets of a stage, if they are stored.
pub(crate) async fn of_stage(stage: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let client = client(&mut Env::of_process()).await;
    let name = secret_name(stage);
    read(&client, &name)
        .await?
        .with_context(|| format!("there is no secret {name}: store it with `carquery --stage {stage} secrets put`"))
}

async fn client(env: &mut Env) -> Client {
    Client::new(&Aws::config(&AwsSettings::read(env)).await)
}

async fn read(client: &Client, name: &str) -> anyhow::Result<Option<BTreeMap<String, String>>> {
    match client.get_secret_value().secret_id(name).send().await {
        Ok(answer) => serde_json::from_str(answer.secret_string().unwrap_or("{}"))
            .map(Some)
            .map_err(|_| anyhow::anyhow!("the secret {name} is no JSON of names and values")),
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
    anyhow::anyhow!("Secrets Manager does not give {name}: {}", error.message().unwrap_or("no connection"))
}
