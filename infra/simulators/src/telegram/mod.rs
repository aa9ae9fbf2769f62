//! A Telegram with one bot, any number of customers, and groups.
//!
//! The bot talks to it over HTTP as it does to `https://api.telegram.org`: methods at `/bot{token}/{method}`, files at
//! `/file/bot{token}/{path}`, updates through a webhook or `getUpdates`. Tests and the local stack's page play the
//! customers and the team through [`Person`], run groups through [`Group`], and read what people would see.
//!
//! Fault rules match method names («sendMessage»), «file» for downloads, and «webhook» for the delivery of updates:
//! there [`crate::fault::Fault::LoseAnswer`] lets the bot handle an update whose answer never reaches Telegram, and any
//! other fault but `Hang` loses the update on its way. Both make Telegram deliver it again.

mod api;
mod chat;
mod delivery;
mod files;
mod group;
mod group_owner;
mod markup;
mod message;
mod methods;
mod params;
mod person;
mod refusal;
mod sending;
mod state;
#[cfg(test)]
mod tests;
mod text;
mod topics;
mod view;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, watch};

pub use group::BotRole;
pub use group_owner::{Group, TopicView};
pub use markup::{InlineButton, KeyboardButton, ReplyKeyboard};
pub use message::Card;
pub use person::{Media, Person, PersonError, photo};
pub use text::Entity;
pub use view::{Alert, ChatLine, ChatView, FileView, Fresh, How, MessageView};

use crate::fault::Faults;
use crate::http::{Dialect, Server};
use crate::served::{Caller, Served};
use embedded::journal::Journal;
use state::{State, Webhook};

/// Deliveries to the webhook at a time, as Telegram's default `max_connections`.
const CONNECTIONS: usize = 40;
/// How long [`Telegram::settle`] waits.
const SETTLE_PATIENCE: Duration = Duration::from_secs(120);

/// How a simulated Telegram is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The bot's token; what stands before its colon is the bot's id.
    pub token: String,
    /// Where chats, messages, files and waiting updates survive a restart.
    pub journal: Option<PathBuf>,
    /// The port to listen at; 0 for any free one.
    pub port: u16,
    /// The least time between two messages of the bot in a private chat; a quicker one gets 429.
    pub pace: Option<Duration>,
    /// Seconds that the dates of messages are ahead of the machine's clock.
    pub ahead: Arc<AtomicI64>,
    /// How long the minute lasts in which a group takes 20 messages of the bot.
    pub group_minute: Duration,
    /// How often and how fast a delivery to the webhook is tried again.
    pub redelivery: Redelivery,
    /// Failures to start with.
    pub faults: Faults,
}

/// How often and how fast a delivery to the webhook is tried again. An update given up on keeps waiting, until
/// [`Telegram::set_webhook_target`], `setWebhook` or `getUpdates`.
#[derive(Clone, Copy, Debug)]
pub struct Redelivery {
    /// Tries in all.
    pub attempts: u32,
    /// The pause after the first; each later one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// As real Telegram does it: a chat's next message leaves only when the bot has accepted the one before, and its
    /// presses queue up likewise, apart from the messages. Otherwise everything leaves at once, which asks more of a
    /// bot.
    pub in_order: bool,
}

impl Default for Redelivery {
    fn default() -> Self {
        Self {
            attempts: 60,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            timeout: Duration::from_secs(60),
            in_order: false,
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "4242:simulated-token".to_owned(),
            journal: None,
            port: 0,
            pace: None,
            ahead: Arc::default(),
            group_minute: Duration::from_secs(60),
            redelivery: Redelivery::default(),
            faults: Faults::default(),
        }
    }
}

/// A simulated Telegram. Clones are the same one; it ends with [`Telegram::stop`] or the last clone.
#[derive(Clone, Debug)]
pub struct Telegram {
    model: Arc<Model>,
    server: Server,
}

/// Updates that nobody accepted in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsettled {
    /// Their ids.
    pub updates: Vec<i64>,
}

impl std::fmt::Display for Unsettled {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "the bot has not accepted updates {:?}", self.updates)
    }
}

impl std::error::Error for Unsettled {}

/// What the server's tasks share; it does not hold the server.
#[derive(Debug)]
struct Model {
    token: String,
    pace: Option<Duration>,
    group_minute: Duration,
    redelivery: Redelivery,
    faults: Faults,
    state: Mutex<State>,
    /// Counts changes, for whoever waits for one.
    changes: watch::Sender<u64>,
    connections: Semaphore,
    client: reqwest::Client,
}

