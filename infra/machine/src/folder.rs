//! The folder that a stack keeps its data in. One stack uses it at a time.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use rand::distr::{Alphanumeric, SampleString as _};
use serde::{Deserialize, Serialize};
use settings::LOCK_FILE;

const NOTES: &str = "stack.json";

/// Where a stack keeps its data: a folder it has locked, or memory.
#[derive(Debug)]
pub struct Folder {
    place: Option<Place>,
    notes: Notes,
}

#[derive(Debug)]
struct Place {
    path: PathBuf,
    /// Held open for its lock, which the system releases when the process ends, even if it is killed.
    _lock: File,
}

/// What a stack has chosen at its first start and needs at the next.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Notes {
    /// The webhook's secret, unless the operator sets one.
    pub webhook_secret: String,
    /// The secret of amoCRM's hook, unless the operator sets one.
    #[serde(default = "fresh_secret")]
    pub amocrm_webhook_secret: String,
    /// The simulated bot's token.
    pub bot_token: String,
    /// The simulated chat that admin messages go to.
    #[serde(default)]
    pub admin_chat_id: Option<i64>,
    /// When the tables were last restored from a backup, in seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at: Option<i64>,
}

impl Notes {
    fn fresh() -> Self {
        Self {
            webhook_secret: fresh_secret(),
            amocrm_webhook_secret: fresh_secret(),
            bot_token: format!("5000000001:{}", Alphanumeric.sample_string(&mut rand::rng(), 35)),
            admin_chat_id: None,
            restored_at: None,
        }
    }
}

fn fresh_secret() -> String {
    Alphanumeric.sample_string(&mut rand::rng(), 32)
}

impl Folder {
    /// Creates the folder if it does not exist, and locks it.
    ///
    /// # Errors
    /// Another stack uses it, or it cannot be written.
    pub fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Ok(Self { place: None, notes: Notes::fresh() }) };
        // Readable by its owner only: it holds customers' names and phones, and tokens.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("cannot create the data folder {}", path.display()))?;
        let mode = fs::metadata(path).context("cannot read the data folder")?.permissions().mode();
        if mode & 0o077 != 0 {
            bail!("others on this machine may read {}: make it yours alone with `chmod 700`", path.display());
        }
        let lock = File::create(path.join(LOCK_FILE)).with_context(|| format!("cannot write to {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!(
                "the data folder {} is in use by another carquery; stop it, or set CARQUERY_DATA_DIR to another folder",
                path.display()
            ),
            Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the data folder"),
        }
        let notes = match fs::read(path.join(NOTES)) {
            Ok(bytes) => {
                serde_json::from_slice(&bytes).with_context(|| format!("{NOTES} in the data folder is damaged"))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Notes::fresh(),
            Err(error) => return Err(error).context("cannot read the data folder"),
        };
        let mut folder = Self { place: Some(Place { path: path.to_owned(), _lock: lock }), notes };
        folder.note(|_| {})?;
        Ok(folder)
    }

    /// The notes of earlier starts.
    pub const fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Changes the notes and stores them.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn note(&mut self, change: impl FnOnce(&mut Notes)) -> anyhow::Result<()> {
        change(&mut self.notes);
        let Some(place) = &self.place else { return Ok(()) };
        let unfinished = place.path.join("stack.json.new");
        let written = write_to_disk(&unfinished, &serde_json::to_vec_pretty(&self.notes)?);
        written.context("cannot write to the data folder")?;
        // What another user leaves here, as with `sudo`, its owner could not use.
        if fs::metadata(&unfinished)?.uid() != fs::metadata(&place.path)?.uid() {
            let _ = fs::remove_file(&unfinished);
            bail!("{} belongs to another user: run this as that user, with `sudo -u`", place.path.display());
        }
        let renamed = fs::rename(&unfinished, place.path.join(NOTES));
        renamed.and_then(|()| File::open(&place.path)?.sync_all()).context("cannot write to the data folder")
    }

    /// The path of a file in the folder; `None` when the data is kept in memory.
    pub fn file(&self, name: &str) -> Option<PathBuf> {
        self.place.as_ref().map(|place| place.path.join(name))
    }
}

/// Writes a file and waits until it is on the disk. A file that is renamed before that may be empty after a power cut.
fn write_to_disk(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_owner_and_remembers_its_secrets() -> anyhow::Result<()> {
        let place = tempfile::tempdir()?;
        let path = place.path().join("data");
        let mut first = Folder::open(Some(&path))?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o700, "nobody else looks in");
        first.note(|notes| notes.admin_chat_id = Some(42))?;
        let secret = first.notes().webhook_secret.clone();
        let refused = Folder::open(Some(&path)).expect_err("it is in use").to_string();
        assert!(refused.contains("in use by another carquery"), "{refused}");
        drop(first);

        let second = Folder::open(Some(&path))?;
        assert_eq!(second.notes().webhook_secret, secret);
        assert_eq!(second.notes().admin_chat_id, Some(42));
        Ok(())
    }

    #[test]
    fn a_folder_that_others_may_read_is_refused() -> anyhow::Result<()> {
        let place = tempfile::tempdir()?;
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o750))?;
        let refused = Folder::open(Some(place.path())).expect_err("the group may read it").to_string();
        assert!(refused.contains("chmod 700"), "{refused}");
        Ok(())
    }

    #[test]
    fn without_a_folder_there_are_no_files() -> anyhow::Result<()> {
        let folder = Folder::open(None)?;
        assert_eq!(folder.file("queue.jsonl"), None);
        assert_eq!(folder.notes().webhook_secret.len(), 32);
        Ok(())
    }
}
