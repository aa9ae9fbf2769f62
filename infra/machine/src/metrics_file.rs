//! Metrics of the local stack, in a file of the data folder: the lines that CloudWatch would read on AWS.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use jiff::Timestamp;
use serde_json::Value;
use settings::METRICS_FILE;

/// How long a line is kept, in milliseconds: a month.
const KEPT_MS: i64 = 30 * 24 * 3600 * 1000;

/// Drops old lines and starts writing new ones, or goes on writing them.
pub fn start(folder: &Path) -> io::Result<()> {
    let path = folder.join(METRICS_FILE);
    drop_old(&path, Timestamp::now().as_millisecond() - KEPT_MS)?;
    settings::metrics::start_in_file(&path)
}

/// Drops old lines once a day: a process that runs for years keeps a month, too.
pub async fn shorten(folder: PathBuf) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    loop {
        tokio::time::sleep(DAY).await;
        if let Err(error) = start(&folder) {
            tracing::warn!("old metrics stay: {error}");
        }
    }
}

fn drop_old(path: &Path, before_ms: i64) -> io::Result<()> {
    // A power cut may leave anything in the last lines.
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let is_kept = |line: &&str| {
        let at = serde_json::from_str::<Value>(line).ok().and_then(|line| line["_aws"]["Timestamp"].as_i64());
        at.is_some_and(|at| at >= before_ms)
    };
    let kept: Vec<&str> = text.lines().filter(is_kept).collect();
    let unfinished = path.with_extension("new");
    fs::write(&unfinished, kept.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    fs::rename(unfinished, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_start_goes_on_in_the_shortened_file() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        start(folder.path())?;
        settings::metrics::count("First", "branch", "sell");
        start(folder.path())?;
        settings::metrics::count("Second", "branch", "sell");
        let text = fs::read_to_string(folder.path().join(METRICS_FILE))?;
        assert!(text.contains("First") && text.contains("Second"), "{text}");
        Ok(())
    }

    #[test]
    fn old_and_broken_lines_go() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(METRICS_FILE);
        drop_old(&path, 10)?;
        let line = |at: u32| format!("{{\"_aws\":{{\"Timestamp\":{at}}}}}\n");
        fs::write(&path, [line(9), line(10), "{\"_aws".to_owned()].concat())?;
        drop_old(&path, 10)?;
        assert_eq!(fs::read_to_string(&path)?, line(10));
        Ok(())
    }
}
