//! State that survives a restart, and a `kill -9`: an append-only file of entities, one JSON object a line.
//!
//! A simulator writes an entity each time it changes, before it answers; at the next start it gets the last version of
//! each back. A line that a kill cut off is dropped: its request was never answered.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One entity as the journal holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What kind of thing it is, such as «message».
    pub kind: String,
    /// Which one of its kind.
    pub id: String,
    /// The whole of it; `null` once it is removed.
    pub value: Value,
}

/// Where a simulator's entities are written. Clones write to the same file.
#[derive(Clone, Debug, Default)]
pub struct Journal(Option<Arc<Open>>);

#[derive(Debug)]
struct Open {
    path: PathBuf,
    file: Mutex<File>,
}

impl Journal {
    /// Remembers nothing.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Opens or creates the journal at `path` and returns the entities in it, in the order they first came, without
    /// the removed ones. The file is rewritten to just these. `None` gives a journal that remembers nothing.
    ///
    /// # Errors
    /// The file or its folder cannot be read or written.
    pub fn open(path: Option<&Path>) -> io::Result<(Self, Vec<Entry>)> {
        let Some(path) = path else { return Ok((Self::none(), Vec::new())) };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let entries = load(path)?;
        let compacted = path.with_extension("compact");
        let mut file = File::create(&compacted)?;
        let mut lines = Vec::new();
        for entry in &entries {
            lines.extend(line(entry)?);
        }
        file.write_all(&lines)?;
        fs::rename(&compacted, path)?;
        let file = OpenOptions::new().append(true).open(path)?;
        Ok((Self(Some(Arc::new(Open { path: path.to_owned(), file: Mutex::new(file) }))), entries))
    }

    /// Where it is, if it is anywhere.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.0.as_deref().map(|open| open.path.as_path())
    }

    /// Writes an entity's present state. A failure to write is logged: the simulator goes on without its memory.
    pub fn upsert(&self, kind: &str, id: impl ToString, value: &impl Serialize) {
        let Some(open) = self.0.as_deref() else { return };
        let written = serde_json::to_value(value).map_err(io::Error::from).and_then(|value| {
            let bytes = line(&Entry { kind: kind.to_owned(), id: id.to_string(), value })?;
            // One write of a whole line, straight to the kernel: nothing is left in a buffer of this process.
            open.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(&bytes)
        });
        if let Err(error) = written {
            tracing::error!(%error, kind, "the simulator's journal could not be written");
        }
    }

    /// Writes that an entity is gone.
    pub fn remove(&self, kind: &str, id: impl ToString) {
        self.upsert(kind, id, &Value::Null);
    }
}

fn line(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(entry)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn load(path: &Path) -> io::Result<Vec<Entry>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut places: HashMap<(String, String), usize> = HashMap::new();
    let mut entries: Vec<Entry> = Vec::new();
    for bytes in BufReader::new(file).split(b'\n') {
        // Only the cut-off last line of a killed process is unreadable.
        let Ok(entry) = serde_json::from_slice::<Entry>(&bytes?) else { continue };
        match places.get(&(entry.kind.clone(), entry.id.clone())) {
            Some(place) => entries[*place].value = entry.value,
            None => {
                places.insert((entry.kind.clone(), entry.id.clone()), entries.len());
                entries.push(entry);
            }
        }
    }
    entries.retain(|entry| !entry.value.is_null());
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_last_version_of_each_entity_comes_back() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("deep/telegram.jsonl");
        let (journal, found) = Journal::open(Some(&path))?;
        assert!(found.is_empty());
        journal.upsert("chat", 1, &json!({"name": "Анна"}));
        journal.upsert("chat", 2, &json!({"name": "Пётр"}));
        journal.upsert("message", 1, &json!("привет"));
        journal.upsert("chat", 1, &json!({"name": "Анна К."}));
        journal.remove("chat", 2);

        let (_, found) = Journal::open(Some(&path))?;
        let told: Vec<String> =
            found.iter().map(|entry| format!("{} {} {}", entry.kind, entry.id, entry.value)).collect();
        assert_eq!(told, [r#"chat 1 {"name":"Анна К."}"#, r#"message 1 "привет""#]);
        assert_eq!(fs::read_to_string(&path)?.lines().count(), 2, "the file was compacted");
        Ok(())
    }

    #[test]
    fn a_line_cut_off_by_a_kill_is_dropped_and_does_not_spoil_the_next() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("j.jsonl");
        let (journal, _) = Journal::open(Some(&path))?;
        journal.upsert("lead", 1, &json!(1));
        let mut file = OpenOptions::new().append(true).open(&path)?;
        file.write_all(br#"{"kind":"lead","id":"2","va"#)?;

        let (journal, found) = Journal::open(Some(&path))?;
        assert_eq!(found.len(), 1);
        journal.upsert("lead", 3, &json!(3));
        let (_, found) = Journal::open(Some(&path))?;
        assert_eq!(found.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["1", "3"]);
        Ok(())
    }

    #[test]
    fn no_path_means_no_memory() -> io::Result<()> {
        let (journal, found) = Journal::open(None)?;
        journal.upsert("lead", 1, &json!(1));
        assert!(found.is_empty());
        assert_eq!(journal.path(), None);
        Ok(())
    }
}
