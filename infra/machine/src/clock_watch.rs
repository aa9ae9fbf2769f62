//! Whether the clock has gone back.

use std::time::{Duration, Instant};

use lead::Seconds;

/// A clock that is set right by less, in seconds, delays nothing that anybody would notice.
const TOLERATED: Seconds = 60;

/// The clock as it was last seen.
pub(crate) struct ClockWatch {
    seen: Seconds,
    at: Instant,
}

impl ClockWatch {
    pub(crate) fn new(now: Seconds) -> Self {
        Self { seen: now, at: Instant::now() }
    }

    /// Whether the clock has gone back since it was seen last.
    pub(crate) fn has_gone_back(&mut self, now: Seconds) -> bool {
        let passed = self.at.elapsed();
        let has_gone_back = is_behind(self.seen, passed, now);
        *self = Self::new(now);
        has_gone_back
    }
}

fn is_behind(seen: Seconds, passed: Duration, now: Seconds) -> bool {
    seen + passed.as_secs().cast_signed() - now > TOLERATED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_back_when_less_time_has_passed_on_it_than_really() {
        let five_minutes = Duration::from_mins(5);
        for (now, expected) in [(1300, false), (1250, false), (1200, true), (900, true), (90_000, false)] {
            assert_eq!(is_behind(1000, five_minutes, now), expected, "{now}");
        }
    }
}
