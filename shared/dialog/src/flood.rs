//! The limit on how fast a customer may write.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::albums::Albums;

pub(crate) const MAX_UPDATES_PER_SECOND: u8 = 5;

/// An update may be handled up to this long after one that arrived later. It then counts in that one's second.
const REORDER_WINDOW: Seconds = 30;

/// After a warning, the customer gets no other warning for this long.
const WARNING_COOLDOWN: Seconds = 30;

/// Updates counted so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flood {
    second: Seconds,
    handled: u8,
    #[serde(rename = "told_at", default, skip_serializing_if = "Option::is_none")]
    warned_at: Option<Seconds>,
    /// Albums that are already counted.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    albums: Albums,
}

impl Flood {
    /// Counts an update; returns false if it is above the limit. All photos of an album count as one.
    pub(crate) fn admits(&mut self, now: Seconds, album: Option<&str>) -> bool {
        if self.albums.contains(album) {
            return true;
        }
        if !(now..=now + REORDER_WINDOW).contains(&self.second) {
            self.second = now;
            self.handled = 0;
        }
        if self.handled >= MAX_UPDATES_PER_SECOND {
            return false;
        }
        self.handled += 1;
        self.albums.add(album);
        true
    }

    /// Whether the customer should be warned now: once in a burst.
    pub(crate) fn should_warn(&mut self, now: Seconds) -> bool {
        let should_warn = self.warned_at.is_none_or(|warned_at| now >= warned_at + WARNING_COOLDOWN);
        if should_warn {
            self.warned_at = Some(now);
        }
        should_warn
    }

    /// Without the ids of albums, which are the customer's data.
    pub(crate) fn counters_only(&self) -> Self {
        Self { albums: Albums::default(), ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_that_is_handled_out_of_order_is_still_a_burst() {
        let mut flood = Flood::default();
        let admitted = (0..100).filter(|n| flood.admits(1_000 + n % 2, None)).count();
        assert_eq!(admitted, usize::from(MAX_UPDATES_PER_SECOND) + 1, "one of the first second, five of the next");
        assert!(flood.admits(1_002, None));
    }

    #[test]
    fn albums_that_arrive_mixed_count_as_one_each() {
        let mut flood = Flood::default();
        let parts = (0..10).flat_map(|_| ["one", "two", "three", "four"]);
        assert!(parts.into_iter().all(|album| flood.admits(1_000, Some(album))));
        assert!(flood.admits(1_000, None), "the fifth");
        assert!(!flood.admits(1_000, Some("five")));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_lock_customers_out() {
        let mut flood = Flood::default();
        assert!((0..5).all(|_| flood.admits(5_000, None)) && !flood.admits(5_000, None));
        assert!(flood.admits(1_000, None));
    }
}
