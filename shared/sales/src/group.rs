//! What is known of the group itself: where it is now, and whether cards get there.

use serde::{Deserialize, Serialize};

use crate::Seconds;

/// What is known of the group that `[sales_chat]` names. It is void once the file names another id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// `chat_id` of the file.
    configured: i64,
    /// The group has become this supergroup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moved_to: Option<i64>,
    /// Telegram refuses cards since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failing_since: Option<Seconds>,
}

impl Group {
    /// What is known of the group `configured`; nothing if `self` is about another one.
    #[must_use]
    pub fn of(self, configured: i64) -> Self {
        if self.configured == configured { self } else { Self { configured, ..Self::default() } }
    }

    /// Where it is now.
    #[must_use]
    pub const fn current_id(&self) -> i64 {
        match self.moved_to {
            Some(id) => id,
            None => self.configured,
        }
    }

    /// The supergroup that it has become, while the file has the old id.
    #[must_use]
    pub const fn moved_to(&self) -> Option<i64> {
        self.moved_to
    }

    /// It has become a supergroup.
    pub const fn follow(&mut self, to: i64) {
        self.moved_to = Some(to);
    }

    /// Telegram has refused a card. Returns since when it has been doing so.
    pub fn note_failure(&mut self, now: Seconds) -> Seconds {
        *self.failing_since.get_or_insert(now)
    }

    /// A card has reached the group. Returns since when none had, if that is news.
    pub const fn note_success(&mut self) -> Option<Seconds> {
        self.failing_since.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_has_one_beginning_and_one_end() {
        let mut group = Group::default().of(-77);
        assert_eq!(group.note_success(), None);
        assert_eq!((group.note_failure(100), group.note_failure(200)), (100, 100));
        assert_eq!((group.note_success(), group.note_success()), (Some(100), None));
    }

    #[test]
    fn a_group_is_followed_until_the_file_names_another() {
        let mut group = Group::default().of(-77);
        group.follow(-1_001);
        assert_eq!(group.of(-77).current_id(), -1_001);
        assert_eq!((group.of(-88).current_id(), group.of(-88).moved_to()), (-88, None));
        assert_eq!(Group::default().of(-1_001).current_id(), -1_001);
    }
}
