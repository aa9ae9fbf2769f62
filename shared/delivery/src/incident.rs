//! Whether amoCRM takes requests: a circuit breaker, and what the admins are told of it.
//!
//! ```text
//! closed ──3 requests in a row fail──> open (30 s, growing to 5 min) ──time passes──> one request is tried
//!    ^                                 ^                                                 │
//!    └───────── it goes through ───────┼────────────────────────────────────────────────┤
//!                                      └───────────────── it fails ─────────────────────┘
//! ```
//! Trouble starts with the first request that has to wait and is over when the last of those that waited has gone out,
//! so that an account that answers now and then is one incident, not a message a minute. In between the admins only
//! read of what newly needs them: each thing that only a person can do, once.

use std::collections::BTreeSet;

use dealer::Calendar;
use lead::{LeadId, Seconds};
use serde::{Deserialize, Serialize};
use settings::Retry;
use texts::Language;

use crate::{AdminMessage, Obstacle};

/// After this many failed requests in a row amoCRM is left alone.
const FAILURES_TO_OPEN: u32 = 3;
/// Seconds that a worker has to try one request and record the result: as long as a lease.
const PROBE: Seconds = 120;
/// Requests remembered by id as waiting; the messages need no more.
const MAX_WAITING: usize = 500;
/// How many failed probes are remembered. While others are tried first, nobody is overtaken by more than this.
const MAX_PROBED: usize = 20;
/// Seconds for which the end of trouble may still have to be reported.
const RECENT: Seconds = 3600;

/// The state shared by all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// Requests that failed in a row.
    pub failures: u32,
    /// amoCRM is left alone until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Seconds>,
    /// The last pause.
    pub pause: Seconds,
    /// A worker is trying one request, and is taken for dead from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe_until: Option<Seconds>,
    /// Probes that failed, the latest last. Others are tried next: the fault may be these requests', not amoCRM's.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probed: Vec<LeadId>,
    /// What is going on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// What was over last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// Trouble that is going on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    pub since: Seconds,
    /// The first reason, then every reason that only a person can remove, each remedy once.
    #[serde(default)]
    pub obstacles: Vec<Obstacle>,
    /// The requests that wait because of it.
    pub waiting: BTreeSet<LeadId>,
    /// How many of them have gone out.
    pub sent: u32,
}

/// Trouble that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    pub since: Seconds,
    pub at: Seconds,
    /// How many requests had waited and went out.
    pub sent: u32,
}

/// What a worker may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permit {
    /// Deliver: the breaker is closed.
    Deliver,
    /// Try one request.
    Probe,
    /// Leave amoCRM alone.
    Wait { until: Seconds },
}

/// How attempts went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttemptOutcomes {
    /// Delivered.
    pub sent: Vec<LeadId>,
    /// Refused for good. amoCRM has answered.
    pub refused: Vec<LeadId>,
    /// No longer waiting for another reason: it failed too often, or was deleted.
    pub given_up: Vec<LeadId>,
    /// To be tried again.
    pub waiting: Vec<LeadId>,
    /// Why amoCRM could not take a request.
    pub obstacle: Option<Obstacle>,
    /// amoCRM took a part of a request: it may fail now and then, but it is not down.
    pub answered: bool,
}

impl Incident {
    /// What a worker may do now.
    #[must_use]
    pub fn permit(&self, now: Seconds) -> Permit {
        let Some(open_until) = self.open_until else { return Permit::Deliver };
        match self.probe_until {
            _ if open_until > now => Permit::Wait { until: open_until },
            Some(until) if until > now => Permit::Wait { until },
            _ => Permit::Probe,
        }
    }

    /// The same for a worker that is about to do it: of several only one gets to [`Permit::Probe`].
    pub fn take_permit(&mut self, now: Seconds) -> Permit {
        let permit = self.permit(now);
        if permit == Permit::Probe {
            self.probe_until = Some(now + PROBE);
        }
        permit
    }

    /// A person has fixed something: the next request may show whether amoCRM takes requests again.
    pub fn probe_now(&mut self, now: Seconds) {
        if self.open_until.is_some() {
            (self.open_until, self.probe_until) = (Some(now), None);
        }
    }

    /// Records how an attempt went. Returns true when amoCRM takes requests again: those put back may go now.
    pub fn record_outcomes(&mut self, outcome: &AttemptOutcomes, now: Seconds) -> bool {
        let answered = outcome.answered || !outcome.sent.is_empty() || !outcome.refused.is_empty();
        let was_open = self.open_until.is_some();
        // Once it has been reported, it need not be read with every request.
        self.ended.take_if(|ended| now - ended.at >= RECENT);
        if answered {
            (self.failures, self.pause, self.open_until, self.probe_until) = (0, 0, None, None);
            self.probed.clear();
        } else if outcome.obstacle.is_some() {
            self.remember_probe(outcome);
            self.failures = self.failures.saturating_add(1);
            if self.failures >= FAILURES_TO_OPEN {
                let tried = self.failures + 1 - FAILURES_TO_OPEN;
                self.pause = Retry::PROBE.pause(tried).as_secs().cast_signed();
                (self.open_until, self.probe_until) = (Some(now + self.pause), None);
            }
        }
        self.update_trouble(outcome, now);
        if answered {
            self.end_trouble(now);
        }
        answered && was_open
    }

