//! Where a command acts: the local stack, running or not, or a stage of a deployed stack.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, anyhow};
use aws_sdk_lambda::operation::get_function_configuration::GetFunctionConfigurationError;
use local::Resting;
use settings::{Env, Tables};
use storage::{Aws, AwsSettings};
use tokio::sync::OnceCell;

use crate::aws;

/// Where a command acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The local stack.
    Local,
    /// A deployed stack; the template names everything in it by this.
    Deployed(String),
}

impl FromStr for Stage {
    type Err = &'static str;

    /// Names as the template's parameter `Stage` takes them.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let is_letter = |letter: char| letter.is_ascii_lowercase();
        let fits = (2..=16).contains(&name.len())
            && name.starts_with(is_letter)
            && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit() || letter == '-');
        match name {
            "local" => Ok(Self::Local),
            name if fits => Ok(Self::Deployed(name.to_owned())),
            _ => Err("a stage is named with 2 to 16 lower-case letters, digits and dashes, a letter first"),
        }
    }
}

/// The stores of a stage.
pub(crate) struct Stores {
    /// Clients.
    pub(crate) aws: Aws,
    /// Names.
    pub(crate) tables: Tables,
    /// The dead-letter queue.
    pub(crate) dlq_url: String,
}

impl Stage {
    /// The settings of the stage. A deployed one's are those its functions run with; where AWS is and who asks it is all that
    /// this process adds.
    pub(crate) async fn env(&self) -> anyhow::Result<Env> {
        let process = std::env::vars().filter(|(_, value)| !value.trim().is_empty());
        let mut pairs;
        match self {
            Self::Local => {
                pairs = local_endpoints().await?;
                // The stack owns its data, whatever the environment says of AWS.
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

    /// The stores of the stage.
    pub(crate) async fn stores(&self) -> anyhow::Result<Stores> {
        let mut env = self.env().await?;
        let aws = Aws::connect(&AwsSettings::read(&mut env)).await;
        let tables = Tables::read(&mut env);
        let dlq_url = match self {
            Self::Local => env.required("LEADS_DLQ_URL"),
            Self::Deployed(stage) => dead_letters(&aws, stage).await?,
        };
        Ok(env.finish(Stores { aws, tables, dlq_url })?)
    }
}

fn is_of_aws(name: &str) -> bool {
    name.starts_with("AWS_")
}

/// The folder of the local stack.
pub(crate) fn data_dir() -> PathBuf {
    std::env::var_os("CARQUERY_DATA_DIR").map_or_else(|| PathBuf::from(".carquery"), PathBuf::from)
}

/// The stores of a local stack that rests, opened once and kept for as long as the command runs.
static RESTING: OnceCell<Resting> = OnceCell::const_new();

/// Where the local stack's parts are: what a running one has written down, or the stores of one that rests.
async fn local_endpoints() -> anyhow::Result<BTreeMap<String, String>> {
    let folder = data_dir();
    let resting = RESTING.get_or_try_init(|| Resting::open(&folder)).await;
    match (resting, std::fs::read_to_string(folder.join(local::ENDPOINTS_FILE))) {
        (Ok(resting), _) => Ok(resting.variables().collect()),
        (Err(_), Ok(text)) => serde_json::from_str(&text)
            .with_context(|| format!("{} in {} is damaged", local::ENDPOINTS_FILE, folder.display())),
        (Err(error), Err(_)) => Err(error),
    }
}

/// What the functions of a deployed stage run with, asked for once.
static DEPLOYED: OnceCell<BTreeMap<String, String>> = OnceCell::const_new();

/// The environment of the two functions that together have every setting. It holds secrets.
async fn deployed_settings(stage: &str) -> anyhow::Result<&'static BTreeMap<String, String>> {
    DEPLOYED
        .get_or_try_init(async || {
            let lambda = aws_sdk_lambda::Client::new(&aws::config().await?);
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
        anyhow!("the settings of {function} are not to be had: {}", aws::reason(&error))
    })?;
    let environment = answer.environment.with_context(|| format!("{function} has no settings: deploy it again"))?;
    if let Some(error) = environment.error() {
        let said = error.message().unwrap_or("no reason given");
        anyhow::bail!("the settings of {function} cannot be decrypted: {said}");
    }
    Ok(environment.variables.unwrap_or_default().into_iter().collect())
}

/// Where the dead-letter queue is; no function knows.
async fn dead_letters(aws: &Aws, stage: &str) -> anyhow::Result<String> {
    let name = format!("carquery-{stage}-leads-dlq.fifo");
    let answer = aws.sqs.get_queue_url().queue_name(&name).send().await;
    let answer = answer.map_err(|error| anyhow!("the queue {name} is not found: {}", aws::reason(&error)))?;
    answer.queue_url.with_context(|| format!("the queue {name} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_named_as_the_template_takes_them() {
        assert_eq!("local".parse(), Ok(Stage::Local));
        for name in ["dev", "prod", "a1", "eu-2", "a23456789-123456"] {
            assert_eq!(name.parse(), Ok(Stage::Deployed(name.to_owned())), "{name}");
        }
        for name in ["", "a", "Prod", "1st", "-a", "eu_2", "ягода", "a23456789-1234567", "../prod", "local "] {
            assert!(name.parse::<Stage>().is_err(), "{name}");
        }
    }
}
