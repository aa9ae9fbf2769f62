//! Tells somebody that nobody has taken a request.

use dealer::Escalation;
use delivery::AdminMessage;
use dialog::{Keyboard, Screen, Style, Text};
use lead::{Lead, LeadId, Seconds};
use sales::{Card, CardView};
use storage::{ClaimedJob, StorageError, Versioned};
use telegram::ApiError;

use crate::{JobOutcome, Runner};

const DAY: Seconds = 24 * 3600;

impl Runner {
    pub(crate) async fn escalate(&self, lead_id: LeadId, job: &mut ClaimedJob) -> Result<JobOutcome, StorageError> {
        let dealer = self.dealer.known().await?;
        let Some(chat) = &dealer.sales_chat else { return Ok(JobOutcome::Dropped) };
        let Some(escalation) = &chat.escalation else { return Ok(JobOutcome::Dropped) };
        let Some(Versioned { value: lead, .. }) = self.leads.get(&lead_id).await? else {
            return Ok(JobOutcome::Dropped);
        };
        let card = match self.sales_chat.card(&lead_id).await? {
            Some(Versioned { value: card, .. }) => card,
            // The card has not reached the chat: one reason more to tell somebody.
            None => Card::new(lead_id, lead.chat_id, None),
        };
        if card.taken.is_some() {
            return Ok(JobOutcome::Dropped);
        }
        let view = card.view(&lead, &dealer.team, chat.show_phone, self.language);
        let screen = self.escalation_screen(&lead, &card, &view, escalation);
        if !self.jobs.take_out(job).await? {
            return Ok(JobOutcome::NotDue);
        }
        let sent = match self.telegram.send(escalation.to, &screen).await {
            Err(ApiError::Migrated { to }) => self.telegram.send(to, &screen).await,
            sent => sent,
        };
        match sent {
            Ok(_) => Ok(JobOutcome::Sent),
            Err(error @ (ApiError::Blocked | ApiError::Refused { .. })) => {
                tracing::warn!("nobody hears that a request is not taken: {error}");
                self.tell_unreachable(escalation.to).await;
                Ok(JobOutcome::Dropped)
            }
            Err(error) => Ok(self.outcome_of(&error)),
        }
    }

    fn escalation_screen(&self, lead: &Lead, card: &Card, view: &CardView, escalation: &Escalation) -> Screen {
        let seconds = i64::try_from(escalation.after.as_secs()).unwrap_or(i64::MAX);
        let arguments =
            [("number", lead.lead_id.request_number().into()), ("duration", self.language.duration(seconds).into())];
        let heading = self.language.text_with("escalation", arguments);
        let mut text = Text::default().bold(&heading).push("\n\n").push(&view.text.text);
        if let Some(url) = card.message_url() {
            text = text.push("\n").styled(&self.language.text("escalation-card"), Style::Link(url));
        }
        if let Some(deal) = &view.deal {
            text = text.push("\n").styled(&deal.text, Style::Link(deal.url.clone()));
        }
        Screen { text, keyboard: Keyboard::None }
    }

    async fn tell_unreachable(&self, to: i64) {
        let text = self.language.text_with("escalation-unreachable", [("to", to.to_string().into())]);
        let key = format!("escalation-unreachable:{to}:{}", self.now() / DAY);
        self.admins.tell(&AdminMessage { key, text }).await;
    }
}
