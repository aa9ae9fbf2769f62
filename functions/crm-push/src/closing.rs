//! The end of an attempt: its result is stored with the lead, the circuit breaker takes note, and the admins hear what
//! they have to know.

use delivery::{AdminMessage, AttemptOutcomes, Incident, RequeueFilter, Written, requeue};
use lead::{Backoff, Repeat, Seconds, Status};
use settings::metrics;
use storage::{JobId, SaveError};

use crate::bad_settings::{Warning, warnings};
use crate::claimed::ClaimedLead;
use crate::photos::PHOTO_GRACE;
use crate::stop::{FailedAttempt, Redeliver, Stop};
use crate::{CrmPush, DAY};

/// Requests queued again when the breaker closes; the schedule takes care of more.
const REQUEUE_AT_ONCE: usize = 100;

/// How the lead was stored.
enum Ending {
    Sent {
        /// The card to send to the sales chat now.
        card: Option<JobId>,
    },
    Waiting,
    /// Given up: amoCRM refuses it.
    DeadRefused,
    /// Given up: it failed too often.
    DeadTooOften,
    /// It is another worker's now, or deleted.
    Lost,
}

impl CrmPush {
    /// Closes an attempt. Returns the card to send now.
    pub(crate) async fn close(
        &self,
        mut lead: ClaimedLead,
        result: Result<(), Stop>,
        incident: &Incident,
    ) -> Result<Option<JobId>, Redeliver> {
        let (ending, obstacle) = match &result {
            Ok(()) => (self.close_sent(&mut lead).await?, None),
            Err(Stop::Failed(failed)) => (self.close_failed(&mut lead, failed).await?, failed.obstacle()),
            Err(Stop::PutBack { due_at }) => {
                lead.lead_mut().put_back(*due_at);
                (self.store(&mut lead, Ending::Waiting).await?, None)
            }
            Err(Stop::Lost) => (Ending::Lost, None),
            Err(Stop::StorageDown) => return Err(Redeliver),
        };
        let mut outcome = AttemptOutcomes { obstacle, answered: lead.has_progressed(), ..AttemptOutcomes::default() };
        let mut card_to_send = None;
        match ending {
            Ending::Sent { card } => {
                outcome.sent.push(lead.id());
                card_to_send = card;
            }
            Ending::Waiting => outcome.waiting.push(lead.id()),
            Ending::DeadRefused => outcome.refused.push(lead.id()),
            Ending::DeadTooOften => outcome.given_up.push(lead.id()),
            Ending::Lost => {}
        }
        let is_news = *incident != Incident::default() || outcome.obstacle.is_some();
        if is_news {
            let is_back = self.incidents.record_outcomes(&outcome).await;
            if is_back {
                self.requeue_all_unsent().await;
            }
        }
        self.warn_about_bad_settings(&lead).await;
        Ok(card_to_send)
    }

    async fn close_sent(&self, lead: &mut ClaimedLead) -> Result<Ending, Redeliver> {
        self.track_deal(lead.lead()).await?;
        lead.lead_mut().succeed(self.now(), PHOTO_GRACE);
        // Planned before the lead is stored: whatever fails in between, the card is not forgotten.
        let card = self.jobs.plan_card(lead.lead()).await.map_err(|error| {
            tracing::error!(lead_id = %lead.id(), %error, "a card cannot be planned");
            Redeliver
        })?;
        let ending = self.store(lead, Ending::Sent { card }).await?;
        if matches!(ending, Ending::Lost) {
            self.stop_tracking_deal(lead.lead()).await;
            return Ok(ending);
        }
        let sent = lead.lead();
        tracing::info!(lead_id = %sent.lead_id, deal_id = sent.progress.deal_id(), attempts = sent.attempts, "delivered");
        if sent.request.unfinished.is_none() {
            metrics::count("LeadsSent", "branch", &sent.request.branch);
        }
        if sent.has_photos_left()
            && let Err(error) = self.queue.enqueue_photos(&lead.stored).await
        {
            tracing::warn!(lead_id = %sent.lead_id, %error, "photos wait for the schedule");
        }
        if let Some(contact_id) = sent.progress.contact_id().filter(|_| sent.contact_is_own())
            && let Err(error) = self.customers.remember_contact(sent.chat_id, contact_id).await
        {
            tracing::warn!(lead_id = %sent.lead_id, %error, "the customer's contact is not remembered");
        }
        Ok(ending)
    }

