//! The stack's clock: the machine's, set forward so that a day can be tried in a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use dealer::{Calendar, Seconds};

/// Nine in the morning, in seconds since midnight.
const NINE: Seconds = 9 * 3600;
const DAY: Seconds = 24 * 3600;

/// The clock that the functions and the simulators go by.
#[derive(Clone, Debug)]
pub(crate) struct StackClock(pub(crate) Arc<AtomicI64>);

impl StackClock {
    /// Seconds since the epoch.
    pub(crate) fn now(&self) -> Seconds {
        settings::system_clock()() + self.ahead()
    }

    /// Seconds that it is ahead of the machine's.
    pub(crate) fn ahead(&self) -> Seconds {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it forward.
    pub(crate) fn forward(&self, seconds: Seconds) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Seconds until it is next nine in the morning at the dealer's.
pub(crate) fn until_nine(calendar: &Calendar, now: Seconds) -> Seconds {
    let time = calendar.local(now).time();
    let since_midnight = Seconds::from(time.hour()) * 3600 + Seconds::from(time.minute()) * 60;
    let wait = NINE - since_midnight - Seconds::from(time.second());
    if wait > 0 { wait } else { wait + DAY }
}
