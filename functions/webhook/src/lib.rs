//! Talks to the customer: Telegram webhook in, screens out, finished requests stored and queued.
//!
//! `http` handles HTTP and accepts only what Telegram sent; `turn` takes one update from the stored conversation to the
//! next one; `perform` carries out the effects, `ask` asks the model; `health` says whether requests can be accepted.

mod ask;
mod health;
mod http;
mod perform;
mod turn;

use std::sync::Arc;

use ai::Classifier;
use dialog::{Language, Rules};
use secrecy::{ExposeSecret, SecretString};
use settings::{Clock, DealerFile, Delivery, Dialog, Env, OpenAi, Telegram};
use storage::{AiLog, Aws, AwsSettings, CurrentDealer, Customers, Leads, Queue, Sessions, Tables};
use telegram::Api;

pub use crate::http::{MAX_BODY, WEBHOOK_PATH};

/// The function's settings, from its environment.
#[derive(Clone, Debug)]
pub struct Settings {
    telegram: Telegram,
    /// `TELEGRAM_WEBHOOK_SECRET`: Telegram sends it with each update, so that nobody else can pretend to be Telegram.
    webhook_secret: SecretString,
    dialog: Dialog,
    openai: OpenAi,
    delivery: Delivery,
    dealer_file: DealerFile,
    tables: Tables,
    aws: AwsSettings,
}

impl Settings {
    /// Reads the settings.
    pub fn read(env: &mut Env) -> Self {
        let webhook_secret = env.required_secret("TELEGRAM_WEBHOOK_SECRET");
        // The format that Telegram accepts: https://core.telegram.org/bots/api#setwebhook.
        let is_allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
        let secret = webhook_secret.expose_secret();
        if secret.len() > 256 || !secret.chars().all(is_allowed) {
            env.problem("TELEGRAM_WEBHOOK_SECRET", "is not 1-256 characters A-Z a-z 0-9 _ -");
        }
        Self {
            telegram: Telegram::read(env),
            webhook_secret,
            dialog: Dialog::read(env),
            openai: OpenAi::read(env),
            delivery: Delivery::read(env),
            dealer_file: DealerFile::read(env),
            tables: Tables::read(env),
            aws: AwsSettings::read(env),
        }
    }
}

/// The function, with its clients built once and used by every invocation.
pub struct Webhook {
    secret: SecretString,
    /// With the default dealer's file; each decision is made with the current one.
    rules: Rules,
    dealer: CurrentDealer,
    clock: Clock,
    /// Seconds after which `scheduled` delivers a stored request whose queue message was lost.
    grace: lead::Seconds,
    api: Api,
    classifier: Classifier,
    has_model: bool,
    sessions: Sessions,
    leads: Leads,
    customers: Customers,
    ai_log: AiLog,
    queue: Queue,
    aws: Aws,
    tables: Tables,
}

impl Webhook {
    /// Builds the clients. Makes no connection.
    #[must_use]
    pub fn connect(settings: &Settings, clock: Clock) -> Self {
        let aws = Aws::connect(&settings.aws);
        let tables = &settings.tables;
        Self {
            rules: Rules {
                session_ttl: settings.dialog.session_ttl_seconds,
                privacy_policy_url: settings.dialog.privacy_policy_url.clone(),
                language: Language::default(),
                dealer: Arc::default(),
            },
            dealer: CurrentDealer::new(aws.dealer_file(tables), settings.dealer_file.minute_seconds, clock.clone()),
            grace: settings.delivery.retry_interval_seconds.min(60),
            api: Api::new(&settings.telegram),
            classifier: Classifier::new(&settings.openai),
            has_model: settings.openai.configured,
            sessions: aws.sessions(tables),
            leads: aws.leads(tables),
            customers: aws.customers(tables),
            ai_log: aws.ai_log(tables),
            queue: aws.queue(tables),
            tables: tables.clone(),
            aws,
            secret: settings.webhook_secret.clone(),
            clock,
        }
    }
}