    fn remember_probe(&mut self, outcome: &AttemptOutcomes) {
        if self.open_until.is_none() {
            return;
        }
        let Some(probe) = outcome.waiting.first() else { return };
        self.probed.retain(|id| id != probe);
        self.probed.push(*probe);
        let forgotten = self.probed.len().saturating_sub(MAX_PROBED);
        self.probed.drain(..forgotten);
    }

    /// Records what became of waiting requests that no attempt has reported: its worker died, a customer had the request
    /// deleted, the operator delivered it by hand. That says nothing about whether amoCRM answers.
    pub fn reconcile(&mut self, outcome: &AttemptOutcomes, now: Seconds) {
        self.update_trouble(outcome, now);
        if !outcome.sent.is_empty() {
            self.end_trouble(now);
        }
    }

    fn update_trouble(&mut self, outcome: &AttemptOutcomes, now: Seconds) {
        if self.trouble.is_none() && outcome.obstacle.is_some() {
            self.trouble = Some(Trouble { since: now, obstacles: Vec::new(), waiting: BTreeSet::new(), sent: 0 });
        }
        let Some(trouble) = &mut self.trouble else { return };
        if let Some(obstacle) = &outcome.obstacle {
            trouble.add_reason(obstacle);
        }
        for id in &outcome.sent {
            trouble.sent += u32::from(trouble.waiting.remove(id));
        }
        for id in outcome.refused.iter().chain(&outcome.given_up) {
            trouble.waiting.remove(id);
        }
        let room = MAX_WAITING.saturating_sub(trouble.waiting.len());
        trouble.waiting.extend(outcome.waiting.iter().take(room));
    }

    /// amoCRM has answered: if no request waits any more, the trouble is over. A waiting request that was given up does
    /// not end it.
    fn end_trouble(&mut self, now: Seconds) {
        if let Some(trouble) = self.trouble.take_if(|trouble| trouble.waiting.is_empty()) {
            self.ended = Some(Ended { since: trouble.since, at: now, sent: trouble.sent });
        }
    }

    /// The requests that wait because of the trouble.
    pub fn waiting(&self) -> impl Iterator<Item = LeadId> + '_ {
        self.trouble.iter().flat_map(|trouble| trouble.waiting.iter().copied())
    }

    /// What the admins should have been told by now; `unsent` requests wait in all.
    #[must_use]
    pub fn messages(&self, unsent: usize, now: Seconds, calendar: &Calendar, language: Language) -> Vec<AdminMessage> {
        let ended = self.ended.as_ref().filter(|ended| now - ended.at < RECENT).map(|ended| ended.message(language));
        let reasons = self.trouble.iter().flat_map(|trouble| trouble.messages(unsent, calendar, language));
        ended.into_iter().chain(reasons).collect()
    }
}

impl Ended {
    fn message(&self, language: Language) -> AdminMessage {
        let text = language.text_with(
            "trouble-over",
            [
                ("duration", language.duration(self.at - self.since).into()),
                ("count", self.sent.into()),
                ("requests", requests(self.sent as usize, language).into()),
            ],
        );
        AdminMessage { key: format!("end:{}", self.since), text }
    }
}

impl Trouble {
    /// Adds a reason that the admins should know and do not know yet.
    fn add_reason(&mut self, obstacle: &Obstacle) {
        let is_known = |held: &Obstacle| obstacle.remedy.is_none() || held.remedy == obstacle.remedy;
        if !self.obstacles.iter().any(is_known) {
            self.obstacles.push(obstacle.clone());
        }
    }

    fn messages(&self, unsent: usize, calendar: &Calendar, language: Language) -> impl Iterator<Item = AdminMessage> {
        let unsent = unsent.max(self.waiting.len());
        self.obstacles.iter().enumerate().map(move |(n, obstacle)| {
            let locked_out = obstacle.locked_out(self.since, unsent, language);
            locked_out.unwrap_or_else(|| self.message(n == 0, obstacle, unsent, calendar, language))
        })
    }

    fn message(
        &self,
        is_first: bool,
        obstacle: &Obstacle,
        unsent: usize,
        calendar: &Calendar,
        language: Language,
    ) -> AdminMessage {
        let reason = obstacle.text(language).into();
        let requests = requests(unsent, language).into();
        if is_first {
            let time = calendar.local(self.since).strftime("%H:%M").to_string();
            let arguments = [("time", time.into()), ("reason", reason), ("requests", requests)];
            return AdminMessage {
                key: format!("start:{}", self.since),
                text: language.text_with("trouble-started", arguments),
            };
        }
        AdminMessage {
            key: format!("start:{}:{:?}", self.since, obstacle.remedy),
            text: language.text_with("trouble-needs-a-person", [("reason", reason), ("requests", requests)]),
        }
    }
}

pub(crate) fn requests(count: usize, language: Language) -> String {
    language.text_with("requests-count", [("count", count.into())])
}

#[cfg(test)]
mod tests;
