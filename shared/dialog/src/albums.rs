//! Albums by their ids. Telegram delivers each part of an album as an update of its own, and those of albums sent together
//! mixed: what is known of one has to be known for a while.

use serde::{Deserialize, Serialize};

use crate::conversation::remember;

/// How many albums are remembered.
const LATEST: usize = 4;

/// The latest albums of which something is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Albums(Vec<String>);

impl Albums {
    /// Whether this one is among them. What is in no album is not.
    pub(crate) fn know(&self, album: Option<&str>) -> bool {
        album.is_some_and(|album| self.0.iter().any(|known| known == album))
    }

    /// Takes this one in. What is in no album changes nothing.
    pub(crate) fn note(&mut self, album: Option<&str>) {
        if let Some(new) = album.filter(|_| !self.know(album)) {
            remember(&mut self.0, new.to_owned(), LATEST);
        }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets them all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
