//! DynamoDB over SQLite, with the actions that the program uses.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::disk::Log;
use crate::reply::{Reply, reply};

/// What fails, for errors.
const OPEN: &str = "open the database";

/// An action: its parameters in, its result out, both JSON.
type Act = fn(&Database, &[u8]) -> Result<Vec<u8>, DynoxideError>;

macro_rules! actions {
    ($($name:literal => $method:ident),+ $(,)?) => {
        [$(($name, (|database, parameters| json(database.$method(read(parameters)?)?)) as Act)),+]
    };
}

const READS: [(&str, Act); 5] = actions! {
    "GetItem" => get_item,
    "Query" => query,
    "Scan" => scan,
    "DescribeTable" => describe_table,
    "DescribeTimeToLive" => describe_time_to_live,
};

const WRITES: [(&str, Act); 9] = actions! {
    "PutItem" => put_item,
    "UpdateItem" => update_item,
    "DeleteItem" => delete_item,
    "TransactWriteItems" => transact_write_items,
    "BatchWriteItem" => batch_write_item,
    "CreateTable" => create_table,
    "DeleteTable" => delete_table,
    "UpdateTable" => update_table,
    "UpdateTimeToLive" => update_time_to_live,
};

/// The tables. Clones are the same ones.
#[derive(Clone)]
pub struct DynamoDb {
    database: Database,
    /// `None` in memory.
    log: Option<Arc<Log>>,
}

impl DynamoDb {
    /// Opens or creates the file; in memory without one.
    ///
    /// # Errors
    /// The file cannot be opened, or is not a database.
    pub fn open(file: Option<&Path>) -> io::Result<Self> {
        let Some(file) = file else {
            return Ok(Self { database: Database::memory().map_err(failed(OPEN))?, log: None });
        };
        let database = Database::new(&file.to_string_lossy()).map_err(failed(OPEN))?;
        // The one way to `synchronous = NORMAL`; what else it sets are the defaults.
        database.disable_bulk_loading().map_err(failed(OPEN))?;
        Ok(Self { database, log: Some(Arc::new(Log::of_database(file)?)) })
    }

    /// Carries out an action with the JSON of its parameters. What it has written survives the process; only after
    /// [`Self::flush`] it survives the machine.
    #[must_use]
    pub fn call(&self, action: &str, parameters: &[u8]) -> Reply {
        let of = |actions: &[(&str, Act)]| actions.iter().find(|(name, _)| *name == action).map(|(_, act)| *act);
        let result = match (of(&READS), of(&WRITES)) {
            (Some(read), _) => read(&self.database, parameters),
            (None, Some(write)) => write(&self.database, parameters).inspect(|_| {
                if let Some(log) = &self.log {
                    log.note_write();
                }
            }),
            (None, None) => {
                Err(DynoxideError::ValidationException(format!("{action} is not an action of the embedded DynamoDB")))
            }
        };
        match result {
            Ok(body) => reply(StatusCode::OK, body),
            Err(error) => {
                let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                reply(status, error.to_json().into_bytes())
            }
        }
    }

    /// Waits until everything written so far is on the disk.
    ///
    /// # Errors
    /// The disk fails. It is not known what is on it until the file is opened again.
    pub async fn flush(&self) -> io::Result<()> {
        match &self.log {
            Some(log) => log.flush().await,
            None => Ok(()),
        }
    }

    /// Deletes what has expired, and says how many items: DynamoDB does that by itself, this one only when asked to.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn sweep(&self) -> io::Result<usize> {
        self.database.sweep_ttl().map_err(failed("delete expired items"))
    }

    /// Copies every table, as it is at this moment, to a new file that only its owner may read.
    ///
    /// # Errors
    /// The file exists already, or cannot be written.
    pub fn back_up(&self, file: &Path) -> io::Result<()> {
        // SQLite writes into an empty file, and leaves it to others to bring it to the disk:
        // <https://www.sqlite.org/lang_vacuum.html>.
        let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        let copied = self.database.vacuum_into(&file.to_string_lossy()).map_err(failed("write the backup"));
        let written = copied.and_then(|()| created.sync_all());
        if written.is_err() {
            let _ = fs::remove_file(file);
        }
        written
    }

    /// The tables of a backup, in memory. The file is not changed.
    ///
    /// # Errors
    /// There is no such file, it is not a backup, or it is damaged.
    pub fn of_backup(file: &Path) -> io::Result<Self> {
        let database = Database::memory().map_err(failed(OPEN))?;
        database.restore_from(&file.to_string_lossy()).map_err(failed("read the backup"))?;
        Ok(Self { database, log: None })
    }
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DynamoDb").finish_non_exhaustive()
    }
}

fn read<T: DeserializeOwned>(parameters: &[u8]) -> Result<T, DynoxideError> {
    serde_json::from_slice(parameters).map_err(|error| DynoxideError::SerializationException(error.to_string()))
}

fn json(result: impl Serialize) -> Result<Vec<u8>, DynoxideError> {
    serde_json::to_vec(&result).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

fn failed(doing: &'static str) -> impl Fn(DynoxideError) -> io::Error {
    move |error| io::Error::other(format!("cannot {doing}: {error}"))
}
