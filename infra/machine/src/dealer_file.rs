//! The dealer's file on this computer: stored whenever it changes, as `carquery dealer put` does.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use storage::{DealerFile, SaveError};
use tokio::sync::watch;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A file on this computer that is stored whenever it changes.
pub struct LocalDealerFile {
    path: PathBuf,
    /// Keeps the text that was stored last for the next start, so that a file that has not changed since does not
    /// replace what was put later.
    copy: Option<PathBuf>,
    stored: DealerFile,
    seen: Look,
}

/// The file's text, `None` without a file; or why it cannot be used, one line each.
type Look = Result<Option<String>, Vec<String>>;

impl LocalDealerFile {
    /// The file at `path`, whose text goes into the table `stored`.
    pub fn new(path: PathBuf, copy: Option<PathBuf>, stored: DealerFile) -> Self {
        let seen = copy.as_ref().and_then(|copy| fs::read_to_string(copy).ok());
        Self { path, copy, stored, seen: Ok(seen) }
    }

    /// Looks at the file until the stack stops.
    pub async fn follow(mut self, mut stopping: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                _ = stopping.wait_for(|stop| *stop) => return,
            }
            self.look_once().await;
        }
    }

    /// Stores the file if it has changed since the last look. A file with faults is logged, and the last good one
    /// stays.
    pub async fn look_once(&mut self) {
        let look = self.read();
        if look == self.seen {
            return;
        }
        let path = self.path.display();
        match &look {
            Ok(text) => {
                if let Err(error) = self.store(text.as_deref()).await {
                    tracing::warn!("{path} was not stored and will be tried again: {error}");
                    return;
                }
                match text {
                    Some(_) => tracing::info!("{path} is in use within a minute"),
                    None => tracing::info!("{path} is gone: everything it had switched on is off within a minute"),
                }
            }
            Err(problems) => {
                for problem in problems {
                    tracing::error!("{path}: {problem}");
                }
                tracing::error!("{path} cannot be used: the last good dealer's file stays");
            }
        }
        self.seen = look;
    }

    fn read(&self) -> Look {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(vec![error.to_string()]),
        };
        match dealer::parse(&text) {
            Ok(_) => Ok(Some(text)),
            Err(faults) => Err(faults.iter().map(ToString::to_string).collect()),
        }
    }

    async fn store(&self, file: Option<&str>) -> Result<(), SaveError> {
        let text = file.unwrap_or_default();
        let mut stored = self.stored.load().await?;
        if stored.value != text {
            text.clone_into(&mut stored.value);
            self.stored.save(&mut stored).await?;
        }
        if let Some(copy) = &self.copy {
            let kept = match file {
                Some(text) => fs::write(copy, text),
                None if copy.exists() => fs::remove_file(copy),
                None => Ok(()),
            };
            let _ = kept.inspect_err(|error| tracing::warn!("cannot write {}: {error}", copy.display()));
        }
        Ok(())
    }
}
