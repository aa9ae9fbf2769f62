//! A talk with a person of the dealer's, as far as the conversation knows of it.

use lead::Seconds;
use serde::{Deserialize, Serialize};

const HOUR: Seconds = 3600;

/// After this time without a line the bot answers again.
const SILENCE: Seconds = 12 * HOUR;

/// How long the conversation stays after that, so that the clock finds it.
const GRACE: Seconds = 24 * HOUR;

/// A talk that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpenTalk {
    last_line_at: Seconds,
}

impl OpenTalk {
    pub(crate) const fn begin(now: Seconds) -> Self {
        Self { last_line_at: now }
    }

    pub(crate) fn line_at(&mut self, now: Seconds) {
        self.last_line_at = self.last_line_at.max(now);
    }

    /// When the talk ends if nobody says anything.
    pub(crate) const fn until(&self) -> Seconds {
        self.last_line_at + SILENCE
    }

    pub(crate) const fn kept_until(&self) -> Seconds {
        self.until() + GRACE
    }
}
