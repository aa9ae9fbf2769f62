//! Reading a TOML table key by key, collecting every fault on the way.

use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::fault::{Fault, Problem, TomlType};

/// The keys of the file itself, which stand above its sections.
const TOP_KEYS: [&str; 2] = ["time_zone", "holidays"];

/// A value and the line it stands on.
#[derive(Clone, Debug)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) line: usize,
}

/// A list of texts.
pub(crate) struct Texts {
    /// Those without faults.
    pub(crate) texts: Vec<At<String>>,
    /// Whether the file has none, not even a faulty one.
    pub(crate) is_empty: bool,
    pub(crate) line: usize,
}

/// The faults of a text, found in any order.
pub(crate) struct Faults<'t> {
    text: &'t str,
    found: Vec<Fault>,
}

impl<'t> Faults<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    pub(crate) fn add(&mut self, line: usize, problem: Problem) {
        self.found.push(Fault { line, problem });
    }

    /// The line of a byte of the text, from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
    }

    /// The faults in the order of the lines. Text that is not TOML hides what follows it, so then nothing is called
    /// missing, and a line that cannot be read has no other fault.
    pub(crate) fn into_sorted(mut self) -> Vec<Fault> {
        let is_syntax = |fault: &Fault| matches!(fault.problem, Problem::Syntax(_));
        let unreadable: Vec<usize> =
            self.found.iter().filter(|fault| is_syntax(fault)).map(|fault| fault.line).collect();
        if !unreadable.is_empty() {
            self.found.retain(|fault| {
                let may_be_a_consequence =
                    unreadable.contains(&fault.line) || matches!(fault.problem, Problem::Missing { .. });
                is_syntax(fault) || !may_be_a_consequence
            });
        }
        self.found.sort_by_key(|fault| fault.line);
        self.found.dedup();
        self.found
    }
}

type Entry<'t> = (At<String>, Spanned<DeValue<'t>>);

/// A table whose keys are taken out one by one; what is left at the end is unknown.
pub(crate) struct Section<'t> {
    name: &'static str,
    pub(crate) line: usize,
    entries: Vec<Entry<'t>>,
    known: Vec<&'static str>,
}

impl<'t> Section<'t> {
    /// The top of the file.
    pub(crate) fn top(table: DeTable<'t>, faults: &Faults<'_>) -> Self {
        Self { name: "", line: 1, entries: entries(table, faults), known: Vec::new() }
    }

