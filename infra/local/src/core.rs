//! The functions of a running stack with everything they use.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use anyhow::anyhow;
use dealer::Dealer;
use dialog::Language;
use machine::{Functions, Store, Variables, read};
use secrecy::SecretString;
use serde_json::json;
use settings::Clock;
use simulators::amocrm::Amocrm;
use simulators::openai::OpenAi;
use simulators::sqs::Sqs;
use simulators::telegram::Telegram;
use storage::StorageError;
use telegram::{Api, ApiError};
use tokio::sync::watch;

use crate::changes::Changes;
use crate::clock::StackClock;
use crate::parts::{Parts, TelegramPart};
use crate::simulated::Simulated;
use crate::switches::Switches;

/// How long the start waits for Telegram to say who the bot is.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// What the page and the tasks share.
pub(crate) struct Core {
    pub(crate) parts: Parts,
    pub(crate) bot: BotCard,
    pub(crate) clock: StackClock,
    pub(crate) functions: Arc<Functions>,
    pub(crate) telegram: Option<Telegram>,
    pub(crate) amocrm: Option<Amocrm>,
    pub(crate) openai: Option<OpenAi>,
    pub(crate) sqs: Sqs,
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
        simulated: Simulated,
        (store, sqs): (Store, Sqs),
        ahead: Arc<AtomicI64>,
        stopping: watch::Receiver<bool>,
    ) -> anyhow::Result<Self> {
        let stack_clock = StackClock(ahead);
        let shown = stack_clock.clone();
        let clock: Clock = Arc::new(move || shown.now());
        let functions = Functions::build(variables, store, &clock, None).await?;
        let (amocrm_settings, telegram_settings) =
            read(variables, |env| (settings::Amocrm::read(env), settings::Telegram::read(env)))?;
        authorize(&amocrm_settings, &functions, simulated.amocrm.as_ref()).await?;

        Ok(Self {
            bot: bot_card(&parts, &functions.api).await?,
            switches: Switches::new(
                simulated.amocrm.clone(),
                simulated.telegram.as_ref().map(|telegram| telegram.faults().clone()),
                simulated.openai.as_ref().map(|openai| openai.faults().clone()),
                sqs.faults().clone(),
            ),
            parts,
            clock: stack_clock,
            functions: Arc::new(functions),
            telegram: simulated.telegram,
            amocrm: simulated.amocrm,
            openai: simulated.openai,
            sqs,
            changes: Changes::new(),
            admin_chat_id: telegram_settings.admin_chat_id,
            language: telegram_settings.language,
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?,
            stopping,
        })
    }

    /// What the dealer's file says.
    pub(crate) async fn dealer(&self) -> Result<Dealer, StorageError> {
        let stored = self.functions.aws.dealer_file(&self.functions.tables).load().await?;
        Ok(dealer::parse(&stored.value).unwrap_or_default())
    }

    /// Runs `scheduled` once.
    pub(crate) async fn run_schedule(&self) -> anyhow::Result<()> {
        let outcome = self.functions.run_schedule().await;
        self.changes.note(|now| now.requests += 1);
        outcome
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
    Functions { aws, tables, .. }: &Functions,
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

/// Who the bot is. A wrong token is an error at the start, not at the first customer; a Telegram that does not respond
/// now may do so later.
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
