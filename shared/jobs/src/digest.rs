//! The digest of a week: what it counts, and where it goes.

use bytes::Bytes;
use dealer::Dealer;
use dialog::{Conversation, Keyboard, Screen, Text};
use lead::Seconds;
use storage::{AiLog, Aws, ClaimedJob, Deals, Job, JobKind, Sessions, StorageError, Tables};
use telegram::{ApiError, MAX_CAPTION};
use weekly_digest::{Answer, LeftForm, Material, Report, WEEK};

use crate::{JobOutcome, Runner};

/// A digest that is later than this is dropped.
const DIGEST_LIFE: Seconds = 24 * 3600;
/// A form that was answered less than this many seconds ago does not count as left: its customer may be typing.
const STILL_FILLED_IN: Seconds = 30 * 60;
/// What the AI log calls the built-in rules.
const RULES: &str = "offline";

/// What only the digest reads.
#[derive(Clone, Debug)]
pub struct DigestTables {
    pub sessions: Sessions,
    pub deals: Deals,
    pub ai_log: AiLog,
}

impl DigestTables {
    /// Opens the tables.
    #[must_use]
    pub fn open(aws: &Aws, tables: &Tables) -> Self {
        Self { sessions: aws.sessions(tables), deals: aws.deals(tables), ai_log: aws.ai_log(tables) }
    }
}

impl Runner {
    /// Plans this week's digest, if its time has come.
    ///
    /// # Errors
    /// When the job cannot be stored.
    pub async fn plan_digest(&self) -> Result<(), StorageError> {
        let dealer = self.dealer.known().await?;
        let Some(digest) = &dealer.digest else { return Ok(()) };
        let now = self.now();
        let due_at = dealer.calendar.last_weekly(now, digest.at);
        if due_at + DIGEST_LIFE < now {
            return Ok(());
        }
        let kind = JobKind::Digest { until: dealer.calendar.day_start(due_at) };
        self.jobs.plan(&Job { kind, due_at, drop_after: due_at + DIGEST_LIFE, chat_id: None }).await?;
        Ok(())
    }

    /// Sends the weekly digest, unless nothing has happened.
    pub(crate) async fn send_digest(&self, until: Seconds, job: &mut ClaimedJob) -> Result<JobOutcome, StorageError> {
        let dealer = self.dealer.known().await?;
        let Some(digest) = &dealer.digest else { return Ok(JobOutcome::Dropped) };
        let report = self.report(until).await?;
        if report.is_empty() {
            tracing::info!("dropped the digest: nothing has happened in two weeks");
            return Ok(JobOutcome::Dropped);
        }
        self.send_report(digest.chat_id, &report, &dealer, job).await
    }

    /// Sends a digest that somebody has asked for.
    pub(crate) async fn send_asked_digest(
        &self,
        chat_id: i64,
        until: Seconds,
        job: &mut ClaimedJob,
    ) -> Result<JobOutcome, StorageError> {
        let dealer = self.dealer.known().await?;
        self.send_report(chat_id, &self.report(until).await?, &dealer, job).await
    }

    async fn report(&self, until: Seconds) -> Result<Report, StorageError> {
        Ok(Report::of(&self.material(until - 2 * WEEK).await?, until))
    }

    async fn send_report(
        &self,
        chat_id: i64,
        report: &Report,
        dealer: &Dealer,
        job: &mut ClaimedJob,
    ) -> Result<JobOutcome, StorageError> {
        let text = report.text(&dealer.calendar, self.language);
        let picture = report.picture(&dealer.calendar, self.language).map(Bytes::from);
        if !self.jobs.take_out(job).await? {
            return Ok(JobOutcome::NotDue);
        }
        let sent = match self.post_report(chat_id, &text, picture.as_ref()).await {
            Err(ApiError::Migrated { to }) => self.post_report(to, &text, picture.as_ref()).await,
            sent => sent,
        };
        match sent {
            Ok(()) => Ok(JobOutcome::Sent),
            Err(error @ (ApiError::Blocked | ApiError::Refused { .. })) => {
                tracing::error!("the digest cannot be sent: check chat_id in [digest] of the dealer's file: {error}");
                Ok(JobOutcome::Dropped)
            }
            Err(error) => Ok(self.outcome_of(&error)),
        }
    }

    /// The text is the picture's caption, or follows it if it is too long. Without the text the picture is not sent
    /// again.
    async fn post_report(&self, chat_id: i64, text: &Text, picture: Option<&Bytes>) -> Result<(), ApiError> {
        let screen = Screen { text: text.clone(), keyboard: Keyboard::None };
        let Some(picture) = picture else { return self.telegram.send(chat_id, &screen).await.map(drop) };
        let is_caption = text.len_utf16() <= MAX_CAPTION;
        let caption = if is_caption { text } else { &Text::default() };
        match self.telegram.send_png(chat_id, picture, caption).await {
            // Also a group that takes no photos.
            Err(ApiError::Refused { description, .. }) => {
                tracing::warn!("the digest goes without its picture: {description}");
                self.telegram.send(chat_id, &screen).await.map(drop)
            }
            Ok(_) if !is_caption => match self.telegram.send(chat_id, &screen).await {
                Err(error) => {
                    tracing::error!("the digest's text did not follow its picture: {error}");
                    Ok(())
                }
                Ok(_) => Ok(()),
            },
            sent => sent.map(drop),
        }
    }

    /// Reads whole tables, one after the other: only once a week, and when somebody asks.
    async fn material(&self, since: Seconds) -> Result<Material, StorageError> {
        let DigestTables { sessions, deals, ai_log } = &self.digest;
        let leads = self.leads.made_since(since).await?;
        let still = self.now() - STILL_FILLED_IN;
        let forms = sessions.with_forms().await?;
        let answers = ai_log.answers_since(since).await?;
        Ok(Material {
            leads: leads.into_iter().map(|lead| lead.value).collect(),
            cards: self.sales_chat.cards().await?,
            left_forms: forms
                .iter()
                .filter_map(|form| self.left_form(form))
                .filter(|form| form.left_at <= still)
                .collect(),
            outcomes: deals.outcomes_since(since).await?,
            answers: answers.into_iter().map(|(at, model)| Answer { at, by_model: model != RULES }).collect(),
        })
    }

    fn left_form(&self, conversation: &Conversation) -> Option<LeftForm> {
        let progress = conversation.progress()?;
        Some(LeftForm {
            service: self.language.text(progress.branch()),
            step: progress.last_stop(self.language),
            milestones: progress.milestones().collect(),
            left_at: conversation.answered_at()?,
        })
    }
}
