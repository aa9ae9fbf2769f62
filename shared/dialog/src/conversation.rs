//! What is remembered of a chat between two updates.

use lead::Seconds;
use serde::{Deserialize, Serialize};

/// The stored state of a chat. Its serialised form is versioned: one that cannot be read any more starts afresh.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {}

impl Conversation {
    /// The message that shows prompt `seq` has this id. False when a later prompt has replaced it meanwhile: then take
    /// the buttons off that message instead of storing the conversation.
    pub fn prompt_sent(&mut self, _seq: u32, _message_id: i64) -> bool {
        unimplemented!()
    }

    /// When the item may be deleted; `None` for one to keep (a banned customer).
    #[must_use]
    pub fn expires_at(&self) -> Option<Seconds> {
        unimplemented!()
    }

    /// Who is banned gets no answer. Operators set this.
    pub fn set_banned(&mut self, _banned: bool) {
        unimplemented!()
    }
}