    fn new(name: &'static str, line: usize, table: DeTable<'t>, faults: &mut Faults<'_>) -> Self {
        let (misplaced, entries) = entries(table, faults)
            .into_iter()
            .partition::<Vec<_>, _>(|(key, _)| TOP_KEYS.contains(&key.value.as_str()));
        for (key, _) in misplaced {
            faults.add(key.line, Problem::BelongsToTheTop { key: key.value });
        }
        Self { name, line, entries, known: Vec::new() }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(found, _)| found.value == key)
    }

    /// Notes a fault if the key is not there.
    pub(crate) fn require(&self, key: &'static str, faults: &mut Faults<'_>) {
        if !self.has(key) {
            faults.add(self.line, Problem::Missing { key, section: self.name });
        }
    }

    pub(crate) fn text(&mut self, key: &'static str, max: usize, faults: &mut Faults<'_>) -> Option<At<String>> {
        let value = self.take(key)?;
        read_text(key, max, value, faults)
    }

    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        range: RangeInclusive<i64>,
        faults: &mut Faults<'_>,
    ) -> Option<At<i64>> {
        let value = self.take(key)?;
        let line = faults.line(value.span().start);
        match value.into_inner() {
            DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
                Ok(number) if range.contains(&number) => Some(At { value: number, line }),
                _ => {
                    faults.add(line, Problem::OutOfRange { key, value: integer.to_string(), range });
                    None
                }
            },
            other => wrong_type(key, TomlType::Integer, &other, line, faults),
        }
    }

    pub(crate) fn boolean(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<bool> {
        let value = self.take(key)?;
        let line = faults.line(value.span().start);
        match value.into_inner() {
            DeValue::Boolean(boolean) => Some(boolean),
            other => wrong_type(key, TomlType::Boolean, &other, line, faults),
        }
    }

    /// The values of a list, and the line on which it starts.
    pub(crate) fn list(&mut self, key: &'static str, faults: &mut Faults<'_>) -> Option<At<Vec<Spanned<DeValue<'t>>>>> {
        let value = self.take(key)?;
        let line = faults.line(value.span().start);
        match value.into_inner() {
            DeValue::Array(array) => Some(At { value: array.into_iter().collect(), line }),
            other => wrong_type(key, TomlType::List, &other, line, faults),
        }
    }

    /// A list of texts, without those that are faulty.
    pub(crate) fn texts(&mut self, key: &'static str, max: usize, faults: &mut Faults<'_>) -> Option<Texts> {
        let list = self.list(key, faults)?;
        let is_empty = list.value.is_empty();
        let texts = list.value.into_iter().filter_map(|value| read_text(key, max, value, faults)).collect();
        Some(Texts { texts, is_empty, line: list.line })
    }

    pub(crate) fn section(
        &mut self,
        key: &'static str,
        name: &'static str,
        faults: &mut Faults<'_>,
    ) -> Option<Section<'t>> {
        let value = self.take(key)?;
        let line = faults.line(value.span().start);
        match value.into_inner() {
            DeValue::Table(table) => Some(Section::new(name, line, table, faults)),
            other => wrong_type(key, TomlType::Section, &other, line, faults),
        }
    }

    pub(crate) fn sections(
        &mut self,
        key: &'static str,
        name: &'static str,
        faults: &mut Faults<'_>,
    ) -> Vec<Section<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let line = faults.line(value.span().start);
        let array = match value.into_inner() {
            DeValue::Array(array) => array,
            other => return wrong_type(key, TomlType::Sections, &other, line, faults).unwrap_or_default(),
        };
        let mut sections = Vec::new();
        for value in array {
            let line = faults.line(value.span().start);
            match value.into_inner() {
                DeValue::Table(table) => sections.push(Section::new(name, line, table, faults)),
                other => wrong_type(key, TomlType::Sections, &other, line, faults).unwrap_or_default(),
            }
        }
        sections
    }

    /// Every key with its text, for a section whose keys are data.
    pub(crate) fn into_texts(self, max: usize, faults: &mut Faults<'_>) -> Vec<(At<String>, Option<At<String>>)> {
        self.entries
            .into_iter()
            .map(|(key, value)| {
                let text = read_text(&key.value, max, value, faults);
                (key, text)
            })
            .collect()
    }

    /// Notes a fault for each key that nothing asked for.
    pub(crate) fn finish(self, faults: &mut Faults<'_>) {
        for (key, _) in self.entries {
            let problem = Problem::UnknownKey { key: key.value, section: self.name, known: self.known.clone() };
            faults.add(key.line, problem);
        }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'t>>> {
        self.known.push(key);
        let index = self.entries.iter().position(|(found, _)| found.value == key)?;
        Some(self.entries.remove(index).1)
    }
}

/// The keys of a table in the order of the text.
fn entries<'t>(table: DeTable<'t>, faults: &Faults<'_>) -> Vec<Entry<'t>> {
    let mut keys: Vec<_> = table.into_iter().collect();
    keys.sort_by_key(|(key, _)| key.span().start);
    keys.into_iter()
        .map(|(key, value)| {
            let line = faults.line(key.span().start);
            (At { value: key.into_inner().into_owned(), line }, value)
        })
        .collect()
}

/// Text without spaces around it, of 1 to `max` UTF-16 units.
pub(crate) fn read_text(
    key: &str,
    max: usize,
    value: Spanned<DeValue<'_>>,
    faults: &mut Faults<'_>,
) -> Option<At<String>> {
    let line = faults.line(value.span().start);
    let text = match value.into_inner() {
        DeValue::String(text) => text.trim().to_owned(),
        other => return wrong_type(key, TomlType::Text, &other, line, faults),
    };
    let length = text.encode_utf16().count();
    if text.is_empty() {
        faults.add(line, Problem::EmptyText { key: key.to_owned() });
    } else if length > max {
        faults.add(line, Problem::TooLong { key: key.to_owned(), length, max });
    } else {
        return Some(At { value: text, line });
    }
    None
}

/// Notes a value of the wrong type. Returns `None` for the caller to pass on.
pub(crate) fn wrong_type<T>(
    key: &str,
    expected: TomlType,
    found: &DeValue<'_>,
    line: usize,
    faults: &mut Faults<'_>,
) -> Option<T> {
    let found = match found {
        DeValue::String(_) => TomlType::Text,
        DeValue::Integer(_) => TomlType::Integer,
        DeValue::Float(_) => TomlType::Fraction,
        DeValue::Boolean(_) => TomlType::Boolean,
        DeValue::Datetime(_) => TomlType::Date,
        DeValue::Array(array) if array.iter().any(|value| matches!(value.get_ref(), DeValue::Table(_))) => {
            TomlType::Sections
        }
        DeValue::Array(_) => TomlType::List,
        DeValue::Table(_) => TomlType::Section,
    };
    faults.add(line, Problem::WrongType { key: key.to_owned(), expected, found });
    None
}
