//! Whether amoCRM takes requests. A circuit breaker, and the story the admins are told of it.
//!
//! ```text
//! closed ──3 batches in a row fail──> open (30 s, growing to 5 min) ──time passes──> one request is tried
//!    ^                                 ^                                                 │
//!    └───────── it goes through ───────┼────────────────────────────────────────────────┤
//!                                      └───────────────── it fails ─────────────────────┘
//! ```
//! Trouble starts with the first request that has to wait and is over when the last of those that waited has gone out,
//! so that an account that answers now and then is one story, not a message a minute. In between the admins hear only of
//! what asks for them anew: each thing that only a person can do, once.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lead::{LeadId, Seconds};
use serde::{Deserialize, Serialize};

use crate::Obstacle;

/// Batches in a row that fail before amoCRM is left alone.
const FAILURES_TO_OPEN: u32 = 3;
/// First and longest pause in which amoCRM is left alone.
const PAUSE: Seconds = 30;
const LONGEST_PAUSE: Seconds = 300;
/// A worker that tries one request has this long to say how it went: as long as a lease.
const PROBE: Seconds = 120;
/// Requests remembered by id as waiting; the story needs no more.
const MOST_WAITING: usize = 500;
/// Requests remembered that have tried in vain; so many overtake nobody far.
const MOST_PROBED: usize = 20;
/// For so long the end of trouble may still have to be told.
const RECENT: Seconds = 3600;

/// The state shared by all workers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Incident {
    /// Batches that failed in a row.
    pub failures: u32,
    /// amoCRM is left alone until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_until: Option<Seconds>,
    /// The last pause.
    pub pause: Seconds,
    /// A worker is trying one request, and is taken for dead from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probe_until: Option<Seconds>,
    /// Who tried in vain, the latest last. Others try next: it may be these requests that fail, and not amoCRM.
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
    /// Since when.
    pub since: Seconds,
    /// What it began with, then what came up that only a person can mend, each remedy once.
    #[serde(default)]
    pub obstacles: Vec<Obstacle>,
    /// Who waits because of it.
    pub waiting: BTreeSet<LeadId>,
    /// How many of them have gone out.
    pub sent: u32,
}

/// Trouble that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Since when it was.
    pub since: Seconds,
    /// When it was over.
    pub at: Seconds,
    /// How many requests had waited and went out.
    pub sent: u32,
}

/// What a worker may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Deliver.
    Closed,
    /// Try one request.
    Probe,
    /// Leave amoCRM alone.
    Open {
        /// Until then.
        until: Seconds,
    },
}

/// How a batch went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Delivered.
    pub sent: Vec<LeadId>,
    /// Refused for good, which is an answer too.
    pub refused: Vec<LeadId>,
    /// Not waiting any more for another reason: it failed too often, or was deleted.
    pub given_up: Vec<LeadId>,
    /// To be tried again.
    pub waiting: Vec<LeadId>,
    /// Why amoCRM could not take a request.
    pub obstacle: Option<Obstacle>,
    /// Why photos have to wait. Whether amoCRM takes requests does not follow from it: files have a host of their own.
    pub photos: Option<Obstacle>,
    /// amoCRM took something of a request: it may fail now and then, but it is not down.
    pub answered: bool,
}

/// A message to the admins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The same message has the same key, whoever writes it.
    pub key: String,
    /// One line.
    pub text: String,
}

impl Incident {
    /// What a worker may do now.
    #[must_use]
    pub fn gate(&self, now: Seconds) -> Gate {
        let Some(open_until) = self.open_until else { return Gate::Closed };
        match self.probe_until {
            _ if open_until > now => Gate::Open { until: open_until },
            Some(until) if until > now => Gate::Open { until },
            _ => Gate::Probe,
        }
    }

    /// The same for a worker that is about to do it: of several only one gets to [`Gate::Probe`].
    pub fn enter(&mut self, now: Seconds) -> Gate {
        let gate = self.gate(now);
        if gate == Gate::Probe {
            self.probe_until = Some(now + PROBE);
        }
        gate
    }

    /// A person has mended something: the next batch may find out whether amoCRM takes requests again.
    pub fn hope(&mut self, now: Seconds) {
        if self.open_until.is_some() {
            (self.open_until, self.probe_until) = (Some(now), None);
        }
    }

