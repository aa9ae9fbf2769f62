//! How often a call is tried, and how long the pauses between its tries are. Only the pauses between whole deliveries are
//! elsewhere, because they are counted in minutes and stored: `lead::Backoff`.

use std::time::Duration;

/// Tries of one kind of call.
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

    /// A call to amoCRM, by the settings: `RETRY_MAX_ATTEMPTS` tries, pauses of 1, 2, 4 … s for a `RETRY_BACKOFF_BASE` of 2.
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

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let retry = Retry { tries: 3, first: Duration::from_secs(1), factor: 2.0, longest: Duration::from_secs(5) };
        let pauses: Vec<u64> = (1..=4).map(|tried| retry.pause(tried).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 5]);
        assert!(retry.allows_another(2) && !retry.allows_another(3));
        assert_eq!(Retry::TOKEN_LOCK.pause(1000), Duration::from_millis(300));
    }
}
