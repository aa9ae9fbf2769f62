//! The admins' commands and buttons, only in the chat `ADMIN_CHAT_ID`. Elsewhere the same words are a customer's.

mod screen;

use std::iter;

use dialog::{BotCommand, Input, Keyboard, Screen, Text};
use futures::future::join_all;
use lead::{Lead, LeadId, Seconds};
use storage::{Job, JobKind, SaveError, StorageError, Versioned};
use telegram::{BotCall, Incoming, Recipient, TeamInput};
use turn::RetryLater;

use crate::Webhook;
use crate::team::{PressAnswer, answer_press};
use screen::{Overview, RetryPress};

const STATUS: &str = "/status";
const DIGEST: &str = "/digest";

/// How many requests of a kind are read at most: to find the oldest, or to try them again with one press.
const MOST: i32 = 100;
/// Requests with a line and a button of their own.
const SHOWN: usize = 5;
/// Requests that are tried again at once.
const AT_ONCE: usize = 25;

/// How often one digest can be asked for, in seconds: the schedule runs no more often.
const DIGEST_PAUSE: Seconds = 5 * 60;
/// A digest that was asked for is of no use after this, in seconds.
const DIGEST_LIFE: Seconds = 3600;

/// Something that the admins ask for, if it comes from their chat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdminEvent {
    to: Recipient,
    command: AdminCommand,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum AdminCommand {
    /// `/status`
    Status,
    /// `/digest`
    Digest,
    /// «Повторить»
    Retry { press: RetryPress, callback_id: String, message_id: Option<i64> },
}

/// What became of a request that was to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Retried {
    Queued,
    /// It is in amoCRM, or on its way.
    NotNeeded,
    Gone,
}

impl AdminEvent {
    /// What an update asks for, if it is written in the admin chat.
    pub(crate) fn of(incoming: &Incoming) -> Option<Self> {
        let (chat_id, topic, command) = match incoming {
            Incoming::Event { event, topic } => {
                let command = match &event.input {
                    Input::Command(BotCommand::Status) => AdminCommand::Status,
                    Input::Text(text) if text.trim() == DIGEST => AdminCommand::Digest,
                    Input::Press { callback_id, message_id, data } => {
                        AdminCommand::pressed(callback_id, *message_id, data)?
                    }
                    _ => return None,
                };
                (event.person.chat_id, *topic, command)
            }
            Incoming::Team(event) => {
                let command = match &event.input {
                    TeamInput::Command(text) if text == STATUS => AdminCommand::Status,
                    TeamInput::Command(text) if text == DIGEST => AdminCommand::Digest,
                    TeamInput::Press { callback_id, data, .. } => {
                        AdminCommand::pressed(callback_id, event.message_id, data)?
                    }
                    _ => return None,
                };
                (event.chat_id, event.topic, command)
            }
            Incoming::BlockChanged { .. } | Incoming::Ignored { .. } => return None,
        };
        Some(Self { to: Recipient { chat_id, topic }, command })
    }

    pub(crate) const fn chat_id(&self) -> i64 {
        self.to.chat_id
    }
}

impl AdminCommand {
    fn pressed(callback_id: &str, message_id: Option<i64>, data: &str) -> Option<Self> {
        let press = data.parse().ok()?;
        Some(Self::Retry { press, callback_id: callback_id.to_owned(), message_id })
    }
}

impl Webhook {
    /// Does what the admins ask for. Returns a call for Telegram to carry out.
    pub(crate) async fn admin_event(&self, event: AdminEvent) -> Result<Option<BotCall>, RetryLater> {
        let AdminEvent { to, command } = event;
        match command {
            AdminCommand::Status => {
                self.bot.api.send(to, &self.status_screen().await?).await?;
                Ok(None)
            }
            AdminCommand::Digest => {
                self.plan_digest(to.chat_id).await?;
                let said = Text::plain(self.language.text("digest-comes"));
                self.bot.api.send(to, &Screen { text: said, keyboard: Keyboard::None }).await?;
                Ok(None)
            }
            AdminCommand::Retry { press, callback_id, message_id } => {
                let said = match press {
                    RetryPress::One(lead_id) => self.retry_one(lead_id).await?,
                    RetryPress::All => self.retry_all().await?,
                };
                let screen = self.status_screen().await?;
                if let Some(message_id) = message_id
                    && let Err(error) = self.bot.api.edit(to.chat_id, message_id, &screen).await
                {
                    tracing::warn!("the admins' overview is not up to date: {error}");
                }
                Ok(Some(answer_press(&callback_id, &PressAnswer::Notice(&said))))
            }
        }
    }