    /// Takes note of how a batch went. True when amoCRM takes requests again: those put back may go now.
    pub fn note(&mut self, outcome: &Outcome, now: Seconds) -> bool {
        let answered = outcome.answered || !outcome.sent.is_empty() || !outcome.refused.is_empty();
        let was_open = self.open_until.is_some();
        // What nobody has to be told any more need not be read with every batch.
        self.ended.take_if(|ended| now - ended.at >= RECENT);
        if answered {
            (self.failures, self.pause, self.open_until, self.probe_until) = (0, 0, None, None);
            self.probed.clear();
        } else if outcome.obstacle.is_some() || outcome.photos.is_some() {
            self.remember_probe(outcome);
        }
        if !answered && outcome.obstacle.is_some() {
            self.failures = self.failures.saturating_add(1);
            if self.failures >= FAILURES_TO_OPEN {
                self.pause = (self.pause * 2).clamp(PAUSE, LONGEST_PAUSE);
                (self.open_until, self.probe_until) = (Some(now + self.pause), None);
            }
        }
        self.tell_story(outcome, now);
        if answered {
            self.end_story(now);
        }
        answered && was_open
    }

    /// The first of a batch is the one that tried.
    fn remember_probe(&mut self, outcome: &Outcome) {
        if self.open_until.is_none() {
            return;
        }
        let Some(probe) = outcome.waiting.first() else { return };
        self.probed.retain(|id| id != probe);
        self.probed.push(*probe);
        let forgotten = self.probed.len().saturating_sub(MOST_PROBED);
        self.probed.drain(..forgotten);
    }

    /// Takes note of what became of those who wait without a batch having said so: its worker died, a customer had the request
    /// deleted, the operator delivered it by hand. Says nothing about whether amoCRM answers.
    pub fn reconcile(&mut self, outcome: &Outcome, now: Seconds) {
        self.tell_story(outcome, now);
        if !outcome.sent.is_empty() {
            self.end_story(now);
        }
    }

    fn tell_story(&mut self, outcome: &Outcome, now: Seconds) {
        let obstacle = outcome.obstacle.as_ref().or(outcome.photos.as_ref());
        if self.trouble.is_none() && obstacle.is_some() {
            self.trouble = Some(Trouble { since: now, obstacles: Vec::new(), waiting: BTreeSet::new(), sent: 0 });
        }
        let Some(trouble) = &mut self.trouble else { return };
        for obstacle in [&outcome.obstacle, &outcome.photos].into_iter().flatten() {
            trouble.meet(obstacle);
        }
        for id in &outcome.sent {
            trouble.sent += u32::from(trouble.waiting.remove(id));
        }
        for id in outcome.refused.iter().chain(&outcome.given_up) {
            trouble.waiting.remove(id);
        }
        let room = MOST_WAITING.saturating_sub(trouble.waiting.len());
        trouble.waiting.extend(outcome.waiting.iter().take(room));
    }

    /// amoCRM has answered: if nobody waits any more, the trouble is over. That the last one who waited was given up does not
    /// say so.
    fn end_story(&mut self, now: Seconds) {
        if let Some(trouble) = self.trouble.take_if(|trouble| trouble.waiting.is_empty()) {
            self.ended = Some(Ended { since: trouble.since, at: now, sent: trouble.sent });
        }
    }

    /// Who waits because of the trouble.
    pub fn waiting(&self) -> impl Iterator<Item = LeadId> + '_ {
        self.trouble.iter().flat_map(|trouble| trouble.waiting.iter().copied())
    }

    /// What the admins should have been told by now; `unsent` requests wait in all.
    #[must_use]
    pub fn letters(&self, unsent: usize, now: Seconds) -> Vec<Letter> {
        let ended = self.ended.as_ref().filter(|ended| now - ended.at < RECENT).map(Ended::letter);
        let met = self.trouble.iter().flat_map(|trouble| trouble.letters(unsent));
        ended.into_iter().chain(met).collect()
    }
}

impl Ended {
    fn letter(&self) -> Letter {
        let sent = if self.sent == 0 { String::new() } else { format!(" {} went out.", requests(self.sent as usize)) };
        Letter {
            key: format!("end:{}", self.since),
            text: format!("✅ amoCRM takes requests again after {}.{sent}", lasted(self.at - self.since)),
        }
    }
}

impl Trouble {
    /// Keeps what the admins do not know of yet and should.
    fn meet(&mut self, obstacle: &Obstacle) {
        let is_known = |held: &Obstacle| obstacle.remedy.is_none() || held.remedy == obstacle.remedy;
        if !self.obstacles.iter().any(is_known) {
            self.obstacles.push(obstacle.clone());
        }
    }

    fn letters(&self, unsent: usize) -> impl Iterator<Item = Letter> {
        let unsent = unsent.max(self.waiting.len());
        self.obstacles.iter().enumerate().map(move |(n, obstacle)| {
            obstacle.locked_out(self.since, unsent).unwrap_or_else(|| self.letter(n, obstacle, unsent))
        })
    }

