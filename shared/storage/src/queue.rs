//! The FIFO queue of leads. It is a hint to hurry: `scheduled` finds leads that are not on it in the Leads table.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use lead::{Lead, LeadId, PhoneKey};
use sales::Card;
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use crate::{Aws, StorageError, Tables, Versioned};

/// The queue of leads.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
    phone_key: PhoneKey,
}

/// The body of a message: ids, no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum QueueMessage {
    /// A part of a lead has to be delivered.
    Lead {
        lead_id: LeadId,
        #[serde(default, rename = "job", skip_serializing_if = "LeadPart::is_request")]
        part: LeadPart,
    },
    /// amoCRM says that these deals were changed.
    Deals { deal_ids: Vec<u64> },
}

/// The part of a lead to deliver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeadPart {
    /// The request: contact, deal, note, task.
    #[default]
    Request,
    /// The photos of a request that is in amoCRM.
    Photos,
    /// The handover of a request that was taken in the sales chat.
    Handover,
}

impl LeadPart {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_request(&self) -> bool {
        matches!(self, Self::Request)
    }
}

/// The message group of all photos. A FIFO queue hands out one batch of a group at a time: photos never occupy more
/// than one of the workers.
const PHOTOS_GROUP: &str = "photos";
/// The message group of all deals that were changed in amoCRM.
const DEALS_GROUP: &str = "deals";
/// The operation, for errors.
const SEND: &str = "queueing a message";

impl Aws {
    /// Opens the queue of leads.
    #[must_use]
    pub fn queue(&self, tables: &Tables) -> Queue {
        Queue { client: self.sqs.clone(), url: tables.leads_queue_url.clone(), phone_key: tables.phone_key.clone() }
    }
}

impl Queue {
    /// Asks for delivery of a lead, after any other with the same phone. The queue takes each version of a lead once:
    /// to have a lead tried again, store a change first, such as its next due time.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue(&self, lead: &Versioned<Lead>) -> Result<(), StorageError> {
        self.enqueue_part(lead, LeadPart::Request, lead.value.request.phone_hash(&self.phone_key)).await
    }

    /// Asks for delivery of a lead's photos, one lead after the other.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue_photos(&self, lead: &Versioned<Lead>) -> Result<(), StorageError> {
        self.enqueue_part(lead, LeadPart::Photos, PHOTOS_GROUP.to_owned()).await
    }

    /// Asks for the handover of a request that was taken.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue_handover(&self, card: &Versioned<Card>) -> Result<(), StorageError> {
        let lead_id = card.value.lead_id;
        let message = QueueMessage::Lead { lead_id, part: LeadPart::Handover };
        self.send(&message, format!("handover-{lead_id}"), format!("handover-{lead_id}-{}", card.version)).await
    }

    /// Asks for a look at deals that amoCRM says were changed. Every message is taken: a deal may be moved twice in a
    /// second.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue_deals(&self, deal_ids: Vec<u64>) -> Result<(), StorageError> {
        let message = QueueMessage::Deals { deal_ids };
        self.send(&message, DEALS_GROUP.to_owned(), Ulid::generate().to_string()).await
    }

    async fn enqueue_part(&self, lead: &Versioned<Lead>, part: LeadPart, group: String) -> Result<(), StorageError> {
        let Versioned { value: Lead { lead_id, .. }, version } = lead;
        let message = QueueMessage::Lead { lead_id: *lead_id, part };
        self.send(&message, group, format!("{lead_id}-{version}")).await
    }

    async fn send(&self, message: &QueueMessage, group: String, deduplication_id: String) -> Result<(), StorageError> {
        let body = serde_json::to_string(message).map_err(|error| StorageError::other(SEND, error.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(deduplication_id)
            .send()
            .await
            .map_err(StorageError::of(SEND))?;
        Ok(())
    }

    /// The approximate number of waiting messages.
    ///
    /// # Errors
    /// When the queue does not answer.
    pub async fn depth(&self) -> Result<u64, StorageError> {
        let answer = self
            .client
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
            .send()
            .await
            .map_err(StorageError::of("reading the queue's depth"))?;
        let depth = answer
            .attributes()
            .and_then(|attributes| attributes.get(&QueueAttributeName::ApproximateNumberOfMessages))
            .and_then(|depth| depth.parse().ok());
        Ok(depth.unwrap_or_default())
    }
}