    /// The schedule sends it: it may read whole tables, and this function may not.
    async fn plan_digest(&self, chat_id: i64) -> Result<(), StorageError> {
        let now = (self.bot.clock)();
        let kind = JobKind::AskedDigest { chat_id, until: now - now % DIGEST_PAUSE + DIGEST_PAUSE };
        self.jobs.plan(&Job { kind, due_at: now, drop_after: now + DIGEST_LIFE, chat_id: None }).await?;
        Ok(())
    }

    /// What is not in amoCRM, and why.
    async fn status_screen(&self) -> Result<Screen, StorageError> {
        let leads = &self.bot.leads;
        let (waiting, unsent, dead, incident, dealer) = futures::join!(
            leads.count_unsent(),
            leads.unsent(MOST),
            leads.dead(MOST),
            self.incidents.load(),
            self.bot.dealer.get(),
        );
        let (waiting, dead) = (waiting?, dead?);
        let mut oldest: Vec<LeadId> = dead.iter().copied().chain(unsent?).collect();
        oldest.sort_unstable();
        oldest.truncate(SHOWN);
        let oldest: Vec<Lead> = leads.get_many(&oldest).await?.into_iter().map(|lead| lead.value).collect();
        let overview = Overview { waiting, dead: dead.len(), oldest: &oldest, trouble: incident.trouble.as_ref() };
        Ok(overview.screen(&dealer.calendar, (self.bot.clock)(), self.language))
    }

    async fn retry_one(&self, lead_id: LeadId) -> Result<String, RetryLater> {
        let retried = match self.bot.leads.get(&lead_id).await? {
            Some(lead) => self.retry(lead).await?,
            None => Retried::Gone,
        };
        Ok(match retried {
            Retried::Queued => self.language.text("status-retried-one"),
            Retried::NotNeeded => self.language.text("status-retry-not-needed"),
            Retried::Gone => self.language.text("status-retry-gone"),
        })
    }

    async fn retry_all(&self) -> Result<String, RetryLater> {
        let (dead, unsent) = futures::join!(self.bot.leads.dead(MOST), self.bot.leads.unsent(MOST));
        let ids: Vec<LeadId> = iter::chain(dead?, unsent?).collect();
        let mut queued = 0;
        for ids in ids.chunks(AT_ONCE) {
            let leads = self.bot.leads.get_many(ids).await?;
            for retried in join_all(leads.into_iter().map(|lead| self.retry(lead))).await {
                queued += usize::from(retried? == Retried::Queued);
            }
        }
        Ok(self.language.text_with("status-retried-all", [("count", queued.into())]))
    }

    /// Tries a request again, as `carquery leads retry` does.
    async fn retry(&self, mut lead: Versioned<Lead>) -> Result<Retried, RetryLater> {
        let lead_id = lead.value.lead_id;
        if !lead.value.revive((self.bot.clock)()) {
            return Ok(Retried::NotNeeded);
        }
        match self.bot.leads.save(&mut lead).await {
            Ok(()) => {}
            // Somebody is delivering it, or has pressed too.
            Err(SaveError::Conflict) => return Ok(Retried::NotNeeded),
            Err(error) => return Err(error.into()),
        }
        tracing::info!(%lead_id, "the admins have a request tried again");
        if let Err(error) = self.bot.queue.enqueue(&lead).await {
            tracing::warn!(%lead_id, "a request waits for the schedule: {error}");
        }
        Ok(Retried::Queued)
    }
}
