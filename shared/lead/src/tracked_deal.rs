//! A deal that has requests of a chat, and what its customer hears of it.
//!
//! The deal is looked at every hour and whenever amoCRM says that it was moved. A move to a pipeline stage that the
//! dealer has a text for is news; only the newest is kept until it may be told. What was told once is never told again.

use serde::{Deserialize, Serialize};

use crate::{LeadId, RETENTION_AFTER_SENT, Seconds};

const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;

/// amoCRM's stage of deals that are won, in every pipeline.
pub const WON: u64 = 142;
/// amoCRM's stage of deals that are lost, in every pipeline.
pub const LOST: u64 = 143;

/// How long a closed deal is kept, in seconds: the digest compares two weeks.
const KEPT_AFTER_CLOSING: Seconds = 15 * DAY;
/// News that is late by this many seconds is not told any more.
const STALE: Seconds = 12 * HOUR;
/// How many of a chat's newest requests are remembered of one deal.
const MAX_REQUESTS: usize = 10;

/// A deal as one chat knows it; the item of the Deals table. Other chats may have requests in the same deal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackedDeal {
    /// In amoCRM.
    pub deal_id: u64,
    pub chat_id: i64,
    /// The chat's requests in the deal, oldest first.
    pub lead_ids: Vec<LeadId>,
    /// When the newest of them was delivered.
    sent_at: Seconds,
    /// Where the deal was last seen; `None`: not seen yet, or it was deleted or merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stage: Option<u64>,
    /// Stages that the customer was told of, and the one in which the deal began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    told: Vec<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    news: Option<News>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outcome: Option<DealOutcome>,
    /// `None`: it is not looked at any more, unless amoCRM says that it was moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    look_at: Option<Seconds>,
}

/// A stage that the customer should be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct News {
    stage: u64,
    /// When it may be told.
    tell_at: Seconds,
}

/// How a deal ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum DealOutcome {
    Won {
        at: Seconds,
    },
    Lost {
        at: Seconds,
        /// amoCRM's name of the loss reason, if the manager chose one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// A deal as amoCRM shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenDeal {
    pub stage: u64,
    /// `None` while it is open.
    pub outcome: Option<DealOutcome>,
}

impl DealOutcome {
    /// When the deal was closed.
    #[must_use]
    pub const fn at(&self) -> Seconds {
        match self {
            Self::Won { at } | Self::Lost { at, .. } => *at,
        }
    }
}

impl TrackedDeal {
    /// A deal of which nothing is known yet.
    #[must_use]
    pub const fn new(deal_id: u64, chat_id: i64) -> Self {
        Self {
            deal_id,
            chat_id,
            lead_ids: Vec::new(),
            sent_at: 0,
            stage: None,
            told: Vec::new(),
            news: None,
            outcome: None,
            look_at: None,
        }
    }

    /// Notes that a request of the chat is in the deal. `stage`: where the bot has just created the deal; `None` if
    /// that is not known, so that the next look finds out where it begins.
    pub fn note_request(&mut self, lead_id: LeadId, stage: Option<u64>, now: Seconds) {
        self.lead_ids.retain(|known| *known != lead_id);
        self.lead_ids.push(lead_id);
        let surplus = self.lead_ids.len().saturating_sub(MAX_REQUESTS);
        self.lead_ids.drain(..surplus);
        self.sent_at = now;
        if self.stage.is_none()
            && let Some(stage) = stage
        {
            self.begin_at(stage);
        }
        self.look_at = Some(if self.stage.is_some() { next_hour(now) } else { now });
    }

    /// Notes how amoCRM shows the deal; `None` if it was deleted or merged into another. `has_text` says of which
    /// stages the customer is told, and `tell_at` when.
    pub fn see(&mut self, seen: Option<SeenDeal>, has_text: impl Fn(u64) -> bool, tell_at: Seconds, now: Seconds) {
        let Some(SeenDeal { stage, outcome }) = seen else {
            // Somebody may restore it. The stage in which it comes back is not news.
            (self.stage, self.news, self.outcome) = (None, None, None);
            self.look_at = Some(now + DAY).filter(|at| self.is_tracked_at(*at));
            return;
        };
        match self.stage {
            None => self.begin_at(stage),
            Some(before) if before != stage => {
                let is_news = has_text(stage) && !self.told.contains(&stage);
                self.news = is_news.then_some(News { stage, tell_at });
                self.stage = Some(stage);
            }
            Some(_) => {}
        }
        self.outcome = outcome;
        self.look_at = Some(next_hour(now)).filter(|at| self.outcome.is_none() && self.is_tracked_at(*at));
    }

