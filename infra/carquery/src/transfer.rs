//! `carquery export` and `import`: everything in the tables, from one stage to another.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::schema::TableDefinition;
use storage::{Copied, TABLES};

use crate::output::{Output, Progress, table};
use crate::stage::{OfflineStores, Stage};

/// Writes at the same time.
const AT_ONCE: usize = 16;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// One item a line, as JSON. It holds names, phones and tokens: keep it as you keep those.
    file: PathBuf,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
struct Line {
    table: String,
    item: Value,
}

/// What was copied of a table.
#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Count {
    copied: usize,
    /// Items that were there already, and stay as they are.
    known: usize,
}

/// Writes every item of every table into a new file. A deployed bot must be paused first: what it writes meanwhile may
/// be missing.
pub(crate) async fn export(Arguments { file }: &Arguments, stage: &Stage, output: Output) -> anyhow::Result<ExitCode> {
    // Whole, for as long as this takes: it keeps the bot from starting.
    let stores = stage.offline_stores().await?;
    let OfflineStores { aws, tables, .. } = &stores;
    let new = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut out = BufWriter::new(new.with_context(|| format!("cannot create {}", file.display()))?);
    let mut counts = BTreeMap::new();
    let progress = Progress::new("tables", TABLES.len());
    for definition in TABLES {
        let mut count = Count::default();
        let mut pages = std::pin::pin!(definition.pages(&aws.dynamodb, tables));
        while let Some(items) = pages.try_next().await? {
            for item in items {
                serde_json::to_writer(&mut out, &Line { table: definition.suffix().to_owned(), item })?;
                out.write_all(b"\n")?;
                count.copied += 1;
            }
        }
        counts.insert(definition.suffix(), count);
        progress.step();
    }
    out.flush().with_context(|| format!("cannot write {}", file.display()))?;
    print(&counts, output);
    Ok(ExitCode::SUCCESS)
}

/// Writes the items of a file into the tables. Items that are there already stay as they are.
pub(crate) async fn import(Arguments { file }: &Arguments, stage: &Stage, output: Output) -> anyhow::Result<ExitCode> {
    // Whole, for as long as this takes: it keeps the bot from starting.
    let stores = stage.offline_stores().await?;
    let OfflineStores { aws, tables, .. } = &stores;
    let lines = BufReader::new(File::open(file).with_context(|| format!("cannot read {}", file.display()))?).lines();
    // Read before anything is written: a file that is cut off changes nothing.
    let items: Vec<(&TableDefinition, Value)> = (1..)
        .zip(lines)
        .map(|(number, line)| {
            read(&line?).with_context(|| format!("line {number} of {} is not an item", file.display()))
        })
        .collect::<anyhow::Result<_>>()?;
    let progress = &Progress::new("items", items.len());
    let counts = stream::iter(items)
        .map(|(definition, item)| async move {
            let copied = definition.put_copy(&aws.dynamodb, tables, &item).await?;
            progress.step();
            Ok::<_, anyhow::Error>((definition.suffix(), copied))
        })
        .buffer_unordered(AT_ONCE)
        .try_fold(BTreeMap::new(), async |mut counts: BTreeMap<_, Count>, (table, copied)| {
            let count = counts.entry(table).or_default();
            match copied {
                Copied::New => count.copied += 1,
                Copied::Known => count.known += 1,
            }
            Ok(counts)
        })
        .await?;
    print(&counts, output);
    Ok(ExitCode::SUCCESS)
}

fn read(line: &str) -> anyhow::Result<(&'static TableDefinition, Value)> {
    let Line { table, item } = serde_json::from_str(line)?;
    let definition = TABLES.into_iter().find(|definition| definition.suffix() == table);
    Ok((definition.ok_or_else(|| anyhow!("there is no table {table}"))?, item))
}

fn print(counts: &BTreeMap<&str, Count>, output: Output) {
    output.print(counts, |counts| {
        let rows = counts
            .iter()
            .map(|(table, count)| [(*table).to_owned(), count.copied.to_string(), count.known.to_string()]);
        table(["TABLE", "COPIED", "THERE ALREADY"], rows)
    });
}
