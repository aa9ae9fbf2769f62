//! Reads variables and collects everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use secrecy::SecretString;

use crate::address;

/// A set of environment variables being read. Problems are collected; [`Env::finish`] reports them all at once.
///
/// An empty value counts as unset, so that `NAME=` in a `.env` file means «not used».
#[derive(Debug)]
pub struct Env {
    values: BTreeMap<String, String>,
    asked: BTreeSet<String>,
    problems: Vec<String>,
}

/// Everything that is wrong with the settings, one line each. Never contains a value, which may be a secret.
#[derive(Debug, thiserror::Error)]
pub struct Invalid(Vec<String>);

impl fmt::Display for Invalid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "cannot start, {} setting(s) are wrong:", self.0.len())?;
        self.0.iter().try_for_each(|problem| write!(out, "\n  {problem}"))
    }
}

impl Env {
    /// The environment of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::from_pairs(std::env::vars())
    }

    /// Given variables: for tests and for the local stack, which fills in its own addresses.
    pub fn from_pairs<K: Into<String>, V: Into<String>>(pairs: impl IntoIterator<Item = (K, V)>) -> Self {
        let values = pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { values, asked: BTreeSet::new(), problems: Vec::new() }
    }

    /// The value of `name`, if it is set and not blank.
    pub fn optional(&mut self, name: &str) -> Option<String> {
        self.asked.insert(name.to_owned());
        self.values.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value of `name`; its absence is a problem.
    pub fn required(&mut self, name: &str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, "is not set");
            String::new()
        })
    }

    /// The value of `name`, or `default` when unset.
    pub fn text(&mut self, name: &str, default: &str) -> String {
        self.optional(name).unwrap_or_else(|| default.to_owned())
    }

    /// A secret, if set.
    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.optional(name).map(SecretString::from)
    }

    /// A secret; its absence is a problem.
    pub fn required_secret(&mut self, name: &str) -> SecretString {
        self.required(name).into()
    }

    /// A number or switch, if set; any other text is a problem.
    pub fn parsed<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let value = self.optional(name)?;
        let parsed = value.parse().ok();
        if parsed.is_none() {
            self.problem(name, &format!("is not a valid {}", short_type_name::<T>()));
        }
        parsed
    }

    /// A number or switch, or `default` when unset.
    pub fn parsed_or<T: FromStr>(&mut self, name: &str, default: T) -> T {
        self.parsed(name).unwrap_or(default)
    }

    /// A number within `range`, or `default` when unset.
    pub fn within<T>(&mut self, name: &str, default: T, range: RangeInclusive<T>) -> T
    where
        T: FromStr + PartialOrd + fmt::Display,
    {
        let value = self.parsed(name).unwrap_or(default);
        if !range.contains(&value) {
            self.problem(name, &format!("is not between {} and {}", range.start(), range.end()));
        }
        value
    }

    /// One of the words `allowed`, or `default` when unset.
    pub fn one_of(&mut self, name: &str, default: &'static str, allowed: &[&'static str]) -> &'static str {
        let Some(value) = self.optional(name) else { return default };
        let word = allowed.iter().find(|word| **word == value);
        if word.is_none() {
            self.problem(name, &format!("is none of {}", allowed.join(", ")));
        }
        word.copied().unwrap_or(default)
    }

    /// An http(s) address without a trailing slash, or `default` when unset. http only within this machine or a private
    /// network.
    pub fn address(&mut self, name: &str, default: &str) -> String {
        let value = self.text(name, default);
        if let Some(problem) = address::problem_of(&value).filter(|_| !value.is_empty()) {
            self.problem(name, problem);
        }
        value.trim_end_matches('/').to_owned()
    }

    /// Reports a problem with `name` that only the caller can see.
    pub fn problem(&mut self, name: &str, what: &str) {
        let problem = format!("{name} {what}");
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// The names read so far.
    #[must_use]
    pub fn asked(&self) -> &BTreeSet<String> {
        &self.asked
    }

    /// `settings`, if nothing was wrong with any variable read.
    ///
    /// # Errors
    /// Everything that was wrong.
    pub fn finish<T>(self, settings: T) -> Result<T, Invalid> {
        if self.problems.is_empty() { Ok(settings) } else { Err(Invalid(self.problems)) }
    }
}

fn short_type_name<T>() -> &'static str {
    match std::any::type_name::<T>() {
        "bool" => "switch (true or false)",
        "f32" | "f64" => "number",
        name if name.starts_with(['u', 'i']) && name.len() <= 5 => "whole number",
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_of_those_allowed() {
        let mut env = Env::from_pairs([("COLOUR", "red"), ("SHAPE", "hunter2")]);
        assert_eq!(env.one_of("COLOUR", "blue", &["red", "blue"]), "red");
        assert_eq!(env.one_of("SHAPE", "round", &["round", "square"]), "round");
        assert_eq!(env.one_of("SIZE", "small", &["small"]), "small");
        let said = env.finish(()).unwrap_err().to_string();
        assert_eq!(said, "cannot start, 1 setting(s) are wrong:\n  SHAPE is none of round, square");
    }

    #[test]
    fn every_problem_is_named_at_once_and_no_value_is_shown() {
        let mut env =
            Env::from_pairs([("ATTEMPTS", "hunter2"), ("RATE", "0"), ("ADDRESS", "example.org"), ("BLANK", "  ")]);
        env.parsed_or::<u32>("ATTEMPTS", 3);
        env.parsed_or::<u32>("ATTEMPTS", 3);
        env.within("RATE", 7, 1..=50);
        env.address("ADDRESS", "https://example.org");
        env.required("BLANK");
        let said = env.finish(()).unwrap_err().to_string();
        assert_eq!(
            said,
            "cannot start, 4 setting(s) are wrong:\n  ATTEMPTS is not a valid whole number\n  RATE is not between 1 and 50\n  ADDRESS is not an http(s) \
             address\n  BLANK is not set"
        );
    }
}
