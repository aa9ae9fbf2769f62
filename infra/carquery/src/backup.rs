//! `carquery backup` and `restore`: the data of the bot on this machine, in one file.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use embedded::DynamoDb;
use jiff::Timestamp;
use machine::{DATABASE_FILE, Folder};
use serde::Serialize;
use serde_json::json;
use settings::{Env, data_folder};
use storage::Versioned;

use crate::output::Output;
use crate::stage::open_tables;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The backup.
    file: PathBuf,
}

/// Copies the tables as they are at this moment, whether the bot runs or not.
pub(crate) fn back_up(Arguments { file }: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let database = data_folder(&mut Env::of_process()).join(DATABASE_FILE);
    anyhow::ensure!(database.exists(), "there is no data in {} (CARQUERY_DATA_DIR)", parent(&database).display());
    match DynamoDb::open(Some(&database))?.back_up(file) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} exists: name another file", file.display()),
        written => written.with_context(|| format!("cannot write {}", file.display()))?,
    }
    let bytes = fs::metadata(file)?.len();
    output.print(&json!({ "file": file, "bytes": bytes }), |_| format!("{} has {bytes} bytes.", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup in the place of the tables. The bot must not run.
pub(crate) async fn restore(Arguments { file }: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let folder = data_folder(&mut Env::of_process());
    let mut locked = Folder::open(Some(&folder))?;
    let copy = folder.join("restored.sqlite");
    let _ = fs::remove_file(&copy);
    // Written again, so that every page of the backup is read before anything changes.
    DynamoDb::of_backup(file)
        .and_then(|backup| backup.back_up(&copy))
        .with_context(|| format!("{} is not restored, and nothing has changed", file.display()))?;
    let database = folder.join(DATABASE_FILE);
    let before = if database.exists() {
        let kept = folder.join("before-restore.sqlite");
        replace(&database, &copy, &kept).await?
    } else {
        Before::Nothing
    };
    let now = Timestamp::now().as_second();
    locked.note(|notes| notes.restored_at = Some(now))?;
    fs::rename(&copy, &database).context("cannot put the backup in place")?;
    drop(locked);
    output.print(&json!({ "restored": file, "before": before }), |_| {
        format!(
            "The data are those of {}. {before}\nWhat happened since that backup is not in it: repeat deletions of customers' \
             data, and see what else to do in docs/server.md.",
            file.display(),
        )
    });
    Ok(ExitCode::SUCCESS)
}

/// What a restore has replaced.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    Nothing,
    Kept {
        file: PathBuf,
        /// Requests that differ from the backup's, and stay.
        requests: usize,
    },
    Damaged {
        file: PathBuf,
        error: String,
    },
}

impl fmt::Display for Before {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => out.write_str("There were none before."),
            Self::Kept { file, requests } => write!(
                out,
                "What was there before is in {}.\n{requests} request(s) that came or went on since the backup stay as they are.",
                file.display()
            ),
            Self::Damaged { file, error } => write!(
                out,
                "What was there before is damaged ({error}) and in {}.\nRequests that came since the backup and are not in amoCRM \
                 are lost.",
                file.display()
            ),
        }
    }
}

/// Moves the present tables to `kept`. What they know of requests goes into the `restored` ones.
async fn replace(database: &Path, restored: &Path, kept: &Path) -> anyhow::Result<Before> {
    for file in with_logs(kept) {
        let _ = fs::remove_file(file);
    }
    let file = kept.to_owned();
    let present = match DynamoDb::open(Some(database)).and_then(|_| DynamoDb::of_backup(database)) {
        Ok(present) => present,
        Err(error) => {
            for (from, to) in with_logs(database).zip(with_logs(kept)).filter(|(from, _)| from.exists()) {
                fs::rename(&from, to).with_context(|| format!("cannot move {}", from.display()))?;
            }
            return Ok(Before::Damaged { file, error: error.to_string() });
        }
    };
    present.back_up(kept).context("cannot keep the present data")?;
    let requests = keep_requests(present, DynamoDb::open(Some(restored))?).await?;
    // Logs of the replaced file would be taken for those of the restored one.
    for log in with_logs(database).skip(1) {
        let _ = fs::remove_file(log);
    }
    Ok(Before::Kept { file, requests })
}

/// A database's file, and what SQLite writes beside it.
fn with_logs(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm"].into_iter().map(|suffix| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

/// Going back undoes nothing in amoCRM, and customers wait: every request stays as far as it has come. Returns how many
/// differ from the backup's.
async fn keep_requests(present: DynamoDb, restored: DynamoDb) -> anyhow::Result<usize> {
    let ((from, from_tables), (to, to_tables)) = (open_tables(present).await?, open_tables(restored).await?);
    let (present, restored) = (from.leads(&from_tables), to.leads(&to_tables));
    let mut count = 0;
    for Versioned { value, .. } in present.all().await? {
        let known = restored.get(&value.lead_id).await?;
        if known.as_ref().is_some_and(|known| known.value == value) {
            continue;
        }
        let version = known.map_or(0, |known| known.version);
        let mut kept = Versioned { value, version };
        restored.save(&mut kept).await.context("cannot write to the restored data")?;
        count += 1;
    }
    Ok(count)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
