//! Failures on demand, and a log of what was called.
//!
//! [`Faults`] holds the rules of one simulator: which call fails, when, and how. `http.rs` asks it before every request
//! and tells it the outcome after, so a simulator's own code knows nothing of failures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(crate) use embedded::now_ms;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

/// How many calls the log keeps; the oldest go first.
pub const CALLS_KEPT: usize = 10_000;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// This status with this body; nothing was done.
    Status(u16, String),
    /// This status with an HTML page, as a proxy in front of the service answers; nothing was done.
    Html(u16),
    /// Status 200 with JSON that breaks off; nothing was done.
    Garbage,
    /// Waits (in JSON: milliseconds), then does and answers as usual. A client that gives up meanwhile cancels the
    /// call: nothing is done.
    Hang(#[serde(with = "milliseconds")] Duration),
    /// Does what was asked at once, and waits (in JSON: milliseconds) before it answers. A client that gives up
    /// meanwhile does not know that it was done.
    LateAnswer(#[serde(with = "milliseconds")] Duration),
    /// Closes the connection; nothing was done.
    DropBefore,
    /// Does what was asked, then closes the connection without an answer.
    LoseAnswer,
    /// 429 in the words of the service; nothing was done.
    TooMany {
        /// Seconds to wait, as the answer tells the client.
        retry_after: u64,
    },
}

/// When a rule's fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At the next this many matching calls; then the rule is gone.
    Times(u32),
    /// At every matching call until the rule is cleared.
    Always,
    /// At this share (0..1) of matching calls.
    Chance(f64),
    /// The first `.0` matching calls are spared, the next `.1` fail; then the rule is gone.
    After(u32, u32),
}

/// Which calls fail, when, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// A route as the call log shows it, «sendMessage» or «POST /api/v4/leads»; `*` stands for any characters.
    pub route: String,
    /// When.
    pub when: When,
    /// How.
    pub what: Fault,
}

/// A rule in force, for a page with switches.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActiveRule {
    /// For [`Faults::remove`].
    pub id: u64,
    /// The rule; the numbers in `when` are what is left of it.
    #[serde(flatten)]
    pub rule: Rule,
    /// How many calls it has failed.
    pub hits: u64,
}

/// One call that reached the simulator.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Call {
    /// Its number, from 1.
    pub seq: u64,
    /// HTTP method.
    pub method: String,
    /// Its name, as rules match it.
    pub route: String,
    /// Query string without `?`.
    pub query: String,
    /// Status answered; 0 when the connection was closed instead, by either side.
    pub status: u16,
    /// When it came, in milliseconds since the epoch.
    pub at_ms: u64,
    /// How long the answer took, in milliseconds.
    pub took_ms: u64,
    /// What was sent, as text: at most 64 KiB of it, 1 KiB of what is not text.
    pub body: String,
}

