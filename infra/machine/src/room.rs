//! Room on the disk for what the bot writes.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// More than any single request writes, in bytes.
const NEEDED: usize = 256 * 1024;

/// Room in the data folder; data kept in memory always has some.
#[derive(Clone, Debug, Default)]
pub struct Room(Option<PathBuf>);

impl Room {
    /// Room in that folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self(Some(folder.join("room")))
    }

    /// Tries to write. A failure is logged.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.try_to_write()
            .inspect_err(|error| {
                tracing::error!("the data folder cannot be written, so that no request can be taken: {error}");
            })
            .is_ok()
    }

    fn try_to_write(&self) -> io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let written = fs::write(file, vec![0; NEEDED]);
        // Somebody who tries at the same time may have removed it.
        let _ = fs::remove_file(file);
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_room_where_something_can_be_written_and_nothing_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        assert!(Room::in_folder(folder.path()).is_there());
        assert_eq!(fs::read_dir(folder.path())?.count(), 0);
        assert!(!Room::in_folder(&folder.path().join("gone")).is_there());
        assert!(Room::default().is_there());
        Ok(())
    }
}