impl Telegram {
    /// Starts one, with what its journal remembers.
    ///
    /// # Errors
    /// The journal cannot be read or written, or the port is taken.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (journal, entries) = Journal::open(options.journal.as_deref())?;
        let model = Arc::new(Model {
            token: options.token,
            pace: options.pace,
            group_minute: options.group_minute,
            redelivery: options.redelivery,
            faults: options.faults.clone(),
            state: Mutex::new(State::restore(journal, entries, options.ahead)),
            changes: watch::channel(0).0,
            connections: Semaphore::new(CONNECTIONS),
            client: reqwest::Client::builder().no_proxy().build().map_err(io::Error::other)?,
        });
        let dialect = Dialect { route: api::route, too_many: api::too_many };
        let server = Server::start(api::router(Arc::clone(&model)), options.port, options.faults, dialect).await?;
        delivery::deliver_pending(&model);
        Ok(Self { model, server })
    }

    /// What stands for `https://api.telegram.org`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The bot's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.model.token
    }

    /// Every method that is served, downloads, and the delivery of updates.
    #[must_use]
    pub fn served() -> Vec<Served> {
        let others = [(Caller::Functions, "file"), (Caller::Functions, "webhook"), (Caller::LocalStack, "getUpdates")];
        methods::served().chain(others.map(|(by, route)| Served::new(by, route))).collect()
    }

    /// The failures to come, and the calls that came.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.model.faults
    }

    /// Cuts every connection, as a crash would. What the journal has comes back with the next [`Telegram::start`].
    pub async fn stop(&self) {
        self.model.lock().stopped = true;
        self.server.stop().await;
    }

    /// Delivers updates to this address from now on, those that wait first.
    pub fn set_webhook_target(&self, url: &str, secret: Option<&str>) {
        {
            let mut state = self.model.lock();
            state.bot.webhook = Some(Webhook {
                url: url.to_owned(),
                secret: secret.map(str::to_owned),
                allowed: Vec::new(),
                max_connections: 40,
                last_error: None,
            });
            state.save_bot();
        }
        delivery::deliver_pending(&self.model);
    }

    /// Waits until the bot has accepted every update.
    ///
    /// # Errors
    /// It has not within two minutes.
    pub async fn settle(&self) -> Result<(), Unsettled> {
        let mut changes = self.changes();
        let settled = async {
            loop {
                changes.mark_unchanged();
                if self.unsettled().is_empty() || changes.changed().await.is_err() {
                    return;
                }
            }
        };
        match tokio::time::timeout(SETTLE_PATIENCE, settled).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Unsettled { updates: self.unsettled() }),
        }
    }

    /// A counter that goes up with every change.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.model.changes.subscribe()
    }

    /// Every chat, the one with the newest message first.
    #[must_use]
    pub fn chats(&self) -> Vec<ChatLine> {
        self.model.lock().chat_lines()
    }

    /// One chat as its customer sees it.
    #[must_use]
    pub fn chat(&self, chat: i64) -> Option<ChatView> {
        self.model.lock().chat_view(chat)
    }

    /// Media type and bytes of a file, by its path as in [`FileView`].
    #[must_use]
    pub fn file(&self, path: &str) -> Option<(String, Bytes)> {
        self.model.file(path)
    }

    /// What the bot did that no [`Person::take_new`] has taken, by chat: a test that ends with any has missed it.
    #[must_use]
    pub fn untaken(&self) -> Vec<(i64, Vec<Fresh>)> {
        let state = self.model.lock();
        let chats = state.chats.values().filter(|chat| !chat.fresh.is_empty());
        chats.map(|chat| (chat.id, chat.fresh.clone())).collect()
    }

    /// The ids of updates the bot has not accepted.
    #[must_use]
    pub fn unsettled(&self) -> Vec<i64> {
        let state = self.model.lock();
        let mut updates: Vec<i64> = state.pending.keys().copied().collect();
        // Repeated deliveries are no longer pending, but must end too.
        updates.extend(std::iter::repeat_n(0, state.redeliveries + state.again.len()));
        updates
    }
}

impl Model {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// The Bot API's `User` object of the bot.
    fn bot_user(&self) -> Value {
        let id: i64 = self.token.split(':').next().and_then(|id| id.parse().ok()).unwrap_or(4242);
        json!({"id": id, "is_bot": true, "first_name": "CarQuery", "username": "carquery_bot"})
    }

    fn file(&self, path: &str) -> Option<(String, Bytes)> {
        let state = self.lock();
        state.files.values().find(|file| file.path == path).map(|file| (file.mime.clone(), file.bytes.clone()))
    }
}
