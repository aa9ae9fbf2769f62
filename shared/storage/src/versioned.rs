//! Optimistic locking.

/// A value as it was read, with the version that a write of it expects to find. Version 0: there is no item yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The value.
    pub value: T,
    /// The version stored.
    pub version: u64,
}

impl<T> Versioned<T> {
    /// A value that is not stored yet.
    pub const fn new(value: T) -> Self {
        Self { value, version: 0 }
    }
}

/// Condition under which an item of version `:expected` may be replaced.
pub(crate) fn condition(expected: u64, key: &str) -> String {
    if expected == 0 { format!("attribute_not_exists({key})") } else { "version = :expected".to_owned() }
}
