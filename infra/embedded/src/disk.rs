//! When what SQLite has written is on the disk, whatever happens to the machine. One flush serves everybody who waits.
//!
//! SQLite appends each transaction to its log: killing the process loses nothing of it, a power cut what is not
//! flushed. It would flush the log for each transaction and keep all others waiting. It is told to leave that
//! ([`synchronous = NORMAL`](https://www.sqlite.org/pragma.html#pragma_synchronous)) to this module.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Mutex;

/// The log of an open database.
#[derive(Debug)]
pub(crate) struct Log {
    file: Arc<File>,
    /// Transactions that are in the file.
    written: AtomicU64,
    /// Of these, how many are on the disk. `None` after a failure: what the system then still has of the file is
    /// unknown, and a later flush would succeed without having written it.
    flushed: Arc<Mutex<Option<u64>>>,
}

impl Log {
    /// The log of the database at this path, which must be open: closing it removes the log.
    ///
    /// # Errors
    /// There is no such file.
    pub(crate) fn of_database(path: &Path) -> io::Result<Self> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let log = Path::new(&log).canonicalize()?;
        let file = Arc::new(File::open(&log)?);
        // What is in the log counts only if the log is found.
        if let Some(folder) = log.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self { file, written: AtomicU64::default(), flushed: Arc::new(Mutex::new(Some(0))) })
    }

    /// A transaction has ended.
    pub(crate) fn note_write(&self) {
        self.written.fetch_add(1, Ordering::Release);
    }

    /// Waits until everything that was written before is on the disk.
    ///
    /// # Errors
    /// The disk has failed, now or earlier.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let awaited = self.written.load(Ordering::Acquire);
        // One at a time. Who has waited here mostly finds that the flush before was for all in the queue.
        let mut flushed = Arc::clone(&self.flushed).lock_owned().await;
        match *flushed {
            None => return Err(io::Error::other("the disk has failed before")),
            Some(flushed) if flushed >= awaited => return Ok(()),
            Some(_) => {}
        }
        let (file, written) = (Arc::clone(&self.file), self.written.load(Ordering::Acquire));
        let flush = move || {
            let result = file.sync_data();
            // Here, so that it is noted even if the caller has been cancelled.
            *flushed = result.is_ok().then_some(written);
            result
        };
        tokio::task::spawn_blocking(flush).await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log that cannot be flushed.
    fn broken(written: u64, flushed: u64) -> Log {
        let file = File::open("/dev/null").expect("it opens");
        Log { file: Arc::new(file), written: AtomicU64::new(written), flushed: Arc::new(Mutex::new(Some(flushed))) }
    }

    #[tokio::test]
    async fn what_is_on_the_disk_is_not_flushed_again() {
        assert!(broken(5, 5).flush().await.is_ok());
        assert!(broken(5, 6).flush().await.is_ok());
        assert!(broken(6, 5).flush().await.is_err());
    }

    #[tokio::test]
    async fn after_a_failure_nothing_counts_as_written() {
        let log = broken(5, 4);
        assert!(log.flush().await.is_err());
        log.written.store(0, Ordering::Release);
        assert!(log.flush().await.is_err());
    }

    #[tokio::test]
    async fn a_flush_is_for_all_who_wait() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let database = folder.path().join("db");
        std::fs::write(folder.path().join("db-wal"), "")?;
        let log = Log::of_database(&database)?;
        for _ in 0..7 {
            log.note_write();
        }
        log.flush().await?;
        assert_eq!(*log.flushed.lock().await, Some(7));
        Ok(())
    }
}
