//! How an attempt may end before everything is in amoCRM.

use std::fmt;

use amocrm::CrmError;
use delivery::{Obstacle, text_of_error};
use lead::{Failure, Repeat, SEARCH_LAG, Seconds};
use texts::Language;

/// Why an attempt ended before everything was in amoCRM.
#[derive(Clone, Debug)]
pub(crate) enum Stop {
    /// It failed.
    Failed(FailedAttempt),
    /// It was not tried, or cannot be tried before then.
    PutBack { due_at: Seconds },
    /// Another worker took the lead over, or the customer had it deleted.
    Lost,
    /// It could not be read again, or its progress could not be stored: the message must come again.
    StorageDown,
}

/// A failed attempt.
#[derive(Clone, Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) repeat: Repeat,
    reason: Reason,
}

#[derive(Clone, Debug)]
enum Reason {
    Crm(CrmError),
    TooSlow,
    WorkersStopped,
}

impl FailedAttempt {
    pub(crate) fn because_of(error: CrmError) -> Self {
        Self { repeat: error.failure().repeat, reason: Reason::Crm(error) }
    }

    /// A look-up failed. Whatever amoCRM says to a look-up, it does not refuse the lead. After a creation whose answer
    /// was lost (`in_doubt`), the lead waits until the created item would be visible.
    pub(crate) fn on_lookup(error: CrmError, in_doubt: bool) -> Self {
        let mut failed = Self::because_of(error);
        let pause = match failed.repeat {
            Repeat::Later { pause, .. } => pause,
            Repeat::Never => None,
        };
        let pause = if in_doubt { Some(pause.unwrap_or(0).max(SEARCH_LAG)) } else { pause };
        failed.repeat = Repeat::Later { pause, in_doubt };
        failed
    }

    /// amoCRM answers, but too slowly for one attempt.
    pub(crate) const fn too_slow() -> Self {
        Self { repeat: LATER, reason: Reason::TooSlow }
    }

    /// Earlier workers died in the middle too often.
    pub(crate) const fn workers_stopped() -> Self {
        Self { repeat: LATER, reason: Reason::WorkersStopped }
    }

    /// The failure as the lead stores it.
    pub(crate) fn to_store(&self) -> Failure {
        Failure { repeat: self.repeat, reason: self.to_string() }
    }

    /// Why amoCRM could not take this lead, and might not take others either; `None` when it was about this one only.
    pub(crate) fn obstacle(&self) -> Option<Obstacle> {
        match &self.reason {
            Reason::Crm(error) => Obstacle::of(error),
            Reason::TooSlow => Some(Obstacle::slow()),
            Reason::WorkersStopped => None,
        }
    }

    /// The reason as admins read it.
    pub(crate) fn text(&self, language: Language) -> String {
        match &self.reason {
            Reason::Crm(error) => text_of_error(error, language),
            Reason::TooSlow => language.text("crm-error-slow"),
            Reason::WorkersStopped => language.text("crm-error-worker-stopped"),
        }
    }
}

const LATER: Repeat = Repeat::Later { pause: None, in_doubt: false };

/// For operators.
impl fmt::Display for FailedAttempt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::Crm(error) => error.fmt(out),
            Reason::TooSlow => out.write_str("amoCRM answers too slowly"),
            Reason::WorkersStopped => out.write_str("its workers were stopped in the middle"),
        }
    }
}

impl From<FailedAttempt> for Stop {
    fn from(failed: FailedAttempt) -> Self {
        Self::Failed(failed)
    }
}

/// The result could not be stored: the queue has to deliver the message again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Redeliver;
