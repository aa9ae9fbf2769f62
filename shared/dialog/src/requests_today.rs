//! The limit on how many requests a chat may send in a day.

use lead::Seconds;
use serde::{Deserialize, Serialize};

/// The longest day there is: one on which clocks are put back.
const LONGEST_DAY: Seconds = 25 * 3600;

/// Requests sent so far on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestsToday {
    /// When that day began at the dealer's.
    day: Seconds,
    count: u32,
}

impl RequestsToday {
    /// How many were sent on the day that began at `today`.
    pub(crate) const fn count(&self, today: Seconds) -> u32 {
        if self.day == today { self.count } else { 0 }
    }

    pub(crate) const fn add(&mut self, today: Seconds) {
        *self = Self { day: today, count: self.count(today) + 1 };
    }

    /// Until when it counts.
    pub(crate) const fn kept_until(&self) -> Seconds {
        if self.is_empty() { 0 } else { self.day + LONGEST_DAY }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.count == 0
    }
}
