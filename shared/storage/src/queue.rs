//! The FIFO queue of leads. It is a hint to hurry: what is not on it is found in the Leads table by `scheduled`.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use lead::{Lead, LeadId};
use serde::{Deserialize, Serialize};

use crate::{StorageError, Versioned};

/// The queue of leads.
#[derive(Clone, Debug)]
pub struct Queue {
    client: Client,
    url: String,
}

/// The body of a message: an id, no personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueueMessage {
    /// Which lead to deliver.
    pub lead_id: LeadId,
}

impl Queue {
    pub(crate) const fn new(client: Client, url: String) -> Self {
        Self { client, url }
    }

    /// Asks for delivery of a lead, after any other with the same phone. Asking twice for one version of a lead is asking
    /// once: whoever wants it tried again stores a change first, such as when it is due next.
    ///
    /// # Errors
    /// When the queue does not take the message.
    pub async fn enqueue(&self, lead: &Versioned<Lead>) -> Result<(), StorageError> {
        const SEND: &str = "queueing a request";
        let Versioned { value: lead, version } = lead;
        let body = serde_json::to_string(&QueueMessage { lead_id: lead.lead_id })
            .map_err(|error| StorageError::other(SEND, error.to_string()))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(lead.request.queue_group())
            .message_deduplication_id(format!("{}-{version}", lead.lead_id))
            .send()
            .await
            .map_err(StorageError::of(SEND))?;
        Ok(())
    }

    /// How many messages wait, roughly.
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
            .map_err(StorageError::of("asking for the queue's depth"))?;
        let depth = answer
            .attributes()
            .and_then(|attributes| attributes.get(&QueueAttributeName::ApproximateNumberOfMessages))
            .and_then(|depth| depth.parse().ok());
        Ok(depth.unwrap_or_default())
    }
}
