//! The functions of a running stack with everything they use.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow};
use crm_push::CrmPush;
use dialog::Language;
use lead::Seconds;
use scheduled::Scheduled;
use secrecy::SecretString;
use serde_json::json;
use settings::{Clock, Env};
use simulators::amocrm::Amocrm;
use simulators::openai::OpenAi;
use simulators::sqs::Sqs;
use simulators::telegram::Telegram;
use storage::{Aws, Leads, Queue, Tables};
use telegram::{Api, ApiError};
use tokio::sync::watch;
use webhook::Webhook;

use crate::changes::Changes;
use crate::consumer::{Consumer, invoke};
use crate::outside::Outside;
use crate::parts::{Parts, TelegramPart, Variables};
use crate::switches::Switches;

/// Processes that share the account's rate limit.
const ONE_PROCESS: u32 = 1;
/// How long the start waits for Telegram to say who the bot is.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// What the page and the tasks share.
pub(crate) struct Core {
    pub(crate) parts: Parts,
    pub(crate) bot: BotCard,
    pub(crate) webhook: Arc<Webhook>,
    pub(crate) crm_push: Arc<CrmPush>,
    pub(crate) scheduled: Arc<Scheduled>,
    pub(crate) telegram: Option<Telegram>,
    pub(crate) amocrm: Option<Amocrm>,
    pub(crate) openai: Option<OpenAi>,
    pub(crate) sqs: Sqs,
    pub(crate) aws: Aws,
    pub(crate) tables: Tables,
    pub(crate) leads: Leads,
    pub(crate) queue: Queue,
    /// The bot at Telegram.
    pub(crate) api: Api,
    pub(crate) switches: Switches,
    pub(crate) changes: Changes,
    /// Where admin messages go.
    pub(crate) admin_chat_id: Option<i64>,
    /// What customers read.
    pub(crate) language: Language,
    /// For the page's own look-ups on loopback.
    pub(crate) http: reqwest::Client,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Who the bot is at Telegram.
#[derive(Clone, Debug)]
pub(crate) struct BotCard {
    pub(crate) name: String,
    pub(crate) username: Option<String>,
}

impl Core {
    /// Prepares the tables, lets the bot into the simulated account, and builds the functions.
    ///
    /// # Errors
    /// A setting is wrong, or a part does not respond.
    pub(crate) async fn build(
        variables: &Variables,
        parts: Parts,
        outside: Outside,
        (aws, sqs): (Aws, Sqs),
        ahead: Arc<AtomicI64>,
        stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let env = || Env::from_pairs(variables.clone());
        // All at once, so that one message names everything that is wrong.
        read(env(), |env| {
            (webhook::Settings::read(env), crm_push::Settings::read(env), scheduled::Settings::read(env))
        })?;
        let tables = read(env(), Tables::read)?;
        let (leads, queue) = (aws.leads(&tables), aws.queue(&tables));
        storage::schema::create(&aws.dynamodb, &tables).await?;
        // The workers that held leases ended with the last stack of this folder.
        let in_doubt = leads.release_all(now()).await?;

        let clock: Clock = Arc::new(move || now() + ahead.load(Ordering::Relaxed));
        let webhook = Webhook::with(&read(env(), webhook::Settings::read)?, &aws, clock.clone());
        let webhook = Arc::new(webhook);
        authorize(&read(env(), settings::Amocrm::read)?, &aws, &tables, outside.amocrm.as_ref()).await?;
        let crm_push_settings = read(env(), crm_push::Settings::read)?;
        let scheduled_settings = read(env(), scheduled::Settings::read)?;
        // One process has the account's whole rate limit.
        let crm = || delivery::amocrm_client(&crm_push_settings.amocrm, &aws.documents(&tables), &clock, ONE_PROCESS);
        let crm_push = Arc::new(CrmPush::with(&crm_push_settings, &aws, crm()?, clock.clone()));
        crm_push.doubt_contacts(&in_doubt).await?;
        let scheduled = Arc::new(Scheduled::with(&scheduled_settings, &aws, crm()?, clock.clone()));
        let telegram_settings = read(env(), settings::Telegram::read)?;
        let api = Api::new(&telegram_settings);

        Ok(Self {
            bot: bot_card(&parts, &api).await?,
            switches: Switches::new(
                outside.amocrm.clone(),
                outside.telegram.as_ref().map(|telegram| telegram.faults().clone()),
                outside.openai.as_ref().map(|openai| openai.faults().clone()),
                sqs.faults().clone(),
            ),
            parts,
            webhook,
            crm_push,
            scheduled,
            telegram: outside.telegram,
            amocrm: outside.amocrm,
            openai: outside.openai,
            sqs,
            aws,
            tables,
            leads,
            queue,
            changes: Changes::new(),
            admin_chat_id: telegram_settings.admin_chat_id,
            language: telegram_settings.language,
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?,
            api,
            stopping,
        })
    }