    /// Whether the deal should be looked at.
    #[must_use]
    pub fn is_look_due(&self, now: Seconds) -> bool {
        self.look_at.is_some_and(|at| at <= now)
    }

    /// The stage that the customer should be told of by now.
    #[must_use]
    pub fn due_news(&self, now: Seconds) -> Option<u64> {
        self.news.filter(|news| news.tell_at <= now).map(|news| news.stage)
    }

    /// When the customer is to be told of the newest stage; `None` if there is nothing to tell.
    #[must_use]
    pub fn news_at(&self) -> Option<Seconds> {
        self.news.map(|news| news.tell_at)
    }

    /// Takes the news to tell it: from now on it counts as told. `None` if there is none, or it has become stale.
    pub fn take_news(&mut self, now: Seconds) -> Option<u64> {
        let stage = self.due_news(now)?;
        let news = self.news.take()?;
        self.told.push(stage);
        (now <= news.tell_at + STALE).then_some(stage)
    }

    /// Telegram did not take the message about `stage`: it may be told at `tell_at`, unless there are other news by
    /// then.
    pub fn put_news_back(&mut self, stage: u64, tell_at: Seconds) {
        self.told.retain(|told| *told != stage);
        if self.stage == Some(stage) && self.news.is_none() {
            self.news = Some(News { stage, tell_at });
        }
    }

    /// Puts off the news.
    pub fn postpone_news(&mut self, tell_at: Seconds) {
        if let Some(news) = &mut self.news {
            news.tell_at = tell_at;
        }
    }

    /// The customer had everything deleted: there is nothing to look at or to tell any more, and it expires at once.
    pub fn stop_tracking(&mut self, now: Seconds) {
        *self = Self { sent_at: now - RETENTION_AFTER_SENT, ..Self::new(self.deal_id, self.chat_id) };
    }

    /// Where the deal was last seen.
    #[must_use]
    pub const fn stage(&self) -> Option<u64> {
        self.stage
    }

    /// Whether somebody has moved the deal since it was first seen.
    #[must_use]
    pub fn has_moved(&self) -> bool {
        self.stage.is_some() && self.stage != self.told.first().copied()
    }

    /// How the deal ended; `None` while it is open.
    #[must_use]
    pub const fn outcome(&self) -> Option<&DealOutcome> {
        self.outcome.as_ref()
    }

    /// When there is something to do: to look, or to tell.
    #[must_use]
    pub fn due_at(&self) -> Option<Seconds> {
        [self.look_at, self.news_at()].into_iter().flatten().min()
    }

    /// When DynamoDB may delete it.
    #[must_use]
    pub fn expires_at(&self) -> Seconds {
        let closed_until = self.outcome.as_ref().map_or(0, |outcome| outcome.at() + KEPT_AFTER_CLOSING);
        self.tracked_until().max(closed_until)
    }

    fn begin_at(&mut self, stage: u64) {
        self.stage = Some(stage);
        if !self.told.contains(&stage) {
            self.told.push(stage);
        }
    }

    const fn tracked_until(&self) -> Seconds {
        self.sent_at + RETENTION_AFTER_SENT
    }

    const fn is_tracked_at(&self, at: Seconds) -> bool {
        at < self.tracked_until()
    }
}

