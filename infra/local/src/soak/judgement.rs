//! What a soak must not find.

use serde::Serialize;

/// Most examples that are kept of what is wrong.
pub(super) const EXAMPLES: usize = 5;

/// Something that must not happen, and how often it did.
#[derive(Debug, Serialize)]
pub(super) struct Judgement {
    /// In plain words: «cards that came twice».
    pub(super) what: &'static str,
    /// How many things were looked at.
    pub(super) of: usize,
    pub(super) wrong: usize,
    /// As wrong, but nobody can know it: the answer to the call that sent it was lost, or the bot was killed just when
    /// it was about to make that call.
    pub(super) excused: usize,
    /// Some that are wrong, as examples.
    pub(super) examples: Vec<String>,
}

/// What one thing is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    Right,
    Wrong,
    Excused,
}

impl Finding {
    /// Wrong things are excused if `is_excused` says so.
    pub(super) fn of(is_right: bool, is_excused: impl FnOnce() -> bool) -> Self {
        match is_right {
            true => Self::Right,
            false if is_excused() => Self::Excused,
            false => Self::Wrong,
        }
    }
}

impl Judgement {
    /// Nothing was looked at yet.
    pub(super) const fn new(what: &'static str) -> Self {
        Self { what, of: 0, wrong: 0, excused: 0, examples: Vec::new() }
    }

    /// Adds a finding about `thing`.
    pub(super) fn add(&mut self, thing: &str, finding: Finding) {
        self.of += 1;
        match finding {
            Finding::Right => {}
            Finding::Excused => self.excused += 1,
            Finding::Wrong => {
                self.wrong += 1;
                if self.examples.len() < EXAMPLES {
                    self.examples.push(thing.to_owned());
                }
            }
        }
    }

    /// Adds a thing that is right or wrong.
    pub(super) fn check(&mut self, thing: &str, is_right: bool) {
        self.add(thing, Finding::of(is_right, || false));
    }

    /// A row of the report.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} of {}", self.wrong, self.of);
        if self.excused > 0 {
            text += &format!(", and {} whose answer was lost or whose sender was killed", self.excused);
        }
        if !self.examples.is_empty() {
            text += &format!(": {}", self.examples.join(", "));
        }
        text
    }
}
