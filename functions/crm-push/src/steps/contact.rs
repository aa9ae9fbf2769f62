//! The contact: the one that has the customer's phone, else the one of the customer's chat, or a new one.
//!
//! amoCRM's search does not know a new contact for some seconds. So new contacts are remembered by phone
//! ([`RecentContacts`]), and after a lost creation nobody creates another before search would know the first.

use amocrm::{Client, Contact, CrmError, TAG_NEW, contact_of_phone, search_terms};
use delivery::load_document;
use futures::FutureExt;
use futures::future::BoxFuture;
use lead::{Lead, SEARCH_LAG, step};
use serde_json::{Value, json};

use super::{LookUp, Origin, Step};
use crate::attempt::StepContext;
use crate::claimed::ClaimedLead;
use crate::recent_contacts::{KEY, Recent, RecentContacts};

pub(crate) struct ContactStep;

impl Step for ContactStep {
    fn name(&self) -> &'static str {
        step::CONTACT
    }

    fn always_looks(&self, _context: &StepContext<'_>, _lead: &Lead) -> bool {
        true
    }

    fn shows_at_once(&self) -> bool {
        false
    }

    fn find<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a ClaimedLead,
        _in_doubt: bool,
    ) -> BoxFuture<'a, Result<LookUp, CrmError>> {
        context.find_contact(lead).boxed()
    }

    fn prepare<'a>(&'a self, context: &'a StepContext<'_>, lead: &'a mut Lead) -> BoxFuture<'a, bool> {
        context.choose_manager(lead, None).boxed()
    }

    fn items(&self, context: &StepContext<'_>, lead: &Lead) -> Vec<Value> {
        vec![context.payloads.new_contact(lead)]
    }

    fn create<'a>(&'a self, crm: &'a Client, items: &'a [Value]) -> BoxFuture<'a, Result<u64, CrmError>> {
        async { crm.create_contact(&items[0]).await }.boxed()
    }

    fn creation_was_lost<'a>(&'a self, context: &'a StepContext<'_>, lead: &'a Lead) -> BoxFuture<'a, ()> {
        context.remember(lead, Recent::in_doubt(context.function.now())).boxed()
    }

    /// Remembered for its phone before the lead has it: if the worker dies in between, the next one finds it.
    fn record<'a>(
        &'a self,
        context: &'a StepContext<'_>,
        lead: &'a mut Lead,
        id: u64,
        origin: Origin,
    ) -> BoxFuture<'a, ()> {
        async move {
            if origin == Origin::Created {
                context.remember(lead, Recent::created(id, context.function.now())).await;
            }
            lead.progress.record(step::CONTACT, id);
            let responsible = match origin {
                Origin::Existing { responsible } => responsible,
                Origin::Created | Origin::CreatedUnseen | Origin::OfUnfinished(_) => None,
            };
            lead.progress.created_contact = !matches!(origin, Origin::Existing { .. });
            context.choose_manager(lead, responsible).await;
        }
        .boxed()
    }
}

impl StepContext<'_> {
    async fn find_contact(&self, claimed: &ClaimedLead) -> Result<LookUp, CrmError> {
        let lead = claimed.lead();
        let phone = &lead.request.customer.phone;
        let now = self.function.now();
        let recent = match load_document::<RecentContacts>(&self.function.documents, KEY).await {
            Ok(stored) => stored.value,
            Err(error) => {
                // Without them a contact that search does not know yet could be created again.
                tracing::error!(%error, "recent contacts cannot be read");
                return Ok(LookUp::NotBefore(now + SEARCH_LAG));
            }
        };
        match recent.get(&lead.request.phone_hash(&self.function.phone_key), now) {
            Some(Recent::InDoubt { until }) => return Ok(LookUp::NotBefore(until)),
            Some(Recent::Created { id, .. }) => {
                let contact = self.crm.contact(id).await?;
                if let Some(contact) = contact.filter(|contact| is_of_phone(contact, phone)) {
                    return self.use_contact(&contact, claimed).await;
                }
            }
            None => {}
        }
        for term in search_terms(phone) {
            if !claimed.has_time_for(1, self.function.now()) {
                return Ok(LookUp::NoTime);
            }
            let hits = self.crm.search_contacts(&term).await?;
            if let Some(contact) = contact_of_phone(&hits, phone) {
                return self.use_contact(contact, claimed).await;
            }
        }
        match self.contact_of_chat(lead).await? {
            Some(contact) => self.use_contact(&contact, claimed).await,
            None => Ok(LookUp::Missing),
        }
    }

    /// The contact that is remembered for the chat, if it says itself that it is the chat's: it gains the phone.
    async fn contact_of_chat(&self, lead: &Lead) -> Result<Option<Contact>, CrmError> {
        let remembered = match self.function.customers.get(lead.chat_id).await {
            Ok(customer) => customer.and_then(|customer| customer.contact_id),
            Err(error) => {
                tracing::warn!(lead_id = %lead.lead_id, %error, "the customer's contact cannot be read");
                None
            }
        };
        let Some(id) = remembered else { return Ok(None) };
        let contact = self.crm.contact(id).await?;
        Ok(contact.filter(|contact| self.payloads.is_of_chat(contact, lead.chat_id)))
    }

    /// Takes a contact that was found. If an earlier attempt for this request created it without learning of it, it
    /// needs no update.
    async fn use_contact(&self, contact: &Contact, claimed: &ClaimedLead) -> Result<LookUp, CrmError> {
        // A deal is only created for a contact that is known: a contact without one may be from a lost creation.
        let is_own = claimed.is_in_doubt() && contact.has_tag(TAG_NEW) && contact.deal_ids().is_empty();
        if is_own {
            return Ok(LookUp::Exists { id: contact.id, origin: Origin::CreatedUnseen });
        }
        self.update_existing_contact(contact, claimed.lead()).await?;
        let responsible = Some(contact.responsible_user_id);
        Ok(LookUp::Exists { id: contact.id, origin: Origin::Existing { responsible } })
    }

    /// Adds to a contact that was found what it lacks. Fields that the account refuses are left out: the note has them.
    async fn update_existing_contact(&self, contact: &Contact, lead: &Lead) -> Result<(), CrmError> {
        let Some(update) = self.payloads.contact_update(contact, lead) else { return Ok(()) };
        let tags_only = update.get("tags_to_add").map(|tags| json!({ "tags_to_add": tags }));
        for update in [Some(update), tags_only].into_iter().flatten() {
            match self.crm.update_contact(contact.id, &update).await {
                Err(CrmError::Refused(refusal)) => {
                    tracing::warn!(lead_id = %lead.lead_id, %refusal, "a known contact cannot be changed");
                }
                result => return result,
            }
        }
        Ok(())
    }

    async fn remember(&self, lead: &Lead, recent: Recent) {
        let phone_hash = lead.request.phone_hash(&self.function.phone_key);
        if let Err(error) = self.function.remember_contacts(&[(phone_hash, recent)]).await {
            tracing::error!(lead_id = %lead.lead_id, %error, "recent contacts cannot be stored");
        }
    }
}

fn is_of_phone(contact: &Contact, phone: &str) -> bool {
    contact_of_phone(std::slice::from_ref(contact), phone).is_some()
}
