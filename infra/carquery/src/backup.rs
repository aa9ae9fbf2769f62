//! `carquery backup` and `restore`: the data of the bot on this machine, in one file.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use embedded::DynamoDb;
use machine::{DATABASE_FILE, Folder};
use serde_json::json;
use settings::{Env, data_folder};

use crate::output::Output;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The backup.
    file: PathBuf,
}

/// Copies the tables as they are at this moment, whether the bot runs or not.
pub(crate) fn back_up(Arguments { file }: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let database = data_folder(&mut Env::of_process()).join(DATABASE_FILE);
    anyhow::ensure!(database.exists(), "there is no data in {} (CARQUERY_DATA_DIR)", parent(&database).display());
    // Only its owner may read it: it holds names, phones and tokens. SQLite writes into an empty file.
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    match created {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => bail!("{} exists: name another file", file.display()),
        Err(error) => return Err(error).with_context(|| format!("cannot write {}", file.display())),
    }
    if let Err(error) = DynamoDb::open(Some(&database)).and_then(|tables| tables.back_up(file)) {
        let _ = fs::remove_file(file);
        return Err(error.into());
    }
    let bytes = fs::metadata(file)?.len();
    output.print(&json!({ "file": file, "bytes": bytes }), |_| format!("{} has {bytes} bytes.", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// Puts a backup in the place of the tables. The bot must not run.
pub(crate) fn restore(Arguments { file }: &Arguments, output: Output) -> anyhow::Result<ExitCode> {
    let folder = data_folder(&mut Env::of_process());
    let locked = Folder::open(Some(&folder))?;
    let copy = folder.join("restored.sqlite");
    let _ = fs::remove_file(&copy);
    // Written again, so that every page of the backup is read before anything changes.
    DynamoDb::of_backup(file)
        .and_then(|backup| backup.back_up(&copy))
        .with_context(|| format!("{} is not restored, and nothing has changed", file.display()))?;
    let database = folder.join(DATABASE_FILE);
    let kept = folder.join("before-restore.sqlite");
    if database.exists() {
        // Whatever stands in the write-ahead log belongs to it.
        let _ = fs::remove_file(&kept);
        DynamoDb::open(Some(&database))
            .and_then(|tables| tables.back_up(&kept))
            .context("cannot keep the present data")?;
    }
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(folder.join(format!("{DATABASE_FILE}{suffix}")));
    }
    fs::rename(&copy, &database).context("cannot put the backup in place")?;
    drop(locked);
    output.print(&json!({ "restored": file, "before": kept }), |_| {
        format!(
            "The data are those of {}. What was there before is in {}.\nWhoever had their data deleted since that backup is in it \
             again: repeat those deletions (docs/server.md).",
            file.display(),
            kept.display()
        )
    });
    Ok(ExitCode::SUCCESS)
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
