//! First stage: the contact of every lead, one for each phone.

use std::collections::BTreeMap;

use amocrm::{Contact, CrmError, Doubt, TAG_NEW, contact_of_phone, phone_key, search_terms};
use delivery::{load_document, update_document};
use futures::{StreamExt, stream};
use lead::{Lead, SEARCH_LAG, Seconds};
use serde_json::{Value, json};
use storage::SaveError;

use crate::recent::{KEY, Recent, RecentContacts};
use crate::work::{End, Failed, Work};
use crate::{CrmPush, Delivery};

/// Phones looked up at once; the client paces the calls.
const AT_ONCE: usize = 4;

/// What looking for a phone's contact came to.
enum Found {
    /// There is one.
    Contact(u64),
    /// There is none.
    Nothing,
    /// There may be one that cannot be seen before then.
    NotBefore(Seconds),
    /// The lease would not last.
    TooLate,
}

/// Positions of works that share a phone.
type Group = Vec<usize>;

impl Delivery<'_> {
    pub(crate) async fn contacts(&self, works: &mut [Work]) {
        let groups = by_phone(works);
        if groups.is_empty() {
            return;
        }
        let Some(recent) = self.recent_contacts().await else {
            // Without them a contact that search does not know yet could be created again.
            let due_at = (self.push.clock)() + SEARCH_LAG;
            groups.iter().flatten().for_each(|at| works[*at].put_back(due_at));
            return;
        };
        let looked_up: Vec<(Group, Result<Found, CrmError>)> = {
            let works = &*works;
            let recent = &recent;
            stream::iter(groups)
                .map(|group| async move {
                    let found = self.look_up(works, &group, recent).await;
                    (group, found)
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await
        };
        let mut missing = Vec::new();
        for (group, found) in looked_up {
            match found {
                Ok(Found::Contact(id)) => self.settle(works, &group, id).await,
                Ok(Found::Nothing) => missing.push(group),
                Ok(Found::NotBefore(due_at)) => {
                    group.iter().for_each(|at| works[*at].end = Some(End::PutBack { due_at }));
                }
                Ok(Found::TooLate) => group.iter().for_each(|at| works[*at].end = Some(End::Failed(Failed::slow()))),
                Err(error) => group.iter().for_each(|at| self.fail_to_look(&mut works[*at], &error)),
            }
        }
        self.create_contacts(works, missing).await;
    }

    async fn look_up(&self, works: &[Work], group: &Group, recent: &RecentContacts) -> Result<Found, CrmError> {
        let lead = &works[group[0]].lead.value;
        let phone = &lead.request.customer.phone;
        let now = (self.push.clock)();
        if works[group[0]].is_late_to_look(now) {
            return Ok(Found::TooLate);
        }
        match recent.get(&lead.request.queue_group(), now) {
            Some(Recent::InDoubt { until }) => return Ok(Found::NotBefore(until)),
            Some(Recent::Created { id, .. }) => {
                let contact = self.crm.contact(id).await?;
                if let Some(contact) = contact.filter(|contact| is_of_phone(contact, phone)) {
                    self.greet(&contact, lead).await?;
                    return Ok(Found::Contact(id));
                }
            }
            None => {}
        }
        for term in search_terms(phone) {
            if works[group[0]].is_late((self.push.clock)()) {
                return Ok(Found::TooLate);
            }
            let hits = self.crm.search_contacts(&term).await?;
            if let Some(contact) = contact_of_phone(&hits, phone) {
                let own = group.iter().any(|at| is_own_creation(contact, &works[*at]));
                if !own {
                    self.greet(contact, lead).await?;
                }
                return Ok(Found::Contact(contact.id));
            }
        }
        Ok(Found::Nothing)
    }

    /// Adds to a contact that was found what it lacks. Fields that the account refuses are left out: the note has them.
    async fn greet(&self, contact: &Contact, lead: &Lead) -> Result<(), CrmError> {
        let Some(update) = self.push.shape.contact_update(contact, lead) else { return Ok(()) };
        let tags_only = json!({ "tags_to_add": update["tags_to_add"] });
        let attempts: [Option<&Value>; 2] = [Some(&update), update.get("tags_to_add").map(|_| &tags_only)];
        for attempt in attempts.into_iter().flatten() {
            match self.crm.update_contact(contact.id, attempt).await {
                Err(CrmError::Refused(refusal)) => {
                    tracing::warn!(lead_id = %lead.lead_id, %refusal, "a known contact cannot be changed");
                }
                answer => return answer,
            }
        }
        Ok(())
    }

    /// Creates the contacts that are missing, together where amoCRM takes them together. Each is remembered for its phone
    /// before any lead has it: whoever dies in between leaves no phone behind whose contact only search would find.
    async fn create_contacts(&self, works: &mut [Work], groups: Vec<Group>) {
        self.let_go_of_deleted(works, &groups).await;
        let groups = groups.into_iter().map(|group| self.with_time(works, &group));
        let groups: Vec<Group> = groups.filter(|group| !group.is_empty()).collect();
        if groups.len() > 1 {
            let items: Vec<Value> = groups.iter().map(|group| self.new_contact(&works[group[0]])).collect();
            match self.crm.create_contacts(&items).await {
                Ok(created) => {
                    let keys: Vec<&str> = items.iter().filter_map(|item| item["request_id"].as_str()).collect();
                    let ids = crate::step::in_order(&created, &keys);
                    let now = (self.push.clock)();
                    let known = |(group, id): (&Group, &u64)| (self.group_key(works, group), Recent::created(*id, now));
                    self.remember(&groups.iter().zip(&ids).map(known).collect::<Vec<_>>()).await;
                    for (group, id) in groups.iter().zip(ids) {
                        self.settle(works, group, id).await;
                    }
                    return;
                }
                // One of them is refused, and not even amoCRM says whose fault it is: one by one.
                Err(CrmError::Refused(_)) => {}
                Err(error) => {
                    self.fail_groups(works, &groups, &error).await;
                    return;
                }
            }
        }
        for group in &groups {
            let in_time = self.with_time(works, group);
            if in_time.is_empty() {
                continue;
            }
            match self.create_contact(works, &in_time).await {
                Ok(id) => {
                    let known = (self.group_key(works, group), Recent::created(id, (self.push.clock)()));
                    self.remember(&[known]).await;
                    self.settle(works, group, id).await;
                }
                Err(error) => self.fail_groups(works, std::slice::from_ref(&in_time), &error).await,
            }
        }
    }

    /// Nothing is stored between claiming a lead and creating its contact. If looking took its time, a customer may have had
    /// the request deleted meanwhile: then the name and the phone must not go to amoCRM any more.
    async fn let_go_of_deleted(&self, works: &mut [Work], groups: &[Group]) {
        for at in groups.iter().flatten() {
            let work = &mut works[*at];
            if work.seconds_held((self.push.clock)()) < 1 {
                continue;
            }
            match self.push.leads.get(&work.id()).await {
                Ok(Some(stored)) if stored.version == work.lead.version => {}
                Ok(_) => work.end = Some(End::Lost),
                Err(error) => {
                    tracing::error!(lead_id = %work.id(), %error, "a lead cannot be read again");
                    work.end = Some(End::Unsaved);
                }
            }
        }
    }

    async fn create_contact(&self, works: &mut [Work], group: &Group) -> Result<u64, CrmError> {
        loop {
            let item = self.new_contact(&works[group[0]]);
            let error = match self.crm.create_contacts(std::slice::from_ref(&item)).await {
                Ok(created) => return Ok(created[0].id),
                Err(error) => error,
            };
            let CrmError::Refused(refusal) = &error else { return Err(error) };
            // What is offered is the first one's; the others only remember what their account does not take.
            let mut conceded = group.iter().map(|at| works[*at].concede(&self.push.shape, &item, &refusal.validation));
            let first_conceded = conceded.next() == Some(true);
            conceded.for_each(drop);
            if !first_conceded || works[group[0]].is_late((self.push.clock)()) {
                return Err(error);
            }
        }
    }

    /// Those of a phone's leads that [have time](Self::has_time); the attempt of each of the others is over.
    fn with_time(&self, works: &mut [Work], group: &Group) -> Group {
        group.iter().copied().filter(|at| self.has_time(&mut works[*at])).collect()
    }

    fn new_contact(&self, work: &Work) -> Value {
        self.push.shape.new_contact(&work.lead.value)
    }

    fn group_key(&self, works: &[Work], group: &Group) -> String {
        works[group[0]].lead.value.request.queue_group()
    }

    async fn fail_groups(&self, works: &mut [Work], groups: &[Group], error: &CrmError) {
        if error.doubt() != Doubt::No {
            let in_doubt = Recent::in_doubt((self.push.clock)());
            let news: Vec<_> = groups.iter().map(|group| (self.group_key(works, group), in_doubt)).collect();
            self.remember(&news).await;
        }
        groups.iter().flatten().for_each(|at| self.fail(&mut works[*at], error));
    }

    /// Records the contact with every lead of the phone.
    async fn settle(&self, works: &mut [Work], group: &Group, id: u64) {
        for at in group {
            let work = &mut works[*at];
            if work.is_active() {
                work.lead.value.progress.contact_id = Some(id);
                work.in_doubt = false;
                self.checkpoint(work).await;
            }
        }
    }

    async fn recent_contacts(&self) -> Option<RecentContacts> {
        let stored = load_document(&self.push.documents, KEY).await;
        stored
            .inspect_err(|error| tracing::error!(%error, "recent contacts cannot be read"))
            .ok()
            .map(|stored| stored.value)
    }

    async fn remember(&self, news: &[(String, Recent)]) {
        if let Err(error) = self.push.remember_contacts(news).await {
            tracing::error!(%error, "recent contacts cannot be stored");
        }
    }
}

impl CrmPush {
    /// Keeps everybody from creating the contact of these queue groups' phones until then, for a dead worker may have been
    /// creating it.
    ///
    /// # Errors
    /// When that cannot be stored.
    pub async fn doubt_contacts(&self, groups: &[(String, Seconds)]) -> Result<(), SaveError> {
        let doubt = |(group, until): &(String, Seconds)| (group.clone(), Recent::in_doubt_until(*until));
        self.remember_contacts(&groups.iter().map(doubt).collect::<Vec<_>>()).await
    }

    async fn remember_contacts(&self, news: &[(String, Recent)]) -> Result<(), SaveError> {
        if news.is_empty() {
            return Ok(());
        }
        let now = (self.clock)();
        update_document(&self.documents, KEY, |recent: &mut RecentContacts| recent.add(news, now)).await
    }
}

/// Works without a contact, grouped by phone, in the order of the batch.
fn by_phone(works: &[Work]) -> Vec<Group> {
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for (at, work) in works.iter().enumerate() {
        if work.is_active() && work.lead.value.progress.contact_id.is_none() {
            groups.entry(phone_key(&work.lead.value.request.customer.phone)).or_default().push(at);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort();
    groups
}

fn is_of_phone(contact: &Contact, phone: &str) -> bool {
    contact_of_phone(std::slice::from_ref(contact), phone).is_some()
}

/// Whether the contact is the one that an earlier attempt for this lead created without learning of it: then it has no deal
/// yet, for a deal is only created for a contact that is known.
fn is_own_creation(contact: &Contact, work: &Work) -> bool {
    work.in_doubt && contact.has_tag(TAG_NEW) && contact.deal_ids().is_empty()
}
