//! Where the incident is kept.

use std::sync::Arc;

use lead::{LeadId, Seconds, Status};
use settings::Clock;
use storage::{CurrentDealer, Documents, Leads, SaveError, StorageError};
use texts::Language;

use crate::document::{load_document, update_document};
use crate::{AdminChat, AttemptOutcomes, Incident, Permit};

const KEY: &str = "amocrm-incident";
/// Requests read at once.
const AT_ONCE: usize = 25;

/// A person has fixed something: the next request may show whether amoCRM takes requests again.
///
/// # Errors
/// When the incident cannot be read or stored.
pub async fn probe_now(documents: &Documents, now: Seconds) -> Result<(), SaveError> {
    update_document(documents, KEY, |incident: &mut Incident| incident.probe_now(now)).await
}

/// The shared incident. If it cannot be read or stored, that is logged and deliveries go on: the breaker spares amoCRM,
/// but must never be what keeps a request from it.
#[derive(Clone)]
pub struct Incidents {
    /// Where the incident is kept.
    pub documents: Documents,
    pub leads: Leads,
    /// Who is told of it.
    pub admins: AdminChat,
    pub clock: Clock,
    pub dealer: Arc<CurrentDealer>,
    pub language: Language,
}

impl Incidents {
    /// The incident as it is.
    pub async fn load(&self) -> Incident {
        match load_document::<Incident>(&self.documents, KEY).await {
            Ok(stored) => stored.value,
            Err(error) => {
                tracing::error!(%error, "the incident cannot be read");
                Incident::default()
            }
        }
    }

    /// What this worker may do now; `seen` is the incident as loaded. Takes the probe, if it is due.
    pub async fn take_permit(&self, seen: &Incident) -> Permit {
        let now = (self.clock)();
        if seen.permit(now) != Permit::Probe {
            return seen.permit(now);
        }
        match update_document(&self.documents, KEY, |incident: &mut Incident| incident.take_permit(now)).await {
            Ok(permit) => permit,
            Err(error) => {
                tracing::error!(%error, "the probe cannot be taken");
                Permit::Probe
            }
        }
    }

    /// Records how an attempt went and tells the admins what is new. Returns true when amoCRM takes requests again.
    pub async fn record_outcomes(&self, outcome: &AttemptOutcomes) -> bool {
        let now = (self.clock)();
        let recorded = update_document(&self.documents, KEY, |incident: &mut Incident| {
            let is_back = incident.record_outcomes(outcome, now);
            (is_back, incident.clone())
        });
        match recorded.await {
            Ok((is_back, incident)) => {
                self.tell(&incident).await;
                is_back
            }
            Err(error) => {
                tracing::error!(%error, "the incident cannot be stored");
                false
            }
        }
    }

    /// Finds out what became of the waiting requests, and tells the admins what they have not heard yet. Returns the
    /// incident as it is then.
    ///
    /// # Errors
    /// When the requests cannot be read.
    pub async fn reconcile(&self) -> Result<Incident, StorageError> {
        let mut incident = self.load().await;
        let mut outcome = AttemptOutcomes::default();
        let waiting: Vec<LeadId> = incident.waiting().collect();
        for ids in waiting.chunks(AT_ONCE) {
            let leads = self.leads.get_many(ids).await?;
            for id in ids {
                match leads.iter().find(|lead| lead.value.lead_id == *id).map(|lead| &lead.value.status) {
                    Some(Status::Sent { .. }) => outcome.sent.push(*id),
                    None | Some(Status::Dead { .. }) => outcome.given_up.push(*id),
                    Some(_) => {}
                }
            }
        }
        if outcome != AttemptOutcomes::default() {
            let now = (self.clock)();
            let changed = update_document(&self.documents, KEY, |incident: &mut Incident| {
                incident.reconcile(&outcome, now);
                incident.clone()
            });
            match changed.await {
                Ok(changed) => incident = changed,
                Err(error) => tracing::error!(%error, "the incident cannot be stored"),
            }
        }
        self.tell(&incident).await;
        Ok(incident)
    }

    /// Tells the admins what they should have been told by now, once.
    pub async fn tell(&self, incident: &Incident) {
        let now = (self.clock)();
        let calendar = &self.dealer.get().await.calendar;
        if incident.messages(0, now, calendar, self.language).is_empty() {
            return;
        }
        let unsent = self.leads.count_unsent().await.unwrap_or_default();
        for message in incident.messages(unsent, now, calendar, self.language) {
            self.admins.tell(&message).await;
        }
    }
}
