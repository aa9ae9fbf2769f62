//! What the functions call: which calls were made, and how they are made to fail.

use std::collections::BTreeMap;

use simulators::fault::{Fault, Faults, When};

use crate::Bot;

/// Who is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum System {
    DynamoDb,
    Sqs,
    Telegram,
    Amocrm,
    OpenAi,
}

impl System {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::DynamoDb, Self::Sqs, Self::Telegram, Self::Amocrm, Self::OpenAi];
}

/// A moment in the call logs.
#[derive(Clone, Copy, Debug)]
pub struct Mark([u64; 5]);

/// A rule in force until this is dropped.
#[derive(Debug)]
pub struct Failing<'b> {
    faults: &'b Faults,
    id: u64,
}

impl Failing<'_> {
    /// The rule has failed a call.
    #[must_use]
    pub fn has_struck(&self) -> bool {
        self.faults.list().iter().find(|active| active.id == self.id).is_none_or(|active| active.hits > 0)
    }
}

impl Drop for Failing<'_> {
    fn drop(&mut self) {
        self.faults.remove(self.id);
    }
}

impl Bot {
    /// What fails of this system, and what was called.
    #[must_use]
    pub fn faults(&self, system: System) -> &Faults {
        match system {
            System::DynamoDb => self.database(),
            System::Sqs => self.stack().sqs().faults(),
            System::Telegram => self.telegram().faults(),
            System::Amocrm => self.crm().faults(),
            System::OpenAi => self.stack().openai().expect("the model is simulated").faults(),
        }
    }

    /// Makes calls fail.
    #[must_use]
    pub fn fail(&self, system: System, route: &str, when: When, what: Fault) -> Failing<'_> {
        let faults = self.faults(system);
        Failing { faults, id: faults.add(route, when, what) }
    }

    /// For [`Bot::calls_since`].
    #[must_use]
    pub fn mark(&self) -> Mark {
        Mark(System::ALL.map(|system| self.faults(system).mark()))
    }

    /// How often each outside call was made since `mark`, by its name without ids. `Scan`, which tests do, too, is left
    /// out.
    #[must_use]
    pub fn calls_since(&self, mark: &Mark) -> BTreeMap<(System, String), u32> {
        let mut calls = BTreeMap::new();
        for (system, mark) in System::ALL.into_iter().zip(mark.0) {
            for call in self.faults(system).calls_since(mark) {
                if !call.route.starts_with("Scan ") {
                    *calls.entry((system, without_ids(&call.route))).or_default() += 1;
                }
            }
        }
        calls
    }
}

/// A route with `*` for every part that is an id.
#[must_use]
pub fn without_ids(route: &str) -> String {
    let part = |part: &str| {
        let is_id = part.len() > 4 && part.chars().any(|sign| sign.is_ascii_digit()) && part != "oauth2";
        if is_id { "*".to_owned() } else { part.to_owned() }
    };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}
