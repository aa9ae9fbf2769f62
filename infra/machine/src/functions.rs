//! The three functions with what they use.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use crm_push::CrmPush;
use embedded::DynamoDb;
use lead::Seconds;
use scheduled::Scheduled;
use serde_json::json;
use settings::Clock;
use storage::{Aws, Leads, Queue, SaveError, Tables, Versioned};
use telegram::Api;
use webhook::Webhook;

use crate::consumer::{Consumer, Delivered, invoke};
use crate::{Front, Variables, read};

/// Processes that share the account's rate limit.
const ONE_PROCESS: u32 = 1;

/// What the functions store with.
#[derive(Clone)]
pub struct Store {
    /// Waits for the disk at every call.
    pub aws: Aws,
    /// The webhook function's, which need not wait: its answers do.
    pub webhook_aws: Aws,
    pub tables: DynamoDb,
}

/// The functions, built once.
pub struct Functions {
    pub webhook: Arc<Webhook>,
    /// The same for who comes from outside.
    pub front: Front,
    pub crm_push: Arc<CrmPush>,
    pub scheduled: Arc<Scheduled>,
    pub aws: Aws,
    pub tables: Tables,
    pub leads: Leads,
    pub queue: Queue,
    /// The bot at Telegram.
    pub api: Api,
}

impl Functions {
    /// Makes the tables that do not exist yet, takes back what the last process was working on, and builds the
    /// functions. The caller has the data to itself. `restored_at`: when the tables were restored from a backup.
    ///
    /// # Errors
    /// A setting is wrong, or the tables do not respond.
    pub async fn build(
        variables: &Variables,
        store: Store,
        clock: &Clock,
        restored_at: Option<Seconds>,
    ) -> anyhow::Result<Self> {
        // All at once, so that one message names everything that is wrong.
        let (webhook, crm_push, scheduled, tables) = read(variables, |env| {
            let functions =
                (webhook::Settings::read(env), crm_push::Settings::read(env), scheduled::Settings::read(env));
            (functions.0, functions.1, functions.2, Tables::read(env))
        })?;
        let Store { aws, webhook_aws, tables: database } = store;
        let (leads, queue) = (aws.leads(&tables), aws.queue(&tables));
        // Each change of a table would wait for the disk; the first call of another client waits for all of them.
        storage::schema::create(&webhook_aws.dynamodb, &tables).await?;
        // The workers that held leases ended with the last process.
        let in_doubt = leads.release_all(clock()).await?;
        delivery::probe_now(&aws.documents(&tables), clock()).await?;
        let api = Api::new(&crm_push.telegram);
        // One process has the account's whole rate limit.
        let crm = || delivery::amocrm_client(&crm_push.amocrm, &aws.documents(&tables), clock, ONE_PROCESS);
        let webhook = Arc::new(Webhook::with(&webhook, &webhook_aws, clock.clone()));
        let front = Front::new(Arc::clone(&webhook), database);
        let scheduled = Arc::new(Scheduled::with(&scheduled, &aws, crm()?, clock.clone()));
        let crm_push = CrmPush::with(&crm_push, &aws, crm()?, clock.clone()).after_restore(restored_at);
        let crm_push = Arc::new(crm_push);
        crm_push.doubt_contacts(&in_doubt).await?;
        Ok(Self { webhook, front, crm_push, scheduled, aws, tables, leads, queue, api })
    }

    /// Receives one batch from the queue and has it delivered, as Lambda's event source does.
    ///
    /// # Errors
    /// The queue does not respond, or crm-push crashed.
    pub async fn deliver_once(&self) -> anyhow::Result<Delivered> {
        self.consumer().once().await
    }

    /// Tries to write to the tables. A failure is logged.
    pub(crate) async fn can_write(&self) -> bool {
        const PROBE: &str = "write-probe";
        let documents = self.aws.documents(&self.tables);
        let written = async {
            let mut probe = documents.load::<()>(PROBE).await?.unwrap_or_else(|| Versioned::new(()));
            documents.save(PROBE, &mut probe).await
        };
        match written.await {
            // Somebody else has just written it.
            Ok(()) | Err(SaveError::Conflict) => true,
            Err(error) => {
                tracing::error!("the tables cannot be written, so that no request can be taken: {error}");
                false
            }
        }
    }

    /// The clock was ahead and has been set right: what was put off to a time that is far away now is tried at once.
    ///
    /// # Errors
    /// The tables do not respond.
    pub(crate) async fn clock_went_back(&self, now: Seconds) -> anyhow::Result<()> {
        let count = self.leads.release_waiting(now).await?;
        delivery::probe_now(&self.aws.documents(&self.tables), now).await?;
        tracing::warn!(count, "the clock has gone back: requests that wait are tried now");
        Ok(())
    }

    /// Runs `scheduled` once.
    ///
    /// # Errors
    /// It failed.
    pub async fn run_schedule(&self) -> anyhow::Result<()> {
        let function = Arc::clone(&self.scheduled);
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        let outcome = invoke(async move { function.handle(event).await }).await.context("scheduled crashed")?;
        outcome.map(drop).map_err(|error| anyhow!("scheduled failed: {error}"))
    }

    /// The queue's consumer.
    pub(crate) fn consumer(&self) -> Consumer {
        Consumer {
            sqs: self.aws.sqs.clone(),
            queue_url: self.tables.leads_queue_url.clone(),
            crm_push: Arc::clone(&self.crm_push),
        }
    }
}