/// The fault rules and the call log of one simulator. Clones share them.
#[derive(Clone, Debug)]
pub struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    rules: Vec<ActiveRule>,
    next_rule: u64,
    rng: StdRng,
    calls: VecDeque<Call>,
    last_call: u64,
    counts: BTreeMap<String, u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl Faults {
    /// Lets chance draw from `seed` from now on.
    pub fn reseed(&self, seed: u64) {
        self.lock().rng = StdRng::seed_from_u64(seed);
    }

    /// No rules, an empty log; [`When::Chance`] draws from this seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            rules: Vec::new(),
            next_rule: 1,
            rng: StdRng::seed_from_u64(seed),
            calls: VecDeque::new(),
            last_call: 0,
            counts: BTreeMap::new(),
        })))
    }

    /// Adds a rule and returns its id. Of several rules that would fire, the one added first does.
    pub fn add(&self, route: &str, when: When, what: Fault) -> u64 {
        self.add_rule(Rule { route: route.to_owned(), when, what })
    }

    /// [`Faults::add`] for a rule that came as data.
    pub fn add_rule(&self, rule: Rule) -> u64 {
        let mut inner = self.lock();
        let id = inner.next_rule;
        inner.next_rule += 1;
        inner.rules.push(ActiveRule { id, rule, hits: 0 });
        id
    }

    /// Takes a rule away; false if there is none of that id (any more).
    pub fn remove(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.rules.len();
        inner.rules.retain(|active| active.id != id);
        inner.rules.len() < before
    }

    /// Takes all rules away: the service is well again. The log stays.
    pub fn clear(&self) {
        self.lock().rules.clear();
    }

    /// The rules in force.
    #[must_use]
    pub fn list(&self) -> Vec<ActiveRule> {
        self.lock().rules.clone()
    }

    /// Number of the last call: a mark for [`Faults::calls_since`].
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.lock().last_call
    }

    /// The logged calls after this mark, oldest first; 0 means all that are kept.
    #[must_use]
    pub fn calls_since(&self, mark: u64) -> Vec<Call> {
        self.lock().calls.iter().filter(|call| call.seq > mark).cloned().collect()
    }

    /// How many calls came since the start, by route.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.lock().counts.clone()
    }

    /// The fault of the rule that fires for this call, if one does.
    pub(crate) fn strike(&self, route: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let Inner { rules, rng, .. } = &mut *inner;
        let position = rules.iter_mut().position(|active| {
            matches(&active.rule.route, route)
                && match &mut active.rule.when {
                    When::Times(0) | When::After(_, 0) => false,
                    When::Times(left) | When::After(0, left) => {
                        *left -= 1;
                        true
                    }
                    When::After(spared, _) => {
                        *spared -= 1;
                        false
                    }
                    When::Always => true,
                    When::Chance(share) => rng.random_bool(share.clamp(0.0, 1.0)),
                }
        })?;
        let active = &mut rules[position];
        active.hits += 1;
        let fault = active.rule.what.clone();
        if matches!(active.rule.when, When::Times(0) | When::After(0, 0)) {
            rules.remove(position);
        }
        Some(fault)
    }

    /// Writes a call into the log; its `seq` is set here.
    pub(crate) fn record(&self, mut call: Call) {
        let mut inner = self.lock();
        inner.last_call += 1;
        call.seq = inner.last_call;
        *inner.counts.entry(call.route.clone()).or_default() += 1;
        if inner.calls.len() == CALLS_KEPT {
            inner.calls.pop_front();
        }
        inner.calls.push_back(call);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

/// Whether `route` fits `pattern`, in which `*` stands for any characters.
fn matches(pattern: &str, route: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == route };
    let Some(mut route) = route.strip_prefix(head) else { return false };
    let mut parts = rest.split('*').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return route.ends_with(part);
        }
        let Some(found) = route.find(part) else { return false };
        route = &route[found + part.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_what_it_names_and_nothing_else() {
        assert!(matches("*", "sendMessage"));
        assert!(matches("sendMessage", "sendMessage"));
        assert!(!matches("send", "sendMessage"));
        assert!(matches("send*", "sendMessage"));
        assert!(matches("POST /api/v4/leads/*/link", "POST /api/v4/leads/17/link"));
        assert!(!matches("POST /api/v4/leads/*/link", "POST /api/v4/leads/17/notes"));
        assert!(matches("*leads*", "POST /api/v4/leads/17/notes"));
    }

    #[test]
    fn a_counted_rule_fires_that_often_and_is_gone() {
        let faults = Faults::default();
        faults.add("sendMessage", When::Times(2), Fault::Garbage);
        assert_eq!(faults.strike("getMe"), None);
        assert_eq!(faults.strike("sendMessage"), Some(Fault::Garbage));
        assert_eq!(faults.strike("sendMessage"), Some(Fault::Garbage));
        assert_eq!(faults.strike("sendMessage"), None);
        assert!(faults.list().is_empty());
    }

    #[test]
    fn a_delayed_rule_spares_the_first_calls() {
        let faults = Faults::default();
        faults.add("*", When::After(2, 1), Fault::DropBefore);
        let struck: Vec<bool> = (0..5).map(|_| faults.strike("x").is_some()).collect();
        assert_eq!(struck, [false, false, true, false, false]);
    }

    #[test]
    fn a_page_can_send_rules_and_list_them() -> Result<(), serde_json::Error> {
        let faults = Faults::default();
        for rule in [
            r#"{"route": "sendMessage", "when": {"times": 3}, "what": {"too_many": {"retry_after": 7}}}"#,
            r#"{"route": "*", "when": "always", "what": {"hang": 1500}}"#,
            r#"{"route": "POST /x", "when": {"after": [1, 2]}, "what": {"status": [500, "oops"]}}"#,
            r#"{"route": "POST /y", "when": {"chance": 0.5}, "what": "lose_answer"}"#,
        ] {
            faults.add_rule(serde_json::from_str(rule)?);
        }
        assert_eq!(faults.list()[1].rule.what, Fault::Hang(Duration::from_millis(1500)));
        let listed: Vec<String> = faults.list().iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        insta::assert_snapshot!(listed.join("\n"), @r#"
        {"id":1,"route":"sendMessage","when":{"times":3},"what":{"too_many":{"retry_after":7}},"hits":0}
        {"id":2,"route":"*","when":"always","what":{"hang":1500},"hits":0}
        {"id":3,"route":"POST /x","when":{"after":[1,2]},"what":{"status":[500,"oops"]},"hits":0}
        {"id":4,"route":"POST /y","when":{"chance":0.5},"what":"lose_answer","hits":0}
        "#);
        Ok(())
    }

    #[test]
    fn chance_is_the_same_for_the_same_seed() {
        let draw = |seed| {
            let faults = Faults::seeded(seed);
            faults.add("*", When::Chance(0.3), Fault::Garbage);
            (0..1000).map(|_| faults.strike("x").is_some()).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        let hits = draw(7).into_iter().filter(|hit| *hit).count();
        assert!((250..350).contains(&hits), "{hits} of 1000 calls failed");
    }

    #[test]
    fn a_removed_rule_is_quiet() {
        let faults = Faults::default();
        let id = faults.add("*", When::Always, Fault::LoseAnswer);
        assert!(faults.strike("x").is_some());
        assert_eq!(faults.list()[0].hits, 1);
        assert!(faults.remove(id));
        assert!(!faults.remove(id));
        assert_eq!(faults.strike("x"), None);
    }
}
