//! Where a command acts: the local stack, running or not, or a stage of a deployed stack.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context, bail};
use local::Resting;
use settings::{Env, Tables};
use storage::{Aws, AwsSettings};
use tokio::sync::OnceCell;

/// Where a command acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The local stack.
    Local,
    /// A deployed stack; the template names everything in it by this.
    Deployed(String),
}

impl FromStr for Stage {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Ok(if name == "local" { Self::Local } else { Self::Deployed(name.to_owned()) })
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
    /// The settings of the stage: the process's environment, over what the stage itself says.
    pub(crate) async fn env(&self) -> anyhow::Result<Env> {
        let mut pairs = match self {
            Self::Local => local_endpoints().await?,
            Self::Deployed(stage) => deployed_settings(stage).await?,
        };
        pairs.extend(std::env::vars().filter(|(_, value)| !value.trim().is_empty()));
        Ok(Env::from_pairs(pairs))
    }

    /// The stores of the stage.
    pub(crate) async fn stores(&self) -> anyhow::Result<Stores> {
        let mut env = self.env().await?;
        let aws = Aws::connect(&AwsSettings::read(&mut env)).await;
        let tables = Tables::read(&mut env);
        let dlq_url = env.required("LEADS_DLQ_URL");
        Ok(env.finish(Stores { aws, tables, dlq_url })?)
    }
}

/// The folder of the local stack.
pub(crate) fn data_dir() -> PathBuf {
    std::env::var_os("CARQUERY_DATA_DIR").map_or_else(|| PathBuf::from(".carquery"), PathBuf::from)
}

/// The stores of a local stack that rests, opened once and kept for as long as the command runs.
static RESTING: OnceCell<Resting> = OnceCell::const_new();

/// Where the local stack's parts are: what a running one has written down, or the stores of one that rests.
async fn local_endpoints() -> anyhow::Result<Vec<(String, String)>> {
    let folder = data_dir();
    let resting = RESTING.get_or_try_init(|| Resting::open(&folder)).await;
    match (resting, std::fs::read_to_string(folder.join(local::ENDPOINTS_FILE))) {
        (Ok(resting), _) => Ok(resting.variables().collect()),
        (Err(_), Ok(text)) => {
            let pairs: BTreeMap<String, String> = serde_json::from_str(&text)
                .with_context(|| format!("{} in {} is damaged", local::ENDPOINTS_FILE, folder.display()))?;
            Ok(pairs.into_iter().collect())
        }
        (Err(error), Err(_)) => Err(error),
    }
}

/// What the template names, and the stage's secret.
async fn deployed_settings(stage: &str) -> anyhow::Result<Vec<(String, String)>> {
    if !stage.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        bail!("a stage is named with letters, digits and dashes");
    }
    let mut env = Env::of_process();
    let aws = Aws::connect(&AwsSettings::read(&mut env)).await;
    let mut pairs: Vec<(String, String)> = ["sessions", "leads", "customers", "credentials", "ai-log"]
        .into_iter()
        .map(|table| (format!("{}_TABLE", table.to_uppercase().replace('-', "_")), format!("carquery-{stage}-{table}")))
        .collect();
    for (variable, queue) in [("LEADS_QUEUE_URL", "leads"), ("LEADS_DLQ_URL", "leads-dlq")] {
        let name = format!("carquery-{stage}-{queue}.fifo");
        let answer = aws.sqs.get_queue_url().queue_name(&name).send().await.map_err(|error| {
            let said = error.into_service_error().meta().message().unwrap_or("no connection").to_owned();
            anyhow::anyhow!("there is no queue {name}: is stage {stage} deployed in this region? ({said})")
        })?;
        pairs.push((variable.to_owned(), answer.queue_url.unwrap_or_default()));
    }
    pairs.extend(crate::secrets::of_stage(stage).await?);
    Ok(pairs)
}
