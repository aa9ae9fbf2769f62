//! What the bot has tried to send about requests. Of a message that is not there it tells whether its answer was lost.

use simulators::fault::{Call, Faults};

/// Messages about a request have its number.
const NUMBER_SIGN: &str = "№ ";
/// The methods that send them.
const METHODS: [&str; 2] = ["sendMessage", "sendPhoto"];
/// Telegram refuses the call: surely nothing was sent.
const TOO_MANY_REQUESTS: u16 = 429;

/// The calls that were not refused.
#[derive(Default)]
pub(super) struct Sends {
    /// The last call that was looked at.
    mark: u64,
    bodies: Vec<String>,
}

impl Sends {
    /// Looks at the calls since the last time. The simulator keeps the last ones only.
    pub(super) fn look(&mut self, telegram: &Faults) {
        let calls = telegram.calls_since(self.mark);
        self.mark = calls.last().map_or(self.mark, |call| call.seq);
        let is_kept = |call: &Call| {
            METHODS.contains(&call.route.as_str())
                && call.status != TOO_MANY_REQUESTS
                && call.body.contains(NUMBER_SIGN)
        };
        self.bodies.extend(calls.into_iter().filter(is_kept).map(|call| call.body));
    }

    /// Whether one of them has all of these words.
    pub(super) fn has(&self, words: &[&str]) -> bool {
        self.bodies.iter().any(|body| words.iter().all(|word| body.contains(word)))
    }
}
