//! What stays in amoCRM when a customer is forgotten here.

use crate::{Aws, StorageError, Tables};

/// What amoCRM has of a chat, for a person to delete there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftInCrm {
    /// The customer's own contact: a request of this chat created it, or Telegram confirmed its number.
    Contact(u64),
    /// The chat's deals. Their contact may be somebody else's, whose number was typed.
    Deals(Vec<u64>),
}

/// What amoCRM has of a chat, as far as it is known here: requests are kept for 30 days after delivery.
///
/// # Errors
/// When a table cannot be read.
pub async fn left_in_crm(aws: &Aws, tables: &Tables, chat_id: i64) -> Result<Option<LeftInCrm>, StorageError> {
    let customer = aws.customers(tables).get(chat_id).await?;
    if let Some(contact_id) = customer.and_then(|customer| customer.contact_id) {
        return Ok(Some(LeftInCrm::Contact(contact_id)));
    }
    let leads = aws.leads(tables);
    let requests = leads.get_many(&leads.of_chat(chat_id).await?).await?;
    let deals: Vec<u64> = requests.iter().filter_map(|lead| lead.value.progress.deal_id()).collect();
    Ok((!deals.is_empty()).then_some(LeftInCrm::Deals(deals)))
}