/// The next full hour: deals that are due together are asked for together.
const fn next_hour(now: Seconds) -> Seconds {
    now - now.rem_euclid(HOUR) + HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: u64 = 3101;
    const ACCEPTED: u64 = 3102;
    const READY: u64 = 3103;
    /// A full hour.
    const NOW: Seconds = 1_790_002_800;

    fn first() -> LeadId {
        "01JD0000000000000AK7QX3M9Q".parse().expect("it is an id")
    }

    fn deal() -> TrackedDeal {
        let mut deal = TrackedDeal::new(8001, 7);
        deal.note_request(first(), Some(NEW), NOW);
        deal
    }

    fn sees(deal: &mut TrackedDeal, stage: u64, now: Seconds) {
        let outcome = (stage == WON).then_some(DealOutcome::Won { at: now });
        deal.see(Some(SeenDeal { stage, outcome }), |stage| stage != READY, now, now);
    }

    #[test]
    fn a_move_to_a_stage_with_a_text_is_told_once() {
        let mut deal = deal();
        sees(&mut deal, NEW, NOW);
        assert_eq!((deal.take_news(NOW), deal.has_moved()), (None, false), "where it begins is not news");
        sees(&mut deal, ACCEPTED, NOW);
        assert_eq!((deal.take_news(NOW), deal.has_moved()), (Some(ACCEPTED), true));
        for stage in [NEW, ACCEPTED, READY, ACCEPTED, NEW] {
            sees(&mut deal, stage, NOW);
            assert_eq!(deal.take_news(NOW), None, "{stage}");
        }
    }

    #[test]
    fn only_the_newest_is_told() {
        let mut deal = deal();
        deal.see(Some(SeenDeal { stage: ACCEPTED, outcome: None }), |_| true, NOW + 9 * HOUR, NOW);
        assert_eq!(deal.take_news(NOW), None, "it is night");
        deal.see(Some(SeenDeal { stage: READY, outcome: None }), |_| true, NOW + 9 * HOUR, NOW + HOUR);
        assert_eq!(deal.take_news(NOW + 9 * HOUR), Some(READY));
        assert_eq!(deal.take_news(NOW + 9 * HOUR), None);
        sees(&mut deal, ACCEPTED, NOW + 10 * HOUR);
        assert_eq!(deal.take_news(NOW + 10 * HOUR), Some(ACCEPTED), "the customer has not heard of it yet");
    }

    #[test]
    fn a_stage_without_a_text_replaces_the_news() {
        let mut deal = deal();
        sees(&mut deal, ACCEPTED, NOW);
        sees(&mut deal, READY, NOW);
        assert_eq!(deal.take_news(NOW), None);
    }

    #[test]
    fn where_a_deal_begins_is_looked_up_if_it_is_not_known() {
        let mut deal = TrackedDeal::new(8001, 7);
        deal.note_request(first(), None, NOW);
        assert!(deal.is_look_due(NOW));
        sees(&mut deal, ACCEPTED, NOW);
        assert_eq!((deal.take_news(NOW), deal.stage()), (None, Some(ACCEPTED)));
        assert_eq!(deal.due_at(), Some(NOW + HOUR));
    }

    #[test]
    fn a_closed_deal_is_looked_at_no_more_and_kept_for_the_digest() {
        let mut deal = deal();
        let closed_at = NOW + 29 * DAY;
        sees(&mut deal, WON, closed_at);
        assert_eq!(deal.due_at(), Some(closed_at), "its text has to be sent");
        assert_eq!(deal.take_news(closed_at), Some(WON));
        assert_eq!((deal.due_at(), deal.expires_at()), (None, closed_at + KEPT_AFTER_CLOSING));
        sees(&mut deal, NEW, closed_at + 60);
        assert_eq!((deal.outcome(), deal.due_at()), (None, Some(closed_at + HOUR)), "it was opened again");
    }

    #[test]
    fn a_deal_that_is_gone_may_come_back() {
        let mut deal = deal();
        sees(&mut deal, ACCEPTED, NOW);
        deal.see(None, |_| true, NOW, NOW);
        assert_eq!((deal.stage(), deal.take_news(NOW), deal.due_at()), (None, None, Some(NOW + DAY)));
        sees(&mut deal, READY, NOW + DAY);
        assert_eq!((deal.stage(), deal.take_news(NOW + DAY)), (Some(READY), None));
        deal.see(None, |_| true, NOW, NOW + 30 * DAY);
        assert_eq!(deal.due_at(), None, "nobody waits for it any more");
    }

    #[test]
    fn news_come_again_if_telegram_does_not_take_them_and_not_if_they_are_stale() {
        let mut deal = deal();
        sees(&mut deal, ACCEPTED, NOW);
        let taken = deal.take_news(NOW).expect("it is news");
        deal.put_news_back(taken, NOW + 30);
        assert_eq!((deal.take_news(NOW), deal.take_news(NOW + 30)), (None, Some(ACCEPTED)));
        sees(&mut deal, WON, NOW);
        assert_eq!(deal.take_news(NOW + STALE + 1), None);
        assert_eq!(deal.due_news(NOW + STALE + 1), None, "it is dropped");
    }

    #[test]
    fn a_customer_who_had_everything_deleted_is_forgotten() {
        let mut deal = deal();
        sees(&mut deal, ACCEPTED, NOW);
        deal.stop_tracking(NOW);
        assert_eq!((deal.due_at(), deal.expires_at(), deal.lead_ids.len()), (None, NOW, 0));
    }

    #[test]
    fn a_chat_may_have_several_requests_in_a_deal() {
        let mut deal = deal();
        sees(&mut deal, ACCEPTED, NOW);
        let second: LeadId = "01JD0000000000000BK7QX3M9Q".parse().expect("it is an id");
        deal.note_request(second, None, NOW + DAY);
        deal.note_request(second, None, NOW + DAY);
        assert_eq!(deal.lead_ids.len(), 2);
        assert_eq!((deal.stage(), deal.expires_at()), (Some(ACCEPTED), NOW + 31 * DAY));
    }
}