    /// The queue's consumer.
    pub(crate) fn consumer(&self) -> Consumer {
        Consumer {
            sqs: self.aws.sqs.clone(),
            queue_url: self.tables.leads_queue_url.clone(),
            crm_push: Arc::clone(&self.crm_push),
        }
    }

    /// Runs `scheduled` once.
    pub(crate) async fn run_schedule(&self) -> anyhow::Result<()> {
        let function = Arc::clone(&self.scheduled);
        let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event" });
        let outcome = invoke(async move { function.handle(event).await }).await.context("scheduled crashed")?;
        self.changes.note(|now| now.requests += 1);
        outcome.map(drop).map_err(|error| anyhow!("scheduled failed: {error}"))
    }

    /// Notifies the page of changes in the simulators.
    pub(crate) fn follow_changes(&self) {
        if let Some(telegram) = &self.telegram {
            self.changes.follow(telegram.changes(), |now| now.chats += 1);
        }
        if let Some(amocrm) = &self.amocrm {
            self.changes.follow(amocrm.changes(), |now| {
                now.deals += 1;
                now.requests += 1;
            });
        }
        self.changes.follow(self.sqs.queues.changes(), |now| {
            now.queue += 1;
            now.requests += 1;
        });
    }
}

/// Gives the bot access to the simulated account, as `carquery amocrm authorize` does to a real one, unless it has it.
async fn authorize(
    settings: &settings::Amocrm,
    aws: &Aws,
    tables: &Tables,
    simulated: Option<&Amocrm>,
) -> anyhow::Result<()> {
    let Some(client) = delivery::amocrm_client(settings, &aws.documents(tables), &settings::system_clock(), 1)? else {
        return Ok(());
    };
    let state = client.tokens().state().await.map_err(|error| anyhow!("the tokens cannot be read: {error}"))?;
    if state.consent_needed.is_none() {
        return Ok(());
    }
    match simulated {
        Some(amocrm) => {
            let code = SecretString::from(amocrm.new_code());
            client.tokens().authorize(&code).await.map_err(|error| anyhow!("the simulated amoCRM: {error}"))?;
        }
        None => tracing::warn!(
            "amoCRM does not let the bot in yet: requests wait until `carquery amocrm authorize CODE` has been run"
        ),
    }
    Ok(())
}

/// Seconds since the epoch.
pub(crate) fn now() -> Seconds {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs().cast_signed())
}

/// Reads a group of settings.
///
/// # Errors
/// Everything that is wrong with them.
pub(crate) fn read<T>(mut env: Env, group: impl FnOnce(&mut Env) -> T) -> anyhow::Result<T> {
    let settings = group(&mut env);
    Ok(env.finish(settings)?)
}

/// Who the bot is. A wrong token is an error at the start, not at the first customer; a Telegram that does not respond now may do so
/// later.
async fn bot_card(parts: &Parts, api: &Api) -> anyhow::Result<BotCard> {
    let unknown = BotCard { name: "CarQuery".to_owned(), username: None };
    let nothing = json!({});
    match tokio::time::timeout(INTRODUCTION, api.call("getMe", &nothing)).await {
        Ok(Ok(me)) => Ok(BotCard {
            name: me["first_name"].as_str().map_or(unknown.name, str::to_owned),
            username: me["username"].as_str().map(str::to_owned),
        }),
        Ok(Err(error @ ApiError::Unauthorized)) if parts.telegram != TelegramPart::Simulated => Err(error.into()),
        Ok(Err(error)) => {
            tracing::warn!("Telegram does not say who the bot is: {error}");
            Ok(unknown)
        }
        Err(_) => {
            tracing::warn!("Telegram does not answer");
            Ok(unknown)
        }
    }
}
