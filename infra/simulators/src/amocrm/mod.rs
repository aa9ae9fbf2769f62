//! amoCRM: one account with its OAuth, limits, search lag and strict validation, behind real HTTP.
//!
//! What it does is what `api/v4` does as far as anyone has written it down; where sources differ it takes the stricter
//! side. Its one address stands for the account's host and, under `/drive`, for the host of files.

mod account;
mod api;
mod call;
mod card;
mod contacts;
mod drive;
mod fields;
mod hooks;
mod leads;
mod model;
mod notes;
mod oauth;
mod pipelines;
mod query;
mod rate;
mod reply;
mod search;
mod seed;
mod staff;
mod state;
mod tasks;
mod validation;
mod values;
mod view;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

pub use rate::Limits;
pub use seed::{
    ACCOUNT_ID, ADMIN, BOT_FIRST_STAGE, BOT_PIPELINE, DISMISSED_MANAGER, LOSS_REASONS, MANAGER, SALES_FIRST_STAGE,
    SALES_INBOX, SALES_PIPELINE, SECOND_MANAGER, SUBDOMAIN, THIRD_MANAGER,
};
pub use staff::{Closing, NewDeal};
pub use view::{ContactShown, Deal, FieldShown, FileShown, StageShown, TaskShown, Twins};

use crate::fault::{Call, Faults, now_ms};
use crate::http::{Dialect, Server};
use crate::served::Served;

use state::AccountState;

/// The «too many requests» asked for as a fault comes as JSON with `retry_after` in the body; the account's own limit
/// answers HTML. Clients meet both.
const DIALECT: Dialect = Dialect { too_many: reply::too_many_with_pause, ..Dialect::PLAIN };

/// What an account suffers from as a whole. Its tokens stay good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody has paid: 402 on every call.
    Unpaid,
    /// Rights were taken away or the subscription has ended: 400 without `validation-errors` on every call.
    NoRights,
}

/// What kind of account it is.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the account is kept over restarts; `None` keeps it in memory. Bytes of files go to a folder beside it.
    pub journal: Option<PathBuf>,
    /// Port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Seconds that the account's records are ahead of the machine's clock. Tokens live by the machine's.
    pub ahead: Arc<AtomicI64>,
    /// Pauses before a hook that was not accepted is posted again.
    pub hook_pauses: Vec<Duration>,
    /// Requests a second before 429; `None` for no limit.
    pub rate_limit: Option<usize>,
    /// This many refusals within ten seconds block the account: 403 on every call.
    pub block_after: usize,
    /// How long the block lasts.
    pub block_for: Duration,
    /// How long a new or changed record is hidden from `query` searches.
    pub search_lag: Duration,
    /// Whether the bot's own fields are there already; else they must be set up first.
    pub with_bot_fields: bool,
    /// Whether the bot's own fields have codes; fields that people make have none.
    pub bot_field_codes: bool,
    /// The most custom fields on a page, whatever is asked for.
    pub fields_per_page: usize,
    /// Life of an access token.
    pub access_token_ttl: Duration,
    /// Life of a refresh token.
    pub refresh_token_ttl: Duration,
    /// Life of an authorization code.
    pub code_ttl: Duration,
    /// The redirect address registered with the integration.
    pub redirect_uri: String,
    /// Whether tokens may touch files.
    pub drive_scope: bool,
    /// Whether the owner of the tokens is an administrator.
    pub admin_rights: bool,
    /// The largest part of an upload, in bytes.
    pub max_part_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            journal: None,
            port: 0,
            ahead: Arc::default(),
            hook_pauses: [5, 15, 15, 60].map(|minutes| Duration::from_secs(minutes * 60)).into(),
            rate_limit: Some(7),
            block_after: 50,
            block_for: Duration::from_secs(30),
            search_lag: Duration::from_secs(2),
            with_bot_fields: true,
            bot_field_codes: true,
            fields_per_page: 250,
            access_token_ttl: Duration::from_secs(24 * 3600),
            refresh_token_ttl: Duration::from_secs(90 * 24 * 3600),
            code_ttl: Duration::from_secs(20 * 60),
            redirect_uri: "https://bot.example/amocrm/callback".to_owned(),
            drive_scope: true,
            admin_rights: true,
            max_part_size: 128 * 1024,
        }
    }
}

