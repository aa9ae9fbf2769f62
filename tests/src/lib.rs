//! Stories that cross crates: conversations, faults, limits, over the real handlers
