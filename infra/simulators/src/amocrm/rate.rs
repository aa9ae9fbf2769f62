//! The limit on requests: above it 429, and for those who do not stop, 403 on every call. Both are HTML pages.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::Options;

/// Over this time requests and refusals are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// Over this time refusals add up to a block.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the limit has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// Requests let through.
    pub served: u64,
    /// Requests answered 429.
    pub too_many: u64,
    /// Requests answered 403 because the account was blocked.
    pub blocked: u64,
    /// The most requests that came within one second, let through or not.
    pub peak_per_second: usize,
}

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    TooMany,
    Blocked,
}

/// A sliding window over the last second.
pub(super) struct RateLimit {
    per_second: Option<usize>,
    block_after: usize,
    block_for: Duration,
    served: VecDeque<Instant>,
    seen: VecDeque<Instant>,
    refused: VecDeque<Instant>,
    blocked_until: Option<Instant>,
    limits: Limits,
}

impl RateLimit {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            per_second: options.rate_limit,
            block_after: options.block_after,
            block_for: options.block_for,
            served: VecDeque::new(),
            seen: VecDeque::new(),
            refused: VecDeque::new(),
            blocked_until: None,
            limits: Limits::default(),
        }
    }

    /// Counts a request that came `now`.
    pub(super) fn admit(&mut self, now: Instant) -> Verdict {
        let verdict = self.judge(now);
        forget(&mut self.seen, now, WINDOW);
        self.seen.push_back(now);
        self.limits.peak_per_second = self.limits.peak_per_second.max(self.seen.len());
        match verdict {
            Verdict::Pass => self.limits.served += 1,
            Verdict::TooMany => self.limits.too_many += 1,
            Verdict::Blocked => self.limits.blocked += 1,
        }
        verdict
    }

    fn judge(&mut self, now: Instant) -> Verdict {
        if self.blocked_until.is_some_and(|until| now < until) {
            return Verdict::Blocked;
        }
        let Some(per_second) = self.per_second else { return Verdict::Pass };
        forget(&mut self.served, now, WINDOW);
        if self.served.len() < per_second {
            self.served.push_back(now);
            return Verdict::Pass;
        }
        forget(&mut self.refused, now, PATIENCE);
        self.refused.push_back(now);
        if self.refused.len() < self.block_after {
            return Verdict::TooMany;
        }
        self.refused.clear();
        self.blocked_until = Some(now + self.block_for);
        Verdict::Blocked
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }
}

fn forget(moments: &mut VecDeque<Instant>, now: Instant, age: Duration) {
    while moments.front().is_some_and(|moment| now.duration_since(*moment) >= age) {
        moments.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighth_request_of_a_second_is_refused_and_stubbornness_is_blocked() {
        let options =
            Options { rate_limit: Some(7), block_after: 3, block_for: Duration::from_secs(5), ..Options::default() };
        let mut rate = RateLimit::new(&options);
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);

        assert!((0..7).all(|n| rate.admit(at(n * 100)) == Verdict::Pass));
        assert_eq!(rate.admit(at(900)), Verdict::TooMany);
        assert_eq!(rate.admit(at(1000)), Verdict::Pass, "the first has left the window");
        assert_eq!(rate.admit(at(1001)), Verdict::TooMany);
        assert_eq!(rate.admit(at(1002)), Verdict::Blocked);
        assert_eq!(rate.admit(at(6001)), Verdict::Blocked, "even though nothing came for seconds");
        assert_eq!(rate.admit(at(6002)), Verdict::Pass);
        assert_eq!(rate.limits(), Limits { served: 9, too_many: 2, blocked: 2, peak_per_second: 10 });
    }
}