/// A running account. Clones are the same account; it ends with [`Amocrm::stop`] or with the last clone.
#[derive(Clone)]
pub struct Amocrm {
    state: api::Shared,
    faults: Faults,
    server: Server,
    redirect_uri: Arc<str>,
}

impl Amocrm {
    /// Opens the account and serves it on 127.0.0.1.
    ///
    /// # Errors
    /// The port is taken, or the journal cannot be read or written.
    pub async fn start(options: Options) -> io::Result<Self> {
        let (port, redirect_uri) = (options.port, Arc::from(options.redirect_uri.as_str()));
        let faults = Faults::default();
        let state = Arc::new(Mutex::new(AccountState::open(options, &faults)?));
        let server = Server::start(api::router(Arc::clone(&state)), port, faults.clone(), DIALECT).await?;
        Ok(Self { state, faults, server, redirect_uri })
    }

    /// Where it listens; both `AMOCRM_BASE_URL` and the beginning of the drive's address.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Cuts every connection and frees the port. What was written stays in the journal.
    pub async fn stop(&self) {
        self.server.stop().await;
    }

    /// `AMOCRM_CLIENT_ID`.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        oauth::CLIENT_ID
    }

    /// `AMOCRM_CLIENT_SECRET`.
    #[must_use]
    pub fn client_secret(&self) -> &'static str {
        oauth::CLIENT_SECRET
    }

    /// `AMOCRM_REDIRECT_URI`.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// A fresh authorization code, as the consent page hands one out.
    #[must_use]
    pub fn new_code(&self) -> String {
        api::lock(&self.state).oauth.new_code(now_ms())
    }

    /// A fresh long-lived token.
    #[must_use]
    pub fn long_lived_token(&self) -> String {
        let url = self.url();
        let host = url.strip_prefix("http://").unwrap_or(&url);
        api::lock(&self.state).oauth.long_lived(now_ms(), host)
    }

    /// Every access token that can be refreshed has expired.
    pub fn expire_access_token(&self) {
        api::lock(&self.state).oauth.expire_access_tokens(now_ms());
    }

    /// Every refresh token is void: somebody must consent again.
    pub fn revoke_refresh_token(&self) {
        api::lock(&self.state).oauth.revoke_refresh_tokens();
    }

    /// Every token is void, as after the integration was switched off.
    pub fn revoke_everything(&self) {
        api::lock(&self.state).oauth.revoke_everything();
    }

    /// Every route that is served.
    #[must_use]
    pub fn served() -> Vec<Served> {
        api::served()
    }

    /// What the account suffers from, until it is well again.
    pub fn set_trouble(&self, trouble: Option<Trouble>) {
        api::lock(&self.state).trouble = trouble;
    }

    /// What fails on demand, by routes such as `POST /api/v4/leads` or `POST /oauth2/access_token`.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// The calls so far, oldest first, as far as they are kept.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.faults.calls_since(0)
    }

    /// What the limit on requests has done so far.
    #[must_use]
    pub fn limits(&self) -> Limits {
        api::lock(&self.state).rate.limits()
    }

    /// All deals, newest first.
    #[must_use]
    pub fn deals(&self) -> Vec<Deal> {
        view::deals(&api::lock(&self.state), &self.url())
    }

    /// The stages where a deal of this pipeline can be, in order.
    #[must_use]
    pub fn stages(&self, pipeline: u64) -> Vec<StageShown> {
        view::stages(&api::lock(&self.state), pipeline)
    }

    /// All contacts, newest first.
    #[must_use]
    pub fn contacts(&self) -> Vec<ContactShown> {
        view::contacts(&api::lock(&self.state))
    }

    /// What is there more than once and should not be.
    #[must_use]
    pub fn twins(&self) -> Twins {
        view::twins(&api::lock(&self.state))
    }

    /// Counts the changes of the account, for a page that follows it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        api::lock(&self.state).changes()
    }
}

impl std::fmt::Debug for Amocrm {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Amocrm").field("server", &self.server).finish_non_exhaustive()
    }
}
