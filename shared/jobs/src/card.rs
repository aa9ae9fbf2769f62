//! The card of a request in the sales chat.

use dealer::{Dealer, SalesChat};
use lead::safe_text::name_without_numbers;
use lead::{Lead, LeadId, Seconds, Status};
use relay::RelayError;
use sales::{Card, CardMessage};
use settings::Retry;
use storage::{ClaimedJob, SaveError, StorageError, Versioned, pause_after_conflict};
use talk::Topic;
use telegram::{ApiError, Recipient};

use crate::{JobOutcome, PAUSE, Runner};

impl Runner {
    pub(crate) async fn send_card(&self, lead_id: LeadId, job: &mut ClaimedJob) -> Result<JobOutcome, StorageError> {
        let dealer = self.dealer.known().await?;
        let Some(chat) = &dealer.sales_chat else { return Ok(JobOutcome::Dropped) };
        let Some(Versioned { value: lead, .. }) = self.leads.get(&lead_id).await? else {
            return Ok(JobOutcome::Dropped);
        };
        if !matches!(lead.status, Status::Sent { .. }) {
            // Its worker has planned the card and is about to store that the request is sent.
            return Ok(JobOutcome::PutBack { due_at: self.now() + PAUSE });
        }
        let Some(card) = self.card_of(&lead).await? else { return Ok(JobOutcome::Dropped) };
        if card.value.message.is_some() {
            return Ok(JobOutcome::Dropped);
        }
        let group_id = self.group_id(chat).await;
        let to = match self.topic_for(&lead, group_id).await {
            Ok(topic) => Recipient { chat_id: group_id, topic },
            Err(due_at) => return Ok(JobOutcome::PutBack { due_at }),
        };
        if !self.jobs.take_out(job).await? {
            return Ok(JobOutcome::NotDue);
        }
        let sent = self.post(&card.value, &lead, &dealer, chat, to).await;
        self.note_result(chat, sent.as_ref().err(), &dealer).await;
        match sent {
            Ok(message) => {
                self.remember(card, message).await;
                Ok(JobOutcome::Sent)
            }
            Err(error) => Ok(self.outcome_of(&error)),
        }
    }

