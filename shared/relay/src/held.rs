//! A talk that this worker alone works on.

use settings::{Clock, Retry};
use storage::{SaveError, Talks, Versioned, pause_after_conflict};
use talk::Talk;

use crate::{Relay, RelayError};

/// A talk under this worker's lease. Others still add lines to it.
pub struct Held {
    /// The customer's.
    pub chat_id: i64,
    stored: Versioned<Talk>,
    talks: Talks,
    clock: Clock,
}

impl Relay {
    /// Takes the lease of a talk; `None` if there is no talk, or somebody else works on it.
    ///
    /// # Errors
    /// It is not known whether it was taken.
    pub async fn hold(&self, chat_id: i64) -> Result<Option<Held>, RelayError> {
        self.hold_if(chat_id, |_| true).await
    }

    /// The same, if the talk is like that.
    pub(crate) async fn hold_if(
        &self,
        chat_id: i64,
        is_wanted: impl Fn(&Talk) -> bool,
    ) -> Result<Option<Held>, RelayError> {
        let retry = Retry::SHARED_DOCUMENT;
        for tried in 1..=retry.tries {
            let Some(mut stored) = self.talks.get(chat_id).await? else { return Ok(None) };
            if !is_wanted(&stored.value) || !stored.value.lease((self.clock)()) {
                return Ok(None);
            }
            match self.talks.save(chat_id, &mut stored).await {
                Ok(()) => {
                    let (talks, clock) = (self.talks.clone(), self.clock.clone());
                    return Ok(Some(Held { chat_id, stored, talks, clock }));
                }
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => pause_after_conflict(retry, tried).await,
            }
        }
        Err(RelayError::TooManyConflicts)
    }
}

impl Held {
    /// The talk as this worker last saw it.
    #[must_use]
    pub const fn talk(&self) -> &Talk {
        &self.stored.value
    }

    /// Changes the talk and goes on with the lease.
    ///
    /// # Errors
    /// [`RelayError::Gone`] if the customer had everything deleted.
    pub async fn update(&mut self, change: impl Fn(&mut Talk)) -> Result<(), RelayError> {
        let now = (self.clock)();
        self.store(|talk| {
            change(talk);
            talk.keep_lease(now);
        })
        .await
    }

    /// Changes the talk, and gives the lease back if nothing waits then.
    ///
    /// # Errors
    /// As for [`Self::update`].
    pub(crate) async fn update_last(&mut self, change: impl Fn(&mut Talk)) -> Result<(), RelayError> {
        let now = (self.clock)();
        self.store(|talk| {
            change(talk);
            if talk.is_delivered() { talk.release() } else { talk.keep_lease(now) }
        })
        .await
    }

    /// Gives the lease back, unless a line has come meanwhile; true if it is given back.
    ///
    /// # Errors
    /// As for [`Self::update`].
    pub(crate) async fn release_if_done(&mut self) -> Result<bool, RelayError> {
        let now = (self.clock)();
        self.store(|talk| {
            if talk.next(now).is_none() {
                talk.release();
            }
        })
        .await?;
        Ok(self.talk().next(now).is_none())
    }

    /// Gives the lease back.
    ///
    /// # Errors
    /// As for [`Self::update`].
    pub async fn release(mut self) -> Result<(), RelayError> {
        self.store(Talk::release).await
    }

    async fn store(&mut self, change: impl Fn(&mut Talk)) -> Result<(), RelayError> {
        let retry = Retry::SHARED_DOCUMENT;
        for tried in 1..=retry.tries {
            change(&mut self.stored.value);
            match self.talks.save(self.chat_id, &mut self.stored).await {
                Ok(()) => return Ok(()),
                Err(SaveError::Storage(error)) => return Err(error.into()),
                Err(SaveError::Conflict) => {
                    pause_after_conflict(retry, tried).await;
                    self.stored = self.talks.get(self.chat_id).await?.ok_or(RelayError::Gone)?;
                }
            }
        }
        Err(RelayError::TooManyConflicts)
    }
}
