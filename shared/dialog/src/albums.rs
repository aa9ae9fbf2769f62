//! Albums by their ids. Telegram delivers each part of an album as an update of its own, and mixes the parts of albums
//! sent together, so several albums are remembered at once.

use serde::{Deserialize, Serialize};

use crate::bounded::push_bounded;

const MAX_ALBUMS: usize = 4;

/// The latest albums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Albums(Vec<String>);

impl Albums {
    /// Whether this album is among them. `None`, a message outside any album, never is.
    pub(crate) fn contains(&self, album: Option<&str>) -> bool {
        album.is_some_and(|album| self.0.iter().any(|known| known == album))
    }

    /// Adds an album. `None` changes nothing.
    pub(crate) fn add(&mut self, album: Option<&str>) {
        if let Some(new) = album.filter(|_| !self.contains(album)) {
            push_bounded(&mut self.0, new.to_owned(), MAX_ALBUMS);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
