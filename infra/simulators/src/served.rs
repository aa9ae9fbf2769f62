//! Which calls the simulators serve: those that the program makes, and no others. Tests hold the lists to the calls on
//! record.

/// Who makes a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The three functions, and what AWS does for them.
    Functions,
    /// The `carquery` command.
    Operator,
    /// The local stack and its page.
    LocalStack,
    /// Nobody in the stories that the fault tests play: only other stories, or the tests of the simulators.
    Nobody,
}

/// A call that a simulator serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Its name in fault rules and in the log, with `*` for an id.
    pub route: &'static str,
    /// Who makes it; what the functions call, others may call too.
    pub by: Caller,
}

impl Served {
    pub(crate) const fn new(by: Caller, route: &'static str) -> Self {
        Self { route, by }
    }
}
