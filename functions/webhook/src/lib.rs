//! Talks to the customer: Telegram webhook in, screens out, finished requests stored and queued.
//!
//! `http` handles HTTP and accepts only what Telegram or amoCRM sent; `update` takes the turns that an update asks for,
//! and between them `ask` asks the model and `listen` has voice messages turned into text; `health` says whether
//! requests can be accepted; `team` is for the group of the dealer's team, `admin` for the admins' chat; `moved_deals`
//! passes on which deals amoCRM says were moved.

mod admin;
mod ask;
mod health;
mod http;
mod listen;
mod moved_deals;
mod secret;
mod team;
mod topics;
mod update;

use std::sync::Arc;

use ai::{Classifier, Transcriber};
use delivery::{AdminChat, Incidents};
use settings::{AmocrmHook, Clock, Env, OpenAi, system_clock};
use storage::{Aws, AwsSettings, Deals, Jobs, SalesChat};
use texts::Language;
use tokio::sync::Mutex;
use turn::Bot;

use crate::health::Check;
use crate::secret::WebhookSecrets;

pub use crate::http::{HEALTH_PATH, MAX_BODY, WEBHOOK_PATH};

/// The function's settings, from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    turn: turn::Settings,
    secrets: WebhookSecrets,
    amocrm_hook: AmocrmHook,
    openai: OpenAi,
    aws: AwsSettings,
}

impl Settings {
    /// Reads the settings.
    pub fn read(env: &mut Env) -> Self {
        Self {
            turn: turn::Settings::read(env),
            secrets: WebhookSecrets::read(env),
            amocrm_hook: AmocrmHook::read(env),
            openai: OpenAi::read(env),
            aws: AwsSettings::read(env),
        }
    }
}

/// The function, with its clients built once and used by every invocation.
pub struct Webhook {
    secrets: WebhookSecrets,
    amocrm_hook: AmocrmHook,
    bot: Bot,
    classifier: Classifier,
    has_model: bool,
    /// `None`: voice messages are declined.
    transcriber: Option<Transcriber>,
    deals: Deals,
    sales_chat: SalesChat,
    jobs: Jobs,
    admins: AdminChat,
    incidents: Incidents,
    /// What team and admins read.
    language: Language,
    latest_check: Mutex<Option<Check>>,
}

impl Webhook {
    /// Builds the clients. Makes no connection.
    #[must_use]
    pub fn connect(settings: &Settings) -> Self {
        Self::with(settings, &Aws::connect(&settings.aws), system_clock())
    }

    /// The function over these clients and this clock.
    #[must_use]
    pub fn with(settings: &Settings, aws: &Aws, clock: Clock) -> Self {
        let language = settings.turn.telegram.language;
        let documents = aws.documents(&settings.turn.tables);
        let bot = Bot::connect(&settings.turn, aws, clock).listening(settings.openai.transcription.is_some());
        let chat_id = settings.turn.telegram.admin_chat_id;
        let admins = AdminChat::new(documents.clone(), bot.api.clone(), chat_id, bot.clock.clone());
        let dealer = Arc::clone(&bot.dealer);
        Self {
            secrets: settings.secrets.clone(),
            amocrm_hook: settings.amocrm_hook.clone(),
            incidents: Incidents {
                documents,
                leads: bot.leads.clone(),
                admins: admins.clone(),
                clock: bot.clock.clone(),
                dealer,
                language,
            },
            admins,
            bot,
            classifier: Classifier::new(&settings.openai),
            has_model: settings.openai.configured,
            transcriber: settings.openai.transcription.as_ref().map(Transcriber::new),
            deals: aws.deals(&settings.turn.tables),
            sales_chat: aws.sales_chat(&settings.turn.tables),
            jobs: aws.jobs(&settings.turn.tables),
            language,
            latest_check: Mutex::default(),
        }
    }
}
