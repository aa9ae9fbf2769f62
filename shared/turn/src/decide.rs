//! From the stored conversation to the next one.

use dialog::{
    Conversation, Effect, Event, FunnelProgress, Moment, Person, Rules, SourceProgress, Verdict, decide, wants_person,
};
use lead::{Lead, LeadId, Request, Seconds};
use settings::Retry;
use settings::metrics::{self, Unit};
use settings::time_budget::SAME_UPDATE;
use storage::{FinishError, SaveError, StorageError, Versioned, pause_after_conflict};
use tokio::time::{Instant, sleep};
use ulid::Ulid;

use crate::{Bot, RetryLater};

/// A decision that is stored, with its effects still to perform.
#[derive(Debug)]
pub struct Decided {
    pub(crate) effects: Vec<Effect>,
    pub(crate) session: Versioned<Conversation>,
    /// The request, as stored.
    pub(crate) lead: Option<Versioned<Lead>>,
    /// What to count for the link that has brought the customer.
    pub(crate) source_progress: Option<SourceProgress>,
    /// Whether the conversation waited for the model's answer to this update.
    pub was_awaited: bool,
}

impl Bot {
    /// Decides on an update, which began to be handled at `started`, and stores the result. Decides again whenever
    /// another update of the chat was stored first.
    ///
    /// # Errors
    /// The update was not handled. Telegram should deliver it again.
    pub async fn decide_and_save(&self, event: &Event, started: Instant) -> Result<Decided, RetryLater> {
        let chat_id = event.person.chat_id;
        let mut tried = 0;
        // The time of arrival, also for later decisions. Otherwise updates that wait for each other would spread a
        // burst over several seconds, and all of it would pass the flood limit.
        let mut now = (self.clock)();
        let mut takes_requests = true;
        loop {
            let (session, (mut moment, rules)) = futures::join!(self.sessions.load(chat_id), self.circumstances(now));
            moment.takes_requests = takes_requests;
            let mut session = session?;
            if wants_person(&session.value, event) {
                moment.has_topics = self.has_topics(&rules.dealer).await;
            }
            let was_awaited = session.value.awaits_answer(event.update_id);
            let (next, request, effects) = match decide(&session.value, event, &moment, &rules) {
                Verdict::Stay(effects) => {
                    return Ok(Decided { effects, session, lead: None, source_progress: None, was_awaited });
                }
                Verdict::Move { next, request, effects } => (*next, request, effects),
                Verdict::Busy if started.elapsed() > SAME_UPDATE => return Err(RetryLater::StillBusy),
                Verdict::Busy => {
                    sleep(Retry::SAME_UPDATE.first).await;
                    now = (self.clock)();
                    continue;
                }
            };
            let source_progress = next.source_progress(session.value.progress(), now);
            match self.save(&event.person, &mut session, next, request).await {
                Ok(lead) => return Ok(Decided { effects, session, lead, source_progress, was_awaited }),
                Err(FinishError::TooMany) => takes_requests = false,
                Err(FinishError::Save(SaveError::Storage(error))) => return Err(error.into()),
                Err(FinishError::Save(SaveError::Conflict)) => {
                    tried += 1;
                    if !Retry::DECISION.allows_another(tried) {
                        return Err(RetryLater::TooManyConflicts);
                    }
                    pause_after_conflict(Retry::DECISION, tried).await;
                }
            }
        }
    }

    /// What a decision at `now` is based on.
    pub(crate) async fn circumstances(&self, now: Seconds) -> (Moment, Rules) {
        let dealer = self.dealer.get().await;
        let year = dealer.calendar.local(now).year();
        (
            Moment { now, year, fresh_id: LeadId(Ulid::generate()), takes_requests: true, has_topics: false },
            Rules { dealer, ..self.rules.clone() },
        )
    }

    /// Stores the next conversation in place of the one that was read, with the request if there is one. Returns the
    /// request as stored.
    pub(crate) async fn save(
        &self,
        person: &Person,
        session: &mut Versioned<Conversation>,
        next: Conversation,
        request: Option<Box<Request>>,
    ) -> Result<Option<Versioned<Lead>>, FinishError> {
        let mut lead = match request {
            Some(request) => Some(self.lead_of(&session.value, *request).await?),
            None => None,
        };
        let (before, had_talk) = (session.value.progress(), session.value.has_talk());
        let choices = session.value.profile().choices().clone();
        session.value = next;
        match &mut lead {
            Some(lead) => {
                let finished = self.sessions.finish(person, session, lead).await;
                if matches!(finished, Err(FinishError::TooMany)) {
                    let branch = &lead.value.request.branch;
                    metrics::count("RequestsRefused", "branch", branch);
                    tracing::warn!(branch, "refused a request: there were too many lately");
                }
                finished?;
            }
            None if *session.value.profile().choices() != choices => {
                self.sessions.save_with_choices(person.chat_id, session).await?;
            }
            None => self.sessions.save(person.chat_id, session).await?,
        }
        count_progress(before, session.value.progress());
        count_talk(had_talk, session.value.has_talk());
        Ok(lead)
    }

    /// The lead of a request: the one that is stored of its form, completed, or a new one.
    async fn lead_of(&self, before: &Conversation, request: Request) -> Result<Versioned<Lead>, StorageError> {
        if before.has_stored_lead(request.id)
            && let Some(mut stored) = self.leads.get(&request.id).await?
        {
            stored.value.complete(request, (self.clock)(), self.grace);
            return Ok(stored);
        }
        Ok(Versioned::new(Lead::new(request, self.grace)))
    }
}

/// Counts talks that begin and end.
pub(crate) fn count_talk(had_talk: bool, has_talk: bool) {
    match (had_talk, has_talk) {
        (false, true) => metrics::put(&[("TalksOpened", 1.0, Unit::Count)], &[]),
        (true, false) => metrics::put(&[("TalksClosed", 1.0, Unit::Count)], &[]),
        _ => {}
    }
}

/// Counts the steps of the funnel that the dialog has reached. The first step is the number of dialogs started; the
/// difference between two steps is how many customers left there.
fn count_progress(before: Option<FunnelProgress>, after: Option<FunnelProgress>) {
    let Some(progress) = after else { return };
    for step in progress.stops_since(before) {
        metrics::put(&[("StepsReached", 1.0, Unit::Count)], &[("branch", progress.branch()), ("step", step)]);
    }
}
