//! Short lists that keep only their latest items.

/// Appends an item and drops the oldest ones beyond `limit`.
pub(crate) fn push_bounded<T>(list: &mut Vec<T>, item: T, limit: usize) {
    list.push(item);
    let surplus = list.len().saturating_sub(limit);
    list.drain(..surplus);
}
