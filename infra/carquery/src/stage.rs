//! Where a command acts: the bot or the local stack on this machine, or a deployed stage.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, anyhow, bail};
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationError;
use embedded::{DynamoDb, Services, Sqs, sqs};
use machine::{DATABASE_FILE, Folder};
use settings::{ENDPOINTS_FILE, Env, LOCK_FILE, data_folder};
use storage::{Aws, AwsSettings, Tables, schema};
use tokio::sync::OnceCell;

use crate::aws;
use crate::clock::Clock;

/// Where a command acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// What runs on this machine: the bot, or the local stack.
    Local,
    /// A deployed stack; the template names everything in it after this.
    Deployed(String),
}

impl FromStr for Stage {
    type Err = &'static str;

    /// Accepts what the template's parameter `Stage` accepts.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_letter = |letter: char| letter.is_ascii_lowercase();
        let is_valid = (2..=16).contains(&name.len())
            && name.starts_with(is_letter)
            && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
        match name {
            "local" => Ok(Self::Local),
            name if is_valid => Ok(Self::Deployed(name.to_owned())),
            _ => Err("a stage has 2 to 16 lower-case letters and digits, and begins with a letter"),
        }
    }
}

/// The tables and queues of a stage.
pub(crate) struct Stores {
    pub(crate) aws: Aws,
    pub(crate) tables: Tables,
    pub(crate) dlq_url: String,
}

impl Stores {
    /// The dealer's clock.
    pub(crate) async fn clock(&self) -> Clock {
        Clock::stored(&self.aws, &self.tables).await
    }
}

/// The tables of a stage that no bot works with meanwhile, as far as that can be ensured.
pub(crate) struct OfflineStores {
    pub(crate) aws: Aws,
    pub(crate) tables: Tables,
    /// Keeps the bot on this machine from starting.
    _folder: Option<Folder>,
}

impl Stage {
    /// The settings of the stage. A deployed stage has those its functions run with; this process adds only where AWS
    /// is and who calls it.
    pub(crate) async fn env(&self) -> anyhow::Result<Env> {
        let process = std::env::vars().filter(|(_, value)| !value.trim().is_empty());
        let mut pairs;
        match self {
            Self::Local => {
                pairs = running_stack(&data_folder(&mut Env::of_process()))?;
                // The stack uses its own tables and queue, whatever the environment says about AWS.
                let is_own = |name: &str| is_of_aws(name) || ["LEADS_QUEUE_URL", "LEADS_DLQ_URL"].contains(&name);
                pairs.extend(process.filter(|(name, _)| !is_own(name)));
            }
            Self::Deployed(stage) => {
                pairs = deployed_settings(stage).await?.clone();
                pairs.extend(process.filter(|(name, _)| is_of_aws(name)));
            }
        }
        Ok(Env::from_pairs(pairs))
    }

    /// Clients of the stage's tables and queue.
    pub(crate) async fn aws(&self, settings: &AwsSettings) -> anyhow::Result<Aws> {
        Ok(match self {
            Self::Local => Aws::through(&embedded::socket::http_client(&data_folder(&mut Env::of_process()))),
            Self::Deployed(_) => Aws::with_config(aws::config().await?, settings),
        })
    }

    /// The tables and queues of the stage.
    pub(crate) async fn stores(&self) -> anyhow::Result<Stores> {
        let mut env = self.env().await?;
        let aws = self.aws(&AwsSettings::read(&mut env)).await?;
        let tables = Tables::read(&mut env);
        let dlq_url = match self {
            Self::Local => env.required("LEADS_DLQ_URL"),
            Self::Deployed(stage) => dead_letter_queue(&aws, stage).await?,
        };
        Ok(env.finish(Stores { aws, tables, dlq_url })?)
    }

    /// The tables for a command that must not meet a running bot. Those of this machine are opened, and made if there
    /// are none.
    pub(crate) async fn offline_stores(&self) -> anyhow::Result<OfflineStores> {
        if let Self::Deployed(_) = self {
            let Stores { aws, tables, .. } = self.stores().await?;
            return Ok(OfflineStores { aws, tables, _folder: None });
        }
        let path = data_folder(&mut Env::of_process());
        let folder = Folder::open(Some(&path))?;
        let (aws, tables) = open_tables(DynamoDb::open(Some(&path.join(DATABASE_FILE)))?).await?;
        Ok(OfflineStores { aws, tables, _folder: Some(folder) })
    }
}

