//! The FIFO queue of leads. It is a hint to hurry: `scheduled` finds leads that are not on it in the Leads table.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use lead::{Lead, LeadId};
use serde::{Deserialize, Serialize};

use crate::{Aws, StorageError, Tables, Versioned};

/// The queue of leads.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// The body of a message: an id, no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueMessage {
    pub lead_id: LeadId,
    #[serde(default, rename = "job", skip_serializing_if = "MessageKind::is_request")]
    pub kind: MessageKind,
}

/// What of a lead is to be delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// The request: contact, deal, note, task.
    #[default]
    Request,
    /// The photos of a request that is in amoCRM.
    Photos,
}

impl MessageKind {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    const fn is_request(&self) -> bool {
        matches!(self, Self::Request)
    }
}

/// The message group of all photos. A FIFO queue hands out one batch of a group at a time: photos never occupy more than one
/// of the workers.
const PHOTOS_GROUP: &str = "photos";

impl Aws {
    /// Opens the queue of leads.
    #[must_use]
    pub fn queue(&self, tables: &Tables) -> Queue {
        Queue { client: self.sqs.clone(), url: tables.leads_queue_url.clone() }
    }
}

impl Queue {
    /// Asks for delivery of a lead, after any other with the same phone. The queue takes each version of a lead once: to
    /// have a lead tried again, store a change first, such as its next due time.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue(&self, lead: &Versioned<Lead>) -> Result<(), StorageError> {
        self.send(lead, MessageKind::Request, lead.value.request.phone_hash()).await
    }

    /// Asks for delivery of a lead's photos, one lead after the other.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue_photos(&self, lead: &Versioned<Lead>) -> Result<(), StorageError> {
        self.send(lead, MessageKind::Photos, PHOTOS_GROUP.to_owned()).await
    }

    async fn send(&self, lead: &Versioned<Lead>, kind: MessageKind, group: String) -> Result<(), StorageError> {
        const SEND: &str = "queueing a request";
        let Versioned { value: lead, version } = lead;
        let body = serde_json::to_string(&QueueMessage { lead_id: lead.lead_id, kind })
            .map_err(|error| StorageError::other(SEND, error.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group)
            .message_deduplication_id(format!("{}-{version}", lead.lead_id))
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
