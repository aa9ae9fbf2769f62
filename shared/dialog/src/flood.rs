//! How fast a customer may write.

use lead::Seconds;
use serde::{Deserialize, Serialize};

use crate::albums::Albums;

/// How many updates a second are handled.
pub(crate) const A_SECOND: u8 = 5;

/// An update may be decided so long after one that came in later: it then counts with that one.
const DISORDER: Seconds = 30;

/// After being told, a customer is not told again for so long.
const SILENCE: Seconds = 30;

/// How fast a customer writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flood {
    second: Seconds,
    handled: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told_at: Option<Seconds>,
    /// Albums that were counted.
    #[serde(default, skip_serializing_if = "Albums::is_empty")]
    albums: Albums,
}

impl Flood {
    /// Counts an update. False if it is one too many. All photos of an album count as one.
    pub(crate) fn admits(&mut self, now: Seconds, album: Option<&str>) -> bool {
        if self.albums.know(album) {
            return true;
        }
        if !(now..=now + DISORDER).contains(&self.second) {
            self.second = now;
            self.handled = 0;
        }
        if self.handled >= A_SECOND {
            return false;
        }
        self.handled += 1;
        self.albums.note(album);
        true
    }

    /// Whether the customer is to be told, once in a burst.
    pub(crate) fn tells(&mut self, now: Seconds) -> bool {
        let tells = self.told_at.is_none_or(|told_at| now >= told_at + SILENCE);
        if tells {
            self.told_at = Some(now);
        }
        tells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_that_is_decided_in_disorder_is_still_a_burst() {
        let mut flood = Flood::default();
        let admitted = (0..100).filter(|n| flood.admits(1_000 + n % 2, None)).count();
        assert_eq!(admitted, usize::from(A_SECOND) + 1, "one of the first second, five of the next");
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
    fn a_clock_set_back_locks_nobody_out() {
        let mut flood = Flood::default();
        assert!((0..5).all(|_| flood.admits(5_000, None)) && !flood.admits(5_000, None));
        assert!(flood.admits(1_000, None));
    }
}