/// Opens tables of this machine, and makes those that are missing.
pub(crate) async fn open_tables(dynamodb: DynamoDb) -> anyhow::Result<(Aws, Tables)> {
    let services = Services { dynamodb, sqs: Sqs::open(&sqs::Options::default())? };
    let aws = Aws::through(&services.http_client());
    let queue = ("LEADS_QUEUE_URL".to_owned(), sqs::QUEUE.to_owned());
    let tables = Tables::read(&mut Env::from_pairs(std::env::vars().chain([queue])));
    schema::create(&aws.dynamodb, &tables).await?;
    Ok((aws, tables))
}

fn is_of_aws(name: &str) -> bool {
    name.starts_with("AWS_")
}

/// The addresses of what runs on this machine, as it has written them down.
fn running_stack(folder: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    // A stack holds the lock; the file with the addresses may be left over from one that was killed.
    let is_running = File::open(folder.join(LOCK_FILE)).is_ok_and(|lock| lock.try_lock().is_err());
    let endpoints = std::fs::read_to_string(folder.join(ENDPOINTS_FILE));
    match endpoints {
        Ok(text) if is_running => serde_json::from_str(&text)
            .with_context(|| format!("{ENDPOINTS_FILE} in {} is damaged: start the stack again", folder.display())),
        _ => bail!(
            "nothing is running in {}: start the bot with `carquery serve` or the local stack with `cargo run`, or name a \
             deployed stage, as in `--stage prod`",
            folder.display()
        ),
    }
}

/// The settings of the deployed stage, fetched once.
static DEPLOYED: OnceCell<BTreeMap<String, String>> = OnceCell::const_new();

/// The environment of the two functions that together have every setting. It holds secrets.
async fn deployed_settings(stage: &str) -> anyhow::Result<&'static BTreeMap<String, String>> {
    DEPLOYED
        .get_or_try_init(async || {
            let lambda = aws_sdk_lambda::Client::new(aws::config().await?);
            let mut settings = BTreeMap::new();
            for function in ["webhook", "crm-push"] {
                settings.extend(variables(&lambda, &format!("carquery-{stage}-{function}")).await?);
            }
            settings.retain(|name, _| !is_of_aws(name));
            Ok(settings)
        })
        .await
}

/// The environment of a function.
async fn variables(lambda: &aws_sdk_lambda::Client, function: &str) -> anyhow::Result<BTreeMap<String, String>> {
    let answer = lambda.get_function_configuration().function_name(function).send().await.map_err(|error| {
        if error.as_service_error().is_some_and(GetFunctionConfigurationError::is_resource_not_found_exception) {
            return anyhow!("there is no function {function}: is this stage deployed, in this account and region?");
        }
        anyhow!("cannot read the settings of {function}: {}", aws::reason(&error))
    })?;
    let environment = answer.environment.with_context(|| format!("{function} has no settings: deploy it again"))?;
    if let Some(error) = environment.error() {
        let reason = error.message().unwrap_or("no reason given");
        bail!("the settings of {function} cannot be decrypted: {reason}");
    }
    Ok(environment.variables.unwrap_or_default().into_iter().collect())
}

/// The address of the dead-letter queue, which is not a setting of any function.
async fn dead_letter_queue(aws: &Aws, stage: &str) -> anyhow::Result<String> {
    let name = format!("carquery-{stage}-leads-dlq.fifo");
    let answer = aws.sqs.get_queue_url().queue_name(&name).send().await;
    let answer = answer.map_err(|error| anyhow!("the queue {name} was not found: {}", aws::reason(&error)))?;
    answer.queue_url.with_context(|| format!("the queue {name} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_named_as_the_template_takes_them() {
        assert_eq!("local".parse(), Ok(Stage::Local));
        for name in ["dev", "prod", "a1", "eu2", "a234567890123456"] {
            assert_eq!(name.parse(), Ok(Stage::Deployed(name.to_owned())), "{name}");
        }
        for name in ["", "a", "Prod", "1st", "prod-eu", "eu_2", "ягода", "a2345678901234567", "../prod", "local "]
        {
            assert!(name.parse::<Stage>().is_err(), "{name}");
        }
    }

    #[test]
    fn addresses_of_a_killed_stack_are_not_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        assert!(running_stack(path).is_err(), "a folder that no stack has used");
        std::fs::write(path.join(ENDPOINTS_FILE), r#"{"AWS_REGION": "eu-central-1"}"#).expect("it is written");
        let lock = File::create(path.join(LOCK_FILE)).expect("it is created");
        let error = running_stack(path).expect_err("nobody holds the lock").to_string();
        assert!(error.contains("nothing is running") && error.contains("`carquery serve`"), "{error}");
        lock.lock().expect("it is locked");
        assert_eq!(running_stack(path).expect("it runs")["AWS_REGION"], "eu-central-1");
    }
}
