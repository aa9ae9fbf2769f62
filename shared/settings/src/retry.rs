//! Every retry policy: how often something is tried, and how long the pauses between the tries are.

use std::time::Duration;

/// A retry policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The first try included.
    pub tries: u32,
    /// The pause after the first try.
    pub first: Duration,
    /// Each pause is this many times the one before.
    pub factor: f64,
    pub longest: Duration,
}

impl Retry {
    /// A call to Telegram, which names its own pause when it is asked too often; a longer one is left to the caller.
    pub const TELEGRAM_CALL: Self =
        Self { tries: 3, first: Duration::from_millis(400), factor: 2.0, longest: Duration::from_secs(3) };
    /// A call to DynamoDB or SQS, with a random part of the pause. All tries end within the client's 10 s.
    pub const AWS_CALL: Self =
        Self { tries: 6, first: Duration::from_millis(50), factor: 2.0, longest: Duration::from_millis(800) };
    /// Deciding on an update when another one of the chat was stored first: an album is ten updates at once. With a
    /// random part of the pause.
    pub const DECISION: Self =
        Self { tries: 26, first: Duration::from_millis(80), factor: 2.0, longest: Duration::from_millis(1280) };
    /// Looking whether another invocation has handled the same update, for as long as [`crate::time_budget`] allows.
    pub const SAME_UPDATE: Self = Self::every(Duration::from_millis(250));
    /// Trying one request while amoCRM takes none.
    pub const PROBE: Self =
        Self { tries: u32::MAX, first: Duration::from_secs(30), factor: 2.0, longest: Duration::from_secs(300) };
    /// A refresh of amoCRM's tokens whose answer was lost.
    pub const TOKEN_REFRESH: Self =
        Self { tries: 3, first: Duration::from_secs(1), factor: 2.0, longest: Duration::from_secs(2) };
    /// Storing a fresh pair of tokens: without a pause, because nobody else may change them meanwhile.
    pub const TOKEN_SAVE: Self = Self { tries: 3, first: Duration::ZERO, factor: 1.0, longest: Duration::ZERO };
    /// Looking whether another worker has refreshed the tokens.
    pub const TOKEN_LOCK: Self =
        Self { tries: 40, first: Duration::from_millis(300), factor: 1.0, longest: Duration::from_millis(300) };
    /// Changing a shared document that others change as well; with a random part of the pause.
    pub const SHARED_DOCUMENT: Self =
        Self { tries: 12, first: Duration::from_millis(20), factor: 2.0, longest: Duration::from_millis(640) };

    /// Asking Telegram for updates, locally.
    pub const POLL: Self = Self::every(Duration::from_secs(2));
    /// Handling an update that polling brought. The pauses add up to about eight minutes.
    pub const POLLED_UPDATE: Self =
        Self { tries: 20, first: Duration::from_millis(500), factor: 2.0, longest: Duration::from_secs(30) };
    /// Taking requests from the local queue.
    pub const LOCAL_QUEUE: Self = Self::every(Duration::from_secs(1));

    const fn every(pause: Duration) -> Self {
        Self { tries: u32::MAX, first: pause, factor: 1.0, longest: pause }
    }

    /// A call to amoCRM, by the settings: `RETRY_MAX_ATTEMPTS` tries, pauses of 1, 2, 4 … s for a `RETRY_BACKOFF_BASE`
    /// of 2.
    #[must_use]
    pub fn amocrm_call(settings: &crate::Amocrm) -> Self {
        Self {
            tries: settings.retry_max_attempts.max(1),
            first: Duration::from_secs(1),
            factor: settings.retry_backoff_base,
            // A lead that has to wait longer waits for its next attempt.
            longest: Duration::from_secs(8),
        }
    }

    /// The delivery of a request, by the settings: `LEAD_MAX_ATTEMPTS` tries, pauses of 5, 10, 20 … 360 min for a
    /// `RETRY_INTERVAL_SECONDS` of 300.
    #[must_use]
    pub fn delivery(settings: &crate::Delivery) -> Self {
        let first = Duration::from_secs(settings.retry_interval_seconds.unsigned_abs());
        Self { tries: settings.lead_max_attempts, first, factor: 2.0, longest: first * 72 }
    }

    /// The pause after `tried` tries.
    #[must_use]
    pub fn pause(&self, tried: u32) -> Duration {
        let exponent = i32::try_from(tried.saturating_sub(1)).unwrap_or(i32::MAX);
        let seconds = self.first.as_secs_f64() * self.factor.powi(exponent);
        Duration::try_from_secs_f64(seconds).unwrap_or(self.longest).min(self.longest)
    }

    /// Whether another try may follow after `tried` tries.
    #[must_use]
    pub const fn allows_another(&self, tried: u32) -> bool {
        tried < self.tries
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time_budget::{SAME_UPDATE, WEBHOOK};
    use crate::{Amocrm, Delivery, Env};

    #[test]
    fn what_is_tried_again_inside_something_is_done_before_that_is_tried_again() {
        let mut env = Env::from_pairs::<String, String>([]);
        let (amocrm, delivery) = (Amocrm::read(&mut env), Delivery::read(&mut env));
        let (call, delivery) = (Retry::amocrm_call(&amocrm), Retry::delivery(&delivery));
        let nested = [
            (Retry::SHARED_DOCUMENT, call),
            (Retry::TOKEN_REFRESH, Retry::PROBE),
            (call, Retry::PROBE),
            (Retry::PROBE, delivery),
            (Retry::TELEGRAM_CALL, delivery),
        ];
        for (inner, outer) in nested {
            assert!(inner.longest <= outer.first, "{inner:?} is inside {outer:?}");
        }
        assert!(Retry::SAME_UPDATE.longest < Retry::DECISION.longest && Retry::DECISION.longest < SAME_UPDATE);
        assert!(Retry::TELEGRAM_CALL.longest * Retry::TELEGRAM_CALL.tries < WEBHOOK);
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let retry = Retry { tries: 3, first: Duration::from_secs(1), factor: 2.0, longest: Duration::from_secs(5) };
        let pauses: Vec<u64> = (1..=4).map(|tried| retry.pause(tried).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5]);
        assert!(retry.allows_another(2) && !retry.allows_another(3));
        assert_eq!(Retry::TOKEN_LOCK.pause(1000), Duration::from_millis(300));
    }
}