    fn letter(&self, n: usize, obstacle: &Obstacle, unsent: usize) -> Letter {
        let (reason, waiting) = (&obstacle.reason, requests(unsent));
        if n == 0 {
            let since = utc(self.since);
            return Letter {
                key: format!("start:{}", self.since),
                text: format!(
                    "⚠️ Trouble with amoCRM since {since}: {reason}. {waiting} not sent yet; they are tried again until \
                     they go out."
                ),
            };
        }
        Letter {
            key: format!("start:{}:{:?}", self.since, obstacle.remedy),
            text: format!("⚠️ The trouble with amoCRM asks for you: {reason}. {waiting} not sent yet."),
        }
    }
}

pub(crate) fn requests(count: usize) -> String {
    format!("{count} request{}", if count == 1 { "" } else { "s" })
}

fn lasted(seconds: Seconds) -> String {
    match seconds {
        ..90 => format!("{seconds} s"),
        90..5400 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h", (seconds + 1800) / 3600),
    }
}

fn utc(at: Seconds) -> String {
    Timestamp::from_second(at).map(|at| at.strftime("%H:%M UTC").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use amocrm::{ConsentNeeded, CrmError, Remedy};
    use insta::assert_snapshot;

    use super::*;

    const NOW: Seconds = 1_767_000_000;

    fn id(n: u8) -> LeadId {
        format!("01JD0000000000000AK7QX3M{n:02}").parse().unwrap()
    }

    fn failed(ids: &[u8]) -> Outcome {
        let waiting = ids.iter().copied().map(id).collect();
        Outcome { waiting, obstacle: Some(Obstacle::passing("HTTP 503")), ..Default::default() }
    }

    fn failed_with(error: &CrmError) -> Outcome {
        Outcome { waiting: vec![id(1)], obstacle: Obstacle::of(error), ..Default::default() }
    }

    fn revoked() -> CrmError {
        let reason = "Token has been revoked".to_owned();
        CrmError::Reauth { reason, remedy: Remedy::Authorize, since: Some(7) }
    }

    fn texts(incident: &Incident) -> String {
        incident.letters(1, NOW).into_iter().map(|letter| letter.text).collect::<Vec<_>>().join("\n")
    }

    fn sent(ids: &[u8]) -> Outcome {
        Outcome { sent: ids.iter().copied().map(id).collect(), ..Default::default() }
    }

    #[test]
    fn three_failed_batches_open_the_breaker_and_pauses_grow() {
        let mut incident = Incident::default();
        incident.note(&failed(&[1]), NOW);
        incident.note(&failed(&[2]), NOW);
        assert_eq!(incident.gate(NOW), Gate::Closed);
        incident.note(&failed(&[3]), NOW);
        let mut now = NOW;
        for pause in [30, 60, 120, 240, 300, 300] {
            assert_eq!(incident.gate(now), Gate::Open { until: now + pause });
            now += pause;
            assert_eq!(incident.enter(now), Gate::Probe);
            incident.note(&failed(&[1]), now);
        }
    }

    #[test]
    fn after_a_repair_nobody_waits_for_the_pause() {
        let mut incident = Incident { failures: 9, open_until: Some(NOW + 300), pause: 300, ..Default::default() };
        incident.hope(NOW);
        assert_eq!(incident.enter(NOW), Gate::Probe);
        let mut calm = Incident::default();
        calm.hope(NOW);
        assert_eq!(calm, Incident::default());
    }

    #[test]
    fn a_file_host_that_is_down_stops_no_requests() {
        let mut incident = Incident::default();
        for n in 1..9 {
            let photos = Some(Obstacle::passing("HTTP 503"));
            incident.note(&Outcome { waiting: vec![id(n)], photos, ..Default::default() }, NOW);
        }
        assert_eq!(incident.gate(NOW), Gate::Closed);
        assert_eq!(incident.letters(8, NOW).len(), 1, "the admins are told all the same");
    }

    #[test]
    fn who_tried_in_vain_is_remembered_until_somebody_succeeds() {
        let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
        incident.note(&Outcome { waiting: vec![id(9)], ..Default::default() }, NOW);
        assert_eq!(incident.probed, [], "it was put back untried");
        for n in (1..30).chain([20]) {
            incident.note(&failed(&[n, 40]), NOW);
        }
        assert_eq!(
            (incident.probed.len(), incident.probed.first(), incident.probed.last()),
            (20, Some(&id(10)), Some(&id(20)))
        );
        incident.note(&sent(&[40]), NOW);
        assert_eq!(incident.probed, []);
    }

    #[test]
    fn only_one_worker_tries() {
        let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
        assert_eq!(incident.enter(NOW), Gate::Probe);
        assert_eq!(incident.enter(NOW), Gate::Open { until: NOW + 120 });
        assert_eq!(incident.enter(NOW + 120), Gate::Probe, "the first one died");
    }

    #[test]
    fn a_success_between_failures_keeps_the_breaker_closed() {
        let mut incident = Incident::default();
        for n in 1..10 {
            incident.note(&failed(&[n]), NOW);
            incident.note(&failed(&[n]), NOW);
            assert!(!incident.note(&sent(&[n]), NOW), "it never was open");
        }
        assert_eq!(incident.gate(NOW), Gate::Closed);
    }

    #[test]
    fn a_refusal_is_an_answer() {
        let mut incident = Incident { failures: 3, open_until: Some(NOW), pause: 30, ..Default::default() };
        let given_up = Outcome { given_up: vec![id(1)], ..failed(&[]) };
        assert!(!incident.note(&given_up, NOW), "failing too often is none");
        let refused = Outcome { refused: vec![id(2)], ..Default::default() };
        assert!(incident.note(&refused, NOW));
        assert_eq!(incident.gate(NOW), Gate::Closed);
    }

    #[test]
    fn the_story_has_one_beginning_and_one_end() {
        let mut incident = Incident::default();
        incident.note(&failed(&[1, 2]), NOW);
        let start = incident.letters(2, NOW);
        assert_snapshot!(start[0].text, @"⚠️ Trouble with amoCRM since 09:20 UTC: HTTP 503. 2 requests not sent yet; they are tried again until they go out.");

        incident.note(&sent(&[7]), NOW + 60);
        incident.note(&sent(&[1]), NOW + 61);
        incident.note(&failed(&[3]), NOW + 62);
        assert_eq!(incident.letters(2, NOW + 62)[0].key, start[0].key, "still the same trouble");

        incident.note(&sent(&[2]), NOW + 800);
        let gave_up = Outcome { given_up: vec![id(3)], ..Default::default() };
        incident.note(&gave_up, NOW + 810);
        assert_eq!(incident.letters(0, NOW + 810)[0].key, start[0].key, "giving up does not say that amoCRM answers");
        incident.note(&sent(&[9]), NOW + 840);
        let end = incident.letters(0, NOW + 840);
        assert_eq!(end.len(), 1);
        assert_snapshot!(end[0].text, @"✅ amoCRM takes requests again after 14 min. 2 requests went out.");
        assert_eq!(incident.letters(0, NOW + 9000), []);
    }

    #[test]
    fn a_revoked_token_is_one_message_whoever_notices_it() {
        let mut incident = Incident::default();
        incident.note(&failed_with(&revoked()), NOW);
        assert_snapshot!(texts(&incident), @"🔑 amoCRM does not let the bot in (Token has been revoked); 1 request waits until it does. Copy a new code from the integration's page and within 20 minutes run: carquery amocrm authorize CODE");
        let consent = ConsentNeeded { since: 7, reason: "Token has been revoked".to_owned() };
        assert_eq!(incident.letters(1, NOW), [crate::consent_letter(&consent, 1).unwrap()]);
    }

    #[test]
    fn each_thing_that_only_a_person_can_do_is_told_once() {
        let unpaid = CrmError::Closed { status: 402, detail: "Payment required".to_owned() };
        let mut incident = Incident::default();
        for _ in 0..2 {
            for outcome in
                [failed(&[1]), failed_with(&CrmError::Blocked), failed_with(&unpaid), failed_with(&revoked())]
            {
                incident.note(&outcome, NOW);
            }
        }
        assert_snapshot!(texts(&incident), @"
        ⚠️ Trouble with amoCRM since 09:20 UTC: HTTP 503. 1 request not sent yet; they are tried again until they go out.
        ⚠️ The trouble with amoCRM asks for you: amoCRM has blocked the bot (HTTP 403 without a reason): write to amoCRM's support. 1 request not sent yet.
        ⚠️ The trouble with amoCRM asks for you: the amoCRM account is closed to the bot (HTTP 402, Payment required): pay for the amoCRM account. 1 request not sent yet.
        🔑 amoCRM does not let the bot in (Token has been revoked); 1 request waits until it does. Copy a new code from the integration's page and within 20 minutes run: carquery amocrm authorize CODE
        ");
        let keys: BTreeSet<String> = incident.letters(1, NOW).into_iter().map(|letter| letter.key).collect();
        assert_eq!(keys.len(), 4);
    }

    #[test]
    fn what_begins_with_a_block_says_what_to_do_once() {
        let mut incident = Incident::default();
        incident.note(&failed_with(&CrmError::Blocked), NOW);
        incident.note(&failed(&[1]), NOW);
        incident.note(&failed_with(&CrmError::Blocked), NOW);
        assert_snapshot!(texts(&incident), @"⚠️ Trouble with amoCRM since 09:20 UTC: amoCRM has blocked the bot (HTTP 403 without a reason): write to amoCRM's support. 1 request not sent yet; they are tried again until they go out.");
    }

    #[test]
    fn requests_that_never_failed_are_no_trouble() {
        let mut incident = Incident::default();
        incident.note(&sent(&[1, 2]), NOW);
        assert_eq!(incident, Incident::default());
    }
}
