//! One turn of a conversation: load, decide, save, perform.
//!
//! `decide` takes a chat from the stored conversation to the next one, which is stored under the version that was read;
//! `perform` carries out the effects of what is stored. `due` does both for a chat whose customer has done nothing.

mod decide;
mod due;
mod forget;
mod perform;
mod requests;
mod sales_chat;
mod team;

use std::sync::Arc;

use dialog::Rules;
use lead::Seconds;
use relay::{Relay, RelayError};
use settings::{Clock, DealerFile, Delivery, Dialog, Env, Telegram};
use storage::{
    AiLog, Aws, Counters, CurrentDealer, Customers, Deals, Leads, Queue, SalesChat, SaveError, Sessions, StorageError,
    Tables,
};
use telegram::{Api, ApiError};

pub use crate::decide::Decided;
pub use crate::due::DueTurn;
pub use crate::perform::{Inquiry, Performed};
pub use crate::team::TeamSays;

/// What a turn needs of the environment.
#[derive(Clone, Debug)]
pub struct Settings {
    pub telegram: Telegram,
    pub dialog: Dialog,
    pub delivery: Delivery,
    pub dealer_file: DealerFile,
    pub tables: Tables,
}

impl Settings {
    /// Reads the settings.
    pub fn read(env: &mut Env) -> Self {
        Self {
            telegram: Telegram::read(env),
            dialog: Dialog::read(env),
            delivery: Delivery::read(env),
            dealer_file: DealerFile::read(env),
            tables: Tables::read(env),
        }
    }
}

/// The bot: what it decides by, and where it stores and sends.
pub struct Bot {
    /// With the default dealer's file; each decision is made with the current one.
    rules: Rules,
    /// Seconds after which `scheduled` delivers a stored request whose queue message was lost.
    grace: Seconds,
    pub clock: Clock,
    pub dealer: Arc<CurrentDealer>,
    pub api: Api,
    pub sessions: Sessions,
    pub leads: Leads,
    pub customers: Customers,
    deals: Deals,
    pub ai_log: AiLog,
    pub counters: Counters,
    pub queue: Queue,
    pub relay: Relay,
    groups: SalesChat,
    admin_chat_id: Option<i64>,
    aws: Aws,
    tables: Tables,
}

impl Bot {
    /// Builds the clients. Makes no connection.
    #[must_use]
    pub fn connect(settings: &Settings, aws: &Aws, clock: Clock) -> Self {
        let tables = &settings.tables;
        let minute_seconds = settings.dealer_file.minute_seconds;
        let api = Api::new(&settings.telegram);
        Self {
            rules: Rules {
                session_ttl: settings.dialog.session_ttl_seconds,
                privacy_policy_url: settings.dialog.privacy_policy_url.clone(),
                hears_voice: false,
                language: settings.telegram.language,
                dealer: Arc::default(),
            },
            grace: settings.delivery.retry_interval_seconds.min(60),
            dealer: Arc::new(CurrentDealer::new(aws.dealer_file(tables), minute_seconds, clock.clone())),
            relay: Relay::new(aws, tables, api.clone(), clock.clone(), settings.telegram.language),
            groups: aws.sales_chat(tables),
            api,
            sessions: aws.sessions(tables),
            leads: aws.leads(tables),
            customers: aws.customers(tables),
            deals: aws.deals(tables),
            ai_log: aws.ai_log(tables),
            counters: aws.counters(tables),
            queue: aws.queue(tables),
            admin_chat_id: settings.telegram.admin_chat_id,
            aws: aws.clone(),
            tables: tables.clone(),
            clock,
        }
    }

    /// The same bot, but voice messages are transcribed if `hears_voice`: then the caller has to do it.
    #[must_use]
    pub fn listening(mut self, hears_voice: bool) -> Self {
        self.rules.hears_voice = hears_voice;
        self
    }
}

/// The turn was not taken, or its reply did not reach the customer.
#[derive(Debug, thiserror::Error)]
pub enum RetryLater {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Save(#[from] SaveError),
    #[error(transparent)]
    Telegram(#[from] ApiError),
    #[error("a line of a talk is not stored: {0}")]
    Relay(#[from] RelayError),
    #[error("too many updates of one chat at once")]
    TooManyConflicts,
    #[error("another delivery of the same update is still being handled")]
    StillBusy,
}