    /// Updates the message of a card.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub async fn update_card(&self, lead_id: LeadId) -> Result<JobOutcome, StorageError> {
        let Some(Versioned { value: card, .. }) = self.sales_chat.card(&lead_id).await? else {
            return Ok(JobOutcome::Dropped);
        };
        let Some(Versioned { value: lead, .. }) = self.leads.get(&lead_id).await? else {
            return Ok(JobOutcome::Dropped);
        };
        let dealer = self.dealer.known().await?;
        let (Some(chat), Some(message)) = (&dealer.sales_chat, card.message) else { return Ok(JobOutcome::Dropped) };
        let view = card.view(&lead, &dealer.team, chat.show_phone, self.language);
        match self.telegram.edit_card(message, &view).await {
            Ok(()) => Ok(JobOutcome::Sent),
            // Making the same edit twice does no harm.
            Err(error) if error.is_temporary() => Ok(JobOutcome::PutBack { due_at: self.now() + PAUSE }),
            Err(error) => {
                tracing::warn!(%lead_id, "a card cannot be changed: {error}");
                Ok(JobOutcome::Dropped)
            }
        }
    }

    /// The stored card. It is stored before it is sent, so that the card of a customer who is deleted meanwhile does not
    /// come back; `None` if that has happened already.
    async fn card_of(&self, lead: &Lead) -> Result<Option<Versioned<Card>>, StorageError> {
        if let Some(card) = self.sales_chat.card(&lead.lead_id).await? {
            return Ok(Some(card));
        }
        let deal_url = lead.progress.deal_id().and_then(|id| self.deal_url(id));
        let mut card = Versioned::new(Card::new(lead.lead_id, lead.chat_id, deal_url));
        match self.sales_chat.save_card(&mut card).await {
            Ok(()) => Ok(Some(card)),
            Err(SaveError::Conflict) => self.sales_chat.card(&lead.lead_id).await,
            Err(SaveError::Storage(error)) => Err(error),
        }
    }

    /// Sends the card. The group may have become another one, and the topic may be gone.
    async fn post(
        &self,
        card: &Card,
        lead: &Lead,
        dealer: &Dealer,
        chat: &SalesChat,
        to: Recipient,
    ) -> Result<CardMessage, ApiError> {
        let view = card.view(lead, &dealer.team, chat.show_phone, self.language);
        let photo = lead.request.photos.first().map(|photo| photo.file_id.as_str());
        match self.telegram.send_card(to, &view, photo).await {
            Err(error) if to.topic.is_some() && error.is_topic_gone() => {
                tracing::info!("a topic was deleted: the card goes into another one");
                self.forget_topic(lead, to).await;
                let topic = self.topic_for(lead, to.chat_id).await.unwrap_or_default();
                self.telegram.send_card(Recipient { topic, ..to }, &view, photo).await
            }
            Err(ApiError::Migrated { to }) => {
                self.follow(chat, to).await;
                self.telegram.send_card(to.into(), &view, photo).await
            }
            sent => sent,
        }
    }

    /// The customer's topic. `None` if the group has no topics, or refuses one: then the card goes to the group itself.
    ///
    /// # Errors
    /// When there is none for now: the time at which to try again.
    async fn topic_for(&self, lead: &Lead, group_id: i64) -> Result<Option<i64>, Seconds> {
        let customer = &lead.request.customer;
        let name = Some(name_without_numbers(&customer.name)).filter(|name| !name.is_empty());
        let username = customer.username.as_ref().map(|username| format!("@{username}"));
        let title = name.into_iter().chain(username).collect::<Vec<_>>().join(" · ");
        let topic = match self.relay.has_topics(group_id).await {
            Ok(false) => return Ok(None),
            Ok(true) => self.relay.topic(lead.chat_id, &title, group_id).await,
            Err(error) => Err(error.into()),
        };
        match topic {
            Ok(topic) => Ok(Some(topic.id)),
            Err(RelayError::Telegram(error)) if !error.is_temporary() => {
                tracing::warn!("a card goes to the group itself, because it has no topic: {error}");
                Ok(None)
            }
            Err(error) => {
                tracing::warn!("a card waits for its topic: {error}");
                let pause = if let RelayError::Telegram(error) = &error { error.pause() } else { None };
                Err(self.now() + pause.map_or(PAUSE, |pause| Seconds::try_from(pause).unwrap_or(PAUSE)))
            }
        }
    }

    async fn forget_topic(&self, lead: &Lead, to: Recipient) {
        let Some(id) = to.topic else { return };
        if let Err(error) = self.relay.forget_topic(lead.chat_id, Topic { group: to.chat_id, id }).await {
            tracing::warn!("a deleted topic is not forgotten: {error}");
        }
    }

    /// Stores which message the card is. If that fails, the first press on it still says so.
    async fn remember(&self, mut card: Versioned<Card>, message: CardMessage) {
        let lead_id = card.value.lead_id;
        let stored: Result<(), SaveError> = async {
            let retry = Retry::SHARED_DOCUMENT;
            for tried in 1..=retry.tries {
                card.value.message.get_or_insert(message);
                match self.sales_chat.save_card(&mut card).await {
                    Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
                    saved => return saved,
                }
                match self.sales_chat.card(&lead_id).await? {
                    Some(stored) => card = stored,
                    None => {
                        self.clear(lead_id, message).await;
                        return Ok(());
                    }
                }
            }
            Err(SaveError::Conflict)
        }
        .await;
        if let Err(error) = stored {
            tracing::warn!(%lead_id, "the card's message was not stored: {error}");
        }
    }

    /// The customer was deleted while the card was sent.
    async fn clear(&self, lead_id: LeadId, message: CardMessage) {
        let text = self.language.text_with("card-forgotten", [("number", lead_id.request_number().into())]);
        if let Err(error) = self.telegram.clear_card(message, &text).await {
            tracing::error!(%lead_id, "a deleted customer's card stays in the sales chat: {error}");
        }
    }

    fn deal_url(&self, deal_id: u64) -> Option<String> {
        self.amocrm_url.as_ref().map(|url| format!("{url}/leads/detail/{deal_id}"))
    }
}
