//! This machine, on which the bot runs: the data folder, the room on its disk, the schedule.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use jiff::Timestamp;
use serde_json::Value;
use settings::METRICS_FILE;

use super::Finding;

/// With less free than this, in MiB, the disk is a finding.
const LITTLE_ROOM: u64 = 500;
/// The schedule runs at least every five minutes; later than this, in minutes, is a finding.
const LATE: i64 = 15;
/// What each run of the schedule writes.
const WRITTEN_BY_SCHEDULE: &str = "\"UnsentLeads\"";

pub(super) fn check(folder: &Path) -> Vec<Finding> {
    let own = [of_rights(folder), of_room(folder), of_schedule(&folder.join(METRICS_FILE))];
    of_settings(Path::new(".env")).into_iter().chain(own).collect()
}

/// The file of settings, if there is one: it holds the tokens.
fn of_settings(file: &Path) -> Option<Finding> {
    const NAME: &str = "settings";
    let mode = fs::metadata(file).ok()?.permissions().mode();
    let shown = file.display();
    Some(if mode & 0o007 == 0 {
        Finding::good(NAME, &format!("{shown}, not for everybody"))
    } else {
        Finding::bad(NAME, &format!("everybody on this machine may read {shown}"), &format!("chmod o= {shown}"))
    })
}

fn of_rights(folder: &Path) -> Finding {
    const NAME: &str = "data folder";
    let shown = folder.display();
    match fs::metadata(folder).map(|found| found.permissions().mode() & 0o077) {
        Ok(0) => Finding::good(NAME, &format!("{shown}, its owner's alone")),
        Ok(_) => Finding::bad(NAME, &format!("others on this machine may read {shown}"), &format!("chmod 700 {shown}")),
        Err(error) => Finding::bad(NAME, &format!("{shown}: {error}"), "check CARQUERY_DATA_DIR"),
    }
}

fn of_room(folder: &Path) -> Finding {
    const NAME: &str = "disk";
    let table = Command::new("df").arg("-Pk").arg(folder).output();
    let free = table.ok().and_then(|table| free_kib(&String::from_utf8_lossy(&table.stdout)));
    match free.map(|kib| kib / 1024) {
        Some(mib) if mib < LITTLE_ROOM => {
            Finding::bad(NAME, &format!("{mib} MiB free"), "make room: on a full disk the bot takes no requests")
        }
        Some(mib) => Finding::good(NAME, &format!("{mib} MiB free")),
        None => Finding::good(NAME, "unknown: `df` says nothing"),
    }
}

/// What `df -Pk` says is available, in KiB: <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/df.html>.
fn free_kib(table: &str) -> Option<u64> {
    table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn of_schedule(metrics: &Path) -> Finding {
    const NAME: &str = "schedule";
    let text = fs::read_to_string(metrics).unwrap_or_default();
    let last = text.lines().rev().find(|line| line.contains(WRITTEN_BY_SCHEDULE));
    let at = last.and_then(|line| serde_json::from_str::<Value>(line).ok()?["_aws"]["Timestamp"].as_i64());
    match at.map(|at| (Timestamp::now().as_millisecond() - at) / 60_000) {
        Some(minutes) if minutes > LATE => {
            Finding::bad(NAME, &format!("last ran {minutes} min ago"), "see the bot's log, then start it again")
        }
        Some(minutes) => Finding::good(NAME, &format!("ran {minutes} min ago")),
        None => Finding::good(NAME, "has not run yet: it does within a minute of the start"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_others_may_read_is_a_fault() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        for (mode, is_fine) in [(0o700, true), (0o750, false), (0o701, false)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode))?;
            assert_eq!(of_rights(folder.path()).ok, is_fine, "{mode:o}");
        }
        assert!(!of_rights(&folder.path().join("none")).ok);
        Ok(())
    }

    #[test]
    fn settings_that_everybody_may_read_are_a_fault() -> std::io::Result<()> {
        let file = tempfile::NamedTempFile::new()?;
        for (mode, is_fine) in [(0o600, true), (0o640, true), (0o644, false)] {
            fs::set_permissions(file.path(), fs::Permissions::from_mode(mode))?;
            assert_eq!(of_settings(file.path()).map(|finding| finding.ok), Some(is_fine), "{mode:o}");
        }
        assert!(of_settings(Path::new("none")).is_none(), "they are in the environment");
        Ok(())
    }

    #[test]
    fn free_room_is_the_fourth_column() {
        let table = "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 264 73 23068672 76% /\n";
        assert_eq!(free_kib(table), Some(23_068_672));
        assert_eq!(free_kib("df: no such file\n"), None);
    }

    #[test]
    fn a_schedule_that_has_stopped_is_a_fault() -> std::io::Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(METRICS_FILE);
        let line = |minutes: i64| {
            let at = Timestamp::now().as_millisecond() - minutes * 60_000;
            format!("{{\"_aws\":{{\"Timestamp\":{at}}},\"UnsentLeads\":0.0}}\n")
        };
        assert!(of_schedule(&file).ok, "nothing is known of a bot that has just started");
        fs::write(&file, line(60) + "{\"Updates\":1.0}\n")?;
        assert!(!of_schedule(&file).ok);
        fs::write(&file, line(60) + &line(2))?;
        assert!(of_schedule(&file).ok);
        Ok(())
    }
}