    async fn close_failed(&self, lead: &mut ClaimedLead, failed: &FailedAttempt) -> Result<Ending, Redeliver> {
        let failure = failed.to_store();
        let now = self.now();
        let before = lead.lead().clone();
        lead.lead_mut().fail(&failure, now, self.backoff, rand::random());
        lead.lead_mut().error_text = Some(failed.text(self.language));
        if !matches!(lead.lead().status, Status::Dead { .. }) {
            return self.store(lead, Ending::Waiting).await;
        }
        // The message is written down before the lead is given up: whatever fails in between, the admins hear of it.
        let message = self.given_up_message(lead, failed, now);
        if let Ok(written) = self.admins.write(&message).await {
            return self.give_up(lead, failure.repeat, &message, written).await;
        }
        // The admins cannot be told now, so the lead stays alive and the next attempt gives it up. What this attempt
        // left in doubt stays so.
        *lead.lead_mut() = before;
        match failure.repeat {
            Repeat::Later { .. } => {
                let backoff = Backoff { max_attempts: u32::MAX, ..self.backoff };
                lead.lead_mut().fail(&failure, now, backoff, 0.0);
                lead.lead_mut().error_text = Some(failed.text(self.language));
            }
            Repeat::Never => lead.lead_mut().put_back(now + self.backoff.first),
        }
        self.store(lead, Ending::Waiting).await
    }

    /// Stores a lead as given up and sends the message that says so; takes the message back if the lead could not be
    /// stored.
    async fn give_up(
        &self,
        lead: &mut ClaimedLead,
        repeat: Repeat,
        message: &AdminMessage,
        written: Written,
    ) -> Result<Ending, Redeliver> {
        let ending = match repeat {
            Repeat::Never => Ending::DeadRefused,
            Repeat::Later { .. } => Ending::DeadTooOften,
        };
        let stored = self.store(lead, ending).await;
        if matches!(stored, Ok(Ending::Lost) | Err(_)) {
            if written == Written::New {
                self.admins.withdraw(&message.key).await;
            }
            return stored;
        }
        metrics::count("LeadsDead", "branch", &lead.lead().request.branch);
        if written == Written::New {
            self.admins.send(message).await;
        }
        stored
    }

    /// Stores the lead. Returns `ending` if that succeeds.
    async fn store(&self, lead: &mut ClaimedLead, ending: Ending) -> Result<Ending, Redeliver> {
        match self.leads.save(&mut lead.stored).await {
            Ok(()) => Ok(ending),
            Err(SaveError::Conflict) => Ok(Ending::Lost),
            Err(SaveError::Storage(error)) => {
                tracing::error!(lead_id = %lead.id(), %error, "a lead cannot be stored");
                Err(Redeliver)
            }
        }
    }

    fn given_up_message(&self, lead: &ClaimedLead, failed: &FailedAttempt, now: Seconds) -> AdminMessage {
        let text = self.language.text_with(
            "request-given-up",
            [
                ("number", lead.id().request_number().into()),
                ("attempts", lead.lead().attempts.to_string().into()),
                ("reason", failed.text(self.language).into()),
                ("id", lead.id().to_string().into()),
            ],
        );
        AdminMessage { key: format!("dead:{}:{now}", lead.id()), text }
    }

    /// Tells the admins which settings do not fit the account, at most once a day about each.
    async fn warn_about_bad_settings(&self, lead: &ClaimedLead) {
        let day = self.now() / DAY;
        for Warning { key, text } in warnings(lead.lead(), self.language) {
            self.admins.tell(&AdminMessage { key: format!("settings:{key}:{day}"), text }).await;
        }
    }

    async fn requeue_all_unsent(&self) {
        // Also those whose attempts failed meanwhile, however long their pauses would still last.
        let filter = RequeueFilter::all_unsent(self.now(), self.backoff.first, REQUEUE_AT_ONCE);
        match requeue(&self.leads, &self.queue, filter).await {
            Ok(count) => tracing::info!(count, "amoCRM takes requests again"),
            Err(error) => tracing::error!(%error, "what was put back waits for the schedule"),
        }
    }
}
